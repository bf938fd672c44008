"""An installation with data, for tests that back it up."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.installation.making import make_installation
from tasks.settings import Settings, load_settings
from warehouse.landing import Landing
from warehouse.records import Document
from warehouse.store.connection import Warehouse

LOAD = "INSERT INTO raw.documents (document_id, feed_id, fetched_at, landing_path) VALUES (?, ?, ?, ?)"


def land(landing: Landing, number: int) -> Document:
    address = f"https://quay.example/{number}"
    at = datetime.now(UTC)
    return landing.land(
        f"notice {number}".encode(),
        feed_id="quay",
        url=address,
        final_url=address,
        fetched_at=at,
        status=200,
        headers={},
    )


def load(store: Warehouse, landing: Landing, document: Document) -> None:
    """As a load does it: commit, then move the record."""
    with store.writing() as connection:
        connection.execute(LOAD, [document.document_id, document.feed_id, document.fetched_at, document.landing_path])
    landing.mark_loaded([document])


@dataclass(frozen=True)
class Home:
    """An installation in the current folder."""

    folder: Path

    @property
    def settings(self) -> Settings:
        return load_settings()

    @property
    def store(self) -> Warehouse:
        return self.settings.store

    @property
    def landing(self) -> Landing:
        return self.settings.landing_zone

    def fill(self) -> None:
        """Two documents loaded, one pending, an image, rules, and a database as Prefect's."""
        for number in (1, 2):
            load(self.store, self.landing, land(self.landing, number))
        land(self.landing, 3)
        data = b"\x89PNG, or so"
        image = self.settings.images_path / "ab" / hashlib.sha256(data).hexdigest()
        image.parent.mkdir(parents=True)
        image.write_bytes(data)
        (self.folder / "rules").mkdir()
        (self.folder / "rules" / "quay.example.txt").write_text("body: //article\n")
        database = self.settings.home / "prefect" / "prefect.db"
        database.parent.mkdir(parents=True)
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE block (name)")
            connection.execute("INSERT INTO block VALUES ('slack')")
            connection.commit()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    folder = tmp_path / "home"
    make_installation(folder)
    monkeypatch.chdir(folder)
    for name in ("NEWSMILL_HOME", "NEWSMILL_WAREHOUSE", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    yield Home(folder)
