"""Rows from Python into tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from warehouse.store.connection import Warehouse
from warehouse.store.staging import Arrays, column_types, fetch_by_ids, insert_rows, run_with_ids, run_with_rows
from warehouse.store.transactions import Connection

MOMENT = datetime(2026, 11, 20, 8, tzinfo=UTC)
FEED = {"feed_id": "quay", "skip_hours": [1, 2], "newest_at": MOMENT, "gap_seconds": 60, "name": None}


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    with Warehouse(path).writing() as connection:
        yield connection


def test_every_column_of_the_warehouse_has_an_arrow_type(connection: Connection) -> None:
    tables = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'newsmill'"
    ).fetchall()
    assert len(tables) > 10
    for (table,) in tables:
        assert column_types(connection, table), table


def test_rows_are_inserted_with_the_columns_they_have(connection: Connection) -> None:
    insert_rows(connection, "ops.feeds", [FEED])
    result = connection.execute("SELECT feed_id, skip_hours, newest_at, gap_seconds, name, etag FROM ops.feeds")
    assert result.fetchall() == [("quay", [1, 2], MOMENT, 60, None, None)]


def test_tables_share_the_arrays_of_equal_columns_only(connection: Connection) -> None:
    """Articles and their versions have the same texts; here, two feeds differ in one column of two."""
    arrays: Arrays = {}
    other = {**FEED, "feed_id": "harbour", "gap_seconds": 90}
    insert_rows(connection, "ops.feeds", [FEED], arrays)
    made = len(arrays)
    insert_rows(connection, "ops.feeds", [other], arrays)
    assert len(arrays) == made + 2
    result = connection.execute("SELECT feed_id, skip_hours, newest_at, gap_seconds FROM ops.feeds ORDER BY feed_id")
    assert result.fetchall() == [("harbour", [1, 2], MOMENT, 90), ("quay", [1, 2], MOMENT, 60)]


def test_rows_and_ids_are_staged_only_for_their_query(connection: Connection) -> None:
    insert_rows(connection, "ops.feeds", [FEED])
    rhythm = {"feed_id": "quay", "newest_at": MOMENT, "gap_seconds": 30, "turnover_seconds": 1}
    rhythm |= {"usual_silence_seconds": None}
    run_with_rows(connection, "merge_rhythms", view="stage_rhythms", table="ops.feeds", rows=[rhythm])
    (row,) = fetch_by_ids(connection, "rhythms", ["quay", "quay", "other"])
    assert (row["feed_id"], row["gap"], row["turnover"]) == ("quay", 30, 1)
    for view in ("stage_rhythms", "stage_ids", "stage_new"):
        with pytest.raises(duckdb.CatalogException):
            connection.execute(f"FROM {view}")


def test_nothing_to_stage_is_nothing_to_do(connection: Connection) -> None:
    insert_rows(connection, "ops.feeds", [])
    run_with_rows(connection, "merge_rhythms", view="stage_rhythms", table="ops.feeds", rows=[])
    run_with_ids(connection, "delete_versions", iter(()))
    assert fetch_by_ids(connection, "rhythms", []) == []
    assert connection.execute("SELECT count(*) FROM ops.feeds").fetchall() == [(0,)]
