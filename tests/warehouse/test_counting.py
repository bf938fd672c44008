"""Numbers in sentences."""

from __future__ import annotations

import pytest

from warehouse.counting import are, counted


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (0, "feed", "0 feeds"),
        (1, "feed", "1 feed"),
        (2, "article file", "2 article files"),
        (1, "entry", "1 entry"),
        (1234, "entry", "1,234 entries"),
        (3, "day", "3 days"),
        (2, "fetch", "2 fetches"),
    ],
)
def test_a_noun_follows_its_number(count: int, noun: str, text: str) -> None:
    assert counted(count, noun) == text


def test_a_verb_follows_its_number() -> None:
    assert [are(count) for count in (0, 1, 2)] == ["are", "is", "are"]
