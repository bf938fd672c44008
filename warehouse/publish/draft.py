"""Making a new published copy as a draft: a full copy of the warehouse, or the last copy brought up to date.

Both ways lead to the same rows: an update compares hashes of all columns.
"""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.publish import search_index
from warehouse.store.connection import Warehouse, explaining_errors
from warehouse.store.lake import CATALOG, Lake
from warehouse.store.quoting import literal
from warehouse.store.sql_files import marts, migrations
from warehouse.store.transactions import Connection, transaction

FULL_FROM = 0.25
"""If more than this share of a table's rows has changed, the copy is made in full."""
MAX_REPLACED = 0.5
"""If more than this share of all rows was replaced since the last full copy, the next is full: they leave holes."""
STORAGE = "v1.2.0"
"""The oldest DuckDB that can read the copy: the first that compresses texts well."""
MEMORY = "3GB"
"""DuckDB's limit; what exceeds it goes into a folder beside the draft."""
STORING = {"memory_limit": MEMORY, "zstd_min_string_length": "512", "force_compression": "auto"}
"""DuckDB's settings. Texts are compressed from 512 bytes on: half the size, written as fast."""

_log = logging.getLogger(__name__)
# Search shows a passage of each article it finds, and a compressed text can only be read with 2,047 others.
_CONTENT_TEXT = re.compile(r"(CREATE TABLE clean\.articles \([^;]*?\bcontent_text VARCHAR)")

Kind = Literal["full", "incremental", "unchanged"]


class FullCopyNeededError(Exception):
    """The last copy can't be brought up to date, or a full copy is less work."""


@dataclass(slots=True)
class Draft:
    """A copy in the making."""

    warehouse: Warehouse
    target: Path
    path: Path
    scratch: Path
    kind: Kind = "full"
    why: str = ""
    rows_copied: int = 0
    rows_removed: int = 0
    indexed: int = 0
    seconds_reading: float = 0.0
    counts: dict[str, int] | None = None
    """table → rows that the warehouse had when it was read."""
    is_anew: bool = False
    """Whether nothing may come from the last copy."""

    @contextmanager
    def open(self) -> Iterator[Connection]:
        """A connection to the draft alone."""
        with duckdb.connect(str(self.path)) as copy:
            self.configure(copy)
            yield copy

    def configure(self, connection: Connection) -> None:
        for name, value in STORING.items():
            connection.execute(f"SET {name} = '{value}'")
        connection.execute(f"SET temp_directory = {literal(f'{self.path}.tmp')}")


@cache
def published_schema() -> str:
    """SQL for what only the published copy has, besides search."""
    return (files("warehouse") / "published" / "schema.sql").read_text(encoding="utf-8")


def source_state(warehouse: Warehouse) -> str | None:
    """A text that changes whenever the warehouse's file does, made without opening it; None if that is impossible."""
    if isinstance(warehouse.location, Lake):
        return None
    try:
        if warehouse.path.with_name(warehouse.path.name + ".wal").exists():
            return None
        status = warehouse.path.stat()
    except OSError:
        return None
    return f"{status.st_dev}:{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"


# --- a full copy ----------------------------------------------------------------------------------------------------


def make_full_copy(draft: Draft) -> None:
    with draft.warehouse.reading() as connection, explaining_errors(draft.target):
        started, published_at, state = time.monotonic(), datetime.now(UTC), source_state(draft.warehouse)
        draft.configure(connection)
        connection.execute(f"ATTACH {literal(draft.path)} AS copy (STORAGE_VERSION '{STORAGE}')")
        connection.execute("USE copy")
        for _, _, sql in migrations():
            connection.execute(_CONTENT_TEXT.sub(r"\1 USING COMPRESSION uncompressed", sql))
        draft.counts = _copy_tables(connection)
        connection.execute("DROP SCHEMA raw CASCADE")
        with transaction(connection):  # else each of a hundred comments would be synced to the disk
            connection.execute(marts()[1])
            connection.execute(published_schema())
        draft.rows_copied = sum(draft.counts.values())
        _record_publication(connection, draft, published_at, state)
        connection.execute(f"USE {CATALOG}")
        connection.execute("DETACH copy")
        draft.seconds_reading = time.monotonic() - started
    # The warehouse is closed now: a new index takes minutes and would keep writers out.
    with explaining_errors(draft.target):
        try:
            with draft.open() as copy:
                last = None if draft.is_anew else draft.target
                draft.indexed = search_index.build(copy, last, draft.scratch)
        except (duckdb.IOException, duckdb.FatalException, duckdb.InternalException) as error:
            if not draft.target.exists():
                raise
            reason = str(error).splitlines()[0]
            _log.warning("%s: its index can't be read (%s); it is made anew", draft.target, reason)
            with draft.open() as copy:
                copy.execute("DROP SCHEMA IF EXISTS search CASCADE")
                draft.indexed = search_index.build(copy, None, draft.scratch)


def _copy_tables(connection: Connection) -> dict[str, int]:
    """Copy every row; returns table → rows."""
    counts = {}
    tables = _read_columns(connection, "copy")
    with transaction(connection):
        for table, columns in tables.items():
            names = ", ".join(columns)
            row = connection.execute(
                f"INSERT INTO copy.{table} ({names}) SELECT {names} FROM {CATALOG}.{table}"  # noqa: S608
            ).fetchone()
            counts[table] = row[0] if row else 0
    return counts


# --- the last copy, brought up to date ------------------------------------------------------------------------------


def update_last_copy(draft: Draft) -> None:
    """Copy the last copy's file and apply the warehouse's changes to it. Raises FullCopyNeededError."""
    _check_updatable(draft.target)
    shutil.copyfile(draft.target, draft.path)
    tables = _hash_rows(draft)
    with draft.warehouse.reading() as connection:
        started, published_at, state = time.monotonic(), datetime.now(UTC), source_state(draft.warehouse)
        draft.configure(connection)
        connection.execute(f"ATTACH {literal(draft.path)} AS copy")
        connection.execute(f"ATTACH {literal(draft.scratch)} AS scratch (READ_ONLY)")
        new_migration = connection.execute(
            f"FROM {CATALOG}.ops.schema_migrations EXCEPT FROM copy.ops.schema_migrations"
        ).fetchone()
        if new_migration is not None:
            raise FullCopyNeededError("the schema has changed, or the warehouse was built anew")
        with transaction(connection):
            draft.counts = {
                table: _update_table(connection, draft, table, columns) for table, columns in tables.items()
            }
            if draft.rows_copied or draft.rows_removed:
                draft.kind = "incremental"
                _record_publication(connection, draft, published_at, state)
            else:
                draft.kind = "unchanged"
        connection.execute("DETACH copy")
        connection.execute("DETACH scratch")
        draft.seconds_reading = time.monotonic() - started
    draft.scratch.unlink()
    if draft.kind == "incremental":
        with draft.open() as copy:
            draft.indexed = search_index.update(copy, draft.scratch)


def _check_updatable(target: Path) -> None:
    """Raises FullCopyNeededError if the last copy is not one to update."""
    try:
        last = duckdb.connect(str(target), read_only=True)
    except duckdb.IOException as error:
        if "Conflicting lock" in str(error):  # don't wait for an analyst who writes into it
            raise FullCopyNeededError("somebody has the last copy open for writing") from error
        raise
    with last:
        tables = last.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'publications'").fetchone()
        if tables == (0,):
            raise FullCopyNeededError("the last copy is of an older newsmill")
        if search_index.is_rebuild_due(last):
            raise FullCopyNeededError("the search index is due to be sorted anew")


def _hash_rows(draft: Draft) -> dict[str, list[str]]:
    """Write the hash of each of the copy's rows into the scratch file; returns table → columns.

    Raises FullCopyNeededError if too many rows were replaced since the last full copy.
    """
    with duckdb.connect() as connection:
        draft.configure(connection)
        connection.execute(f"ATTACH {literal(draft.path)} AS copy (READ_ONLY)")
        connection.execute(f"ATTACH {literal(draft.scratch)} AS scratch")
        connection.execute("SET TimeZone = 'UTC'")
        tables = _read_columns(connection, "copy")
        rows = 0
        for table, columns in tables.items():
            rows += _fetch_numbers(
                connection,
                f"CREATE TABLE scratch.{_scratch_name(table)} AS "  # noqa: S608
                f"SELECT rowid AS row_number, hash({', '.join(columns)}) AS hash FROM copy.{table}",
            )[0]
        (replaced,) = _fetch_numbers(connection, "SELECT sum(rows_removed)::BIGINT FROM copy.ops.publications")
    if replaced > MAX_REPLACED * rows:
        raise FullCopyNeededError("much was replaced since the last full copy")
    return tables


def _update_table(connection: Connection, draft: Draft, table: str, columns: list[str]) -> int:
    """Make the copy's table hold the warehouse's rows; returns how many there are. Raises FullCopyNeededError."""
    names, hashes = ", ".join(columns), f"scratch.{_scratch_name(table)}"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE current_rows AS "  # noqa: S608
        f"SELECT rowid AS row_number, hash({names}) AS hash FROM {CATALOG}.{table}"
    )
    rows, added, removed = _fetch_numbers(
        connection,
        "SELECT (SELECT count(*) FROM current_rows), "  # noqa: S608
        f"(SELECT count(*) FROM current_rows ANTI JOIN {hashes} USING (hash)), "
        f"(SELECT count(*) FROM {hashes} ANTI JOIN current_rows USING (hash))",
    )
    if table == "clean.articles" and added + removed > FULL_FROM * rows:
        raise FullCopyNeededError("much has changed")
    if removed:
        connection.execute(
            f"DELETE FROM copy.{table} WHERE rowid IN "  # noqa: S608
            f"(SELECT row_number FROM {hashes} ANTI JOIN current_rows USING (hash))"
        )
    if added:
        connection.execute(
            f"INSERT INTO copy.{table} ({names}) SELECT {names} FROM {CATALOG}.{table} WHERE rowid IN "  # noqa: S608
            f"(SELECT row_number FROM current_rows ANTI JOIN {hashes} USING (hash))"
        )
    draft.rows_copied += added
    draft.rows_removed += removed
    return rows


def _scratch_name(table: str) -> str:
    return table.replace(".", "_")


# --- both -----------------------------------------------------------------------------------------------------------


def _record_publication(connection: Connection, draft: Draft, published_at: datetime, state: str | None) -> None:
    connection.execute(
        "INSERT INTO copy.ops.publications VALUES ($1, $2, $3, $4, $5)",
        [published_at, draft.kind, draft.rows_copied, draft.rows_removed, state],
    )


def _read_columns(connection: Connection, catalog: str) -> dict[str, list[str]]:
    """table → quoted columns, of all tables to publish."""
    tables: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "SELECT schema_name || '.' || table_name, '\"' || column_name || '\"' FROM duckdb_columns() "
        "WHERE database_name = $1 AND schema_name IN ('clean', 'ops') AND table_name <> 'publications' "
        "AND (schema_name, table_name) IN (SELECT (schema_name, table_name) FROM duckdb_tables() "
        "WHERE database_name = $1) ORDER BY schema_name, table_name, column_index",
        [catalog],
    ).fetchall():
        tables.setdefault(table, []).append(column)
    return tables


def _fetch_numbers(connection: Connection, sql: str) -> tuple[int, ...]:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return tuple(row)
