"""Replacing the warehouse by a rebuilt one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse.counting import counted
from warehouse.errors import WarehouseError
from warehouse.landing import Landing
from warehouse.records import Document
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Lake
from warehouse.store.migrating import migrate
from warehouse.store.quoting import literal
from warehouse.store.sql_files import query
from warehouse.store.staging import stage
from warehouse.store.transactions import Connection, transaction

Key = tuple[str, str, datetime]
"""document_id, feed_id, fetched_at."""


def carry_marks(old: Warehouse, rebuilt: Warehouse) -> None:
    """Tell the warehouse that is being built what was forgotten, before anything is loaded into it."""
    if not old.exists():
        return
    with old.writing() as connection:
        marks = connection.execute("SELECT mark, forgotten_at FROM ops.forgotten").fetch_arrow_table()
    if marks.num_rows:  # with keep_for they may be millions: no rows of Python's
        with rebuilt.writing() as connection, stage(connection, "stage_marks", marks):
            connection.execute(query("insert_marks"))


def remove_stale(rebuilt: Path, marks: int) -> None:
    """Remove what a killed `reprocess` left, if it was begun before all these marks: it may hold what is forgotten.

    One that still runs would be refused by `swap` in any case.
    """
    if not rebuilt.exists():
        return
    try:
        with duckdb.connect(str(rebuilt), read_only=True) as connection:
            ((known,),) = connection.execute("SELECT count(*) FROM ops.forgotten").fetchall()
    except duckdb.Error:
        known = 0  # it is being written, or was never whole
    if known < marks:
        for path in (rebuilt, rebuilt.with_name(f"{rebuilt.name}.wal")):
            path.unlink(missing_ok=True)


def _check_marks(connection: Connection) -> None:
    """Raises WarehouseError if something was forgotten since the rebuilding began."""
    ((missing,),) = connection.execute(
        "SELECT count(*) FROM newsmill.ops.forgotten f ANTI JOIN rebuilt.ops.forgotten r ON r.mark = f.mark"
    ).fetchall()
    if missing:
        raise WarehouseError(
            "articles were forgotten while the warehouse was built again, and the new one may hold them: the old one "
            "stays; run `newsmill reprocess` again"
        )


def swap(old: Warehouse, rebuilt: Warehouse, landing: Landing, done: Collection[Key]) -> list[Document]:
    """Replace the old warehouse by the rebuilt one, which is a file, while the old one is locked.

    What cannot be rebuilt from documents (runs, fetches, feed states, fetched images) is copied over first. If
    documents were landed that are not in `done`, they are returned and nothing is replaced: load them and call again.
    Raises WarehouseError if a lake has documents that were landed elsewhere, and if articles were forgotten meanwhile.
    """
    with old.writing() as connection:
        if late := [document for document in landing.documents() if document.key not in done]:
            return late
        if isinstance(old.location, Lake):
            _check_all_landed_here(connection, old.location, landing, done)
        connection.execute(f"ATTACH {literal(rebuilt.path)} AS rebuilt")
        connection.execute("USE rebuilt")
        migrate(connection, rebuilt.path)  # perhaps nothing was ever loaded into it
        connection.execute("USE newsmill")
        _check_marks(connection)
        with transaction(connection):
            connection.execute(query("carry_over"))
        connection.execute("CHECKPOINT rebuilt")
        if isinstance(old.location, Lake):
            with transaction(connection):
                _refill(connection)
        connection.execute("DETACH rebuilt")
        if not isinstance(old.location, Lake):
            connection.execute("CHECKPOINT newsmill")
            rebuilt.path.replace(old.path)
    return []


def _check_all_landed_here(connection: Connection, lake: Lake, landing: Landing, done: Collection[Key]) -> None:
    """Raises WarehouseError for documents that other machines landed: they are not in our landing zone and would be
    lost."""
    keys = list(done)
    table = pa.table(
        {
            "document_id": pa.array([key[0] for key in keys], pa.string()),
            "feed_id": pa.array([key[1] for key in keys], pa.string()),
            "fetched_at": pa.array([key[2] for key in keys], pa.timestamp("us", tz="UTC")),
        }
    )
    with stage(connection, "stage_done", table):
        missing, example = connection.execute(query("landed_elsewhere")).fetchall()[0]
    if missing:
        raise WarehouseError(
            f"{lake}: {counted(missing, 'document')} landed elsewhere ({example}): rebuilt from {landing.root} alone, "
            "the lake would lose them; bring the landing zones of all machines together in one folder, name it in "
            "NEWSMILL_LANDING and run again"
        )


def _refill(connection: Connection) -> None:
    """Replace the rows of every table; readers see the old ones until the transaction commits."""
    connection.execute(query("take_turn"))
    tables = connection.execute(query("rebuilt_tables")).fetchall()
    for schema, table in tables:
        connection.execute(f"DELETE FROM newsmill.{schema}.{table}")  # noqa: S608
        connection.execute(f"INSERT INTO newsmill.{schema}.{table} BY NAME FROM rebuilt.{schema}.{table}")
