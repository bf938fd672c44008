"""The search index of the published copy: carried over from the last copy, and brought up to date.

It needs no extension and no Python to be searched (see warehouse/search/*.sql), and none to be made: documents and
queries become terms by the same macro.
"""

from __future__ import annotations

import hashlib
import logging
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb

from warehouse.connection import Connection, query

SEGMENT = 20_000
"""Articles that are indexed in one go: bounds the memory."""
TIDY = 0.25
"""The share of articles edited since, above which the index is made anew."""
SEGMENTS = 12
"""Parts, each in the order of its terms, above which all are put into one order: it lets a query skip nearly all."""
TABLES = ("documents", "postings", "made")

_log = logging.getLogger(__name__)


@cache
def _sql(name: str) -> str:
    return (files("warehouse") / "search" / f"{name}.sql").read_text(encoding="utf-8")


def _digest() -> str:
    return hashlib.sha256((_sql("schema") + _sql("terms")).encode()).hexdigest()


def index(connection: Connection, last: Path) -> int:
    """Fill `search.*` in the connection's current database, whose clean.articles is filled; from the copy at `last`,
    where that has an index of the same making. Returns how many articles were read for it.
    """
    connection.execute(_sql("schema"))
    connection.execute(_sql("terms"))
    if not _carried_over(connection, last):
        connection.execute("INSERT INTO search.made VALUES ($1, 0, 0)", [_digest()])
    connection.execute(query("search_forget"))
    held = _number(connection, "SELECT count(*) FROM search.documents")
    if _number(connection, "SELECT last FROM search.made") - held > TIDY * held:
        connection.execute(
            "DELETE FROM search.documents; DELETE FROM search.postings; UPDATE search.made SET last = 0, ordered = 0"
        )
    connection.execute(query("search_waiting"))
    first = _number(connection, "SELECT coalesce(min(doc), 0) FROM waiting")
    end = _number(connection, "SELECT coalesce(max(doc), -1) + 1 FROM waiting")
    for begin in range(first, end, SEGMENT):
        connection.execute(query("search_take"), {"first": begin, "last": begin + SEGMENT})
        connection.execute(query("search_add"))
    connection.execute("UPDATE search.made SET last = greatest(last, (SELECT coalesce(max(doc), 0) FROM waiting))")
    connection.execute("DROP TABLE IF EXISTS held")
    connection.execute("DROP TABLE waiting")
    apart = "SELECT count(DISTINCT segment) FROM search.postings, search.made WHERE segment > ordered"
    if _number(connection, apart) > SEGMENTS:
        connection.execute("CREATE TEMP TABLE ordered AS FROM search.postings ORDER BY term, segment")
        connection.execute("DELETE FROM search.postings")
        connection.execute("INSERT INTO search.postings FROM ordered")
        connection.execute("DROP TABLE ordered")
        connection.execute("UPDATE search.made SET ordered = last")
    connection.execute(_sql("search"))
    return max(0, end - first)


def _carried_over(connection: Connection, last: Path) -> bool:
    """Whether the last copy's index could be taken. Where not, all of it is made anew, which only takes longer."""
    if not last.exists():
        return False
    name = str(last).replace("'", "''")  # ATTACH takes no parameters
    try:
        connection.execute(f"ATTACH '{name}' AS last (READ_ONLY)")
    except duckdb.Error as error:
        _log.warning("%s: the last copy can't be read (%s); the search index is made anew", last, error)
        return False
    try:
        found = connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'last' AND schema_name = 'search'"
        ).fetchone()
        if found != (len(TABLES),) or connection.execute("SELECT digest FROM last.search.made").fetchall() != [
            (_digest(),)
        ]:
            return False
        for table in TABLES:
            connection.execute(f"INSERT INTO search.{table} FROM last.search.{table}")
    finally:
        connection.execute("DETACH last")
    return True


def _number(connection: Connection, sql: str, parameters: list[object] | None = None) -> int:
    row = connection.execute(sql, parameters).fetchone()
    return int(row[0]) if row else 0
