"""Maintaining the warehouse: compaction, retention of the pipeline's own records, files that nothing refers to.

Everything here may run at any time, beside an ingest, be killed and run again. Nothing of raw.* and clean.* is deleted
here (`warehouse.load.forgetting` does that).
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from warehouse.counting import counted
from warehouse.errors import WarehouseError
from warehouse.landing import is_draft
from warehouse.store.connection import Warehouse, explaining_errors
from warehouse.store.folders import remove_database
from warehouse.store.lake import CATALOG, Lake, Location
from warehouse.store.lake_locks import no_readers, writer_lock
from warehouse.store.quoting import literal
from warehouse.store.sql_files import query
from warehouse.store.transactions import Connection, transact, transaction

FREE = 0.3
"""The share of a file that must be free before it is rewritten; below that DuckDB reuses the free space."""
FREE_BYTES = 64_000_000
"""How much must be free besides: a small file isn't worth it."""
DELETED = 0.3
"""The share of a Parquet file's rows that must be deleted or changed before it is rewritten."""
RUNS = 50
"""Runs whose row groups are left as they are before they are merged."""
NOUNS = {"fetches": "fetch", "runs": "run", "checks": "check", "messages": "message", "events": "event"}
"""What is kept for a time → one of it."""
MIN_AGE = timedelta(days=1)
"""Younger files are never removed: a run may be about to refer to them, or a reader may still read them."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the pipeline's own records are kept."""

    fetches: timedelta
    runs: timedelta
    checks: timedelta
    snapshots: timedelta
    """A lake's: how far back one can query what it held."""
    events: timedelta = timedelta(days=30)
    outboxes: Sequence[str] = field(default=(), kw_only=True)
    """Whose messages wait to be sent, however long; of an outbox that is no more, nobody sends them."""


@dataclass(frozen=True, slots=True)
class Size:
    files: int
    bytes: int

    def __str__(self) -> str:
        return f"{counted(self.files, 'file')}, {self.bytes:,} bytes"


@dataclass(frozen=True, slots=True)
class Compaction:
    before: Size
    after: Size
    snapshots: int = 0
    """How many expired."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What maintenance did."""

    forgotten: dict[str, int]
    """Table of ops → rows deleted."""
    compaction: Compaction
    orphans: Size

    @property
    def messages(self) -> list[str]:
        """In words, a line for each step."""
        rows = ", ".join(counted(count, NOUNS[name]) for name, count in self.forgotten.items())
        lines = [f"warehouse: {self.compaction.before} before, {self.compaction.after} now"]
        if self.compaction.snapshots:
            lines.append(f"{counted(self.compaction.snapshots, 'snapshot')} expired")
        return [*lines, f"forgotten records: {rows}", f"removed files that nothing refers to: {self.orphans}"]

    @property
    def counts(self) -> dict[str, int]:
        """In numbers, for the run's record and --json."""
        return {
            **{f"{name}_forgotten": count for name, count in self.forgotten.items()},
            "files_before": self.compaction.before.files,
            "files_after": self.compaction.after.files,
            "bytes_before": self.compaction.before.bytes,
            "bytes_after": self.compaction.after.bytes,
            "snapshots_expired": self.compaction.snapshots,
            "orphans_removed": self.orphans.files,
        }


def maintain(store: Warehouse, keep: Retention, images: Path, landing: Path, now: datetime | None = None) -> Upkeep:
    """Delete old records, compact, remove orphaned files. Records go first, so that compaction frees their space."""
    now = now or datetime.now(UTC)
    forgotten = delete_old_records(store, keep, now)
    return Upkeep(forgotten, compact(store, keep, now), remove_orphans(store, images, landing, now))


def delete_old_records(store: Warehouse, keep: Retention, now: datetime) -> dict[str, int]:
    """Delete records whose retention is over; returns table → rows deleted."""
    wanted: dict[str, tuple[object, ...]] = {
        **{name: (now - getattr(keep, name),) for name in ("fetches", "runs", "checks")},
        "messages": (now - keep.events, list(keep.outboxes)),
        "events": (now - keep.events,),  # an event stays as long as its messages
    }
    with store.writing() as connection:
        return transact(connection, lambda: {name: _delete(connection, name, wanted[name]) for name in wanted})


def _delete(connection: Connection, name: str, parameters: Sequence[object]) -> int:
    row = connection.execute(query(f"forget_{name}"), parameters).fetchone()
    return int(row[0]) if row else 0


def compact(store: Warehouse, keep: Retention, now: datetime) -> Compaction:
    """Make the warehouse as small and as quick to read as its rows allow."""
    if isinstance(store.location, Lake):
        return _compact_lake(store, store.location, keep, now)
    return _compact_file(store, store.path)


def scrub(store: Warehouse) -> None:
    """Leave no bytes of deleted rows: a file's free blocks and a lake's former snapshots still have them.

    Raises WarehouseError if the disk has no room for the copy that replaces the file.
    """
    if isinstance(store.location, Lake):
        _lake_without_past(store, store.location)
        return
    path = store.path
    with store.writing() as connection:
        _remove_spilled(path)
        remove_database(_compacted(path))  # a killed process may have left it, as large as the warehouse
        connection.execute(f"CHECKPOINT {CATALOG}")
        needed = path.stat().st_size
        if shutil.disk_usage(path.parent).free < needed:
            raise WarehouseError(
                f"{path}: the disk has no room for a copy without what was forgotten ({needed:,} bytes); free space "
                "and run `newsmill forget --finish`: its rows are removed already, and their bytes are in the file"
            )
        _rewrite(connection, path)


# --- a file ---------------------------------------------------------------------------------------------------------


def _compact_file(store: Warehouse, path: Path) -> Compaction:
    before = Size(1, path.stat().st_size)
    with store.writing() as connection:
        remove_database(_compacted(path))  # a killed process may have left it, as large as the warehouse
        _vacuum(connection)
        if _is_worth_rewriting(connection, path):
            _rewrite(connection, path)
    return Compaction(before, Size(1, path.stat().st_size))


def merge_row_groups(connection: Connection, location: Location) -> bool:
    """Merge what many small loads have left, if it is much; returns whether it was.

    DuckDB stores the rows of each load apart, in blocks of their own: 3 MB for three articles. Where `maintain` never
    runs, the file would grow by that for ever; the blocks that this frees are taken by the next loads.
    """
    if isinstance(location, Lake):
        return False
    ((groups,),) = connection.execute(query("groups_of_runs")).fetchall()
    if groups <= RUNS:
        return False
    _vacuum(connection)
    return True


def _vacuum(connection: Connection) -> None:
    """Remove deleted rows and merge row groups; a load does not, as it would take longer the larger the warehouse."""
    connection.execute("RESET max_vacuum_tasks")
    with transaction(connection):  # a checkpoint does nothing if nothing has changed
        connection.execute("CREATE TABLE ops.changed (nothing INTEGER)")
        connection.execute("DROP TABLE ops.changed")
    connection.execute(f"CHECKPOINT {CATALOG}")
    connection.execute("SET max_vacuum_tasks = 0")


def _compacted(path: Path) -> Path:
    """Where the copy is made that replaces the file."""
    return path.with_name(f".{path.name}.compact")


def _is_worth_rewriting(connection: Connection, path: Path) -> bool:
    """Whether much of the file is free, and the disk has room for a copy."""
    block, total, free = connection.execute(query("file_blocks")).fetchall()[0]
    disk_free = shutil.disk_usage(path.parent).free
    return bool(free > FREE * total and free * block >= FREE_BYTES and disk_free > (total - free) * block)


def _rewrite(connection: Connection, path: Path) -> None:
    """Replace the file by a copy while it is locked; processes that wait for the lock then open the copy."""
    draft = _compacted(path)
    with explaining_errors(draft):
        connection.execute(f"ATTACH {literal(draft)} AS compacted")
        connection.execute(f"COPY FROM DATABASE {CATALOG} TO compacted")
        connection.execute("CHECKPOINT compacted")
        connection.execute("DETACH compacted")
    draft.replace(path)


def _remove_spilled(path: Path) -> None:
    """Remove what a killed process left in DuckDB's folder for what memory can't hold; the file is locked."""
    shutil.rmtree(f"{path}.tmp", ignore_errors=True)


# --- a lake ---------------------------------------------------------------------------------------------------------


def _compact_lake(store: Warehouse, lake: Lake, keep: Retention, now: datetime) -> Compaction:
    """Table by table, each with the writer lock of its own, so that a load waits for one table at most."""
    with store.writing() as connection, no_readers(lake, store.lock_timeout):
        before = _lake_size(connection)
        _flush(connection)
        tables = connection.execute(query("lake_tables")).fetchall()
        expired = len(
            connection.execute(
                "CALL ducklake_expire_snapshots($1, older_than => $2)", [CATALOG, now - keep.snapshots]
            ).fetchall()
        )
    for schema, table in tables:
        with store.writing() as connection, no_readers(lake, store.lock_timeout):
            parameters = {"lake": CATALOG, "schema": schema, "table": table}
            connection.execute(
                "CALL ducklake_rewrite_data_files($lake, $table, schema => $schema, delete_threshold => $deleted)",
                parameters | {"deleted": DELETED},
            )
            connection.execute("CALL ducklake_merge_adjacent_files($lake, $table, schema => $schema)", parameters)
    with store.writing() as connection, no_readers(lake, store.lock_timeout):
        # only files that became unneeded a day ago: a reader may still read younger ones
        connection.execute("CALL ducklake_cleanup_old_files($1, older_than => $2)", [CATALOG, now - MIN_AGE])
        return Compaction(before, _lake_size(connection), expired)


_HAS_ALTERED_TABLES = (
    "SELECT count(*) > count(DISTINCT table_id) FROM __ducklake_metadata_newsmill.ducklake_inlined_data_tables"
)
"""Rows that lie in the catalog have one table there for each shape their own table ever had."""


def _flush(connection: Connection) -> None:
    """Write the rows that lie in the catalog, where DuckLake keeps small additions, into Parquet files.

    DuckLake then drops the catalog's tables for former shapes. Processes that cached the schema would still look there
    and DuckDB would abort them; a new schema version makes them read the schema again.
    """
    with transaction(connection):
        if connection.execute(_HAS_ALTERED_TABLES).fetchall() == [(True,)]:
            connection.execute("CREATE OR REPLACE VIEW ops.flushed AS SELECT 1")
        connection.execute("CALL ducklake_flush_inlined_data($1)", [CATALOG])
    connection.execute("DROP VIEW IF EXISTS ops.flushed")  # another version; also drops a killed process's view


def _lake_size(connection: Connection) -> Size:
    return Size(*connection.execute(query("lake_size")).fetchall()[0])


def _lake_without_past(store: Warehouse, lake: Lake) -> None:
    """Leave of a lake only what its tables hold now: no former snapshot, and no file that has a deleted row."""
    with store.writing() as connection, no_readers(lake, store.lock_timeout):
        _flush(connection)
        for schema, table in connection.execute(query("lake_tables")).fetchall():
            connection.execute(
                "CALL ducklake_rewrite_data_files($lake, $table, schema => $schema, delete_threshold => 0)",
                {"lake": CATALOG, "schema": schema, "table": table},
            )
        connection.execute("CALL ducklake_expire_snapshots($1, older_than => now())", [CATALOG])
        connection.execute("CALL ducklake_cleanup_old_files($1, cleanup_all => true)", [CATALOG])
        connection.execute(_NARROW_TEXT_BOUNDS)
    if lake.kind == "sqlite":
        with (
            writer_lock(lake, duckdb.connect(), store.lock_timeout),
            no_readers(lake, store.lock_timeout),
            closing(sqlite3.connect(lake.catalog, timeout=store.lock_timeout)) as catalog,
        ):
            catalog.execute("VACUUM")  # its free pages still have the rows that lay in the catalog


_NARROW_TEXT_BOUNDS = """
UPDATE __ducklake_metadata_newsmill.ducklake_table_column_stats t
SET min_value = f.min_value, max_value = f.max_value
FROM (
    SELECT s.table_id, s.column_id, min(s.min_value) AS min_value, max(s.max_value) AS max_value
    FROM __ducklake_metadata_newsmill.ducklake_file_column_stats s
    JOIN __ducklake_metadata_newsmill.ducklake_column c ON c.table_id = s.table_id AND c.column_id = s.column_id
    WHERE c.end_snapshot IS NULL AND c.column_type = 'varchar'
    GROUP BY ALL
) f
WHERE f.table_id = t.table_id AND f.column_id = t.column_id
"""
"""DuckLake never narrows a table's first and last text again: it may be the title of what was deleted. Rows of tables
that have no file lie in no file, and are flushed above."""


# --- orphaned files -------------------------------------------------------------------------------------------------


def remove_orphans(store: Warehouse, images: Path, landing: Path, now: datetime) -> Size:
    """Remove image files that no row refers to, and drafts that a killed process left in the image store and the
    landing zone. Documents in the landing zone are never removed. Nor are images older than the warehouse: a rebuilt
    one doesn't know the files of images that have vanished from their site."""
    with store.reading() as connection:
        referenced = {path for (path,) in connection.execute(query("image_paths")).fetchall()}
        ((made_at,),) = connection.execute(query("made_at")).fetchall()
    before = (now - MIN_AGE).timestamp()
    files = bytes_ = 0
    for path in _orphan_candidates(images, landing, referenced):
        try:
            status = path.stat()
            since = 0.0 if is_draft(path) else made_at.timestamp()
            if since <= status.st_mtime < before:
                path.unlink()
                files, bytes_ = files + 1, bytes_ + status.st_size
        except FileNotFoundError:
            continue  # another process removed it
    return Size(files, bytes_)


def _orphan_candidates(images: Path, landing: Path, referenced: Collection[str]) -> Iterator[Path]:
    """Images that no row refers to, and drafts (warehouse/landing.py)."""
    for path in images.rglob("*"):
        if path.is_file() and (is_draft(path) or path.relative_to(images).as_posix() not in referenced):
            yield path
    for folder in ("blobs", "packs", "pending", "loaded"):
        yield from (path for path in (landing / folder).rglob(".*.tmp") if path.is_file())
