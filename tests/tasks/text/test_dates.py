from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.text.dates import MAX_OTHER, bounding_dates, is_date_line, parse_date
from tests.tasks.making import NOW

MORNING = datetime(2024, 3, 5, 7, 8, 9, tzinfo=UTC)
MINUTE = MORNING.replace(second=0)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-03-05T07:08:09Z", MORNING),
        ("2024-03-05T07:08:09+00:00", MORNING),
        ("2024-03-05T15:08:09+08:00", MORNING),
        ("2024-03-05T15:08:09+0800", MORNING),
        ("2024-03-05 15:08:09 +0800", MORNING),
        ("2024-03-05 15:08:09 +08:00", MORNING),
        ("2024-03-05 07:08:09 UTC", MORNING),
        ("2024-03-05 07:08:09 GMT", MORNING),
        ("20240305T070809Z", MORNING),
        ("2024-03-05T07:08:09.123Z", MORNING.replace(microsecond=123000)),
        ("2024-03-05T07:08:09.123456789Z", MORNING.replace(microsecond=123456)),
        ("2024-03-05T07:08:09,5Z", MORNING.replace(microsecond=500000)),
        ("2024-03-05T07:08Z", MINUTE),
        ("Tue, 05 Mar 2024 07:08:09 GMT", MORNING),
        ("Tue, 5 Mar 2024 07:08:09 +0000", MORNING),
        ("Tue, 05 Mar 2024 15:08:09 +0800", MORNING),
        ("Tue, 05 Mar 2024 02:08:09 EST", MORNING),
        ("Tue, 05 Mar 2024 03:08:09 EDT", MORNING),
        ("Mon, 04 Mar 2024 23:08:09 PST", MORNING),
        ("Tue, 05 Mar 2024 08:08:09 CET", MORNING),
        ("Tue, 05 Mar 2024 09:08:09 CEST", MORNING),
        ("Tue, 05 Mar 2024 08:08:09 BST", MORNING),
        ("Tue, 05 Mar 2024 16:08:09 JST", MORNING),
        ("Tue, 05 Mar 2024 07:08:09 Z", MORNING),
        ("Tue, 05 Mar 24 07:08:09 GMT", MORNING),
        ("5 Mar 2024 07:08:09 GMT", MORNING),
        ("Tue,\n  05 Mar 2024\t07:08:09 GMT ", MORNING),
        ("Tuesday, 05-Mar-24 07:08:09 GMT", MORNING),
        ("1709622489", MORNING),
        ("1709622489000", MORNING),
        ("1709622489123", MORNING.replace(microsecond=123000)),
        ("2024年3月5日 07:08:09", MORNING),
        ("2024年03月05日 07:08", MINUTE),
        ("2024年3月5日（星期二）07:08", MINUTE),
        ("2024年3月5日 下午3:08", MINUTE.replace(hour=15)),
        ("2024年3月5日 上午7:08", MINUTE),
        ("2024年3月5日 7时8分9秒", MORNING),
        ("2024年3月5日", datetime(2024, 3, 5, tzinfo=UTC)),
        ("2024-03-05", datetime(2024, 3, 5, tzinfo=UTC)),
        ("March 5, 2024 7:08 AM", MINUTE),
        ("5 mars 2024 07:08", MINUTE),
        ("5. März 2024 07:08", MINUTE),
    ],
)
def test_forms_of_dates(written: str, meant: datetime) -> None:
    moment = parse_date(written, now=NOW)
    assert moment == meant
    assert moment is not None
    assert moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2024-03-05T15:08:09", 15),
        ("Tue, 05 Mar 2024 15:08:09", 15),
        ("2024年3月5日 15:08:09", 15),
        ("5 mars 2024 15:08:09", 15),
    ],
)
def test_a_date_without_a_zone_is_local_to_the_feed(written: str, hour: int) -> None:
    local = MORNING.replace(hour=hour)
    assert parse_date(written, timezone="Asia/Shanghai", now=NOW) == local - timedelta(hours=8)
    assert parse_date(written, timezone="America/Bogota", now=NOW) == local + timedelta(hours=5)
    assert parse_date(written, timezone="Not/AZone", now=NOW) == local


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("Tue, 05 Mar 2024 15:08:09 GMT+8", 7),
        ("Tue, 05 Mar 2024 15:08:09 GMT+0800", 7),
        ("2024-03-05 15:08:09 UTC+08:00", 7),
        ("2024-03-05T15:08:09GMT-2", 17),
        ("Tue, 05 Mar 2024 15:08:09 CST", 7),
        ("Tue, 05 Mar 2024 15:08:09 Asia/Shanghai", 7),
        ("Tue, 05 Mar 2024 15:08:09 Asia/Tokyo", 6),
        ("2024-03-05T15:08:09+08:00[Asia/Shanghai]", 7),
        ("2024年3月5日 15點08分09秒", 7),
        ("2024年3月5日 3:08:09 下午", 7),
    ],
)
def test_zones_and_clocks_of_chinese_feeds(written: str, hour: int) -> None:
    assert parse_date(written, timezone="Asia/Shanghai", now=NOW) == MORNING.replace(hour=hour)


def test_noon_and_midnight_in_chinese() -> None:
    for written, hour in (("上午12:10", 0), ("凌晨12:10", 0), ("下午12:10", 12), ("12:10 上午", 0)):
        assert parse_date(f"2024年3月5日 {written}", now=NOW) == datetime(2024, 3, 5, hour, 10, tzinfo=UTC)


def test_cst_is_central_standard_time_outside_china() -> None:
    assert parse_date("Tue, 05 Mar 2024 01:08:09 CST", timezone="America/Chicago", now=NOW) == MORNING
    assert parse_date("Tue, 05 Mar 2024 01:08:09 CST", now=NOW) == MORNING


def test_the_epoch_is_not_a_date_in_any_time_zone() -> None:
    assert parse_date("1970-01-01 00:00:00", timezone="Asia/Shanghai", now=NOW) is None


def test_the_zone_follows_the_season() -> None:
    assert parse_date("2024-07-05T12:00:00", timezone="Europe/Lisbon", now=NOW) == datetime(2024, 7, 5, 11, tzinfo=UTC)
    assert parse_date("2024-01-05T12:00:00", timezone="Europe/Lisbon", now=NOW) == datetime(2024, 1, 5, 12, tzinfo=UTC)


def test_the_zone_of_a_date_wins_over_the_feeds() -> None:
    for written in (
        "2024-03-05T07:08:09Z",
        "Tue, 05 Mar 2024 02:08:09 EST",
        "Tue, 05 Mar 2024 07:08:09 -0000",  # RFC 5322 3.3: it "also indicates Universal Time"
        "1709622489",
    ):
        assert parse_date(written, timezone="Asia/Shanghai", now=NOW) == MORNING


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        "  ",
        "NaN",
        "null",
        "None",
        "Invalid Date",
        "yesterday evening, perhaps",
        "0",
        "1970-01-01T00:00:00Z",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "0001-01-01T00:00:00Z",
        "0000-00-00 00:00:00",
        "2024-02-30T00:00:00Z",
        "港口",
        "9" * 400,
    ],
)
def test_text_that_is_not_a_date(written: str | None) -> None:
    assert parse_date(written, now=NOW) is None


def test_a_date_in_the_future_is_a_mistake() -> None:
    assert parse_date((NOW + timedelta(hours=23)).isoformat(), now=NOW) == NOW + timedelta(hours=23)
    assert parse_date((NOW + timedelta(hours=25)).isoformat(), now=NOW) is None
    assert parse_date("2199-01-01T00:00:00Z", now=NOW) is None
    # what was the future for one fetch isn't for another
    assert parse_date("2199-01-01T00:00:00Z", now=datetime(2199, 1, 1, tzinfo=UTC)) is not None


@given(
    st.datetimes(datetime(1000, 1, 3), datetime(2026, 11, 19)),  # noqa: DTZ001 - the zone comes next
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["T", " "]),
)
@settings(max_examples=200)
def test_iso_dates_survive(naive: datetime, offset: int, separator: str) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
    if moment.timestamp() != 0:
        assert parse_date(moment.isoformat(sep=separator), timezone="Asia/Shanghai", now=NOW) == moment


@given(st.datetimes(datetime(1971, 1, 1), datetime(2026, 11, 19)), st.integers(-12 * 60, 14 * 60))  # noqa: DTZ001
@settings(max_examples=200)
def test_rfc_822_dates_survive(naive: datetime, offset: int) -> None:
    moment = naive.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset)))
    assert parse_date(format_datetime(moment), timezone="Asia/Shanghai", now=NOW) == moment


@given(st.text(max_size=60), st.sampled_from(["UTC", "Asia/Shanghai", "x", ""]))
@example("\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669", "UTC")
@example("Mon, 31 Dec 9999 23:59:59 -2359", "UTC")
@example("0001-01-01T00:00:00+23:59", "UTC")
@example("Tue, 05 Mar 2024 07:08:09 +99999999999999", "UTC")
@example("2024年99月99日", "UTC")
@example("1e999", "UTC")
@settings(max_examples=150)
def test_any_text_gives_a_valid_date_or_none(text: str, zone: str) -> None:
    moment = parse_date(text, timezone=zone, now=NOW)
    assert moment is None or (moment.year >= 1000 and moment <= NOW + timedelta(days=1) and moment.tzinfo is not None)


@given(
    st.from_regex(
        r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{2,5} \d{1,3}:\d\d(:\d\d)? ?([+-]\d{4}|[A-Z]{1,4})?", fullmatch=True
    )
)
@settings(max_examples=60)
def test_what_looks_like_a_date_never_raises(text: str) -> None:
    moment = parse_date(text, now=NOW)
    assert moment is None or moment.tzinfo is not None


@pytest.mark.parametrize(
    "line",
    [
        "Fri, 15 Nov 2024 03:36:16 GMT",
        "Tue, 5 March 2024",
        "2024-03-05",
        "2024-03-05 07:08",
        "2024/3/5 07:08:09",
        "2024-03-05T07:08:09Z",
        "2024-03-05T07:08:09.000+08:00",
        "2024年3月5日",
        "2024年3月5日 07:08",
        "发布时间：2024-03-05 07:08",
        "Published: 2024-03-05",
    ],
)
def test_date_lines(line: str) -> None:
    assert is_date_line(line)
    assert is_date_line(f"  {line} ")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "2024年3月5日，港口重新开放。",
        "2024-03-05 the gate opened",
        "On 2024-03-05",
        "Tue, the gate opened",
        "2024",
        "10:30",
        "2024-03-05 " + "0" * 60,
    ],
)
def test_text_that_is_not_a_date_line(line: str) -> None:
    assert not is_date_line(line)


def test_a_day_that_does_not_exist_is_not_given_to_dateparser(monkeypatch: pytest.MonkeyPatch) -> None:
    """It took a quarter of a second to make nothing of it, and a feed may have hundreds."""
    monkeypatch.setattr("tasks.text.dates._parse_other", lambda *_: pytest.fail("dateparser was asked"))
    for text in ("2026-02-30", "2026-02-30T00:01:00Z", "2026-13-01 10:00", "2026-00-00T00:00:00+08:00"):
        assert parse_date(text, now=NOW) is None


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("24 listopada 2025", datetime(2025, 11, 24, tzinfo=UTC)),
        ("lunedì 24 novembre 2025", datetime(2025, 11, 24, tzinfo=UTC)),
        ("9 de mar. de 2025", datetime(2025, 3, 9, tzinfo=UTC)),
        ("24 de novembre del 2025", datetime(2025, 11, 24, tzinfo=UTC)),
        ("24 Kasım 2025 Pazartesi", datetime(2025, 11, 24, tzinfo=UTC)),
        ("понедельник, 24 ноября 2025 г.", datetime(2025, 11, 24, tzinfo=UTC)),
        ("24 พฤศจิกายน 2025", datetime(2025, 11, 24, tzinfo=UTC)),
        ("2025年11月24日月曜日", datetime(2025, 11, 24, tzinfo=UTC)),
        ("25.11.2025 10:30", datetime(2025, 11, 25, 10, 30, tzinfo=UTC)),
    ],
)
def test_dates_in_many_languages(written: str, day: datetime) -> None:
    assert parse_date(written, now=NOW) == day


def test_a_date_that_depends_on_when_it_is_read_is_none() -> None:
    assert parse_date("3 hours ago, 2025", now=NOW) is None


def test_one_document_gives_dateparser_so_many_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("tasks.text.dates._parse_other", lambda text, _: asked.append(text))
    with bounding_dates():
        for _ in range(2):  # the same again costs nothing
            for number in range(3 * MAX_OTHER):
                parse_date(f"some day {number}", now=NOW)
    assert set(asked) == {f"some day {number}" for number in range(MAX_OTHER)}
    asked.clear()
    with bounding_dates():
        parse_date("another day 1", now=NOW)
    parse_date("some day 999", now=NOW)
    assert asked == ["another day 1", "some day 999"], "the next document has its own"
