"""The search index of the published copy: carried over from the last copy, and brought up to date.

It needs no extension and no Python to be searched (see warehouse/search/*.sql), and none to be made: documents and
queries become terms by the same macros. Postings lie in the order of their terms, so that a query reads only where its
own lie; what was indexed since lies in an order of its own, `search.recent`, which is small and written anew each time.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb

from warehouse.store.sql_files import query
from warehouse.store.transactions import Connection

SEGMENT = 20_000
"""Articles that become terms in one go: bounds the memory."""
SORTED = 15_000_000
"""Postings that are put into order in one go: the same."""
RECENT = 2_000_000
"""Postings up to which search.recent may always grow: writing it anew takes a second."""
SHARE = 1 / 16
"""The part of search.postings up to which it may grow besides."""

_log = logging.getLogger(__name__)


@cache
def _sql(name: str) -> str:
    return (files("warehouse") / "search" / f"{name}.sql").read_text(encoding="utf-8")


def _digest() -> str:
    return hashlib.sha256((_sql("schema") + _sql("terms") + query("search_add")).encode()).hexdigest()


def build(connection: Connection, last: Path | None, scratch: Path) -> int:
    """Make `search.*` in the connection's current database, whose clean.articles is filled; from the copy at `last`,
    where there is one that has an index of the same making. Returns how many articles were read for it.

    `scratch` is a file that is used meanwhile: postings in no order would leave holes in this one.
    """
    connection.execute(_sql("schema"))
    with _carried_over(connection, last) as carried:
        if not carried:
            connection.execute("INSERT INTO search.made VALUES ($1, 0, 0, 1)", [_digest()])
        with _fresh(connection, scratch):
            count = _read(connection)
            held = ["fresh.postings", *(f"last.search.{table}" for table in ("postings", "recent") if carried)]
            _put_in_order(connection, held)
    connection.execute("DELETE FROM search.gone")
    find_places(connection)
    connection.execute(_sql("search"))
    return count


def update(connection: Connection, scratch: Path) -> int:
    """Bring `search.*`, which `build` made, up to date with clean.articles. Returns how many articles were read."""
    with _fresh(connection, scratch):
        count = _read(connection)
        if count:
            connection.execute("INSERT INTO fresh.postings FROM search.recent ANTI JOIN search.gone USING (doc)")
            connection.execute("DROP TABLE search.recent")
            connection.execute(_sql("schema"))
            connection.execute("INSERT INTO search.recent FROM fresh.postings ORDER BY term, doc")
    find_places(connection)
    connection.execute(_sql("search"))
    return count


def find_places(connection: Connection) -> None:
    """Note where each article lies: to be done again when a checkpoint has closed the holes that deleted rows left."""
    connection.execute(query("search_places"))


def misplaced(connection: Connection) -> int:
    """Documents whose article doesn't lie where it is said to."""
    return _number(
        connection,
        "SELECT count(*) FROM search.documents d LEFT JOIN clean.articles a ON a.rowid = d.place "
        "WHERE a.article_id IS DISTINCT FROM d.article_id",
    )


def is_due(connection: Connection) -> bool:
    """Whether the index in the connection's current database is none that `update` can work on, or has so much besides
    the common order that it is to be built.
    """
    (catalog,) = connection.execute("SELECT current_database()").fetchone() or ("",)
    if not _is_of_this_making(connection, catalog):
        return True
    settled, recent, gone, documents = (
        _number(connection, f"SELECT count(*) FROM search.{table}")  # noqa: S608
        for table in ("postings", "recent", "gone", "documents")
    )
    return recent > max(RECENT, SHARE * settled) or gone > SHARE * max(documents, SEGMENT)


def _is_of_this_making(connection: Connection, catalog: str) -> bool:
    found = _number(
        connection,
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = $1 AND schema_name = 'search' AND table_name IN "
        "('documents', 'postings', 'recent', 'gone', 'made')",
        [catalog],
    )
    made = f'SELECT digest FROM "{catalog}".search.made'  # noqa: S608
    return found == 5 and connection.execute(made).fetchall() == [(_digest(),)]


@contextmanager
def _carried_over(connection: Connection, last: Path | None) -> Iterator[bool]:
    """The last copy attached as `last` and its documents taken over, or False: then all is made anew, which only takes
    longer.
    """
    if not last or not last.exists():
        yield False
        return
    name = str(last).replace("'", "''")  # ATTACH takes no parameters
    try:
        connection.execute(f"ATTACH '{name}' AS last (READ_ONLY)")
    except duckdb.Error as error:
        _log.warning("%s: the last copy can't be read (%s); the search index is made anew", last, error)
        yield False
        return
    try:
        carried = _is_of_this_making(connection, "last")
        for table in ("documents", "gone", "made") if carried else ():
            connection.execute(f"INSERT INTO search.{table} FROM last.search.{table}")
        yield carried
    finally:
        connection.execute("DETACH last")


@contextmanager
def _fresh(connection: Connection, scratch: Path) -> Iterator[None]:
    """The table fresh.postings in the file `scratch`, and neither afterwards."""
    scratch.unlink(missing_ok=True)
    name = str(scratch).replace("'", "''")
    connection.execute(f"ATTACH '{name}' AS fresh")
    try:
        connection.execute("CREATE TABLE fresh.postings AS FROM search.postings LIMIT 0")
        yield
    finally:
        connection.execute("DETACH fresh")
        scratch.unlink(missing_ok=True)


def _read(connection: Connection) -> int:
    """Note which documents are gone, and bring the terms of articles that are new or were edited into fresh.postings.
    Returns how many those are.
    """
    connection.execute(_sql("terms"))
    connection.execute(query("search_forget"))
    connection.execute(query("search_waiting"))
    first = _number(connection, "SELECT coalesce(min(doc), 0) FROM waiting")
    end = _number(connection, "SELECT coalesce(max(doc), -1) + 1 FROM waiting")
    for begin in range(first, end, SEGMENT):
        for statement in duckdb.extract_statements(query("search_add")):
            connection.execute(statement, {"first": begin, "last": begin + SEGMENT})
    connection.execute("DROP TABLE waiting")
    connection.execute(query("search_size"))
    return max(0, end - first)


def _put_in_order(connection: Connection, held: list[str]) -> None:
    """Everything in these tables into search.postings, a range of terms after the other."""
    total = sum(_number(connection, f"SELECT count(*) FROM {table}") for table in held)  # noqa: S608
    terms = " UNION ALL ".join(f"(SELECT term FROM {table} USING SAMPLE 1% (system))" for table in held)  # noqa: S608
    ranges = total // SORTED + 1
    sample = sorted(term for (term,) in connection.execute(terms).fetchall()) if ranges > 1 else []
    bounds = sorted({sample[len(sample) * place // ranges] for place in range(1, ranges) if sample})
    for low, high in itertools.pairwise([None, *bounds, None]):
        within = [f"term >= '{low}'"] * (low is not None) + [f"term < '{high}'"] * (high is not None)
        rows = " UNION ALL ".join(f"FROM {table} WHERE {' AND '.join(within) or 'true'}" for table in held)
        connection.execute(
            f"INSERT INTO search.postings FROM ({rows}) ANTI JOIN search.gone USING (doc) ORDER BY term, doc"
        )


def _number(connection: Connection, sql: str, parameters: list[object] | None = None) -> int:
    row = connection.execute(sql, parameters).fetchone()
    return int(row[0]) if row else 0
