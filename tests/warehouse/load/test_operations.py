"""What the warehouse tells of how often feeds publish, and of images to fetch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.tasks.making import FEED, Item, milled
from warehouse.feed_descriptions import Hints, Rhythm
from warehouse.filters import Filter, Filters
from warehouse.load.batch import load
from warehouse.load.operations import (
    EVERY_IMAGE,
    WantedImages,
    learn_rhythms,
    pending_images,
    record_fetches,
    record_run,
    silent_feeds,
)
from warehouse.records import Feed, FeedState, Fetch, Milled, Source
from warehouse.store.connection import open_warehouse
from warehouse.store.lake import Bucket, lake_at
from warehouse.store.transactions import Connection

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
WIRE = Feed("wire", "The Wire", "https://wire.example/feed.xml", site_url="https://wire.example/", language="en")


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Connection]:
    with open_warehouse(tmp_path / "newsmill.duckdb") as connection:
        yield connection


def issue(moments: list[datetime], feed: Feed = FEED, at: datetime | None = None) -> Milled:
    """A document with an article of each moment."""
    items = []
    for moment in moments:
        link = f"https://quay.example/{moment:%Y%m%d%H%M%S}"
        items.append(Item(f"At {moment:%d %H:%M:%S}", f"<p>{moment}</p>", link, link, format_datetime(moment)))
    return milled(*items, feed=feed, at=at or max(moments))


def learned(connection: Connection, *batch: Milled) -> Rhythm:
    load(connection, list(batch), run_id="run")
    return learn_rhythms(connection, [FEED.id], [FEED.id])[FEED.id]


def silence(connection: Connection) -> int | None:
    row = connection.execute("SELECT usual_silence_seconds FROM ops.feeds WHERE feed_id = 'quay'").fetchone()
    assert row
    return None if row[0] is None else int(row[0])


def test_gap_is_the_median_between_articles(warehouse: Connection) -> None:
    moments = [MONDAY + timedelta(hours=hours) for hours in (0, 2, 4, 6, 8, 30)]
    found = learned(warehouse, issue(moments))
    assert found == Rhythm(newest_at=moments[-1], gap=7200, turnover=25 * 3600)
    assert silence(warehouse) == pytest.approx(2 * (2 + 0.96 * 20) * 3600, rel=0.01), "twice nearly the longest"


def test_articles_published_together_count_as_one(warehouse: Connection) -> None:
    daily = [MONDAY + timedelta(days=day, seconds=20 * place) for day in range(6) for place in range(10)]
    found = learned(warehouse, issue(daily))
    assert found.gap == 86_400
    assert silence(warehouse) == 2 * 86_400


def test_too_few_articles_have_no_rhythm(warehouse: Connection) -> None:
    found = learned(warehouse, issue([MONDAY, MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=2)]))
    assert found == Rhythm(newest_at=MONDAY + timedelta(hours=2))
    assert silence(warehouse) is None


def test_rhythm_goes_by_the_last_articles(warehouse: Connection) -> None:
    yearly = [MONDAY - timedelta(days=300 * year) for year in range(2, 40)]
    hourly = [MONDAY + timedelta(hours=hour) for hour in range(60)]
    found = learned(warehouse, issue(yearly), issue(hourly))
    assert found.gap == 3600
    assert found.turnover == pytest.approx(29.5 * 3600), "of the last document only"


def test_silence_of_nights_and_weekends_is_usual(warehouse: Connection) -> None:
    working = [
        MONDAY - timedelta(weeks=week) + timedelta(days=day, hours=hour)
        for week in range(8)
        for day in range(5)
        for hour in range(8, 18)
    ]
    learned(warehouse, issue(working))
    weekend = (3 * 24 - 9) * 3600
    assert weekend <= (silence(warehouse) or 0) <= 2 * weekend


def test_article_shared_with_another_feed_counts_for_both(warehouse: Connection) -> None:
    moments = [MONDAY + timedelta(hours=4 * number) for number in range(6)]
    load(warehouse, [issue(moments, WIRE), issue(moments)], run_id="run")
    found = learn_rhythms(warehouse, ["quay", "wire"])
    assert found["quay"].gap == found["wire"].gap == 4 * 3600


def test_entries_that_rules_leave_out_count_for_the_rhythm(warehouse: Connection) -> None:
    """Else a feed with strict rules would be asked so seldom that what is wanted comes and goes unseen."""
    moments = [MONDAY + timedelta(hours=4 * number) for number in range(6)]
    strict = replace(FEED, filters=Filters(keep=(Filter(words=("At 02 00:00:00",)),)))
    found = learned(warehouse, issue(moments, strict))
    assert warehouse.execute("SELECT count(*) FROM clean.articles").fetchall() == [(1,)]
    assert found == Rhythm(newest_at=moments[-1], gap=4 * 3600, turnover=10 * 3600)


def test_dates_in_the_future_are_no_rhythm(warehouse: Connection) -> None:
    moments = [MONDAY + timedelta(hours=hour) for hour in range(5)]
    found = learned(warehouse, issue([*moments, datetime.now(UTC) + timedelta(days=300)], at=moments[-1]))
    assert found.newest_at == moments[-1]


def test_what_a_document_says_is_kept_until_the_next_says_otherwise(warehouse: Connection) -> None:
    said = Hints(600, 7200, (0, 1), ("Sunday",))
    first = issue([MONDAY], at=MONDAY)
    found = learned(warehouse, Milled(first.document, first.entries, first.articles, hints=said))
    assert (found.ttl, found.update, found.skip_hours, found.skip_days) == (600, 7200, (0, 1), ("Sunday",))
    later = learned(warehouse, issue([MONDAY], at=MONDAY + timedelta(hours=1)))
    assert (later.ttl, later.update, later.skip_hours, later.skip_days) == (None, None, (), ())


def test_silence_is_told_once_when_it_becomes_unusual(warehouse: Connection) -> None:
    newest = MONDAY + timedelta(hours=9)  # a silence is unusual from 9 o'clock the next day on
    first = issue([MONDAY + timedelta(hours=hour) for hour in range(10)])
    told: dict[int, list[str]] = {}
    for hour in (0, 23, 25, 47):
        at = newest + timedelta(hours=hour)
        record_run(warehouse, run_id=f"{hour}", flow="ingest", parameters={}, started_at=at, state="running")
        document = replace(first.document, fetched_at=at)
        load(warehouse, [replace(first, document=document)], run_id=f"{hour}")
        learn_rhythms(warehouse, ["quay"], ["quay"])
        answer = Fetch("quay", FEED.url, at, 0.1, "fetched", status=200)
        record_fetches(warehouse, [(FEED, answer, FeedState("quay", FEED.url))], run_id=f"{hour}")
        told[hour] = [feed.feed_id for feed in silent_feeds(warehouse, f"{hour}")]
        health = warehouse.execute("SELECT health, is_silent FROM marts.feed_health").fetchall()
        assert health == [("silent", True) if hour > 24 else ("healthy", False)]
    assert told == {0: [], 23: [], 25: ["quay"], 47: []}


def test_unknown_feeds_have_none(warehouse: Connection) -> None:
    assert learn_rhythms(warehouse, []) == {}
    assert learn_rhythms(warehouse, ["nowhere"]) == {}


def test_lake_tells_the_same(tmp_path: Path) -> None:
    lake = lake_at(f"ducklake:sqlite:{tmp_path / 'catalog.sqlite'}", data=None, bucket=Bucket(), password=None)
    moments = [MONDAY + timedelta(hours=2 * number) for number in range(8)]
    with open_warehouse(lake) as connection:
        found = learned(connection, issue(moments))
        assert found == Rhythm(newest_at=moments[-1], gap=7200, turnover=7 * 3600)
        assert silence(connection) == 86_400


def test_an_image_to_fetch_comes_with_its_feed_and_an_article(warehouse: Connection) -> None:
    load(warehouse, [milled(Item(text='<img src="/a.jpg">'))], run_id="run")
    (pending,) = pending_images(warehouse, max_attempts=3, not_since=MONDAY, limit=9)
    assert (pending.url, pending.feed_id) == ("https://quay.example/a.jpg", FEED.id)
    assert pending.article_url == "https://quay.example/gate"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (EVERY_IMAGE, {"feed", "archive", "saved"}),
        (WantedImages(backfilled=False), {"feed"}),
        (WantedImages(feeds=("quay",), backfilled=False), {"feed"}),
        (WantedImages(feeds=("pier",), backfilled=False), set()),
        (WantedImages(feeds=("pier",)), {"saved"}),
        (WantedImages(feeds=()), set()),
        (WantedImages(sources=("archive",), backfilled=True), {"archive"}),
        (WantedImages(sources=("feed",), backfilled=True), {"saved"}),
        (WantedImages(published_since=MONDAY - timedelta(days=1)), {"feed"}),
    ],
)
def test_images_are_those_of_the_feeds_and_sources_that_are_asked_for(
    warehouse: Connection, wanted: WantedImages, found: set[str]
) -> None:
    record_run(warehouse, run_id="b", flow="backfill", parameters={}, started_at=MONDAY, state="completed", counts={})
    long_ago = MONDAY - timedelta(days=900)
    brought: tuple[tuple[str, str, Source, str, datetime], ...] = (
        ("feed", "quay", "feed", "run", MONDAY),
        ("archive", "quay", "archive", "b", long_ago),
        ("saved", "pier", "feed", "b", long_ago),
    )
    for name, feed, source, run, published in brought:
        item = Item(
            title=name,
            guid=name,
            link=f"https://quay.example/{name}",
            text=f'<p>About the {name}.</p><img src="/{name}.jpg">',
            date=format_datetime(published),
        )
        load(warehouse, [milled(item, feed=replace(FEED, id=feed), source=source)], run_id=run)
    pending = pending_images(warehouse, max_attempts=3, not_since=MONDAY, limit=9, wanted=wanted)
    assert {image.url.rpartition("/")[2].removesuffix(".jpg") for image in pending} == found


def test_the_validators_of_one_address_are_not_those_of_another(warehouse: Connection) -> None:
    """The new address of a feed could answer 304 to the date of the old one, though its articles are others."""
    document = issue([MONDAY]).document
    new = "https://new.example/feed"

    def validators(moved_to: str | None, **changes: object) -> object:
        fetch = Fetch(FEED.id, FEED.url, MONDAY, 0.1, "fetched", status=200, moved_to=moved_to)
        fetch = replace(fetch, **changes)  # type: ignore[arg-type]
        record_fetches(warehouse, [(FEED, fetch, FeedState(FEED.id, FEED.url, moved_to=moved_to))], run_id="run")
        return warehouse.execute("SELECT etag, last_modified, moved_to FROM ops.feeds").fetchone()

    known = {"status": 304, "etag": '"a"', "last_modified": "Sun"}
    assert validators(None, **known) == ('"a"', "Sun", None)
    assert validators(new, document=replace(document, final_url=new)) == ('"a"', "Sun", new)  # redirected
    assert validators(new, document=document) == (None, None, new)  # the document states the new address
    assert validators(new, **known) == ('"a"', "Sun", new)
