"""Reading for people: one query, or the state of things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse.connection import Connection, Warehouse, query
from warehouse.errors import WarehouseError


@dataclass(frozen=True, slots=True)
class Result:
    columns: Sequence[str]
    rows: Sequence[tuple[Any, ...]]


def run_query(
    source: Path | Warehouse, sql: str, parameters: Mapping[str, Any] | None = None, *, parquet: Path | None = None
) -> Result:
    """Run a query on the published copy or the pipeline's own file, read-only. Raises WarehouseError."""
    if isinstance(source, Warehouse):
        with source.reading() as connection:
            return _result(connection, sql, parameters, parquet)
    if not source.exists():
        raise WarehouseError(f"{source}: nothing is published yet; `newsmill ingest` or `newsmill publish` makes it")
    try:
        connection = duckdb.connect(str(source), read_only=True)
    except duckdb.Error as error:
        raise WarehouseError(
            f"{source}: can't be opened ({str(error).splitlines()[0]}); `newsmill publish` makes it anew"
        ) from error
    with connection:
        connection.execute("SET TimeZone = 'UTC'")
        return _result(connection, sql, parameters, parquet)


def _result(connection: Connection, sql: str, parameters: Mapping[str, Any] | None, parquet: Path | None) -> Result:
    try:
        relation = connection.sql(sql, params=parameters)
        if relation is None:
            return Result((), ())
        if parquet:
            relation.write_parquet(str(parquet))
            return Result(tuple(relation.columns), ())
        return Result(tuple(relation.columns), relation.fetchall())
    except duckdb.Error as error:
        raise WarehouseError(f"the query failed: {error}") from error


def status(warehouse: Warehouse) -> dict[str, Any]:
    """Counts, the last runs and every feed's health."""
    with warehouse.reading() as connection:
        return {
            "counts": _rows(connection, "status_counts")[0],
            "runs": _rows(connection, "status_runs"),
            "feeds": _rows(connection, "status_feeds"),
        }


def _rows(connection: Connection, name: str) -> list[dict[str, Any]]:
    result = connection.execute(query(name))
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
