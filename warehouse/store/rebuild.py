"""Swapping a rebuilt warehouse in for the old one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pyarrow as pa

from warehouse.errors import WarehouseError
from warehouse.landing import Landing
from warehouse.records import Document
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Lake
from warehouse.store.migrating import migrate
from warehouse.store.sql_files import query
from warehouse.store.staging import staged
from warehouse.store.transactions import Connection, transaction

Key = tuple[str, str, datetime]


def swap(old: Warehouse, rebuilt: Warehouse, landing: Landing, done: Collection[Key]) -> list[Document]:
    """Put what was rebuilt, a file, in the old one's place, holding the old one's lock all the while.

    What documents don't tell (runs, fetches, the state of feeds, fetched images) is carried over. Documents that were
    landed since and are not among `done` are returned instead, and nothing is swapped: load them and come again.
    Raises WarehouseError where a lake holds documents that were landed elsewhere.
    """
    with old.writing() as connection:
        if late := [document for document in landing.documents() if document.key not in done]:
            return late
        if isinstance(old.place, Lake):
            _refuse_others(connection, old.place, landing, done)
        name = str(rebuilt.path).replace("'", "''")  # ATTACH takes no parameters
        connection.execute(f"ATTACH '{name}' AS rebuilt")
        if not done:  # nothing was ever loaded into it
            connection.execute("USE rebuilt")
            migrate(connection, rebuilt.path)
        connection.execute("USE newsmill")
        with transaction(connection):
            connection.execute(query("carry_over"))
        connection.execute("CHECKPOINT rebuilt")
        if isinstance(old.place, Lake):
            with transaction(connection):
                _refill(connection)
        connection.execute("DETACH rebuilt")
        if not isinstance(old.place, Lake):
            connection.execute("CHECKPOINT newsmill")
            rebuilt.path.replace(old.path)
    return []


def _refuse_others(connection: Connection, lake: Lake, landing: Landing, done: Collection[Key]) -> None:
    """What other machines landed is in the lake and not in our landing zone: it would be lost."""
    keys = list(done)
    table = pa.table(
        {
            "document_id": pa.array([key[0] for key in keys], pa.string()),
            "feed_id": pa.array([key[1] for key in keys], pa.string()),
            "fetched_at": pa.array([key[2] for key in keys], pa.timestamp("us", tz="UTC")),
        }
    )
    with staged(connection, "stage_done", table):
        missing, example = connection.execute(query("landed_elsewhere")).fetchall()[0]
    if missing:
        raise WarehouseError(
            f"{lake}: {missing:,} documents were landed elsewhere ({example}): rebuilt from {landing.root} alone, the "
            "lake would lose them; bring the landing zones of all machines together in one folder, name it in "
            "NEWSMILL_LANDING and run again"
        )


def _refill(connection: Connection) -> None:
    """Every table anew from what was rebuilt; readers see the old rows until it is committed."""
    connection.execute(query("take_turn"))
    tables = connection.execute(query("rebuilt_tables")).fetchall()
    for schema, table in tables:
        connection.execute(f"DELETE FROM newsmill.{schema}.{table}")  # noqa: S608
        connection.execute(f"INSERT INTO newsmill.{schema}.{table} BY NAME FROM rebuilt.{schema}.{table}")
