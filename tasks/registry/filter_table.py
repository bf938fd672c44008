"""Keep and block rules as feeds.toml writes them: their keys, and what to write instead of an invalid value."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from tasks.registry.feed_checks import invalid
from warehouse.characters import UNPRINTABLE_IN_LINES
from warehouse.filters import Filter, FilterField, Filters

_LANGUAGE = re.compile("[a-z]{2,3}")
_CONDITIONS = "words, regex, after, before and language"


def _one_or_more(value: object) -> object:
    """A single text may stand for a list of one."""
    return (value,) if isinstance(value, str) else value


def _check_words(value: tuple[str, ...]) -> tuple[str, ...]:
    for word in value:
        if not word.strip() or UNPRINTABLE_IN_LINES.search(word):
            raise invalid('must be words in one line (write ["ferry", "night bus"], for example)')
    if not value:
        raise invalid('must not be empty (write ["ferry", "night bus"], for example)')
    return tuple(word.strip() for word in value)


def _check_regex(value: str) -> str:
    import regex  # imports slowly, and few feeds have such a filter

    try:
        regex.compile(value)
    except (regex.error, OverflowError, RecursionError) as error:
        raise invalid(
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
        raise invalid("must be a day (write 2024-01-31, without quotes)") from error
    raise invalid("must be a day (write 2024-01-31, without quotes)")


def _check_languages(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise invalid('must not be empty (write ["en", "zh"], for example)')
    for language in value:
        if not _LANGUAGE.fullmatch(language):
            better = re.split("[-_]", language.strip().lower())[0]
            hint = f'"{better}"' if _LANGUAGE.fullmatch(better) else '"en" or "zh", for example'
            raise invalid(f"must be a language without its region or script, as articles have it (write {hint})")
    return value


def _check_field(value: object) -> object:
    if value in get_args(FilterField):
        return value
    names = ", ".join(f'"{name}"' for name in get_args(FilterField))
    raise invalid(f'must be one of {names} (write "title", for example)')


Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]
Moment = Annotated[datetime, BeforeValidator(_check_moment)]


class FilterTable(BaseModel):
    """One rule of `keep` or `block`."""

    model_config = ConfigDict(extra="forbid")

    field: Annotated[FilterField, BeforeValidator(_check_field)] = "any"
    words: Annotated[Texts, AfterValidator(_check_words)] = ()
    regex: Annotated[str, AfterValidator(_check_regex)] | None = None
    after: Moment | None = None
    before: Moment | None = None
    language: Annotated[Texts, AfterValidator(_check_languages)] = ()

    @model_validator(mode="after")
    def _says_something(self) -> FilterTable:
        if not (self.words or self.regex) and (self.field != "any" or not (self.after or self.before or self.language)):
            what = f"words or a regex to look for in {self.field}" if self.field != "any" else f"one of {_CONDITIONS}"
            raise invalid(f'needs {what} (write {{ field = "title", words = ["ferry"] }}, for example)')
        if self.after and self.before and self.after >= self.before:
            raise invalid("ends before it begins, so nothing matches it (write the earlier day as after)")
        return self

    def rule(self) -> Filter:
        return Filter(**dict(self))


class FiltersTable(BaseModel):
    """`keep` and `block`: those above the feeds, or those of a [[feed]]."""

    model_config = ConfigDict(extra="forbid")

    keep: tuple[FilterTable, ...] = ()
    block: tuple[FilterTable, ...] = ()

    def filters(self) -> Filters:
        return Filters(tuple(table.rule() for table in self.keep), tuple(table.rule() for table in self.block))


def as_tables(filters: Filters) -> dict[str, list[dict[str, object]]]:
    """`keep` and `block` as feeds.toml writes them, without values that are the default."""
    tables = {"keep": [_as_table(rule) for rule in filters.keep], "block": [_as_table(rule) for rule in filters.block]}
    return {key: rules for key, rules in tables.items() if rules}


def _as_table(rule: Filter) -> dict[str, object]:
    values: dict[str, object] = {"words": list(rule.words), "regex": rule.regex, "after": rule.after}
    values |= {"before": rule.before, "language": list(rule.language)}
    field: dict[str, object] = {"field": rule.field} if rule.field != "any" else {}
    return field | {key: value for key, value in values.items() if value}
