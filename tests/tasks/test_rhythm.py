"""When a feed is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.parse.feed import parse
from tasks.rhythm import DAYS, EARLY, UNKNOWN, YEAR, Bounds, freshness, in_words, interval, is_due, read_hints, schedule
from tests.tasks.making import FEED, document
from warehouse.feed_descriptions import Hints, Rhythm
from warehouse.records import FeedState, Fetch

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)  # a Friday
HOUR, DAY = 3600.0, 86_400.0
WIDE = Bounds(shortest=1, longest=100 * YEAR)
STATE = FeedState("quay", "https://quay.example/feed.xml")
ANSWER = Fetch("quay", STATE.url, NOW, 0.1, "fetched", status=200)

seconds = st.floats(0, 10 * YEAR)
maybe = st.none() | seconds
hours = st.lists(st.integers(0, 23), max_size=24).map(tuple)
days = st.lists(st.sampled_from(DAYS), max_size=7).map(tuple)
newest = st.none() | st.timedeltas(timedelta(days=-2), timedelta(days=4000)).map(lambda age: NOW - age)
rhythms = st.builds(
    Rhythm, newest_at=newest, gap=maybe, turnover=maybe, ttl=maybe, update=maybe, skip_hours=hours, skip_days=days
)
bounds = st.builds(Bounds, shortest=st.floats(1, DAY), longest=st.floats(1, 30 * DAY))


def wait(rhythm: Rhythm, max_age: float | None = None, within: Bounds = WIDE) -> float:
    return interval(rhythm, max_age, NOW, within)[0]


# --- the rule, whatever comes ---------------------------------------------------------------------------------------


@given(rhythms, maybe, bounds)
def test_wait_is_within_the_bounds_and_has_a_reason(rhythm: Rhythm, max_age: float | None, within: Bounds) -> None:
    found, reason = interval(rhythm, max_age, NOW, within)
    assert within.shortest <= found <= max(within.longest, within.shortest)
    assert reason


@given(rhythms, maybe)
def test_what_is_said_never_shortens_the_wait(rhythm: Rhythm, max_age: float | None) -> None:
    silent = replace(rhythm, ttl=None, update=None)
    assert wait(rhythm, max_age) >= wait(silent)


@given(rhythms, maybe)
def test_articles_do_not_leave_the_feed_unseen(rhythm: Rhythm, max_age: float | None) -> None:
    own = wait(replace(rhythm, ttl=None, update=None))
    if rhythm.turnover is not None:
        assert wait(rhythm, max_age) <= max(own, rhythm.turnover, WIDE.shortest)


@given(rhythms, maybe, seconds)
def test_longer_silence_never_shortens_the_wait(rhythm: Rhythm, max_age: float | None, more: float) -> None:
    if rhythm.newest_at:
        older = replace(rhythm, newest_at=rhythm.newest_at - timedelta(seconds=more))
        assert wait(older, max_age) >= wait(rhythm, max_age)


@given(rhythms, maybe, bounds, st.booleans())
def test_feed_is_due_later_and_at_no_time_it_skips(
    rhythm: Rhythm, max_age: float | None, within: Bounds, changed: bool
) -> None:
    answer = replace(ANSWER, outcome="fetched" if changed else "not-modified", max_age=max_age)
    state = schedule(STATE, answer, rhythm, within)
    assert state.due_at is not None
    assert state.interval_seconds is not None
    assert state.due_at >= NOW + timedelta(seconds=within.shortest)
    assert state.due_at - NOW == pytest.approx(timedelta(seconds=state.interval_seconds), abs=timedelta(seconds=1))
    if len(set(rhythm.skip_hours)) < 24:
        assert state.due_at.hour not in rhythm.skip_hours or len(set(rhythm.skip_days)) == 7
    if len(set(rhythm.skip_days)) < 7:
        assert DAYS[state.due_at.weekday()] not in rhythm.skip_days
    assert not is_due(state, NOW)
    assert is_due(state, state.due_at)
    # within one interval and a week of skipped hours, every feed is asked
    assert is_due(state, NOW + timedelta(seconds=max(within.longest, within.shortest)) + timedelta(days=8))


# --- one thing at a time --------------------------------------------------------------------------------------------


def test_feed_is_asked_twice_as_often_as_it_publishes() -> None:
    assert interval(Rhythm(newest_at=NOW, gap=6 * HOUR), None, NOW, WIDE) == (3 * HOUR, "an article every 6 h")
    assert interval(Rhythm(), None, NOW, WIDE) == (UNKNOWN, "no rhythm known yet")


def test_feed_that_fell_silent_is_asked_more_rarely() -> None:
    silent = Rhythm(newest_at=NOW - timedelta(days=30), gap=HOUR)
    assert interval(silent, None, NOW, WIDE) == (3 * DAY, "silent for 30 days")
    assert interval(silent, None, NOW, Bounds()) == (
        DAY,
        "silent for 30 days (max_interval)",
    )
    newly = replace(silent, newest_at=NOW - timedelta(hours=2))
    assert wait(newly) == HOUR / 2, "two hours without an article are no silence"


@pytest.mark.parametrize(
    ("rhythm", "max_age", "found", "reason"),
    [
        (Rhythm(NOW, HOUR), 7200.0, 7200, "its Cache-Control or Expires: 2 h"),
        (Rhythm(NOW, HOUR, ttl=7200), None, 7200, "its ttl: 2 h"),
        (Rhythm(NOW, HOUR, update=DAY), None, DAY, "its sy:updatePeriod: 24 h"),
        (Rhythm(NOW, HOUR, update=DAY, ttl=3 * DAY), 300.0, 3 * DAY, "its ttl: 3 days"),
        (Rhythm(NOW, HOUR, ttl=60), 60.0, HOUR / 2, "an article every 60 min"),
        (
            Rhythm(NOW, HOUR, turnover=5400, ttl=DAY),
            None,
            5400,
            "its ttl: 24 h, but half of its articles are replaced within 90 min",
        ),
        (Rhythm(NOW, 60), None, 900, "an article every 60 s (min_interval)"),
    ],
)
def test_what_is_said_counts(rhythm: Rhythm, max_age: float | None, found: float, reason: str) -> None:
    assert interval(rhythm, max_age, NOW, replace(Bounds(), longest=YEAR)) == (found, reason)


def test_bounds_the_wrong_way_round_keep_to_the_shortest() -> None:
    assert wait(Rhythm(NOW, 10 * DAY), None, Bounds(shortest=HOUR, longest=60)) == HOUR


def test_feed_is_not_asked_at_hours_and_days_it_skips() -> None:
    rhythm = Rhythm(NOW, 2 * HOUR, skip_hours=(13, 14, 15), skip_days=("Saturday", "Sunday"))
    state = schedule(STATE, ANSWER, rhythm, Bounds())
    assert state.due_at == NOW.replace(hour=16, minute=0)
    assert state.interval_seconds == 3.5 * HOUR
    assert state.interval_reason == "an article every 2 h, and its skipHours and skipDays"
    late = schedule(STATE, replace(ANSWER, started_at=NOW.replace(hour=23)), rhythm, Bounds())
    assert late.due_at == datetime(2026, 11, 23, tzinfo=UTC), "Monday"
    always = schedule(STATE, ANSWER, replace(rhythm, skip_hours=tuple(range(24)), skip_days=DAYS), Bounds())
    assert always.due_at == NOW + timedelta(hours=1), "who skips every hour means none"


def test_what_a_server_said_before_holds_for_an_answer_that_says_nothing() -> None:
    first = schedule(STATE, replace(ANSWER, max_age=7200.0), Rhythm(), Bounds())
    assert first.max_age_seconds == 7200
    unchanged = replace(ANSWER, outcome="not-modified", status=304)
    assert schedule(first, unchanged, Rhythm(), Bounds()).due_at == NOW + timedelta(hours=2)
    assert schedule(first, replace(unchanged, max_age=9000.0), Rhythm(), Bounds()).max_age_seconds == 9000
    assert schedule(first, ANSWER, Rhythm(), Bounds()).max_age_seconds is None, "a new document without it"


def test_failure_is_due_when_it_said_so_itself() -> None:
    state = replace(STATE, due_at=NOW, interval_reason="2 failures in a row")
    assert schedule(state, replace(ANSWER, outcome="failed"), Rhythm(NOW, HOUR), Bounds()) is state


def test_hourly_schedule_finds_an_hourly_feed_due_every_time() -> None:
    at, state = NOW, schedule(STATE, ANSWER, Rhythm(), Bounds())
    for early in (0, 40, -60, 200, 5):  # a run starts now a little sooner, now a little later
        at += timedelta(seconds=UNKNOWN - early)
        assert is_due(state, at)
        at += timedelta(seconds=early)
        state = schedule(state, replace(ANSWER, started_at=at), Rhythm(), Bounds())
    assert not is_due(state, at + timedelta(seconds=UNKNOWN * (1 - EARLY) - 1))


# --- what a server says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, None),
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": "public, MAX-AGE=600 , must-revalidate"}, 600),
        ({"cache-control": 'max-age="600"'}, 600),
        ({"cache-control": "s-maxage=9000"}, None),
        ({"cache-control": "s-maxage=9000, max-age=60"}, 60),
        ({"cache-control": "max-age=600, no-cache"}, None),
        ({"cache-control": "private, no-store"}, None),
        ({"cache-control": "max-age=0"}, None),
        ({"cache-control": "max-age=600", "age": "500"}, 100),
        ({"cache-control": "max-age=600", "age": "700"}, None),
        ({"cache-control": "max-age=9999999999"}, YEAR),
        ({"expires": "Fri, 20 Nov 2026 13:30:00 GMT", "date": "Fri, 20 Nov 2026 12:30:00 GMT"}, 3600),
        ({"expires": "Fri, 20 Nov 2026 11:30:00 GMT", "date": "Fri, 20 Nov 2026 12:30:00 GMT"}, None),
        ({"expires": "Fri, 20 Nov 2026 13:30:00 GMT"}, None),
        ({"expires": "0", "date": "Fri, 20 Nov 2026 12:30:00 GMT"}, None),
        (
            {
                "cache-control": "max-age=60",
                "expires": "Fri, 20 Nov 2026 13:30:00 GMT",
                "date": "Fri, 20 Nov 2026 12:30:00 GMT",
            },
            60,
        ),
    ],
)
def test_freshness(headers: dict[str, str], found: float | None) -> None:
    assert freshness(headers) == found


@given(st.dictionaries(st.sampled_from(["cache-control", "expires", "date", "age"]), st.text()))
def test_freshness_of_anything(headers: dict[str, str]) -> None:
    found = freshness(headers)
    assert found is None or 0 < found <= YEAR


# --- what a document says -------------------------------------------------------------------------------------------

SAYS = b"""<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><title>Quay</title>
<ttl> 90 </ttl><sy:updatePeriod> daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>
<skipHours><hour>3</hour><hour> 24 </hour><hour>3</hour></skipHours>
<skipDays><day>Sunday</day><day>saturday</day><day>Someday</day></skipDays>
<item><title>Berth</title><guid>1</guid><description>&lt;p&gt;Text&lt;/p&gt;</description></item></channel></rss>"""


def test_document_says_its_rhythm() -> None:
    parsed = parse(SAYS, document(SAYS), FEED)
    assert parsed.hints == Hints(5400, 21_600, (0, 3), ("Saturday", "Sunday"))
    assert len(parsed.entries) == 1


def test_document_that_says_nothing() -> None:
    quiet = b"<rss><channel><title>Quay</title><item><title>Berth</title></item></channel></rss>"
    assert parse(quiet, document(quiet), FEED).hints == Hints()


def test_article_that_quotes_such_elements_says_nothing() -> None:
    quoting = b"""<rss version="2.0"><channel><title>Quay</title><item><title>RSS</title><ttl>5</ttl><description>
        <![CDATA[<pre><skipHours><hour>3</hour></skipHours></pre>]]></description></item></channel></rss>"""
    assert parse(quoting, document(quoting), FEED).hints == Hints()


@given(
    st.dictionaries(st.sampled_from(["ttl", "sy_updateperiod", "sy_updatefrequency"]), st.text()),
    st.lists(
        st.sampled_from([b"<skipHours>", b"</skipHours>", b"<hour>", b"</hour>", b"25", b"\xff", b"<item>", b"<day>"])
    ).map(b"".join),
)
def test_hints_of_anything(feed: dict[str, str], data: bytes) -> None:
    found = read_hints(feed, data)
    assert found.ttl_seconds is None or 0 < found.ttl_seconds <= YEAR
    assert found.update_seconds is None or 0 < found.update_seconds <= YEAR
    assert all(0 <= hour < 24 for hour in found.skip_hours)


@pytest.mark.parametrize(
    ("length", "said"), [(59, "59 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 days")]
)
def test_words(length: float, said: str) -> None:
    assert in_words(length) == said
