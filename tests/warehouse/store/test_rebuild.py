"""A rebuilt warehouse replaces the old one; tests/flows/test_ingest.py and test_lake.py rebuild by command."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.tasks.making import NOW
from warehouse.errors import WarehouseError
from warehouse.landing import Landing
from warehouse.records import Document
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Lake
from warehouse.store.rebuild import swap

URL = "https://quay.example/feed.xml"


def land(landing: Landing) -> Document:
    return landing.land(b"<rss/>", feed_id="quay", url=URL, final_url=URL, fetched_at=NOW, status=200, headers={})


def record_run(store: Warehouse, run_id: str) -> None:
    with store.writing() as connection:
        connection.execute("INSERT INTO ops.runs (run_id) VALUES ($1)", [run_id])


def runs(store: Warehouse) -> list[str]:
    with store.reading() as connection:
        return [run_id for (run_id,) in connection.execute("SELECT run_id FROM ops.runs ORDER BY ALL").fetchall()]


def test_runs_are_carried_over_and_the_file_is_replaced(path: Path, tmp_path: Path) -> None:
    old, rebuilt = Warehouse(path), Warehouse(Path(shutil.copy(path, tmp_path / "rebuilt.duckdb")))
    document = land(Landing(tmp_path / "landing"))
    record_run(old, "ingest")
    record_run(rebuilt, "reprocess")
    assert swap(old, rebuilt, Landing(tmp_path / "landing"), {document.key}) == []
    assert runs(old) == ["ingest", "reprocess"]
    assert not rebuilt.path.exists()


def test_nothing_is_replaced_while_documents_are_missing(path: Path, tmp_path: Path) -> None:
    old, rebuilt = Warehouse(path), Warehouse(Path(shutil.copy(path, tmp_path / "rebuilt.duckdb")))
    document = land(Landing(tmp_path / "landing"))
    assert swap(old, rebuilt, Landing(tmp_path / "landing"), set()) == [document]
    assert rebuilt.path.exists()


def test_documents_that_another_machine_landed_are_not_lost(lake: Lake, path: Path, tmp_path: Path) -> None:
    old = Warehouse(lake)
    with old.writing() as connection:
        connection.execute(
            "INSERT INTO raw.documents (document_id, feed_id, fetched_at, final_url) VALUES ('d', 'quay', now(), $1)",
            [URL],
        )
    document = land(Landing(tmp_path / "landing"))
    with pytest.raises(WarehouseError, match="1 document landed elsewhere"):
        swap(old, Warehouse(path), Landing(tmp_path / "landing"), {document.key})
