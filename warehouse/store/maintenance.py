"""Keeping the warehouse in shape: compaction, retention of the pipeline's own records, files that nothing names.

Everything here may be done at any time, beside a running ingest, killed, and done again. Nothing of raw.* and clean.*
is ever dropped.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from warehouse.store.connection import Warehouse, reporting
from warehouse.store.lake import CATALOG, Lake
from warehouse.store.sql_files import query
from warehouse.store.transactions import Connection, transact, transaction

FREE = 0.3
"""The share of a file that is free from which it is written anew; below, DuckDB fills what is free again."""
FREE_BYTES = 64_000_000
"""And how much has to be free: a small file isn't worth it."""
DELETED = 0.3
"""The share of a Parquet file's rows that were deleted or changed, from which it is written anew."""
FRESH = timedelta(days=1)
"""Files as young as this are left alone: a run may be about to name them, or a reader still be reading."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the pipeline's own records are kept."""

    fetches: timedelta
    runs: timedelta
    checks: timedelta
    snapshots: timedelta
    """Of a lake: how far back it can be asked what it held."""


@dataclass(frozen=True, slots=True)
class Size:
    """What the warehouse takes."""

    files: int
    bytes: int

    def __str__(self) -> str:
        return f"{self.files:,} {'file' if self.files == 1 else 'files'}, {self.bytes:,} bytes"


@dataclass(frozen=True, slots=True)
class Compaction:
    before: Size
    after: Size
    snapshots: int = 0
    """That expired."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What was done."""

    forgotten: dict[str, int]
    """Table of ops → rows."""
    compaction: Compaction
    orphans: Size

    @property
    def says(self) -> list[str]:
        """In words."""
        rows = ", ".join(f"{count:,} {name}" for name, count in self.forgotten.items())
        said = [f"warehouse: {self.compaction.before} before, {self.compaction.after} now"]
        if self.compaction.snapshots:
            said.append(f"{self.compaction.snapshots:,} snapshots expired")
        return [*said, f"forgotten records: {rows}", f"removed, as nothing named them: {self.orphans}"]

    @property
    def facts(self) -> dict[str, int]:
        """In numbers."""
        return {
            **{f"{name}_forgotten": count for name, count in self.forgotten.items()},
            "files_before": self.compaction.before.files,
            "files_after": self.compaction.after.files,
            "bytes_before": self.compaction.before.bytes,
            "bytes_after": self.compaction.after.bytes,
            "snapshots_expired": self.compaction.snapshots,
            "orphans_removed": self.orphans.files,
        }


def upkeep(store: Warehouse, keep: Retention, images: Path, landing: Path, now: datetime | None = None) -> Upkeep:
    """All of it: what is forgotten first, so that it is compacted away."""
    now = now or datetime.now(UTC)
    forgotten = forget(store, keep, now)
    return Upkeep(forgotten, compact(store, keep, now), remove_orphans(store, images, landing, now))


def forget(store: Warehouse, keep: Retention, now: datetime) -> dict[str, int]:
    """Delete records that are older than they are kept; table → rows."""
    limits = {"fetches": now - keep.fetches, "runs": now - keep.runs, "checks": now - keep.checks}
    with store.writing() as connection:
        return transact(connection, lambda: {name: _forget(connection, name, limits[name]) for name in limits})


def _forget(connection: Connection, name: str, before: datetime) -> int:
    row = connection.execute(query(f"forget_{name}"), [before]).fetchone()
    return int(row[0]) if row else 0


def compact(store: Warehouse, keep: Retention, now: datetime) -> Compaction:
    """Make the warehouse as small, and as quick to read, as what it holds allows."""
    if isinstance(store.place, Lake):
        return _compact_lake(store, store.place, keep, now)
    return _compact_file(store, store.path)


# --- a file ---------------------------------------------------------------------------------------------------------


def _compact_file(store: Warehouse, path: Path) -> Compaction:
    before = Size(1, path.stat().st_size)
    with store.writing() as connection:
        connection.execute("RESET max_vacuum_tasks")
        with transaction(connection):  # a checkpoint does nothing where nothing has changed
            connection.execute("CREATE TABLE ops.changed (nothing INTEGER)")
            connection.execute("DROP TABLE ops.changed")
        connection.execute(f"CHECKPOINT {CATALOG}")
        if _is_worth_it(connection, path):
            _write_anew(connection, path)
    return Compaction(before, Size(1, path.stat().st_size))


def _is_worth_it(connection: Connection, path: Path) -> bool:
    block, total, free = connection.execute(query("file_blocks")).fetchall()[0]
    room = shutil.disk_usage(path.parent).free
    return bool(free > FREE * total and free * block >= FREE_BYTES and room > (total - free) * block)


def _write_anew(connection: Connection, path: Path) -> None:
    """Swap a copy in, holding the lock all the while; whoever waits for the lock then opens the copy."""
    draft = path.with_name(f".{path.name}.compact")
    for each in (draft, draft.with_name(f"{draft.name}.wal")):  # a killed one's
        each.unlink(missing_ok=True)
    name = str(draft).replace("'", "''")  # ATTACH takes no parameters
    with reporting(draft):
        connection.execute(f"ATTACH '{name}' AS compacted")
        connection.execute(f"COPY FROM DATABASE {CATALOG} TO compacted")
        connection.execute("CHECKPOINT compacted")
        connection.execute("DETACH compacted")
    draft.replace(path)


# --- a lake ---------------------------------------------------------------------------------------------------------


def _compact_lake(store: Warehouse, lake: Lake, keep: Retention, now: datetime) -> Compaction:
    """Table by table, each in a turn of its own, so that loads wait for one table at the most."""
    with store.writing() as connection, lake.alone(store.lock_timeout):
        before = _size(connection)
        _flush(connection)
        tables = connection.execute(query("lake_tables"), [CATALOG]).fetchall()
        expired = len(
            connection.execute(
                "CALL ducklake_expire_snapshots($1, older_than => $2)", [CATALOG, now - keep.snapshots]
            ).fetchall()
        )
    for schema, table in tables:
        with store.writing() as connection, lake.alone(store.lock_timeout):
            named = {"lake": CATALOG, "schema": schema, "table": table}
            connection.execute(
                "CALL ducklake_rewrite_data_files($lake, $table, schema => $schema, delete_threshold => $deleted)",
                named | {"deleted": DELETED},
            )
            connection.execute("CALL ducklake_merge_adjacent_files($lake, $table, schema => $schema)", named)
    with store.writing() as connection, lake.alone(store.lock_timeout):
        # only what became unneeded a day ago: until then a reader may be reading it
        connection.execute("CALL ducklake_cleanup_old_files($1, older_than => $2)", [CATALOG, now - FRESH])
        return Compaction(before, _size(connection), expired)


_ALTERED = "SELECT count(*) > count(DISTINCT table_id) FROM __ducklake_metadata_newsmill.ducklake_inlined_data_tables"
"""Whether tables were altered: for rows that lie in the catalog, it has one table for each form of theirs."""


def _flush(connection: Connection) -> None:
    """Write the rows that lie in the catalog, where DuckLake keeps what is added few by few, into files.

    It drops what they lay in where that has a former form of their table. Processes that remember the schema would
    still look there, and DuckDB abort them: so the schema gets another version, and they read it anew.
    """
    with transaction(connection):
        if connection.execute(_ALTERED).fetchall() == [(True,)]:
            connection.execute("CREATE OR REPLACE VIEW ops.flushed AS SELECT 1")
        connection.execute("CALL ducklake_flush_inlined_data($1)", [CATALOG])
    connection.execute("DROP VIEW IF EXISTS ops.flushed")  # another version, and a killed one's


def _size(connection: Connection) -> Size:
    return Size(*connection.execute(query("lake_size"), [CATALOG]).fetchall()[0])


# --- files that nothing names ---------------------------------------------------------------------------------------


def remove_orphans(store: Warehouse, images: Path, landing: Path, now: datetime) -> Size:
    """Remove image files that no row names, and drafts that a killed process left in the image store and the landing
    zone. Documents in the landing zone are never removed, nor are images that are older than the warehouse: one that
    was made anew doesn't know the files of those whose origin is gone since."""
    with store.reading() as connection:
        named = {path for (path,) in connection.execute(query("image_paths")).fetchall()}
        ((made_at,),) = connection.execute(query("made_at")).fetchall()
    before = (now - FRESH).timestamp()
    files = bytes_ = 0
    for path in _removable(images, landing, named):
        try:
            found = path.stat()
            since = 0.0 if _is_draft(path) else made_at.timestamp()
            if since <= found.st_mtime < before:
                path.unlink()
                files, bytes_ = files + 1, bytes_ + found.st_size
        except FileNotFoundError:
            continue  # another process was faster
    return Size(files, bytes_)


def _removable(images: Path, landing: Path, named: Collection[str]) -> Iterator[Path]:
    """Images that nothing names, and drafts (warehouse/landing.py)."""
    for path in images.rglob("*"):
        if path.is_file() and (_is_draft(path) or path.relative_to(images).as_posix() not in named):
            yield path
    for folder in ("blobs", "packs", "pending", "loaded"):
        yield from (path for path in (landing / folder).rglob(".*.tmp") if path.is_file())


def _is_draft(path: Path) -> bool:
    return path.name.startswith(".") and path.suffix == ".tmp"
