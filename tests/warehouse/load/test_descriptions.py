from __future__ import annotations

from dataclasses import replace

from tasks.errors import ParseError
from tasks.mill.rejects import reject_document
from tests.tasks.making import FEED, NOW, Item, document, milled
from tests.warehouse.load.making import at, load_batch, rows
from warehouse.feed_descriptions import About
from warehouse.load.operations import record_fetches
from warehouse.records import Feed, FeedState, Fetch, Milled
from warehouse.store.transactions import Connection

COLUMNS = "feed_id, name, title, description, link, icon, language, stated_language, described_at"


def said(hour: int, title: str, *, source: str = "feed") -> Milled:
    """The feed with one article, calling itself so."""
    about = About(title, "News of the harbour", "https://quay.example/?key=s3cret", None, "pt")
    return replace(milled(Item(), at=at(hour), source=source), about=about)


def archived(name: str) -> Milled:
    """An article of an archive."""
    each = milled(Item(), feed=Feed("site-1", name, ""), source="archive")
    return replace(each, document=replace(each.document, form="article"), about=None)


def test_a_feed_is_described_by_its_newest_document(connection: Connection) -> None:
    load_batch(connection, said(0, "The Quay"), said(2, "The New Quay"))
    (feed,) = rows(connection, f"SELECT {COLUMNS} FROM ops.feeds")
    assert feed["described_at"] == at(2)
    assert (feed["name"], feed["title"], feed["description"]) == (FEED.name, "The New Quay", "News of the harbour")
    assert (feed["language"], feed["stated_language"], feed["icon"]) == ("pt", "pt", None)
    assert "s3cret" not in feed["link"]
    load_batch(connection, said(1, "The Old Quay", source="wayback"))
    assert rows(connection, f"SELECT {COLUMNS} FROM ops.feeds") == [feed]


def test_a_language_in_feeds_toml_counts_more_than_the_feed_s(connection: Connection) -> None:
    load_batch(connection, said(0, "The Quay"))
    for language, stored in (("en", "en"), (None, "pt")):
        feed = replace(FEED, language=language)
        fetch = Fetch(FEED.id, FEED.url, NOW, 0.1, "not-modified", 304)
        record_fetches(connection, [(feed, fetch, FeedState(FEED.id, FEED.url))], run_id="run")
        (row,) = rows(connection, "SELECT language, stated_language FROM ops.feeds")
        assert (row["language"], row["stated_language"]) == (stored, "pt")


def test_a_site_of_an_archive_has_its_name(connection: Connection) -> None:
    load_batch(connection, archived("码头日报"), archived("码头日报"))
    assert rows(connection, f"SELECT {COLUMNS}, url FROM ops.feeds") == [
        dict.fromkeys([*COLUMNS.split(", "), "url"]) | {"feed_id": "site-1", "name": "码头日报"}
    ]
    (latest,) = rows(connection, "SELECT feed FROM marts.latest_articles")
    assert latest["feed"] == "码头日报"
    assert rows(connection, "FROM marts.feed_health") == [], "it is not asked"


def test_a_feed_may_be_backfilled_before_it_is_fetched(connection: Connection) -> None:
    load_batch(connection, said(0, "The Quay", source="wayback"))
    load_batch(connection, said(1, "The New Quay"))
    (feed,) = rows(connection, "SELECT title, url, last_status, consecutive_failures, last_fetched_at FROM ops.feeds")
    assert (feed["title"], feed["url"], feed["last_status"]) == ("The New Quay", FEED.url, 200)
    assert (feed["consecutive_failures"], feed["last_fetched_at"]) == (0, at(1))


def test_an_unreadable_document_describes_nothing(connection: Connection) -> None:
    load_batch(connection, said(0, "The Quay"))
    load_batch(connection, reject_document(document(b"x", at=at(1)), ParseError("no feed")))
    (feed,) = rows(connection, "SELECT title FROM ops.feeds")
    assert feed["title"] == "The Quay"
