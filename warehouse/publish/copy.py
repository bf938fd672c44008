"""Publishing: a copy of the warehouse for analysts, built aside, checked and swapped in.

An open reader keeps the copy it opened; the next one to open gets the new one. Nobody waits for anybody, but a second
publisher for the first. The last copy is brought up to date where that is less work than making it anew: rows are
compared by hashes of all they hold, so both ways lead to the same copy.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import duckdb
from filelock import FileLock, Timeout

from warehouse.errors import WarehouseError, WarehouseLockedError
from warehouse.publish import search_index
from warehouse.store.connection import Warehouse, reporting
from warehouse.store.lake import CATALOG, Lake
from warehouse.store.sql_files import marts, migrations
from warehouse.store.transactions import Connection, transaction

FULL_FROM = 0.25
"""The share of a table's rows that has changed from which the copy is made anew."""
HOLES = 0.5
"""The share of all rows that were replaced since the copy was made from which it is made anew: they leave holes."""
PATIENCE = 3600.0
"""Seconds to wait for another process that publishes the same copy."""
STORAGE = "v1.2.0"
"""The oldest DuckDB that can read the copy: the first that compresses texts well."""
MEMORY = "3GB"
"""What DuckDB may take; what it can't hold lies beside the draft meanwhile."""
STORING = {"memory_limit": MEMORY, "zstd_min_string_length": "512", "force_compression": "auto"}
"""Settings of DuckDB. Texts are compressed from 512 bytes on: half the size, and written as fast."""

_log = logging.getLogger(__name__)
# Search shows a passage of each text it finds, and a compressed text is only read together with 2,047 others.
_LEFT_OPEN = re.compile(r"(CREATE TABLE clean\.articles \([^;]*?\bcontent_text VARCHAR)")

Kind = Literal["full", "incremental", "unchanged"]


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did, and what it cost."""

    path: Path
    kind: Kind
    why: str
    """Why it was made in full, where the last copy was no good."""
    bytes: int
    rows_copied: int
    rows_removed: int
    indexed: int
    """Articles that were new to the search index."""
    seconds: float
    seconds_reading: float
    """How long the warehouse was read, and its writers waited."""

    def as_dict(self) -> dict[str, Any]:
        rounded = {name: round(getattr(self, name), 3) for name in ("seconds", "seconds_reading")}
        return asdict(self) | {"path": str(self.path)} | rounded

    @property
    def said(self) -> str:
        """The same in words, without the path."""
        if self.kind == "unchanged":
            return f"published copy is up to date ({self.bytes:,} bytes)"
        because = f"; {self.why}" if self.why else ""
        return (
            f"published ({self.kind}{because}): {self.rows_copied:,} rows copied, {self.rows_removed:,} removed, "
            f"{self.indexed:,} articles new to search, {self.bytes:,} bytes"
        )

    def __str__(self) -> str:
        return f"{self.path}: {self.said}"


@dataclass(slots=True)
class _Work:
    """A copy being made."""

    warehouse: Warehouse
    target: Path
    draft: Path
    scratch: Path
    kind: Kind = "full"
    why: str = ""
    rows_copied: int = 0
    rows_removed: int = 0
    indexed: int = 0
    seconds_reading: float = 0.0
    counts: dict[str, int] | None = None
    """Rows of the warehouse's tables, as they were read."""


class _FullNeededError(Exception):
    """The last copy can't be brought up to date, or making it anew is less work."""


def publish(warehouse: Warehouse, target: Path, *, patience: float = PATIENCE) -> Published:
    """Write `clean.*`, `ops.*`, `marts.*` and `search.*` to `target`. A failure leaves the last good copy as it is."""
    started = time.monotonic()
    with _alone(target, patience):
        _clear_drafts(target)
        draft = target.with_name(f".{target.name}.{os.getpid()}.draft")
        work = _Work(warehouse, target, draft, draft.with_name(draft.name + ".scratch"))
        try:
            if _looks_unchanged(work):
                work.kind = "unchanged"
            else:
                _make(work)
            if work.kind != "unchanged":
                with _opened(work) as copy:
                    search_index.find_places(copy)
                _check(work)
                _sync(draft)
                # what somebody wrote into the last copy, and didn't finish, is not to be read into this one
                target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
                draft.replace(target)
                _sync(target.parent)
        finally:
            _clear_drafts(target)
    return Published(
        target,
        work.kind,
        work.why,
        target.stat().st_size,
        work.rows_copied,
        work.rows_removed,
        work.indexed,
        time.monotonic() - started,
        work.seconds_reading,
    )


@contextmanager
def _alone(target: Path, patience: float) -> Iterator[None]:
    """No other process publishes there: the second one reads the warehouse when the first has swapped its copy in."""
    lock = FileLock(target.with_name(f".{target.name}.lock"), timeout=patience)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise WarehouseError(
            f"{target}: another process has been publishing it for {patience:g} seconds; let it finish or end it, then "
            "run `newsmill publish`"
        ) from error
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        lock.release()


def _unwritable(target: Path, error: OSError) -> WarehouseError:
    return WarehouseError(
        f"{target}: can't be published ({error.strerror}); free space, mend the folder's rights or name another place "
        "with NEWSMILL_PUBLISHED, then run `newsmill publish`: the last copy stays as it is"
    )


def _clear_drafts(target: Path) -> None:
    """Remove what was left half done; whoever holds the lock is the only one at work."""
    for left in target.parent.glob(f".{target.name}.*.draft*"):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@cache
def published_schema() -> str:
    """SQL that makes what only the published copy has, besides search."""
    return (files("warehouse") / "published" / "schema.sql").read_text(encoding="utf-8")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")  # ATTACH takes no parameters


# --- what has to be done --------------------------------------------------------------------------------------------


def _source_state(warehouse: Warehouse) -> str | None:
    """What tells one state of the warehouse's file from another without opening it; None where it can't be told."""
    if isinstance(warehouse.place, Lake):
        return None
    try:
        if warehouse.path.with_name(warehouse.path.name + ".wal").exists():
            return None
        found = warehouse.path.stat()
    except OSError:
        return None
    return f"{found.st_dev}:{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"


def _looks_unchanged(work: _Work) -> bool:
    state = _source_state(work.warehouse)
    if not state or not work.target.exists():
        return False
    try:
        with duckdb.connect(str(work.target), read_only=True) as last:
            row = last.execute(
                "SELECT source_state FROM ops.publications ORDER BY published_at DESC LIMIT 1"
            ).fetchone()
            known = last.execute("SELECT version FROM ops.schema_migrations ORDER BY version").fetchall()
            digest = last.execute("SELECT name FROM ops.schema_migrations WHERE version = 0").fetchone()
            return (
                row == (state,)
                and known == [(0,), *((number,) for number, _, _ in migrations())]
                and digest == (marts()[0],)
                and not search_index.is_due(last)
            )
    except duckdb.Error:
        return False


def _make(work: _Work) -> None:
    """Make the draft, by the way that is less work, or find that nothing has changed."""
    if work.target.exists():
        try:
            with reporting(work.target):
                _bring_up_to_date(work)
        except _FullNeededError as reason:
            work.why = str(reason)
        except WarehouseLockedError:
            raise
        except (duckdb.Error, WarehouseError) as error:
            # the last copy is of no use, or the warehouse is none: then making it anew says so
            work.why = f"the last copy can't be used: {str(error).splitlines()[0]}"
            _log.warning("%s", work.why)
        else:
            return
        _clear_drafts(work.target)
    work.kind, work.rows_copied, work.rows_removed = "full", 0, 0
    _make_anew(work)


def _last(target: Path) -> Connection:
    """The last copy, opened. Raises _FullNeededError where an analyst writes into it: nobody waits for that."""
    try:
        return duckdb.connect(str(target), read_only=True)
    except duckdb.IOException as error:
        if "Conflicting lock" in str(error):
            raise _FullNeededError("somebody has the last copy open for writing") from error
        raise


def _make_anew(work: _Work) -> None:
    with work.warehouse.reading() as connection, reporting(work.target):
        began, moment, state = time.monotonic(), datetime.now(UTC), _source_state(work.warehouse)
        _set_up(connection, work)
        connection.execute(f"ATTACH '{_quoted(work.draft)}' AS copy (STORAGE_VERSION '{STORAGE}')")
        connection.execute("USE copy")
        for _, _, sql in migrations():
            connection.execute(_LEFT_OPEN.sub(r"\1 USING COMPRESSION uncompressed", sql))
        tables = _tables(connection, "copy")
        connection.execute("BEGIN")
        work.counts = {}
        for table, columns in tables.items():
            names = ", ".join(columns)
            row = connection.execute(
                f"INSERT INTO copy.{table} ({names}) SELECT {names} FROM {CATALOG}.{table}"  # noqa: S608
            ).fetchone()
            work.counts[table] = row[0] if row else 0
        connection.execute("COMMIT")
        connection.execute("DROP SCHEMA raw CASCADE")
        with transaction(connection):  # or each of a hundred comments would be synced to the disk
            connection.execute(marts()[1])
            connection.execute(published_schema())
        work.rows_copied = sum(work.counts.values())
        _note(connection, work, moment, state)
        connection.execute(f"USE {CATALOG}")
        connection.execute("DETACH copy")
        work.seconds_reading = time.monotonic() - began
    # no longer reading the warehouse: an index made anew takes minutes, and would keep writers out
    with reporting(work.target):
        try:
            with _opened(work) as copy:
                work.indexed = search_index.build(copy, work.target, work.scratch)
        except (duckdb.IOException, duckdb.FatalException, duckdb.InternalException) as error:
            if not work.target.exists():
                raise
            _log.warning("%s: its index can't be read (%s); it is made anew", work.target, str(error).splitlines()[0])
            with _opened(work) as copy:
                copy.execute("DROP SCHEMA IF EXISTS search CASCADE")
                work.indexed = search_index.build(copy, None, work.scratch)


def _bring_up_to_date(work: _Work) -> None:
    """Copy the last copy and change in it what has changed in the warehouse. Raises _FullNeededError."""
    with _last(work.target) as last:
        known = last.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'publications'").fetchone()
        if known == (0,):
            raise _FullNeededError("the last copy is of an older newsmill")
        if search_index.is_due(last):
            raise _FullNeededError("the search index is due to be put into order")
    shutil.copyfile(work.target, work.draft)
    with duckdb.connect() as connection:
        _set_up(connection, work)
        connection.execute(f"ATTACH '{_quoted(work.draft)}' AS copy (READ_ONLY)")
        connection.execute(f"ATTACH '{_quoted(work.scratch)}' AS scratch")
        connection.execute("SET TimeZone = 'UTC'")
        tables = _tables(connection, "copy")
        held = 0
        for table, columns in tables.items():
            held += _numbers(
                connection,
                f"CREATE TABLE scratch.{_plain(table)} AS "  # noqa: S608
                f"SELECT rowid AS place, hash({', '.join(columns)}) AS hash FROM copy.{table}",
            )[0]
        (replaced,) = _numbers(connection, "SELECT sum(rows_removed)::BIGINT FROM copy.ops.publications")
        if replaced > HOLES * held:
            raise _FullNeededError("much was replaced since the copy was last made anew")
    with work.warehouse.reading() as connection:
        began, moment, state = time.monotonic(), datetime.now(UTC), _source_state(work.warehouse)
        _set_up(connection, work)
        connection.execute(f"ATTACH '{_quoted(work.draft)}' AS copy")
        connection.execute(f"ATTACH '{_quoted(work.scratch)}' AS scratch (READ_ONLY)")
        same_schema = connection.execute(
            f"FROM {CATALOG}.ops.schema_migrations EXCEPT FROM copy.ops.schema_migrations"
        ).fetchone()
        if same_schema is not None:
            raise _FullNeededError("the schema has changed, or the warehouse was built anew")
        connection.execute("BEGIN")
        work.counts = {}
        for table, columns in tables.items():
            _merge(connection, work, table, columns)
        if work.rows_copied or work.rows_removed:
            work.kind = "incremental"
            _note(connection, work, moment, state)
        else:
            work.kind = "unchanged"
        connection.execute("COMMIT")
        connection.execute("DETACH copy")
        connection.execute("DETACH scratch")
        work.seconds_reading = time.monotonic() - began
    work.scratch.unlink()
    if work.kind == "incremental":
        with _opened(work) as copy:
            work.indexed = search_index.update(copy, work.scratch)


def _merge(connection: Connection, work: _Work, table: str, columns: list[str]) -> None:
    """Make the copy's table hold the rows of the warehouse's."""
    assert work.counts is not None
    names = ", ".join(columns)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE current_rows AS "  # noqa: S608
        f"SELECT rowid AS place, hash({names}) AS hash FROM {CATALOG}.{table}"
    )
    held, added, removed = _numbers(
        connection,
        "SELECT (SELECT count(*) FROM current_rows), "  # noqa: S608
        f"(SELECT count(*) FROM current_rows ANTI JOIN scratch.{_plain(table)} USING (hash)), "
        f"(SELECT count(*) FROM scratch.{_plain(table)} ANTI JOIN current_rows USING (hash))",
    )
    if table == "clean.articles" and added + removed > FULL_FROM * held:
        raise _FullNeededError("much has changed")
    if removed:
        connection.execute(
            f"DELETE FROM copy.{table} WHERE rowid IN "  # noqa: S608
            f"(SELECT place FROM scratch.{_plain(table)} ANTI JOIN current_rows USING (hash))"
        )
    if added:
        connection.execute(
            f"INSERT INTO copy.{table} ({names}) SELECT {names} FROM {CATALOG}.{table} WHERE rowid IN "  # noqa: S608
            f"(SELECT place FROM current_rows ANTI JOIN scratch.{_plain(table)} USING (hash))"
        )
    work.counts[table] = held
    work.rows_copied += added
    work.rows_removed += removed


def _set_up(connection: Connection, work: _Work) -> None:
    for name, value in STORING.items():
        connection.execute(f"SET {name} = '{value}'")
    connection.execute(f"SET temp_directory = '{_quoted(work.draft)}.tmp'")


@contextmanager
def _opened(work: _Work) -> Iterator[Connection]:
    """The draft by itself."""
    with duckdb.connect(str(work.draft)) as copy:
        _set_up(copy, work)
        yield copy


def _note(connection: Connection, work: _Work, moment: datetime, state: str | None) -> None:
    connection.execute(
        "INSERT INTO copy.ops.publications VALUES ($1, $2, $3, $4, $5)",
        [moment, work.kind, work.rows_copied, work.rows_removed, state],
    )


def _tables(connection: Connection, catalog: str) -> dict[str, list[str]]:
    """The tables that are published, with their columns."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "SELECT schema_name || '.' || table_name, '\"' || column_name || '\"' FROM duckdb_columns() "
        "WHERE database_name = $1 AND schema_name IN ('clean', 'ops') AND table_name <> 'publications' "
        "AND (schema_name, table_name) IN (SELECT (schema_name, table_name) FROM duckdb_tables() "
        "WHERE database_name = $1) ORDER BY schema_name, table_name, column_index",
        [catalog],
    ).fetchall():
        found.setdefault(table, []).append(column)
    return found


def _plain(table: str) -> str:
    return table.replace(".", "_")


def _numbers(connection: Connection, sql: str) -> tuple[int, ...]:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return tuple(row)


# --- whether it is good ---------------------------------------------------------------------------------------------


def _check(work: _Work) -> None:
    """Raises WarehouseError where the draft is not what it should be: then the last copy stays."""
    try:
        with duckdb.connect(str(work.draft), read_only=True) as copy:
            wrong = [
                f"{table} has {count:,} rows instead of {expected:,}"
                for table, expected in (work.counts or {}).items()
                for (count,) in [_numbers(copy, f"SELECT count(*) FROM {table}")]  # noqa: S608
                if count != expected
            ]
            for (view,) in copy.execute(
                "SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE schema_name = 'marts'"
            ).fetchall():
                copy.execute(f"FROM {view} LIMIT 0")
            if misplaced := search_index.misplaced(copy):
                wrong.append(f"search has {misplaced:,} articles in the wrong place")
            wrong += [
                f"search finds no {title!r}"
                for (title,) in copy.execute(
                    "SELECT title FROM clean.articles WHERE len(search_terms(title)) > 0 LIMIT 1"
                ).fetchall()
                if not copy.execute("SELECT article_id FROM search($1, n := 1)", [title]).fetchall()
            ]
    except duckdb.Error as error:
        wrong = [str(error).splitlines()[0]]
    if wrong:
        raise WarehouseError(
            f"{work.target}: the new copy is not whole ({'; '.join(wrong)}) and was not published; the last one stays. "
            "Run `newsmill publish` again; if that fails too, `newsmill reprocess` builds the warehouse anew"
        )
