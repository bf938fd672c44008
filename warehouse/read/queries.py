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
from warehouse.store.reading import check_only_reads, explain_refusal, lock_down, open_read_only
from warehouse.store.rows import fetch_dicts
from warehouse.store.sql_files import marts, migrations, query
from warehouse.store.transactions import Connection


@dataclass(frozen=True, slots=True)
class Result:
    columns: Sequence[str]
    rows: Sequence[tuple[Any, ...]]


def run_query(source: Path | Warehouse, sql: str, parameters: Mapping[str, Any] | None = None) -> Result:
    """Run a query of newsmill's own on the published copy (its path) or on the warehouse. Raises WarehouseError."""
    with open_read_only(source) as connection:
        try:
            return _run(connection, sql, parameters)
        except WarehouseError as error:
            if isinstance(source, Path) and (reason := _fault_of_copy(connection, error.__cause__)):
                raise WarehouseError(f"{source}: {error} ({reason}: `newsmill publish` makes it anew)") from error
            raise


def run_user_query(source: Path | Warehouse, sql: str, *, parquet: Path | None = None, files: bool = False) -> Result:
    """Run a query that a user gives: it may read what newsmill stores, and with `files` the user's own files.

    Raises WarehouseError for anything else, and for a query that fails. With `parquet`, the rows are written to that
    file instead of returned.
    """
    with open_read_only(source) as connection:
        try:
            check_only_reads(connection, sql)
            lock_down(connection, files=files)
            relation = connection.sql(sql)
            if relation is None:
                return Result((), ())
            if parquet:
                _write_parquet(relation, parquet)
                return Result(tuple(relation.columns), ())
            return Result(tuple(relation.columns), relation.fetchall())
        except duckdb.Error as error:
            if refusal := explain_refusal(error):
                raise WarehouseError(f"the query is refused ({str(error).splitlines()[0]}): {refusal}") from error
            reason = _fault_of_copy(connection, error) if isinstance(source, Path) else ""
            hint = f" ({reason}: `newsmill publish` makes it anew)" if reason else ""
            start = f"{source}: " if reason else ""
            raise WarehouseError(f"{start}the query failed: {error}{hint}") from error


def _write_parquet(relation: duckdb.DuckDBPyRelation, target: Path) -> None:
    """DuckDB may write no file then, so Arrow does."""
    from pyarrow import parquet  # takes a moment to import

    batches = relation.to_arrow_reader()
    try:
        with parquet.ParquetWriter(str(target), batches.schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
    except OSError as error:
        raise WarehouseError(f"{target}: can't be written ({error.strerror or error}); name another file") from error


def _run(connection: Connection, sql: str, parameters: Mapping[str, Any] | None) -> Result:
    try:
        relation = connection.sql(sql, params=parameters)
        return Result((), ()) if relation is None else Result(tuple(relation.columns), relation.fetchall())
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
            "counts": fetch_dicts(connection, "status_counts")[0],
            "runs": fetch_dicts(connection, "status_runs"),
            "feeds": fetch_dicts(connection, "status_feeds"),
        }
