"""Reading what newsmill wrote, and waiting for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from warehouse.store.connection import Warehouse
from warehouse.store.lake import Lake, Location


def until(condition: Callable[[], object], what: str, seconds: float = 120.0, every: float = 0.005) -> None:
    """Wait for the condition; fail if it isn't true within `seconds`. It is tried `every` so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(every)


def rows(location: Location, sql: str) -> list[tuple[Any, ...]]:
    """The query's rows, from a DuckDB file that no process writes, or from a lake."""
    if isinstance(location, Lake):
        with Warehouse(location).reading() as connection:
            return connection.execute(sql).fetchall()
    with duckdb.connect(str(location), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        result: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
        return result


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


def contents(location: Location) -> dict[str, list[tuple[Any, ...]]]:
    """The warehouse's content without anything that depends on when and how often it was fetched."""
    if isinstance(location, Lake):
        with Warehouse(location).reading() as connection:
            return {name: connection.execute(sql).fetchall() for name, sql in IDENTITIES.items()}
    return {name: rows(location, sql) for name, sql in IDENTITIES.items()}
