"""How much of the true texts of real pages is extracted: a sample of each set, which benchmarks/pages.py runs whole."""

from __future__ import annotations

import pytest

from benchmarks.pages import PAGES, extract, read_pages, scorer

FLOORS = {"scrapinghub": 0.965, "fundus": 0.970, "chinese": 0.975, "readability": 0.940}
"""The least F1 of a sample; what came out in 2026-11 is up to 0.012 more."""


@pytest.mark.parametrize("name", FLOORS)
def test_no_less_of_the_true_texts_is_extracted_than_before(name: str) -> None:
    if not (PAGES / f"{name}.jsonl.gz").exists():
        pytest.skip(f"{PAGES} does not have the set {name}")
    sample = list(read_pages(name))[::2]
    texts = {page["id"]: extract(page) for page in sample}
    assert scorer().score(sample, texts)["f1"] >= FLOORS[name]
