"""What newsmill has stored, without what depends on when and how often it ran: two of these can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from tests.conftest import Newsmill
from warehouse.landing import Landing, is_draft
from warehouse.store.connection import Warehouse
from warehouse.store.maintenance import remove_orphans

OF_THE_PAPER = ("published_at", "updated_at")
"""The times that an article states; all others say when newsmill saw it."""
OF_THE_RUN = ("run_id", "headers", "landing_path")
"""Headers have the time; how many documents a pack holds depends on what was left to land."""
COLUMNS = """
SELECT schema_name || '.' || table_name, list(column_name ORDER BY column_index)
FROM duckdb_columns() WHERE schema_name IN ('raw', 'clean') AND NOT internal
  AND (data_type != 'TIMESTAMP WITH TIME ZONE' OR list_contains($1, column_name)) AND NOT list_contains($2, column_name)
GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True)
class State:
    warehouse: Mapping[str, list[str]]
    """Table of raw.* and clean.* → its rows."""
    published: Mapping[str, list[str]]
    files: frozenset[str]

    def differences(self, other: State) -> list[str]:
        """In words, a few for each table."""
        found = []
        for name, ours, theirs in (
            ("warehouse", self.warehouse, other.warehouse),
            ("copy", self.published, other.published),
        ):
            for table in sorted({*ours, *theirs}):
                less, more = set(theirs.get(table, ())), set(ours.get(table, ()))
                found += [f"{name}: {table} lacks {row[:300]}" for row in sorted(less - more)[:3]]
                found += [f"{name}: {table} has besides {row[:300]}" for row in sorted(more - less)[:3]]
                if less == more and len(ours.get(table, ())) != len(theirs.get(table, ())):
                    found.append(f"{name}: {table} has rows twice")
        found += [f"file is missing: {file}" for file in sorted(other.files - self.files)]
        found += [f"file is left over: {file}" for file in sorted(self.files - other.files)]
        return found


def read_state(newsmill: Newsmill, published: Path | None = None) -> State:
    """The state after a run; `published` is the copy's path, if it is elsewhere than usual.

    A draft that a killed process left is removed by `maintain` once it is a day old: here it is removed as if two days
    had passed. Raises AssertionError for what no run may leave.
    """
    landing, images = Landing(newsmill.landing), newsmill.folder / "data" / "images"
    if newsmill.landing.exists():
        assert landing.pending() == [], "documents are still pending"
        assert landing.damaged_pending() == []
        for document in landing.documents():
            landing.read(document)
    store = Warehouse(newsmill.warehouse)
    for path in _files(newsmill.folder):
        if is_draft(path):
            assert path.is_relative_to(newsmill.landing) or path.is_relative_to(images), f"a stray draft: {path}"
    remove_orphans(store, images, newsmill.landing, datetime.now(UTC) + timedelta(days=2))
    with store.reading() as connection:
        tables = _tables(connection)
        for (path,) in connection.execute("SELECT path FROM clean.images WHERE status = 'stored'").fetchall():
            assert (images / path).is_file(), f"a row names an image file that is not there: {path}"
    copied: dict[str, list[str]] = {}
    copy = published or newsmill.published
    if copy.exists():
        with duckdb.connect(str(copy), read_only=True) as connection:
            copied = _tables(connection)
    files = {
        path.relative_to(newsmill.folder).as_posix()
        for path in _files(newsmill.folder)
        # named for a time, or for what was left to land; the file of a lock stays, whoever held it last
        if path.suffix != ".lock"
        and not any(path.is_relative_to(newsmill.landing / folder) for folder in ("loaded", "packs"))
    }
    return State(tables, copied, frozenset(files))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    columns = connection.execute(COLUMNS, [OF_THE_PAPER, OF_THE_RUN]).fetchall()
    result = {}
    for table, names in columns:
        # the same document may be fetched twice
        distinct = "DISTINCT" if table == "raw.documents" else ""
        rows = connection.execute(f"SELECT {distinct} {', '.join(names)} FROM {table} ORDER BY ALL").fetchall()
        result[table] = [str(dict(zip(names, row, strict=True))) for row in rows]
    return result
