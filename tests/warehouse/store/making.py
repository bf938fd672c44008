"""Warehouses to fill, maintain and compare; lakes, and the errors they raise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.stores import PASSWORD, Postgres
from tests.tasks.making import NOW, Item, milled
from warehouse.errors import WarehouseError
from warehouse.load.batch import load
from warehouse.store import maintenance
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Bucket, Lake, lake_at
from warehouse.store.maintenance import Retention, maintain
from warehouse.store.transactions import Connection

COUNT = "SELECT count(*) FROM clean.articles"


MANY = "INSERT INTO ops.rejects (reject_id) SELECT CAST(range AS VARCHAR) FROM range(1000)"


def in_postgres(server: Postgres, data: str | Path, bucket: Bucket | None = None) -> Lake:
    address = f"ducklake:postgres:{server.conninfo()}"
    return lake_at(address, data=str(data), bucket=bucket or Bucket(), password=PASSWORD)


def in_sqlite(folder: Path) -> Lake:
    return lake_at(f"ducklake:sqlite:{folder / 'news.sqlite'}", data=None, bucket=Bucket(), password=None)


def error_of(lake: Lake, sql: str = COUNT) -> str:
    with pytest.raises(WarehouseError) as raised, Warehouse(lake).writing() as connection:
        connection.execute(sql)
    said = str(raised.value)
    assert PASSWORD not in said
    assert "hush" not in said
    return said


KEEP = Retention(timedelta(days=90), timedelta(days=365), timedelta(days=90), timedelta(days=7), outboxes=["desk"])


LATER = datetime.now(UTC) + timedelta(days=30)
"""A moment at which all that is here today is old."""


def fill(store: Warehouse) -> None:
    """Four loads: an article is edited each time, another one comes."""
    for number in range(4):
        edited = Item(text=f"<p>The gate opens at {number}, the harbour master says, and shuts at noon.</p>")
        new = Item(f"Berth {number} opens", guid=f"berth{number}", link=f"https://quay.example/berth/{number}")
        with store.writing() as connection:
            load(connection, [milled(edited, new, at=NOW + timedelta(hours=2 * number))], run_id=f"run{number}")


def read_all(store: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of raw.* and clean.*."""
    with store.reading() as connection:
        return rows_by_table(connection)


def rows_by_table(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    names = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'newsmill' "
        "AND schema_name IN ('raw', 'clean') ORDER BY ALL"
    ).fetchall()
    return {name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for (name,) in names}


def run_maintenance(store: Warehouse, tmp_path: Path, now: datetime = LATER) -> maintenance.Upkeep:
    return maintain(store, KEEP, tmp_path / "images", tmp_path / "landing", now)


def add_rejects(store: Warehouse) -> None:
    """In files of their own: fewer rows would stay in the catalog."""
    for number in range(4):
        with store.writing() as connection:
            connection.execute(
                "INSERT INTO ops.rejects (error) SELECT md5(CAST(range AS VARCHAR)) FROM range($1)", [100 + number]
            )


DISTINCT = "SELECT count(*), count(DISTINCT error) FROM ops.rejects"
