"""What is forgotten, and what is not: articles, feeds, times; and that no row of them stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.tasks.making import FEED, NOW, Item, milled
from tests.warehouse.load.making import CAFE, GATE, SHUT, WIRE, articles, at, load_batch, rows, tables
from warehouse.load.forgetting import Found, Selection, find, forget
from warehouse.records import Reject
from warehouse.store.transactions import Connection

PICTURES = "".join(f'<img src="https://quay.example/{name}.jpg?a=1&amp;b=2">' for name in ("own", "both"))
HERON = Item(
    "Herons", f"<p>Herons on the quay.</p>{PICTURES}", "https://quay.example/herons", "herons-1",
    "Mon, 02 Nov 2026 08:00:00 GMT",
)  # fmt: skip
TIDE = Item("Tide", f"<p>High tide tonight.</p>{PICTURES[44:]}", "https://quay.example/tide", "tide")


def ids(connection: Connection, *items: Item) -> tuple[str, ...]:
    found = {article["title"]: article["article_id"] for article in articles(connection)}
    return tuple(found[item.title] for item in items)


def test_no_row_of_it_stays(connection: Connection) -> None:
    load_batch(connection, milled(HERON, TIDE))
    load_batch(connection, milled(replace(HERON, text=f"<p>Edited.</p>{PICTURES[:44]}"), TIDE, at=at(1)))
    (heron,) = ids(connection, HERON)
    reject = Reject("clean", "no date", "quay", "d", f"entry 0: {HERON.guid}")
    load_batch(connection, replace(milled(at=at(2)), rejects=(reject,)))
    connection.execute("INSERT INTO ops.article_signatures VALUES ($1, 'h', 'm', [1])", [heron])
    connection.execute("INSERT INTO clean.similar_articles VALUES ($1, 'other', 0.9), ('other', $1, 0.9)", [heron])
    connection.execute("UPDATE clean.articles SET duplicate_of = $1 WHERE article_id <> $1", [heron])
    connection.execute(
        "INSERT INTO ops.checks (run_id, name, sample) VALUES ('r', 'dates', [$1 || ': published too late'])", [heron]
    )

    found = forget(connection, Selection(keys=("url:quay.example/herons",)))
    assert (found.article_ids, found.versions, len(found.entry_ids)) == ((heron,), 2, 2)
    assert len(found.images) == 1
    found_rows = tables(connection)
    (told,) = found_rows.pop("ops.article_events")[-1:]
    assert (told["kind"], told["article_id"], told["reason"]) == ("removed", heron, "forgotten")
    everything = str(found_rows)
    for trace in (heron, "erons", "https://quay.example/own.jpg"):
        assert trace not in everything, trace
    assert [row["url"] for row in rows(connection, "FROM clean.images")] == ["https://quay.example/both.jpg?a=1&b=2"]
    assert [row["title"] for row in articles(connection)] == ["Tide"]
    kinds = [row["kind"] for row in rows(connection, "FROM ops.erasures ORDER BY kind")]
    assert kinds == ["copy", "document", "document", "warehouse"]
    assert forget(connection, Selection(article_ids=(heron,))) == Found()


def test_documents_are_those_of_the_time_in_which_it_was_seen(connection: Connection) -> None:
    for hour, items in enumerate(([CAFE], [CAFE, GATE], [CAFE, GATE], [CAFE])):
        load_batch(connection, milled(*items, TIDE if hour % 2 else HERON, at=at(hour)))
    found = find(connection, Selection(article_ids=ids(connection, GATE)))
    assert sorted(row["fetched_at"] for row in found.documents) == [at(1), at(2)]


def test_a_page_without_text_is_found_at_the_address_that_the_article_had(connection: Connection) -> None:
    """Its landing record has what the feed said of the article."""
    load_batch(connection, milled(GATE))
    load_batch(connection, milled(replace(GATE, link="https://quay.example/moved", text=SHUT), at=at(1)))
    connection.execute(
        "INSERT INTO raw.documents BY NAME SELECT * REPLACE ('page' AS form, 'p' AS document_id, $1 AS url, $1 AS "
        "final_url, fetched_at + INTERVAL 9 HOUR AS fetched_at) FROM raw.documents LIMIT 1",
        [GATE.link],
    )
    found = find(connection, Selection(article_ids=tuple(each["article_id"] for each in articles(connection))))
    assert [row["document_id"] for row in found.documents if row["fetched_at"] > at(1)] == ["p"]


@pytest.mark.parametrize(
    ("limits", "shared", "forgotten", "staying"),
    [
        ({"quay": None}, False, {"Herons"}, 1),
        ({"quay": None}, True, {"Herons", GATE.title}, 0),
        ({"quay": None, "wire": None}, False, {"Herons", GATE.title}, 0),
        ({"quay": NOW.replace(day=10), "wire": NOW.replace(day=10)}, False, {"Herons"}, 0),
        ({"wire": NOW.replace(day=10)}, False, set(), 0),
    ],
    ids=["one feed", "and what it shares", "both feeds", "what is old", "nothing"],
)
def test_a_feed_and_a_time(
    connection: Connection, limits: dict[str, datetime | None], shared: bool, forgotten: set[str], staying: int
) -> None:
    load_batch(connection, milled(HERON, GATE))
    load_batch(connection, milled(GATE, feed=replace(WIRE, url=FEED.url + "?2"), at=at(1)))
    before = {row["title"] for row in articles(connection)}
    found = forget(connection, Selection(limits=limits, shared=shared))
    assert before - {row["title"] for row in articles(connection)} == forgotten
    assert len(found.shared) == staying


def test_every_feed_and_entries_that_are_no_article(connection: Connection) -> None:
    old = milled(HERON, GATE)
    heron = old.articles[0]
    load_batch(connection, replace(old, articles=old.articles[1:], blocked={heron.entry_id: "block: { }"}))
    assert len(rows(connection, "FROM raw.entries WHERE article_id IS NULL")) == 1
    found = forget(connection, Selection(every_feed_until=NOW.replace(day=10)))
    assert (found.article_ids, found.entry_ids) == ((), (heron.entry_id,))
    assert [row["title"] for row in rows(connection, "FROM raw.entries")] == [GATE.title]


def test_a_dry_run_changes_nothing(connection: Connection) -> None:
    load_batch(connection, milled(GATE, replace(CAFE, text=SHUT)))
    before = tables(connection)
    assert find(connection, Selection(every_feed_until=at(9))).counts["articles"] == 2
    assert tables(connection) == before
