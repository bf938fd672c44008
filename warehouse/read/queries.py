"""Read-only queries: those a user gives, and what newsmill asks about its own state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse.errors import WarehouseError
from warehouse.records import Source
from warehouse.store.connection import Warehouse
from warehouse.store.reading import open_read_only
from warehouse.store.sql_files import marts, migrations, query
from warehouse.store.transactions import Connection


@dataclass(frozen=True, slots=True)
class Result:
    columns: Sequence[str]
    rows: Sequence[tuple[Any, ...]]


def run_query(
    source: Path | Warehouse, sql: str, parameters: Mapping[str, Any] | None = None, *, parquet: Path | None = None
) -> Result:
    """Run a query on the published copy (its path) or on the warehouse. Raises WarehouseError.

    With `parquet`, the rows are written to that file instead of returned.
    """
    with open_read_only(source) as connection:
        try:
            return _run(connection, sql, parameters, parquet)
        except WarehouseError as error:
            if isinstance(source, Path) and (reason := _fault_of_copy(connection, error.__cause__)):
                raise WarehouseError(f"{source}: {error} ({reason}: `newsmill publish` makes it anew)") from error
            raise


def _run(connection: Connection, sql: str, parameters: Mapping[str, Any] | None, parquet: Path | None) -> Result:
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


def _fault_of_copy(connection: Connection, error: BaseException | None) -> str:
    """Why a correct query may have failed on the published copy; "" if the copy is not to blame."""
    if isinstance(error, duckdb.IOException | duckdb.FatalException | duckdb.InternalException):
        return "the copy is damaged"
    if isinstance(error, duckdb.CatalogException | duckdb.BinderException):
        applied = connection.execute("SELECT version FROM ops.schema_migrations ORDER BY version").fetchall()
        if applied != [(0,), *((number,) for number, _, _ in migrations())]:
            return "it was published by an older newsmill"
    return ""


def is_current(published: Path) -> bool:
    """Whether there is a published copy with this newsmill's tables and views."""
    try:
        rows = run_query(published, query("published_schema")).rows
    except WarehouseError:
        return False
    return rows == [(migrations()[-1][0], marts()[0])]


def is_behind(warehouse: Warehouse, published: Path, run_id: str) -> bool:
    """Whether another run than this one has loaded something since the last publication."""
    try:
        ((since,),) = run_query(published, "SELECT max(published_at) FROM ops.publications").rows
    except WarehouseError:
        return True
    ((has_loaded,),) = run_query(warehouse, query("loaded_since"), {"since": since, "run_id": run_id}).rows
    return bool(has_loaded)


def knows_source(warehouse: Warehouse, source: Source) -> bool:
    """Whether any article was ever loaded from the source."""
    ((exists,),) = run_query(warehouse, query("knows_source"), {"source": source}).rows
    return bool(exists)


def status(warehouse: Warehouse) -> dict[str, Any]:
    """{"counts": one row, "runs": the last five, "feeds": every feed's health}."""
    with warehouse.reading() as connection:
        return {
            "counts": _fetch_dicts(connection, "status_counts")[0],
            "runs": _fetch_dicts(connection, "status_runs"),
            "feeds": _fetch_dicts(connection, "status_feeds"),
        }


def _fetch_dicts(connection: Connection, name: str) -> list[dict[str, Any]]:
    result = connection.execute(query(name))
    columns = [column[0] for column in result.description]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
