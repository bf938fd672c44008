from __future__ import annotations

from dataclasses import replace

from tests.tasks.making import milled
from tests.warehouse.load.making import GATE, NINE, SHORT, SHUT, WIRE, at, load_batch, rows, versions
from warehouse.store.transactions import Connection

MP3 = "https://media.quay.example/7.mp3"
RECORDED = replace(
    GATE,
    extra=f'<enclosure url="{MP3}" length="5000" type="audio/mpeg"/><enclosure url="{MP3}.pdf" type="application/pdf"/>'
    "<itunes:duration>60</itunes:duration><itunes:season>2</itunes:season><itunes:episode>7</itunes:episode>",
)
MOVED = replace(GATE, extra=f'<enclosure url="{MP3.replace("media", "cdn")}" type="audio/mpeg"/>')


def enclosed(connection: Connection) -> list[tuple[int, str]]:
    return [(row["position"], row["url"]) for row in rows(connection, "FROM clean.enclosures ORDER BY position")]


def test_enclosures_are_rows(connection: Connection) -> None:
    load_batch(connection, milled(RECORDED))
    recording, document = rows(connection, "FROM clean.enclosures ORDER BY position")
    ((article,),) = (row.values() for row in rows(connection, "SELECT article_id FROM clean.articles"))
    assert recording == {
        "article_id": article,
        "position": 0,
        "url": MP3,
        "media_type": "audio/mpeg",
        "bytes": 5000,
        "duration": 60,
        "title": None,
        "episode": 7,
        "season": 2,
        "image": None,
    }
    assert (document["position"], document["media_type"], document["bytes"]) == (1, "application/pdf", None)


def test_another_enclosure_is_no_version(connection: Connection) -> None:
    load_batch(connection, milled(RECORDED))
    counts = load_batch(connection, milled(MOVED, at=at(1)))
    assert (counts.new, counts.changed, len(versions(connection))) == (0, 0, 1)
    assert enclosed(connection) == [(0, "https://cdn.quay.example/7.mp3")]


def test_the_same_again_changes_nothing(connection: Connection) -> None:
    load_batch(connection, milled(RECORDED))
    before = enclosed(connection)
    load_batch(connection, milled(RECORDED, at=at(1)))
    known = frozenset(row["entry_id"] for row in rows(connection, "SELECT entry_id FROM raw.entries"))
    load_batch(connection, milled(RECORDED, at=at(2), known=known))
    assert enclosed(connection) == before


def test_an_older_document_brings_no_older_enclosure(connection: Connection) -> None:
    load_batch(connection, milled(MOVED, at=at(1)))
    load_batch(connection, milled(RECORDED))
    assert enclosed(connection) == [(0, "https://cdn.quay.example/7.mp3")]


def test_they_are_those_of_the_current_text(connection: Connection) -> None:
    load_batch(connection, milled(RECORDED), milled(replace(GATE, text=SHUT), at=at(1)))
    assert enclosed(connection) == []
    # another feed's summary of it does not become its text, and neither do its enclosures
    load_batch(connection, milled(replace(RECORDED, text=SHORT), at=at(2), feed=WIRE))
    assert enclosed(connection) == []
    load_batch(connection, milled(replace(RECORDED, text=NINE), at=at(3)))
    assert [position for position, _ in enclosed(connection)] == [0, 1]
