"""Looking at what newsmill left behind, and waiting for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from warehouse.store.connection import Warehouse
from warehouse.store.lake import Lake, Place


def until(condition: Callable[[], object], what: str, seconds: float = 120.0, every: float = 0.005) -> None:
    """Wait for the condition; fail when it doesn't come true in time. `every` is the pause between two looks."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(every)


def rows(place: Place, sql: str) -> list[tuple[Any, ...]]:
    """The query's rows, from a DuckDB file that nobody writes, or from a lake."""
    if isinstance(place, Lake):
        with Warehouse(place).reading() as connection:
            return connection.execute(sql).fetchall()
    with duckdb.connect(str(place), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
        return found


def tables(path: Path, *schemas: str) -> dict[str, list[str]]:
    """Table → all its rows, as text and in order."""
    names = rows(path, "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL")
    return {
        f"{schema}.{table}": sorted(map(repr, rows(path, f'FROM "{schema}"."{table}"')))
        for schema, table in names
        if schema in schemas
    }


IDENTITIES = {
    "articles": "SELECT article_id, content_hash, version, title, url, published_at FROM clean.articles ORDER BY ALL",
    "versions": "SELECT article_id, version, content_hash, title FROM clean.article_versions ORDER BY ALL",
    "entries": "SELECT entry_id, feed_id, article_id, content_hash FROM raw.entries ORDER BY ALL",
    "keys": "FROM clean.article_keys ORDER BY ALL",
    "images": "SELECT image_id, url, status FROM clean.images ORDER BY ALL",
    "places": "SELECT article_id, position, image_id, caption FROM clean.article_images ORDER BY ALL",
    "documents": "SELECT DISTINCT document_id, feed_id FROM raw.documents ORDER BY ALL",
}


def contents(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """What the warehouse holds, whenever and however often it was fetched."""
    if isinstance(place, Lake):
        with Warehouse(place).reading() as connection:
            return {name: connection.execute(sql).fetchall() for name, sql in IDENTITIES.items()}
    return {name: rows(place, sql) for name, sql in IDENTITIES.items()}
