"""An installation with data, for tests that back it up."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
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
    empty: Path
    """A warehouse with nothing in it."""

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
        (self.folder / "data").mkdir()
        shutil.copy(self.empty, self.folder / "data" / "newsmill.duckdb")
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


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be copied: making one takes longer than most tests here."""
    path = tmp_path_factory.mktemp("empty") / "empty.duckdb"
    with Warehouse(path).writing():
        pass
    return path


@pytest.fixture
def home(tmp_path: Path, empty_warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    folder = tmp_path / "home"
    make_installation(folder)
    monkeypatch.chdir(folder)
    for name in ("NEWSMILL_HOME", "NEWSMILL_WAREHOUSE", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    return Home(folder, empty_warehouse)
