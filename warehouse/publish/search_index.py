"""The search index of the published copy: taken from the last copy and brought up to date.

Neither indexing nor searching needs an extension or Python: the same SQL macros (warehouse/search/*.sql) split articles
and queries into terms. `search.postings` is sorted by term, so that a query reads only the part with its terms; newer
postings are in `search.recent`, also sorted, which is small and rewritten each time.
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

from warehouse.store.quoting import identifier, literal
from warehouse.store.sql_files import query
from warehouse.store.transactions import Connection

SEGMENT = 20_000
"""Articles split into terms at once; limits the memory."""
SORTED = 15_000_000
"""Postings sorted at once; limits the memory."""
RECENT = 2_000_000
"""Postings that search.recent may always have: rewriting them takes a second."""
SHARE = 1 / 16
"""It may have more, up to this share of search.postings."""

_log = logging.getLogger(__name__)


@cache
def _sql(name: str) -> str:
    return (files("warehouse") / "search" / f"{name}.sql").read_text(encoding="utf-8")


def _digest() -> str:
    return hashlib.sha256((_sql("schema") + _sql("stems") + _sql("terms") + query("search_add")).encode()).hexdigest()


def build(connection: Connection, last: Path | None, scratch: Path) -> int:
    """Make `search.*` in the connection's current database, whose clean.articles is filled; returns how many articles
    were indexed anew. The rest comes from the copy at `last`, if it has an index made by the same rules.

    `scratch` is a file for unsorted postings, which would leave holes in the database.
    """
    connection.execute(_sql("schema"))
    with _last_index(connection, last) as has_last:
        if not has_last:
            connection.execute("INSERT INTO search.made VALUES ($1, 0, 0, 1)", [_digest()])
        with _scratch_postings(connection, scratch):
            count = _index_articles(connection)
            tables = ["fresh.postings", *(f"last.search.{table}" for table in ("postings", "recent") if has_last)]
            _sort_postings(connection, tables)
    connection.execute("DELETE FROM search.gone")
    store_row_numbers(connection)
    connection.execute(_sql("search"))
    return count


def update(connection: Connection, scratch: Path) -> int:
    """Bring the `search.*` that `build` made up to date with clean.articles; returns how many articles were indexed."""
    with _scratch_postings(connection, scratch):
        count = _index_articles(connection)
        if count:
            connection.execute("INSERT INTO fresh.postings FROM search.recent ANTI JOIN search.gone USING (doc)")
            connection.execute("DROP TABLE search.recent")
            connection.execute(_sql("schema"))
            connection.execute("INSERT INTO search.recent FROM fresh.postings ORDER BY term, doc")
    store_row_numbers(connection)
    connection.execute(_sql("search"))
    return count


def store_row_numbers(connection: Connection) -> None:
    """Store the rowid of each article: after every checkpoint, as that moves rows into the holes of deleted ones."""
    connection.execute(query("search_places"))


def count_misplaced(connection: Connection) -> int:
    """Documents whose stored rowid is not their article's."""
    return _fetch_number(
        connection,
        "SELECT count(*) FROM search.documents d LEFT JOIN clean.articles a ON a.rowid = d.place "
        "WHERE a.article_id IS DISTINCT FROM d.article_id",
    )


def is_rebuild_due(connection: Connection) -> bool:
    """Whether `update` can't work on the index in the connection's current database, or search.recent and search.gone
    are so large that it should be built and sorted anew."""
    (catalog,) = connection.execute("SELECT current_database()").fetchone() or ("",)
    if not _has_current_index(connection, catalog):
        return True
    postings, recent, gone, documents = (
        _fetch_number(connection, f"SELECT count(*) FROM search.{table}")  # noqa: S608
        for table in ("postings", "recent", "gone", "documents")
    )
    return recent > max(RECENT, SHARE * postings) or gone > SHARE * max(documents, SEGMENT)


def _has_current_index(connection: Connection, catalog: str) -> bool:
    tables = _fetch_number(
        connection,
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = $1 AND schema_name = 'search' AND table_name IN "
        "('documents', 'postings', 'recent', 'gone', 'made')",
        [catalog],
    )
    digest = f"SELECT digest FROM {identifier(catalog)}.search.made"  # noqa: S608
    return tables == 5 and connection.execute(digest).fetchall() == [(_digest(),)]


@contextmanager
def _last_index(connection: Connection, last: Path | None) -> Iterator[bool]:
    """Attach the last copy as `last` and copy its documents. False if it has no usable index: then all is made anew,
    which only takes longer."""
    if not last or not last.exists():
        yield False
        return
    try:
        connection.execute(f"ATTACH {literal(last)} AS last (READ_ONLY)")
    except duckdb.Error as error:
        _log.warning("%s: the last copy can't be read (%s); the search index is made anew", last, error)
        yield False
        return
    try:
        is_usable = _has_current_index(connection, "last")
        for table in ("documents", "gone", "made") if is_usable else ():
            connection.execute(f"INSERT INTO search.{table} FROM last.search.{table}")
        yield is_usable
    finally:
        connection.execute("DETACH last")


@contextmanager
def _scratch_postings(connection: Connection, scratch: Path) -> Iterator[None]:
    """The table fresh.postings in the file `scratch`, which is removed afterwards."""
    scratch.unlink(missing_ok=True)
    connection.execute(f"ATTACH {literal(scratch)} AS fresh")
    try:
        connection.execute("CREATE TABLE fresh.postings AS FROM search.postings LIMIT 0")
        yield
    finally:
        connection.execute("DETACH fresh")
        scratch.unlink(missing_ok=True)


def _index_articles(connection: Connection) -> int:
    """Move the documents of deleted and edited articles to search.gone, and write the terms of new and edited ones into
    fresh.postings; returns how many articles those are."""
    connection.execute(_sql("stems"))
    connection.execute(_sql("terms"))
    connection.execute(query("search_forget"))
    connection.execute(query("search_waiting"))
    first = _fetch_number(connection, "SELECT coalesce(min(doc), 0) FROM waiting")
    end = _fetch_number(connection, "SELECT coalesce(max(doc), -1) + 1 FROM waiting")
    for begin in range(first, end, SEGMENT):
        for statement in duckdb.extract_statements(query("search_add")):
            connection.execute(statement, {"first": begin, "last": begin + SEGMENT})
    connection.execute("DROP TABLE waiting")
    connection.execute(query("search_size"))
    return max(0, end - first)


def _sort_postings(connection: Connection, tables: list[str]) -> None:
    """Insert the tables' postings into search.postings, sorted, one range of terms after the other."""
    total = sum(_fetch_number(connection, f"SELECT count(*) FROM {table}") for table in tables)  # noqa: S608
    terms = " UNION ALL ".join(f"(SELECT term FROM {table} USING SAMPLE 1% (system))" for table in tables)  # noqa: S608
    ranges = total // SORTED + 1
    sample = sorted(term for (term,) in connection.execute(terms).fetchall()) if ranges > 1 else []
    bounds = sorted({sample[len(sample) * number // ranges] for number in range(1, ranges) if sample})
    for low, high in itertools.pairwise([None, *bounds, None]):
        conditions = [] if low is None else [f"term >= {literal(low)}"]
        conditions += [] if high is None else [f"term < {literal(high)}"]
        rows = " UNION ALL ".join(f"FROM {table} WHERE {' AND '.join(conditions) or 'true'}" for table in tables)
        connection.execute(
            f"INSERT INTO search.postings FROM ({rows}) ANTI JOIN search.gone USING (doc) ORDER BY term, doc"
        )


def _fetch_number(connection: Connection, sql: str, parameters: list[object] | None = None) -> int:
    row = connection.execute(sql, parameters).fetchone()
    return int(row[0]) if row else 0
