"""Reading for people: one query, or the state of things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse.errors import WarehouseError
from warehouse.records import Source
from warehouse.store.connection import Warehouse
from warehouse.store.sql_files import marts, migrations, query
from warehouse.store.transactions import Connection


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
        try:
            return _result(connection, sql, parameters, parquet)
        except WarehouseError as error:
            if hint := _hint(connection, error.__cause__):
                raise WarehouseError(f"{source}: {error} ({hint}: `newsmill publish` makes it anew)") from error
            raise


def _hint(connection: Connection, error: BaseException | None) -> str:
    """Why a query may fail that is right."""
    if isinstance(error, duckdb.IOException | duckdb.FatalException | duckdb.InternalException):
        return "the copy is damaged"
    if isinstance(error, duckdb.CatalogException | duckdb.BinderException):
        known = connection.execute("SELECT version FROM ops.schema_migrations ORDER BY version").fetchall()
        if known != [(0,), *((number,) for number, _, _ in migrations())]:
            return "it was published by an older newsmill"
    return ""


def is_current(published: Path) -> bool:
    """Whether there is a published copy, with this newsmill's tables and views."""
    try:
        found = run_query(published, query("published_schema")).rows
    except WarehouseError:
        return False
    return found == [(migrations()[-1][0], marts()[0])]


def is_behind(warehouse: Warehouse, published: Path, run_id: str) -> bool:
    """Whether a run before this one loaded something that it didn't come to publish."""
    try:
        ((since,),) = run_query(published, "SELECT max(published_at) FROM ops.publications").rows
    except WarehouseError:
        return True
    ((found,),) = run_query(warehouse, query("loaded_since"), {"since": since, "run_id": run_id}).rows
    return bool(found)


def knows_source(warehouse: Warehouse, source: Source) -> bool:
    """Whether anything of such a source was ever loaded."""
    ((found,),) = run_query(warehouse, query("knows_source"), {"source": source}).rows
    return bool(found)


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
