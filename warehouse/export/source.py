"""Reading for an export: rows as a stream, with bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from warehouse.errors import WarehouseError
from warehouse.store.connection import Warehouse
from warehouse.store.quoting import literal
from warehouse.store.reading import check_only_reads, explain_refusal, lock_down, open_read_only
from warehouse.store.transactions import Connection

MEMORY = "512MB"
"""DuckDB's memory limit for newsmill's own queries."""
SQL_MEMORY = "2GB"
"""The same for a user's query."""
ROWS = 1_000
"""Rows fetched at once."""


def feed_names(connection: Connection, sites: Sequence[str]) -> dict[str, str]:
    """feed_id → name. Raises WarehouseError for a site without articles."""
    known = {feed_id for (feed_id,) in connection.execute("SELECT DISTINCT feed_id FROM clean.articles").fetchall()}
    if missing := [site for site in sites if site not in known]:
        raise WarehouseError(
            f"no articles of {', '.join(missing)} in the warehouse; it has: {', '.join(sorted(known)[:20]) or 'none'}"
        )
    return {row[0]: row[1] for row in connection.execute("SELECT feed_id, name FROM ops.feeds").fetchall() if row[1]}


@contextmanager
def open_source(source: Path | Warehouse, memory: str) -> Iterator[Connection]:
    """A read-only connection to the published copy or the warehouse, with that memory limit. Raises WarehouseError."""
    with (
        tempfile.TemporaryDirectory(prefix="newsmill-") as folder,
        explaining_query_errors(),
        open_read_only(source) as connection,
    ):
        limit_memory(connection, memory, Path(folder))
        yield connection


def limit_memory(connection: Connection, memory: str, folder: Path) -> None:
    """Limit DuckDB's memory; what doesn't fit goes into the folder."""
    connection.execute(f"SET memory_limit = '{memory}'")
    connection.execute(f"SET temp_directory = {literal((folder / 'spill').absolute())}")
    connection.execute("SET preserve_insertion_order = false")  # preserving it would keep rows in memory


def stream_rows(result: duckdb.DuckDBPyConnection | duckdb.DuckDBPyRelation) -> Iterator[tuple[Any, ...]]:
    while batch := result.fetchmany(ROWS):
        yield from batch


def fetch_count(connection: Connection, sql: str, *parameters: str) -> int:
    """The number that the query returns."""
    row = connection.execute(sql, parameters).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def explaining_query_errors() -> Iterator[None]:
    """Turn DuckDB's errors into WarehouseError."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise WarehouseError(
            f"the export needs more memory than it may take ({str(error).splitlines()[0]}); export less at once, or "
            "sort and group less in --sql"
        ) from error
    except duckdb.Error as error:
        if explain_refusal(error):
            raise WarehouseError(
                f"the query is refused ({str(error).splitlines()[0]}): an export only reads what newsmill stores"
            ) from error
        raise WarehouseError(f"the query failed: {error}") from error


def select_query(connection: Connection, sql: str, *, folders: Sequence[str] = ()) -> duckdb.DuckDBPyRelation:
    """The query as a relation, not run yet. Raises WarehouseError for anything but one SELECT.

    From here on the connection opens nothing more, but below the folders.
    """
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise WarehouseError(f"--sql takes one query, and this is {len(statements) or 'none'}; give one SELECT")
    if statements[0].type != duckdb.StatementType.SELECT:
        kind = statements[0].type.name
        raise WarehouseError(f"--sql takes a query that reads (SELECT, FROM, WITH), and this is {kind}")
    check_only_reads(connection, sql)
    if statements[0].named_parameters:
        raise WarehouseError("--sql takes no parameters (? or $name); write the values into the query")
    lock_down(connection, folders=folders)
    relation = connection.sql(statements[0])
    if relation is None:
        raise WarehouseError("--sql takes a query that returns rows, and this one returns none")
    return relation
