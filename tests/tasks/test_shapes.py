"""What values of TOML and of environment variables become, and where the problem is in one that is invalid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voluptuous import Invalid

from tasks.shapes import (
    Check,
    MissingKey,
    NotAList,
    NotATable,
    UnknownKey,
    list_of,
    number,
    one_of,
    one_or_more,
    optional,
    path,
    path_of,
    positive,
    problems_of,
    switch,
    table,
    table_of,
    text,
    together,
    whole,
)

HARBOUR = table(
    {"name": text, "berths": list_of(table({"metres": whole(1)}, ["metres"])), "flags": table_of(text)}, ["name"]
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda members: (
        st.lists(members, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "berths", "metres", "flags", "港口"]), members, max_size=4)
    ),
    max_leaves=20,
)


def problems(check: Check, value: object) -> list[tuple[str, list[str | int]]]:
    with pytest.raises(Invalid) as raised:
        check(value)
    return [(type(problem).__name__, path_of(problem)) for problem in problems_of(raised.value)]


@pytest.mark.parametrize(
    ("check", "value", "becomes"),
    [
        (text, "Hafen", "Hafen"),
        (switch, True, True),
        (switch, "Yes", True),
        (switch, "0", False),
        (switch, " off ", False),
        (whole(0, 10), 10, 10),
        (whole(0), " 7 ", 7),
        (whole(), 2**70, 2**70),
        (whole(), 3.0, 3),
        (number(0, 1), 1, 1.0),
        (number(), "0.25", 0.25),
        (positive, "1e-3", 0.001),
        (path, "data/news.duckdb", Path("data/news.duckdb")),
        (path, Path("data"), Path("data")),
        (one_of(["auto", "never"]), "never", "never"),
        (optional(text), None, None),
        (list_of(whole()), ["1", 2], (1, 2)),
        (one_or_more(text), "港口", ("港口",)),
        (one_or_more(text), ["a", "b"], ("a", "b")),
        (table_of(text), {"港口": "x"}, {"港口": "x"}),
        (table({"name": text}), {}, {}),
    ],
)
def test_values_as_newsmill_keeps_them(check: Check, value: object, becomes: object) -> None:
    kept = check(value)
    assert (kept, type(kept)) == (becomes, type(becomes))


@pytest.mark.parametrize(
    ("check", "value", "says"),
    [
        (text, 5, "must be text"),
        (text, None, "must be text"),
        (switch, 2, "must be true or false"),
        (switch, "vielleicht", "must be true or false"),
        (whole(), "many", "must be a whole number"),
        (whole(), 2.5, "must be a whole number"),
        (whole(), True, "must be a whole number"),
        (whole(), "9" * 5000, "must be a whole number"),
        (whole(1), 0, "must be at least 1"),
        (whole(0, 10), 11, "must be at most 10"),
        (number(), "viel", "must be a number"),
        (number(), 10**400, "must be a number"),
        (number(0), float("nan"), "must be at least 0"),
        (positive, 0, "must be higher than 0"),
        (positive, "nan", "must be higher than 0"),
        (one_of(["auto", "always", "never"]), "often", "must be 'auto', 'always' or 'never'"),
        (one_of(["auto", "never"]), [], "must be 'auto' or 'never'"),
        (path, 5, "must be text"),
        (list_of(text), "a", "must be a list"),
        (list_of(text), {"a": "b"}, "must be a list"),
        (one_or_more(text), 5, "must be a list"),
        (table({}), ["a"], "must be a table"),
        (table_of(text), "a", "must be a table"),
    ],
)
def test_an_invalid_value_is_refused_in_words(check: Check, value: object, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        check(value)


def test_all_problems_of_a_table_come_at_once_each_with_its_place() -> None:
    value = {"berths": [{"metres": 0}, {"metres": 5}, {}, "long"], "flags": {"a": 1}, "crane": True}
    assert problems(HARBOUR, value) == [
        ("RangeInvalid", ["berths", 0, "metres"]),
        (MissingKey.__name__, ["berths", 2, "metres"]),
        (NotATable.__name__, ["berths", 3]),
        ("Invalid", ["flags", "a"]),
        (UnknownKey.__name__, ["crane"]),
        (MissingKey.__name__, ["name"]),
    ]
    assert problems(HARBOUR, {"name": "A", "berths": {}}) == [(NotAList.__name__, ["berths"])]


def test_two_checks_tell_the_problems_of_both() -> None:
    def refuse(value: dict[str, Any]) -> None:
        raise Invalid("too small", ["berths"])

    both = together(table({"name": text}), refuse)
    assert problems(both, {"name": 1}) == [("Invalid", ["name"]), ("Invalid", ["berths"])]
    assert together(table({"name": text}), lambda _: None)({"name": "A"}) == {"name": "A"}


@given(values)
def test_any_value_is_read_or_refused_with_the_places_of_its_problems(value: Any) -> None:
    try:
        kept = HARBOUR(value)
    except Invalid as error:
        for problem in problems_of(error):
            part, where = value, path_of(problem)
            for key in where[:-1]:
                part = part[key]
            assert not where or isinstance(problem, MissingKey) == (isinstance(part, dict) and where[-1] not in part)
            assert problem.msg
    else:
        assert kept["name"] == value["name"]
        assert kept.keys() == value.keys()
