"""Opening the published copy or the warehouse to read it; and running a user's query, which may only read.

A user's query comes from whoever may type one: with DuckDB as it is, it could attach the warehouse a second time and
write to it, copy rows over any file, or read any file. So only statements that read are taken, and DuckDB is told to
open nothing but what is open, and to keep it so (https://duckdb.org/docs/stable/operations_manual/securing_duckdb).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseError
from warehouse.store.connection import Warehouse
from warehouse.store.lake import CATALOG
from warehouse.store.transactions import Connection


@contextmanager
def open_read_only(source: Path | Warehouse) -> Iterator[Connection]:
    """A read-only connection in UTC to the published copy (its path) or to the warehouse. Raises WarehouseError."""
    if isinstance(source, Warehouse):
        with source.reading() as connection:
            yield connection
        return
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
        yield connection


_EXPLAIN = re.compile(r"\bEXPLAIN\b\s*(?:ANALYZE\b\s*)?(?:\([^)]*\)\s*)?", re.IGNORECASE)
_READS = "a query that reads (SELECT, FROM, WITH, PIVOT, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN)"


def check_only_reads(connection: Connection, sql: str) -> None:
    """Raises WarehouseError for anything but one statement that reads, and duckdb.Error for what is not SQL."""
    _check_beside_lake(connection, sql)
    statements = connection.extract_statements(sql)
    if len(statements) == 1 and statements[0].type == duckdb.StatementType.EXPLAIN:
        statements = connection.extract_statements(_EXPLAIN.sub("", statements[0].query, count=1))
    kinds = [statement.type for statement in statements]
    # DuckDB makes two statements without a text of a PIVOT
    is_pivot = kinds == [duckdb.StatementType.CREATE, duckdb.StatementType.SELECT] and not any(
        statement.query for statement in statements
    )
    if kinds == [duckdb.StatementType.SELECT] or is_pivot:
        return
    found = " and ".join(kind.name for kind in kinds) or "none"
    raise WarehouseError(f"the query is refused in read-only mode: give one statement, {_READS}; this is {found}")


def lock_down(connection: Connection, *, folders: Sequence[str] = (), files: bool = False) -> None:
    """Let the connection open nothing more, but below the folders; with `files`, let it open what a query names.

    It can't be undone, so what newsmill itself sets or attaches comes before.
    """
    allowed = [*folders, *lake_folders(connection)]
    connection.execute("SET python_enable_replacements = false")  # FROM name would read our own variables
    if not files:
        connection.execute("SET allowed_directories = $1", [allowed])
        connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_BESIDE_A_LAKE = re.compile(
    r"\b(postgres_\w+|pg_\w+|sqlite_\w+|ducklake_\w+|__ducklake_\w+|duckdb_databases|database_list|"
    r"pragma_database_list|duckdb_secrets|which_secret)\b|\b(query|query_table)\b\"?\s*\(",
    re.IGNORECASE,
)
"""What the extensions of a lake bring: functions that ask any database or read any SQLite file, and what shows how the
catalog is connected to, password included. `query` would run a text in which they can't be seen."""


def _check_beside_lake(connection: Connection, sql: str) -> None:
    """Raises WarehouseError for a query that leaves the lake's own tables through its extensions."""
    match = _BESIDE_A_LAKE.search(_COMMENT.sub(" ", sql)) if _is_lake(connection) else None
    if match:
        name = match[1] or match[2]
        raise WarehouseError(f"the query is refused: {name} leads outside the warehouse's tables")


def _is_lake(connection: Connection) -> bool:
    rows = connection.execute("SELECT type FROM duckdb_databases() WHERE database_name = $1", [CATALOG]).fetchall()
    return rows == [("ducklake",)]


def lake_folders(connection: Connection) -> list[str]:
    """Where the Parquet files of the attached lake lie; none for a file."""
    if not _is_lake(connection):
        return []
    rows = connection.execute(
        "SELECT value FROM __ducklake_metadata_newsmill.ducklake_metadata WHERE key = 'data_path'"
    ).fetchall()
    return [str(value) for (value,) in rows]


def explain_refusal(error: duckdb.Error) -> str:
    """What to do about a query that DuckDB refuses because of `lock_down`; "" for any other error."""
    if isinstance(error, duckdb.PermissionException) or "configuration has been locked" in str(error):
        return "queries only read what newsmill stores; `newsmill sql --files` reads your own files, too"
    return ""
