"""What lies in files: documents that can't be read, and those that lie elsewhere. tests/flows/test_forget.py has the
rest, tests/trust/test_kill.py kills it."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.forget import Erased, erase, forget, retention
from tasks.mill.document import mill_bytes
from tasks.settings import Settings
from tests.tasks.making import FEED, NOW, Item, rss
from tests.warehouse.load.making import CAFE, GATE, at, load_batch
from warehouse.landing_rewrite import record_of
from warehouse.load.forgetting import Selection
from warehouse.load.tombstones import queue
from warehouse.records import Document, Feed

KEEPING = Feed("wire", "The Wire", "https://wire.example/feed", keep_for="2d")


class Place:
    """A warehouse and its landing zone, without a published copy."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(warehouse=str(folder / "newsmill.duckdb"), feeds=folder / "feeds.toml", workers=1)

    def fetch(self, *items: Item, hour: int = 0) -> Document:
        landing, data = self.settings.landing_zone, rss(*items)
        answer = {"feed_id": FEED.id, "url": FEED.url, "final_url": FEED.url, "status": 200, "headers": {}}
        document = landing.land(data, fetched_at=at(hour), **answer)  # type: ignore[arg-type]
        with self.settings.store.writing() as connection:
            load_batch(connection, mill_bytes(data, document, FEED))
        landing.mark_loaded([document])
        return document

    def forget_gate(self) -> None:
        assert forget(self.settings, Selection(keys=("url:quay.example/gate",))).article_ids

    def erase(self, *, unreadable: bool = False) -> Erased | None:
        return asyncio.run(erase(self.settings, unreadable=unreadable))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_document_that_cannot_be_read_stays_until_it_may_go(place: Place) -> None:
    damaged = place.fetch(GATE, CAFE)
    place.fetch(GATE, hour=1)
    blob = place.settings.landing_path / damaged.landing_path
    blob.write_bytes(b"damaged")
    place.forget_gate()
    for removed in (1, 0):  # asked again, it is named again
        erased = place.erase()
        assert erased is not None
        assert (erased.documents_removed, len(erased.unreadable)) == (removed, 1)
        assert damaged.landing_path in erased.unreadable[0]
        assert blob.exists()
    last = place.erase(unreadable=True)
    assert last is not None
    assert (last.documents_removed, last.unreadable) == (1, [])
    assert not blob.exists()
    assert place.settings.landing_zone.documents() == []
    assert place.erase() is None


def test_a_document_of_another_machine_waits_for_it(place: Place) -> None:
    document = place.fetch(GATE, CAFE)
    record = record_of(place.settings.landing_zone, document)
    assert record is not None
    elsewhere = record.rename(place.settings.landing_path / "elsewhere")
    place.forget_gate()
    erased = place.erase()
    assert erased is not None
    assert (erased.elsewhere, erased.documents_rewritten) == (1, 0)
    elsewhere.rename(record)
    there = place.erase()
    assert there is not None
    assert (there.elsewhere, there.documents_rewritten) == (0, 1)


def test_what_a_killed_reprocess_left_goes_unless_it_knows_what_is_forgotten(place: Place) -> None:
    place.fetch(GATE, CAFE)
    left = place.settings.rebuild_path
    shutil.copy(place.settings.store.path, left)
    place.forget_gate()
    place.erase()
    assert not left.exists()
    shutil.copy(place.settings.store.path, left)
    with place.settings.store.writing() as connection:
        queue(connection, "warehouse")
    place.erase()
    assert left.exists()


def test_the_same_bytes_stay_for_another_feed(place: Place) -> None:
    document = place.fetch(GATE)
    with place.settings.store.writing() as connection:
        connection.execute("INSERT INTO raw.documents BY NAME SELECT * REPLACE ('other' AS feed_id) FROM raw.documents")
    place.forget_gate()
    place.erase()
    assert (place.settings.landing_path / document.landing_path).exists()


def test_retention_is_what_the_feeds_say() -> None:
    assert retention([FEED], NOW) is None
    selection = retention([FEED, KEEPING], NOW)
    assert selection is not None
    assert selection.limits == {"wire": datetime(2026, 11, 18, 12, tzinfo=UTC)}
