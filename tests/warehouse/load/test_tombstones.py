"""Which entries are a forgotten article's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tasks.making import FEED, Item, milled
from tests.warehouse.load.making import CAFE, GATE, SHUT, WIRE, articles, at, load_batch, rows
from warehouse.load.forgetting import Selection, forget
from warehouse.records import Feed
from warehouse.store.transactions import Connection

COUNCIL = Item("Council meets", "<p>The council meets on Thursday.</p>", "https://quay.example/council", "council")


def forget_title(connection: Connection, title: str) -> None:
    (chosen,) = (article["article_id"] for article in articles(connection) if article["title"] == title)
    forget(connection, Selection(article_ids=(chosen,)))


def titles(connection: Connection) -> list[str]:
    return [article["title"] for article in articles(connection)]


@pytest.mark.parametrize(
    "again",
    [
        GATE,
        replace(GATE, text=SHUT, title="The gate is shut"),
        replace(GATE, link="http://quay.example/gate?utm_source=rss", guid="another"),
        replace(GATE, link="https://quay.example/moved", text=SHUT),
        replace(GATE, link=None),
    ],
    ids=["as it was", "edited", "another guid", "another address", "no address"],
)
def test_a_forgotten_article_stays_away_while_others_come(connection: Connection, again: Item) -> None:
    load_batch(connection, milled(GATE, CAFE))
    forget_title(connection, GATE.title or "")
    counts = load_batch(connection, milled(again, CAFE, COUNCIL, at=at(1)))
    assert (counts.forgotten, counts.new, counts.unchanged) == (1, 1, 1)
    assert titles(connection) == [COUNCIL.title, CAFE.title]
    assert len(rows(connection, "FROM raw.entries")) == 2
    (queued,) = rows(connection, "FROM ops.erasures WHERE fetched_at = (SELECT max(fetched_at) FROM raw.documents)")
    assert queued["kind"] == "document"


@pytest.mark.parametrize("feed", [FEED, WIRE], ids=lambda feed: str(feed.id))
def test_an_address_counts_in_every_feed(connection: Connection, feed: Feed) -> None:
    load_batch(connection, milled(GATE))
    forget_title(connection, GATE.title or "")
    assert load_batch(connection, milled(GATE, feed=feed, at=at(1))).forgotten == 1
    assert titles(connection) == []


def test_what_several_articles_share_counts_with_the_title(connection: Connection) -> None:
    """A feed that links everything to one page, and has no guids of its own."""
    first, second, third = (
        Item(f"Notice {number}", f"<p>Notice {number} of the harbour.</p>", "https://quay.example/notices", "N/A")
        for number in range(3)
    )
    load_batch(connection, milled(first, second))
    forget_title(connection, "Notice 0")
    edited = replace(first, text="<p>Another text of the same notice.</p>")
    counts = load_batch(connection, milled(edited, second, third, at=at(1)))
    assert (counts.forgotten, counts.new) == (1, 1)
    assert titles(connection) == ["Notice 1", "Notice 2"]


def test_a_blocked_entry_of_a_forgotten_article_is_left_out(connection: Connection) -> None:
    load_batch(connection, milled(GATE, CAFE))
    forget_title(connection, GATE.title or "")
    again = milled(replace(GATE, text=SHUT), CAFE, at=at(1))
    gate = again.articles[0]
    blocked = replace(
        again,
        articles=again.articles[1:],
        blocked={gate.entry_id: "block: { }"},
        blocked_keys={gate.entry_id: gate.keys},
    )
    assert load_batch(connection, blocked).forgotten == 1
    assert [row["title"] for row in rows(connection, "FROM raw.entries")] == [CAFE.title]


def test_marks_hold_no_text(connection: Connection) -> None:
    load_batch(connection, milled(GATE))
    forget_title(connection, GATE.title or "")
    marks = rows(connection, "FROM ops.forgotten")
    assert len(marks) == 3  # its entry, its address, its guid
    assert all(len(row["mark"]) == 32 and int(row["mark"], 16) for row in marks)
