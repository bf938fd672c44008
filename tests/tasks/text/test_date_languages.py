"""Which languages a date is tried in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.date_languages import LANGUAGES, NUMBERS_ONLY, languages_of_date


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("24 listopada 2026", "pl"),
        ("24 ноября 2026", "ru"),
        ("24 พฤศจิกายน 2026", "th"),
        ("火曜日 24 2026", "ja"),
        ("mardi 24 nov. 2026", "fr"),
        ("Nov 24, 2026 at 3:04 PM", "en"),
    ],
)
def test_the_language_that_knows_its_words_comes_first(text: str, language: str) -> None:
    assert languages_of_date(text)[0] == language


def test_numbers_are_read_with_the_month_first_then_with_the_day_first() -> None:
    assert languages_of_date("25/11/2026") == NUMBERS_ONLY


def test_words_of_no_date_are_in_no_language() -> None:
    """Most texts in the place of a date are such: dateparser is not asked at all."""
    assert languages_of_date("garbage 12 in 2026") == ()


@given(st.text(max_size=100))
def test_few_languages_for_any_text(text: str) -> None:
    assert len(languages_of_date(text)) <= LANGUAGES
