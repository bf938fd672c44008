"""The languages that a date may be written in, by the names of its month and day of the week.

dateparser knows 205 languages. Without a hint it tries one after the other: a quarter of a second of processor for a
text that is no date in any of them, and five seconds for the first, as it loads them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib import import_module

import regex
from more_itertools import unique_everseen

LANGUAGES = 3
"""That a date is tried in: those that know the most of its words, more common ones first."""
NUMBERS_ONLY = ("en", "ru")
"""For a date without a word: the month first, as dateparser's own order of languages has it, else the day first."""

_WORD = regex.compile(r"[\p{L}\p{M}]{3,}|[\p{L}--\p{Latin}][\p{L}\p{M}]?", regex.VERSION1)
"""Not the short words of European languages, such as `de`, which many share."""
_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "year", "am", "pm"),
)


def languages_of_date(text: str) -> Sequence[str]:
    """dateparser's codes of the languages to try, at most LANGUAGES; none if the text can't be a date in any."""
    words = set(_WORD.findall(text.lower()))
    knowing = Counter(language for word in words for language in _languages_by_word().get(word, ()))
    if not knowing:
        return () if words else NUMBERS_ONLY
    order = _languages().index
    return sorted(knowing, key=lambda language: (-knowing[language], order(language)))[:LANGUAGES]


def _languages() -> Sequence[str]:
    """dateparser's codes, the languages with the most readers first."""
    from dateparser.data.languages_info import language_order

    order: Sequence[str] = language_order
    return order


@cache
def _languages_by_word() -> dict[str, tuple[str, ...]]:
    """Each word in the names of months, days of the week and halves of the day → the languages in which it is one."""
    by_word: dict[str, list[str]] = {}
    for language in _languages():
        info = import_module(f"dateparser.data.date_translation_data.{language}").info
        names = " ".join(written for name in _NAMES for written in info.get(name, ()))
        for word in unique_everseen(_WORD.findall(names.lower())):
            by_word.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in by_word.items()}
