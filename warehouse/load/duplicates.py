"""Near duplicates: which articles tell one story, and which of them came first.

What is found depends on the articles alone, not on the order in which they were loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import pyarrow as pa

from warehouse.store.connection import Warehouse
from warehouse.store.sql_files import query
from warehouse.store.staging import apply, fetch, insert, staged
from warehouse.store.transactions import Connection, transact

SIMILAR = 0.6
"""Jaccard similarity from which two articles tell one story; benchmarks/duplicates.py measures it."""
KEPT = 0.4
"""From which a pair is kept in clean.similar_articles."""
APART = timedelta(days=14)
"""What was published further apart is no copy."""
CHUNK = 1_000
"""Articles in a transaction."""


Reading = TypeVar("Reading")


@dataclass(frozen=True, slots=True)
class Measure(Generic[Reading]):
    """How articles are compared, by title and text; see tasks.clean.similarity."""

    method: str
    """Its name and version. What was signed by another is signed and compared anew, and never compared with this."""
    bands: Callable[[str, str], Sequence[int]]
    """None for an article that tells too little, two for a short one, more for others; queries/stories.sql counts."""
    read: Callable[[str, str], Reading]
    similarity: Callable[[Reading, Reading], float]


def mark_duplicates(store: Warehouse, measure: Measure[Any]) -> int:
    """Bring clean.similar_articles and duplicate_of up to date with the articles; returns how many are duplicates.

    Each chunk is a transaction: killed, the next time goes on there.
    """
    while True:
        with store.writing() as connection:
            if not transact(connection, lambda: _compare(connection, measure)):
                return transact(connection, lambda: _mark(connection))


def _compare(connection: Connection, measure: Measure[Any]) -> int:
    """Sign and compare some of the articles that are new or changed; returns how many."""
    parameters = {"method": measure.method, "most": CHUNK}
    fresh = connection.execute(query("unsigned_articles"), parameters).fetchall()
    if not fresh:
        return 0
    ids = [article_id for article_id, *_ in fresh]
    apply(connection, "delete_signatures", ids)
    signatures: list[dict[str, Any]] = [
        {
            "article_id": article_id,
            "content_hash": content_hash,
            "method": measure.method,
            "bands": measure.bands(title, text),
        }
        for article_id, content_hash, title, text in fresh
    ]
    insert(connection, "ops.article_signatures", signatures)
    pairs = [(row["article_id"], row["other_id"]) for row in fetch(connection, "candidates", ids)]
    involved = {article_id for pair in pairs for article_id in pair}
    readings = {
        row["article_id"]: measure.read(row["title"], row["content_text"])
        for row in fetch(connection, "texts_by_article", involved)
    }
    alike: list[dict[str, Any]] = []
    for article_id, other_id in pairs:
        similarity = measure.similarity(readings[article_id], readings[other_id])
        if similarity >= KEPT:
            alike.append({"article_id": article_id, "other_id": other_id, "similarity": similarity})
    insert(connection, "clean.similar_articles", alike)
    return len(fresh)


def _mark(connection: Connection) -> int:
    """Set duplicate_of of every article."""
    parameters = {"similarity": SIMILAR, "seconds": APART.total_seconds()}
    first = first_of_each(connection.execute(query("stories"), parameters).fetchall())
    table = pa.table(
        {
            "article_id": pa.array(list(first), pa.string()),
            "first_id": pa.array(list(first.values()), pa.string()),
        }
    )
    with staged(connection, "stage_duplicates", table):
        connection.execute(query("mark_duplicates"))
    return len(first)


def first_of_each(pairs: Iterable[tuple[str, str, datetime, datetime]]) -> dict[str, str]:
    """article_id → the first article of its story, for all that aren't it themselves.

    `pairs` are (article_id, other_id, when that was published, when the other was). A story is what pairs connect.
    """
    above: dict[str, str] = {}
    moments: dict[str, datetime] = {}

    def root(article_id: str) -> str:
        while (parent := above.get(article_id, article_id)) != article_id:
            above[article_id] = above.get(parent, parent)
            article_id = parent
        return article_id

    for one, other, moment, other_moment in pairs:
        moments[one], moments[other] = moment, other_moment
        first, second = sorted((root(one), root(other)), key=lambda each: (moments[each], each))
        above[second] = first
    return {article_id: first for article_id in moments if (first := root(article_id)) != article_id}
