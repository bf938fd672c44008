"""Warehouses that cannot be opened, and what the error says."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.tasks.making import milled
from tests.warehouse.load.making import GATE, articles, load_batch, start_process
from warehouse.errors import WarehouseError, WarehouseLockedError
from warehouse.store.connection import Warehouse, _attach

_HOLDER = """
import sys
from pathlib import Path
from warehouse.store.connection import Warehouse

with Warehouse(Path(sys.argv[1])).writing():
    print("ready", flush=True)
    sys.stdin.readline()
"""


def test_a_warehouse_another_process_holds(path: Path) -> None:
    holder = start_process(_HOLDER, path)
    try:
        for opened in (Warehouse(path, lock_timeout=0.05).writing, Warehouse(path, lock_timeout=0.05).reading):
            with pytest.raises(WarehouseLockedError, match=rf"process {holder.pid} \("), opened():
                pass
    finally:
        holder.communicate("\n")
    assert holder.returncode == 0
    with Warehouse(path, lock_timeout=0.05).writing() as connection:
        assert articles(connection) == []


def test_a_file_that_is_replaced_while_it_is_opened(path: Path, tmp_path: Path) -> None:
    """DuckDB opens a file before it locks it; what a run wrote into the former file was lost."""
    replacement = Path(shutil.copy(path, tmp_path / "replacement.duckdb"))
    with Warehouse(path).writing() as connection:
        connection.execute("INSERT INTO ops.runs (run_id) VALUES ('former')")

    class Connection:
        def __init__(self, real: duckdb.DuckDBPyConnection) -> None:
            self.real = real

        def execute(self, sql: str) -> object:
            done = self.real.execute(sql)
            if replacement.exists():  # as if it had been replaced between DuckDB's opening and its locking
                replacement.replace(path)
            return done

    with duckdb.connect() as real:
        _attach(Connection(real), path, False)  # type: ignore[arg-type]
        real.execute("INSERT INTO newsmill.ops.runs (run_id) VALUES ('later')")
    with Warehouse(path).reading() as connection:
        assert connection.execute("SELECT run_id FROM ops.runs").fetchall() == [("later",)]


def _raise_schema(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO ops.schema_migrations VALUES (9999, '9999_later.sql', now())")


def _write_text(path: Path) -> None:
    path.write_text("This is no database. " * 2000, encoding="utf-8")


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _cut(path: Path) -> None:
    os.truncate(path, 5000)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_raise_schema, "its schema is number 9999"),
        (_write_text, "not a DuckDB file"),
        (_make_folder, "newsmill.duckdb"),
        (_cut, "newsmill.duckdb"),
    ],
)
def test_a_warehouse_that_cannot_be_used(path: Path, harm: Callable[[Path], None], words: str) -> None:
    harm(path)
    for opened in (Warehouse(path).writing, Warehouse(path).reading):
        with pytest.raises(WarehouseError, match=words), opened():
            pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WarehouseError, match="can't be made"), Warehouse(tmp_path / "file" / "w.duckdb").writing():
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to any folder")
def test_a_read_only_folder(tmp_path: Path) -> None:
    folder = tmp_path / "shut"
    folder.mkdir(mode=0o500)
    with pytest.raises(WarehouseError, match="no right"), Warehouse(folder / "w.duckdb").writing():
        pass


def test_reading_what_is_not_there_yet(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="there is no warehouse yet"), Warehouse(tmp_path / "w.duckdb").reading():
        pass
    assert not (tmp_path / "w.duckdb").exists()


def test_a_warehouse_in_a_folder_with_a_quote(tmp_path: Path) -> None:
    path = tmp_path / "o'brien; 港" / "w.duckdb"
    with Warehouse(path).writing() as connection:
        load_batch(connection, milled(GATE))
    with Warehouse(path).reading() as connection:
        assert len(articles(connection)) == 1
