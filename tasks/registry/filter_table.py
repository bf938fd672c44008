"""Keep and block rules as feeds.toml writes them: their keys, and what to write instead of an invalid value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, get_args

from voluptuous import All, Invalid

from tasks.registry.feed_checks import shown_text, text_that
from tasks.shapes import Check, list_of, one_or_more, optional, table
from warehouse.characters import UNPRINTABLE_IN_LINES
from warehouse.filters import Filter, FilterField, Filters

_LANGUAGE = re.compile("[a-z]{2,3}")
_CONDITIONS = "words, regex, after, before and language"


_texts = one_or_more(shown_text)


def _check_words(value: tuple[str, ...]) -> tuple[str, ...]:
    for word in value:
        if not word.strip() or UNPRINTABLE_IN_LINES.search(word):
            raise Invalid('must be words in one line (write ["ferry", "night bus"], for example)')
    if not value:
        raise Invalid('must not be empty (write ["ferry", "night bus"], for example)')
    return tuple(word.strip() for word in value)


def _check_regex(value: str) -> str:
    import regex  # imports slowly, and few feeds have such a filter

    try:
        regex.compile(value)
    except (regex.error, OverflowError, RecursionError) as error:
        raise Invalid(
            f"must be a regular expression, and '{value}' is not one: {error} "
            "(write '\\(', '\\[' or '\\*' for those characters themselves, in single quotes)"
        ) from error
    return value


def _check_moment(value: object) -> datetime:
    """A day of TOML, or a moment; UTC where it has no zone."""
    try:
        moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
        if isinstance(moment, datetime):
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(moment, date):
            return datetime.combine(moment, time(), UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid("must be a day (write 2024-01-31, without quotes)") from error
    raise Invalid("must be a day (write 2024-01-31, without quotes)")


def _check_languages(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise Invalid('must not be empty (write ["en", "zh"], for example)')
    for language in value:
        if not _LANGUAGE.fullmatch(language):
            better = re.split("[-_]", language.strip().lower())[0]
            hint = f'"{better}"' if _LANGUAGE.fullmatch(better) else '"en" or "zh", for example'
            raise Invalid(f"must be a language without its region or script, as articles have it (write {hint})")
    return value


def _check_field(value: object) -> object:
    if value in get_args(FilterField):
        return value
    names = ", ".join(f'"{name}"' for name in get_args(FilterField))
    raise Invalid(f'must be one of {names} (write "title", for example)')


def _check_filter(values: dict[str, Any]) -> Filter:
    rule = Filter(**values)
    if not (rule.words or rule.regex) and (rule.field != "any" or not (rule.after or rule.before or rule.language)):
        what = f"words or a regex to look for in {rule.field}" if rule.field != "any" else f"one of {_CONDITIONS}"
        raise Invalid(f'needs {what} (write {{ field = "title", words = ["ferry"] }}, for example)')
    if rule.after and rule.before and rule.after >= rule.before:
        raise Invalid("ends before it begins, so nothing matches it (write the earlier day as after)")
    return rule


FILTER: Mapping[str, Check] = {
    "field": _check_field,
    "words": All(_texts, _check_words),
    "regex": optional(text_that(_check_regex)),
    "after": optional(_check_moment),
    "before": optional(_check_moment),
    "language": All(_texts, _check_languages),
}
"""One rule of `keep` or `block`."""

FILTERS: Mapping[str, Check] = dict.fromkeys(("keep", "block"), list_of(All(table(FILTER), _check_filter)))
"""`keep` and `block`: those above the feeds, or those of a [[feed]]."""

_SHARED = table(FILTERS)


def read_filters(tables: Mapping[str, object]) -> Filters:
    """The rules that stand above the feeds. Raises voluptuous.Invalid, which `problems` puts into words."""
    return make_filters(_SHARED(tables))


def make_filters(rules: Mapping[str, Sequence[Filter]]) -> Filters:
    """The filters of these rules; `keep`, `block` or both may be missing."""
    return Filters(tuple(rules.get("keep", ())), tuple(rules.get("block", ())))


def as_tables(filters: Filters) -> dict[str, list[dict[str, object]]]:
    """`keep` and `block` as feeds.toml writes them, without values that are the default."""
    tables = {"keep": [_as_table(rule) for rule in filters.keep], "block": [_as_table(rule) for rule in filters.block]}
    return {key: rules for key, rules in tables.items() if rules}


def _as_table(rule: Filter) -> dict[str, object]:
    values: dict[str, object] = {"words": list(rule.words), "regex": rule.regex, "after": rule.after}
    values |= {"before": rule.before, "language": list(rule.language)}
    field: dict[str, object] = {"field": rule.field} if rule.field != "any" else {}
    return field | {key: value for key, value in values.items() if value}
