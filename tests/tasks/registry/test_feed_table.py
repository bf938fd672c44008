"""A [[feed]] table: slugs, and what to write instead of an invalid value."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voluptuous import Invalid

from tasks.registry.feed_checks import check_time_zone, fix_address
from tasks.registry.feed_ids import nearest, slug
from tests.tasks.registry.feeds import addresses, slugs


@given(st.text(max_size=90) | addresses, st.sets(slugs, max_size=5))
def test_a_slug_is_always_a_free_id(name: str, taken: set[str]) -> None:
    for _ in range(3):
        found = slug(name, taken)
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", found)
        assert found not in taken
        taken.add(found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("www.example.co.uk", "example-co-uk"),
        ("https://www.example.co.uk:8080/feed?x=1", "example-co-uk"),
        ("Le Café du Port", "le-cafe-du-port"),
        ("Ｆｕｌｌ Width", "full-width"),
        ("联合早报", "feed"),
        ("http://[", "feed"),
        ("", "feed"),
    ],
)
def test_slug(name: str, expected: str) -> None:
    assert slug(name, ()) == expected
    assert slug(name, {expected, f"{expected}-2"}) == f"{expected}-3"


@pytest.mark.parametrize(
    ("address", "better"),
    [
        ("feed://example.org/rss", "https://example.org/rss"),
        ("feed:https://example.org/rss", "https://example.org/rss"),
        ("//example.org/rss", "https://example.org/rss"),
        ("www.example.org", "https://www.example.org"),
        (" https://example.org/a\x00b ", "https://example.org/ab"),
        ("ftp://example.org/", None),
        ("someone@example.org", None),
        ("localhost", None),
    ],
)
def test_an_address_is_fixed_where_it_is_clear_what_was_meant(address: str, better: str | None) -> None:
    assert fix_address(address) == better


def test_the_nearest_name_ignores_case() -> None:
    assert nearest("LANGAUGE", ["language", "name"]) == "language"
    assert nearest("frequency", ["language", "name"]) is None


def test_every_time_zone_is_one() -> None:
    assert [name for name in available_timezones() if check_time_zone(name) != name] == []


@pytest.mark.parametrize(
    "name", ["", "Europe", "/etc/passwd", "../UTC", "posix/UTC", "right/UTC", "posixrules", "UTC ", "a\0b", "x" * 5000]
)
def test_a_name_that_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="must be an IANA time zone"):
        check_time_zone(name)
