"""A rebuilt warehouse replaces the old one; tests/flows/test_ingest.py and test_lake.py rebuild by command."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tasks.mill.document import mill_bytes
from tests.tasks.making import FEED, NOW, rss
from tests.warehouse.load.making import GATE, load_batch
from warehouse.errors import ForgottenMeanwhileError, WarehouseError
from warehouse.landing import Landing
from warehouse.landing_rewrite import land_kept, record_of, replace_record
from warehouse.records import Document
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Lake
from warehouse.store.rebuild import begin, is_being_rebuilt, rebuilding_alone, swap

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
    assert swap(old, rebuilt, Landing(tmp_path / "landing"), {document.key: document.landing_path}) == []
    assert runs(old) == ["ingest", "reprocess"]
    assert not rebuilt.path.exists()


def test_nothing_is_replaced_while_documents_are_missing(path: Path, tmp_path: Path) -> None:
    old, rebuilt = Warehouse(path), Warehouse(Path(shutil.copy(path, tmp_path / "rebuilt.duckdb")))
    document = land(Landing(tmp_path / "landing"))
    assert swap(old, rebuilt, Landing(tmp_path / "landing"), {}) == [document]
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
        swap(old, Warehouse(path), Landing(tmp_path / "landing"), {document.key: document.landing_path})


def test_what_may_hold_what_was_forgotten_meanwhile_replaces_nothing(path: Path, tmp_path: Path) -> None:
    old, rebuilt = Warehouse(path), Warehouse(tmp_path / "rebuilt.duckdb")
    with old.writing() as connection:
        connection.execute("INSERT INTO ops.forgotten VALUES ('one', now())")
    begin(old, rebuilt)
    with old.writing() as connection:
        connection.execute("INSERT INTO ops.forgotten VALUES ('two', now())")
    with pytest.raises(ForgottenMeanwhileError):
        swap(old, rebuilt, Landing(tmp_path / "landing"), {})
    begin(old, rebuilt)
    assert swap(old, rebuilt, Landing(tmp_path / "landing"), {}) == []


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_document_that_was_rewritten_meanwhile_is_dropped(path: Path, tmp_path: Path, is_kept: bool) -> None:
    """`forget` wrote what is kept of it in its place, or removed it; the new warehouse had both."""
    old, rebuilt = Warehouse(path), Warehouse(Path(shutil.copy(path, tmp_path / "rebuilt.duckdb")))
    landing = Landing(tmp_path / "landing")
    document = land(landing)
    landing.mark_loaded([document])
    with rebuilt.writing() as connection:
        load_batch(connection, mill_bytes(rss(GATE), document, FEED))
        connection.execute("INSERT INTO ops.rejects (document_id, feed_id) VALUES ($1, 'quay')", [document.document_id])
    done = {document.key: document.landing_path}
    record = record_of(landing, document)
    assert record
    kept = land_kept(landing, document, b"{}")
    if is_kept:
        replace_record(landing, record, [kept])
    record.unlink()
    assert swap(old, rebuilt, landing, done) == ([kept] if is_kept else [])
    assert done == {}
    with Warehouse(rebuilt.path if is_kept else path).reading() as connection:
        assert (
            connection.execute("SELECT * FROM raw.documents UNION ALL BY NAME SELECT * FROM ops.rejects").fetchall()
            == []
        )
        entries = connection.execute("SELECT DISTINCT document_id FROM raw.entries").fetchall()
        assert entries == [(kept.document_id if is_kept else document.document_id,)]


def test_one_process_at_a_time_builds_it_again(tmp_path: Path) -> None:
    rebuilt = tmp_path / "rebuilt.duckdb"
    assert not is_being_rebuilt(rebuilt)
    with rebuilding_alone(rebuilt):
        assert is_being_rebuilt(rebuilt)
    assert not is_being_rebuilt(rebuilt)
