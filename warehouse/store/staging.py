"""Rows from Python to DuckDB: as Arrow tables with the column types of their target table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from warehouse.store.rows import fetch_dicts
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
"""DuckDB type → Arrow type."""


@contextmanager
def stage(connection: Connection, name: str, table: pa.Table) -> Iterator[None]:
    """Make the Arrow table a view called `name`."""
    connection.register(name, table)
    try:
        yield
    finally:
        connection.unregister(name)


_COLUMN_TYPES: dict[str, dict[str, pa.DataType]] = {}
"""table → column → its Arrow type: the same in every warehouse of this version, so that they are read once."""


def column_types(connection: Connection, table: str) -> dict[str, pa.DataType]:
    """column → its Arrow type."""
    if table not in _COLUMN_TYPES:
        columns = connection.execute(f"DESCRIBE {table}").fetchall()
        _COLUMN_TYPES[table] = {name: _ARROW[kind] for name, kind, *_ in columns}
    return _COLUMN_TYPES[table]


Arrays = dict[tuple[pa.DataType, tuple[int, ...]], pa.Array]
"""Arrow arrays by their type and the ids of the Python objects that they were made of, which must live as long."""


def arrow_table(connection: Connection, table: str, rows: Sequence[Row], arrays: Arrays | None = None) -> pa.Table:
    """The rows as an Arrow table with those columns of `table` that they have.

    Tables that share `arrays` share the columns that are equal, object by object: new articles and their versions have
    the same texts, and making Arrow's copy of a text takes as long as DuckDB's does.
    """
    types = column_types(connection, table)
    arrays = {} if arrays is None else arrays
    columns: dict[str, pa.Array] = {}
    for name in types:
        if name in rows[0]:
            values = [row[name] for row in rows]
            key = types[name], tuple(map(id, values))
            if key not in arrays:
                arrays[key] = pa.array(values, types[name])
            columns[name] = arrays[key]
    return pa.table(columns)


def run_with_rows(connection: Connection, name: str, *, view: str, table: str, rows: Sequence[Row]) -> None:
    """Run warehouse/queries/<name>.sql with the rows staged as `view`, typed as in `table`; not without rows."""
    if rows:
        with stage(connection, view, arrow_table(connection, table, rows)):
            connection.execute(query(name))


def insert_rows(connection: Connection, table: str, rows: Sequence[Row], arrays: Arrays | None = None) -> None:
    """Append rows that are known to be new: a MERGE would read the whole table to find that out. `arrays`: see
    `arrow_table`."""
    if rows:
        with stage(connection, "stage_new", arrow_table(connection, table, rows, arrays)):
            connection.execute(f"INSERT INTO {table} BY NAME FROM stage_new")


def fetch_by_ids(connection: Connection, name: str, ids: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of warehouse/queries/<name>.sql, which reads the ids from `stage_ids`."""
    ids = set(ids)
    if not ids:
        return []
    with _stage_ids(connection, ids):
        return fetch_dicts(connection, name)


def run_with_ids(connection: Connection, name: str, ids: Iterable[str]) -> None:
    """Run warehouse/queries/<name>.sql, which reads the ids from `stage_ids`; not without ids."""
    if ids := list(ids):
        with _stage_ids(connection, ids):
            connection.execute(query(name))


@contextmanager
def _stage_ids(connection: Connection, ids: Iterable[str]) -> Iterator[None]:
    with stage(connection, "stage_ids", pa.table({"id": pa.array(sorted(set(ids)), pa.string())})):
        yield
