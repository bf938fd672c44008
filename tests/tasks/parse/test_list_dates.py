"""Dates of lists, as sites write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tasks.parse.list_dates import find_date, is_only_date, moment_of, take_date

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-19", "2026-11-19T00:00"),
        ("发布时间：2026-11-19 08:30", "2026-11-19T08:30"),
        ("[11-19]", "2026-11-19T00:00"),
        ("12-24", "2025-12-24T00:00"),
        ("11月19日", "2026-11-19T00:00"),
        ("28.10.", "2026-10-28T00:00"),
        ("28 2026-10", "2026-10-28T00:00"),
        ("2026/10 28", "2026-10-28T00:00"),
        ("28.10.26", "2026-10-28T00:00"),
        ("05.10.2026, 14:15", "2026-10-05T14:15"),
        ("5/10/2026", "2026-10-05T00:00"),
        ("09-11-2026", "2026-11-09T00:00"),
        ("(2026.10.28)", "2026-10-28T00:00"),
        ("2026年10月28日(水)", "2026-10-28T00:00"),
        ("2026년 10월 28일", "2026-10-28T00:00"),
        ("Posted on October 28, 2026 by Ann", "2026-10-28T00:00"),
        ("Wednesday, 28th October 2026", "2026-10-28T00:00"),
        ("Publié le 28 octobre 2026 à 9h30", "2026-10-28T00:00"),
        ("28 de octubre de 2026", "2026-10-28T00:00"),
        ("2026-10-28T09:15:00+02:00", "2026-10-28T07:15"),
        ("07.11.2026, 10:65", "2026-11-07T00:00"),
        ("Room 1105, floor 11", None),
        ("2026-13-45", None),
        ("11-45", None),
        ("Score 3-2 at half time", None),
        ("3 hours ago", None),
        ("5/12/2031", None),
    ],
)
def test_dates(text: str, expected: str | None) -> None:
    date = find_date(text)
    moment = moment_of(date, timezone="UTC", now=NOW) if date else None
    assert (moment and moment.strftime("%Y-%m-%dT%H:%M")) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-19",
        "发布日期：2026-11-19",
        "Published: 19 November 2026",
        "3 hours ago",
        "2小时前",
        "昨天 10:30",
        "[11-19]",
    ],
)
def test_a_date_and_nothing_else(text: str) -> None:
    assert is_only_date(text)


@pytest.mark.parametrize("text", ["", "On 19 November 2026 the gate opens", "Boston, 2026-11-19", "3 hours", "Ann Lee"])
def test_not_only_a_date(text: str) -> None:
    assert not is_only_date(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The gate opens (2026-11-19)", ("The gate opens", "2026-11-19")),
        ("19.11.2026 - The gate opens", ("The gate opens", "19.11.2026")),
        ("[2026-11-19] 北门明日开放", ("北门明日开放", "2026-11-19")),
        ("What 19 November 2026 meant for us", ("What 19 November 2026 meant for us", "")),
        ("The gate opens", ("The gate opens", "")),
    ],
)
def test_a_date_at_the_end_of_a_title_is_taken_off(text: str, expected: tuple[str, str]) -> None:
    assert take_date(text) == expected
