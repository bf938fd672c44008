"""How two titles, texts and dates agree. What follows from it: test_identities.py."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tasks.making import NOW
from tests.warehouse.load.making import NINE, SHUT
from warehouse.load.evidence import Agreement, compare_dates, compare_texts, compare_titles

DIFFERENT, UNKNOWN, ALIKE, SAME = Agreement


@pytest.mark.parametrize(
    ("title", "other", "agreement"),
    [
        ("The gate opens", "THE GATE – opens!", SAME),
        ("", "", SAME),
        ("The gate opens at last", "The gate opens at last, says the harbour", ALIKE),
        ("北门从星期一起开放", "北门从星期一起再次开放", ALIKE),
        ("Lamp 16.1", "Lamp 16.2", DIFFERENT),
        ("Ten were saved", "The gate opens", DIFFERENT),
        ("The gate opens", "", DIFFERENT),
        ("北门开放", "渡轮停航", DIFFERENT),
    ],
)
def test_titles(title: str, other: str, agreement: Agreement) -> None:
    assert compare_titles(title, other) is agreement


@pytest.mark.parametrize(
    ("text", "other", "agreement"),
    [
        (NINE, NINE.upper(), SAME),
        (NINE, "", UNKNOWN),
        ("", "", UNKNOWN),
        (NINE, SHUT, DIFFERENT),
        (f"{SHUT} {NINE}", SHUT, SAME),
        (SHUT, f"{SHUT[:70]} the ferry to the islands leaves at noon.", ALIKE),
        ("First remark.", "Second remark, quite another.", DIFFERENT),
        ("The gate opens", f"The gate opens. {SHUT}", ALIKE),
        ("More", f"More of it: {SHUT}", DIFFERENT),
        ("Morning check.", "Evening check.", DIFFERENT),
    ],
)
def test_texts(text: str, other: str, agreement: Agreement) -> None:
    assert compare_texts(text, other) is agreement


def test_dates() -> None:
    assert compare_dates(NOW, NOW) is SAME
    assert compare_dates(NOW, NOW + timedelta(seconds=1)) is DIFFERENT
    assert compare_dates(NOW, None) is compare_dates(None, None) is UNKNOWN


@given(st.text(max_size=200), st.text(max_size=200))
def test_it_is_the_same_either_way_round(text: str, other: str) -> None:
    assert compare_titles(text, other) is compare_titles(other, text)
    assert compare_texts(text, other) is compare_texts(other, text)
    assert compare_titles(text, text) is SAME
