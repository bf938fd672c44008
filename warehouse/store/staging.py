"""Rows from Python to DuckDB: Arrow tables, typed by the table they are meant for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from warehouse.store.sql_files import query
from warehouse.store.transactions import Connection

Row = Mapping[str, Any]

_ARROW = {
    "VARCHAR": pa.string(),
    "JSON": pa.string(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "UBIGINT": pa.uint64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
    "VARCHAR[]": pa.list_(pa.string()),
    "BIGINT[]": pa.list_(pa.int64()),
}


@contextmanager
def staged(connection: Connection, name: str, table: pa.Table) -> Iterator[None]:
    """The Arrow table as a view called `name`."""
    connection.register(name, table)
    try:
        yield
    finally:
        connection.unregister(name)


def columns(connection: Connection, table: str) -> dict[str, pa.DataType]:
    """The table's columns and their Arrow types."""
    described = connection.execute(f"DESCRIBE {table}").fetchall()
    return {name: _ARROW[kind] for name, kind, *_ in described}


def rows_for(connection: Connection, table: str, rows: Sequence[Row]) -> pa.Table:
    """An Arrow table with the columns of `table` that the rows name."""
    types = columns(connection, table)
    names = [name for name in types if name in rows[0]]
    return pa.table({name: pa.array([row[name] for row in rows], types[name]) for name in names})


def write(connection: Connection, name: str, *, stage: str, table: str, rows: Sequence[Row]) -> None:
    """Run warehouse/queries/<name>.sql with the rows staged as `stage`; nothing happens without rows."""
    if rows:
        with staged(connection, stage, rows_for(connection, table, rows)):
            connection.execute(query(name))


def insert(connection: Connection, table: str, rows: Sequence[Row]) -> None:
    """Append the rows, which are known not to be there: a MERGE would read the whole table to find that out."""
    if rows:
        with staged(connection, "stage_new", rows_for(connection, table, rows)):
            connection.execute(f"INSERT INTO {table} BY NAME FROM stage_new")


def fetch(connection: Connection, name: str, ids: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of warehouse/queries/<name>.sql, which reads the ids from `stage_ids`."""
    ids = set(ids)
    if not ids:
        return []
    with _ids(connection, ids):
        result = connection.execute(query(name))
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def apply(connection: Connection, name: str, ids: Iterable[str]) -> None:
    """Run warehouse/queries/<name>.sql over the ids; nothing happens without ids."""
    if ids := list(ids):
        with _ids(connection, ids):
            connection.execute(query(name))


@contextmanager
def _ids(connection: Connection, ids: Iterable[str]) -> Iterator[None]:
    with staged(connection, "stage_ids", pa.table({"id": pa.array(sorted(set(ids)), pa.string())})):
        yield
