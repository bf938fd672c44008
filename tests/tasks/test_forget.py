"""What lies in files: documents that can't be read, and those that lie elsewhere. tests/flows/test_forget.py has the
rest, tests/trust/test_kill.py kills it."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks.forget import Erased, erase, forget, retention
from tasks.mill.document import mill_bytes
from tasks.settings import Settings
from tests.tasks.making import FEED, NOW, Item, rss
from tests.warehouse.load.making import CAFE, GATE, at, load_batch
from warehouse.landing_rewrite import record_of, replace_record
from warehouse.load.forgetting import Selection
from warehouse.load.tombstones import queue
from warehouse.records import Document, Feed

TIDE = Item("Tide", "<p>High tide tonight.</p>", "https://quay.example/tide", "tide")
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

    def fetch_pack(self, *hours: tuple[Item, ...]) -> list[Document]:
        """One document for each hour, all in one pack."""
        landing, data = self.settings.landing_zone, [rss(*items) for items in hours]
        drafts = [
            (Document("", FEED.id, FEED.url, FEED.url, at(hour), 200, {}, 0, ""), each)
            for hour, each in enumerate(data)
        ]
        documents = landing.land_pack(drafts)
        with self.settings.store.writing() as connection:
            load_batch(connection, *(mill_bytes(*each, FEED) for each in zip(data, documents, strict=True)))
        landing.mark_loaded(documents)
        return documents

    def landed(self) -> bytes:
        """Everything that the landing zone's documents hold."""
        landing = self.settings.landing_zone
        return b"".join(map(landing.read, landing.documents()))

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


def test_what_is_forgotten_while_documents_are_rewritten_goes_too(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.fetch(GATE, CAFE, TIDE)

    def forget_cafe(*arguments: Any) -> list[Document]:
        monkeypatch.undo()
        assert forget(place.settings, Selection(keys=("url:quay.example/cafe",))).article_ids
        return replace_record(*arguments)

    place.forget_gate()
    monkeypatch.setattr("tasks.forget.replace_record", forget_cafe)
    place.erase()
    assert b"cafe" in place.landed()
    place.erase()
    assert b"tide" in place.landed()
    assert b"gate" not in place.landed()
    assert b"cafe" not in place.landed()
    assert place.erase() is None


def test_two_that_erase_at_once_take_turns(place: Place) -> None:
    place.fetch(GATE, CAFE)
    place.forget_gate()

    async def both() -> list[Erased | None]:
        return list(await asyncio.gather(erase(place.settings), erase(place.settings)))

    (first,) = (erased for erased in asyncio.run(both()) if erased)
    assert first.documents_rewritten == 1


def test_killed_before_it_is_noted_a_rewritten_pack_is_known_as_done(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.fetch_pack((GATE, CAFE), (CAFE,), (GATE, CAFE))
    place.forget_gate()
    monkeypatch.setattr("tasks.forget._mark_done", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        place.erase()
    monkeypatch.undo()
    again = place.erase()
    assert again is not None
    assert again.elsewhere == 0
    assert place.erase() is None
    assert b"gate" not in place.landed()


def test_a_pack_with_a_damaged_document_waits(place: Place) -> None:
    *_, damaged = place.fetch_pack((GATE, CAFE), (TIDE,))
    path, _, position = damaged.landing_path.partition("@")
    pack = place.settings.landing_path / path
    pack.write_bytes(pack.read_bytes()[: int(position.partition("+")[0])] + b"damaged")
    place.forget_gate()
    erased = place.erase()
    assert erased is not None
    assert (len(erased.unreadable), erased.documents_rewritten) == (1, 0)
    last = place.erase(unreadable=True)
    assert last is not None
    assert (last.documents_removed, last.documents_rewritten, last.unreadable) == (1, 1, [])
    assert b"gate" not in place.landed()


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
