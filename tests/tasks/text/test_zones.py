"""The time zones that dates name, in all the ways in which feeds write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tasks.text.dates import parse_date
from tests.tasks.making import NOW


def at(hour: int, minute: int = 0, day: int = 15) -> datetime:
    return datetime(2024, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Fri, 15 Nov 2024 10:00:00 +01:00", at(9)),
        ("Fri, 15 Nov 2024 10:00:00+08:00", at(2)),
        ("Fri, 15 Nov 2024 10:00:00 -07", at(17)),
        ("Fri, 15 Nov 2024 10:00:00 +8", at(2)),
        ("Fri, 15 Nov 2024 10:00:00 +05:30", at(4, 30)),
        ("Fri Nov 15 2024 18:00:00 GMT+0800 (China Standard Time)", at(10)),
        ("Fri Nov 15 2024 10:00:00 GMT+0000 (Coordinated Universal Time)", at(10)),
        ("Fri, 15 Nov 2024 10:00:00 +0100 (CET)", at(9)),
        ("Fri, 15 Nov 2024 10:00:00 (EST)", at(15)),
        ("Fri Nov 15 10:00:00 EST 2024", at(15)),
        ("Fri Nov 15 10:00:00 CST 2024", at(16)),
        ("Fri Nov 15 10:00:00 +0100 2024", at(9)),
        ("2024-11-15 10:00:00 EST", at(15)),
        ("2024-11-15T10:00:00 PST", at(18)),
        ("2024-11-15T10:00:00-07", at(17)),
        ("2024-11-15 10:00:00 +1", at(9)),
        ("Fri, 15 Nov 2024 10:00 AM EST", at(15)),
        ("Fri, 15 Nov 2024 10:00:00 PM EST", at(3, day=16)),
        ("Fri, 15 Nov 2024 12:10 a.m. UTC", at(0, 10)),
        ("Fri, 15 Nov 2024 12:10 PM", at(12, 10)),
        ("Nov 15, 2024 3:04 PM PT", at(23, 4)),
        ("November 15, 2024 at 3:04 PM EST", at(20, 4)),
        ("2024-11-15 03:04 PM", at(15, 4)),
        ("11/15/2024 3:04:00 PM", at(15, 4)),
        ("Fri, 15 Nov 2024 24:00:00 GMT", at(0, day=16)),
        ("2024-11-15T24:00:00Z", at(0, day=16)),
        ("2024-11-15T24:00", at(0, day=16)),
        ("Fri, 15 Nov 2024 10:00:00 A", at(10)),
        ("Fri, 15 Nov 2024 10:00:00 gmt", at(10)),
        ("15 listopada 2024 10:00 CET", at(9)),
    ],
)
def test_where_and_how_a_zone_is_written(written: str, meant: datetime) -> None:
    assert parse_date(written, now=NOW) == meant


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        *(("EST", -5), ("EDT", -4), ("CDT", -5), ("MST", -7), ("MDT", -6), ("PST", -8), ("PDT", -7), ("AKST", -9)),
        *(("HST", -10), ("AST", -4), ("NST", -3.5), ("ET", -5), ("CT", -6), ("MT", -7), ("PT", -8)),
        *(("BRT", -3), ("ART", -3), ("CLT", -4), ("COT", -5), ("PET", -5), ("VET", -4), ("UYT", -3)),
        *(
            ("WET", 0),
            ("WEST", 1),
            ("BST", 1),
            ("CET", 1),
            ("CEST", 2),
            ("MEZ", 1),
            ("MESZ", 2),
            ("MET", 1),
            ("MEST", 2),
        ),
        *(("EET", 2), ("EEST", 3), ("MSK", 3), ("TRT", 3), ("SAST", 2), ("WAT", 1), ("CAT", 2), ("EAT", 3)),
        *(
            ("GST", 4),
            ("PKT", 5),
            ("IST", 5.5),
            ("NPT", 5.75),
            ("BDT", 6),
            ("ICT", 7),
            ("WIB", 7),
            ("WITA", 8),
            ("WIT", 9),
        ),
        *(("HKT", 8), ("SGT", 8), ("MYT", 8), ("PHT", 8), ("AWST", 8), ("JST", 9), ("KST", 9), ("ACST", 9.5)),
        *(("AEST", 10), ("AEDT", 11), ("NZST", 12), ("NZDT", 13)),
    ],
)
def test_abbreviations(name: str, hours: float) -> None:
    moment = parse_date(f"Fri, 15 Nov 2024 12:00:00 {name}", timezone="UTC", now=NOW)
    assert moment
    assert (at(12) - moment).total_seconds() / 3600 == hours


def test_an_abbreviation_that_holds_all_year_follows_the_season() -> None:
    assert parse_date("Mon, 15 Jul 2024 12:00:00 ET", now=NOW) == datetime(2024, 7, 15, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "timezone", "hour"),
    [
        ("IST", "Asia/Jerusalem", 10),
        ("IST", "Asia/Kolkata", 6),
        ("CST", "Asia/Shanghai", 4),
        ("CST", "America/Chicago", 18),
    ],
)
def test_an_abbreviation_means_what_it_means_where_the_feed_is(name: str, timezone: str, hour: int) -> None:
    moment = parse_date(f"Fri, 15 Nov 2024 12:00:00 {name}", timezone=timezone, now=NOW)
    assert moment
    assert moment.hour == hour


@pytest.mark.parametrize(
    "written",
    [
        "Fri, 15 Nov 2024 10:00:00 XYZT",
        "2024-11-15 10:00:00 QQT",
        "Fri, 15 Nov 2024 10:00:00 +2500",
        "Fri, 15 Nov 2024 10:00:00 +0160",
        "Mon, 30 Nov -0001 00:00:00 +0000",
        "Mon, 30 Nov 0001 00:00:00 +0000",
        "Mon, 30 Nov 0 00:00:00 GMT",
        "Mon, 30 Nov 0000 00:00:00 GMT",
        "-0001-11-30T00:00:00+00:00",
        "0000-11-30 00:00:00",
    ],
)
def test_what_is_not_known_is_none(written: str) -> None:
    """An unknown zone once became UTC, and the year -0001 the year 2000."""
    assert parse_date(written, now=NOW) is None
