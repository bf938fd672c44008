"""What a value in feeds.toml or newsmill.toml may be: text, true or false, a number, a list, a table.

A check takes a value as TOML or an environment variable gives it, and returns it as newsmill keeps it. Where it can't
be that, it raises voluptuous.Invalid, whose path says where within the value the problem is. Of a table or a list, all
problems come at once, as a MultipleInvalid.

Prefect's blocks and forms are pydantic's models; these are not, since importing pydantic and building its models would
take `newsmill feeds list` longer than everything else that it does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from voluptuous import (
    All,
    Extra,
    In,
    Invalid,
    MultipleInvalid,
    Optional,
    Range,
    Required,
    RequiredFieldInvalid,
    Schema,
)

Check = Callable[[Any], Any]


class NotAList(Invalid):
    """A list was expected."""


class NotATable(Invalid):
    """A table was expected."""


class UnknownKey(Invalid):
    """A table has no such key."""


MissingKey = RequiredFieldInvalid
"""A table lacks a key that it needs."""


def text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise Invalid('must be text (write it in quotes: "…")')


def switch(value: object) -> bool:
    """True or false; in an environment variable also 1 and 0, yes and no, on and off."""
    match str(value).strip().lower():
        case "true" | "1" | "yes" | "on" | "t" | "y":
            return True
        case "false" | "0" | "no" | "off" | "f" | "n":
            return False
    raise Invalid("must be true or false")


def _whole(value: object) -> int:
    try:
        if isinstance(value, str | int) and not isinstance(value, bool):
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
    except ValueError:
        pass
    raise Invalid("must be a whole number")


def _number(value: object) -> float:
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise Invalid("must be a number")


def whole(least: int | None = None, most: int | None = None) -> Check:
    """A whole number, perhaps written as text."""
    return All(_whole, Range(least, most))


def number(least: float | None = None, most: float | None = None) -> Check:
    return All(_number, Range(least, most))


positive: Check = All(_number, Range(0, min_included=False))
"""A number above 0."""


def one_of(choices: Sequence[str]) -> Check:
    *others, last = map(repr, choices)
    return In(choices, f"must be {', '.join(others)} or {last}")


def path(value: object) -> Path:
    return value if isinstance(value, Path) else Path(text(value))


def optional(check: Check) -> Check:
    """None, or what the check allows."""
    return lambda value: None if value is None else check(value)


def list_of(member: Check) -> Check:
    """A list, each of whose members passes the check; it becomes a tuple."""

    def check(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise NotAList('must be a list (write ["…"])')
        return tuple(_all_of(([index], member, each) for index, each in enumerate(value)))

    return check


def one_or_more(member: Check) -> Check:
    """Such a list, or a single text in place of a list of one."""
    members = list_of(member)
    return lambda value: members([value] if isinstance(value, str) else value)


def table(checks: Mapping[str, Check], required: Collection[str] = ()) -> Check:
    """A table of these keys at most; keys that are not there are left out of what it becomes."""
    keys: dict[object, Check] = {Extra: _refuse_key}
    keys |= {Required(key) if key in required else Optional(key): check for key, check in checks.items()}
    return All(_check_is_table, Schema(keys))


def table_of(member: Check) -> Check:
    """A table whose keys are its writer's own, each with a value that passes the check."""
    return All(_check_is_table, Schema({str: member}))


def together(check: Check, *others: Check) -> Check:
    """What the first check makes of a value, with the problems that any of them has with it."""
    return lambda value: _all_of(([], each, value) for each in (check, *others))[0]


def problems_of(error: Invalid) -> Sequence[Invalid]:
    return error.errors if isinstance(error, MultipleInvalid) else [error]


def path_of(error: Invalid) -> list[str | int]:
    """Where the problem is: keys of tables, and places in lists, which count from 0."""
    return [part if isinstance(part, int) else str(part) for part in error.path]


def _check_is_table(value: object) -> object:
    if isinstance(value, dict):
        return value
    raise NotATable("must be a table")


def _refuse_key(value: object) -> object:
    raise UnknownKey("there is no such key")


def _all_of(checks: Iterable[tuple[list[Any], Check, object]]) -> list[Any]:
    """What each check makes of its value, which is at that path. Raises MultipleInvalid with all their problems."""
    made: list[Any] = []
    problems: list[Invalid] = []
    for path, check, value in checks:
        try:
            made.append(check(value))
        except Invalid as error:
            error.prepend(path)
            problems += problems_of(error)
    if problems:
        raise MultipleInvalid(problems)
    return made
