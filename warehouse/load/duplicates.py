"""Near duplicates: which articles tell the same story, and which of them came first.

The result depends on the articles alone, not on the order in which they were loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import pyarrow as pa

from warehouse.store.connection import Warehouse
from warehouse.store.sql_files import query
from warehouse.store.staging import fetch_by_ids, insert_rows, run_with_ids, stage
from warehouse.store.transactions import Connection, transact

SIMILAR = 0.6
"""Jaccard similarity from which two articles tell the same story; benchmarks/duplicates.py measures it."""
SAME = 0.95
"""Similarity from which one feed's text under another title is boilerplate, and no report told again."""
STORED_FROM = 0.4
"""Similarity from which a pair is stored in clean.similar_articles."""
MAX_DISTANCE = timedelta(days=14)
"""Articles published further apart are not copies."""
CHUNK = 1_000
"""Articles per transaction."""

Features = TypeVar("Features")
"""What the measure compares of an article."""


@dataclass(frozen=True, slots=True)
class Measure(Generic[Features]):
    """How articles are compared, by title and text; see tasks.clean.similarity."""

    method: str
    """Its name and version. Signatures of other methods are made anew and never compared with this one's."""
    bands: Callable[[str, str], Sequence[int]]
    """None for an article that says too little, two for a short one, more for others; queries/stories.sql counts."""
    features: Callable[[str, str], Features]
    similarity: Callable[[Features, Features], float]


def mark_duplicates(store: Warehouse, measure: Measure[Any]) -> int:
    """Bring clean.similar_articles and duplicate_of up to date with the articles; returns how many are duplicates.

    Each chunk is a transaction, so that the next call goes on where a killed one stopped.
    """
    while True:
        with store.writing() as connection:
            if not transact(connection, lambda: _compare(connection, measure)):
                return transact(connection, lambda: _mark(connection))


def _compare(connection: Connection, measure: Measure[Any]) -> int:
    """Sign and compare up to CHUNK new or changed articles; returns how many."""
    parameters = {"method": measure.method, "most": CHUNK}
    unsigned = connection.execute(query("unsigned_articles"), parameters).fetchall()
    if not unsigned:
        return 0
    ids = [article_id for article_id, *_ in unsigned]
    run_with_ids(connection, "delete_signatures", ids)
    signatures: list[dict[str, Any]] = [
        {
            "article_id": article_id,
            "content_hash": content_hash,
            "method": measure.method,
            "bands": measure.bands(title, text),
        }
        for article_id, content_hash, title, text in unsigned
    ]
    insert_rows(connection, "ops.article_signatures", signatures)
    pairs = [(row["article_id"], row["other_id"]) for row in fetch_by_ids(connection, "candidates", ids)]
    involved = {article_id for pair in pairs for article_id in pair}
    features = {
        row["article_id"]: measure.features(row["title"], row["content_text"])
        for row in fetch_by_ids(connection, "texts_by_article", involved)
    }
    similar: list[dict[str, Any]] = []
    for article_id, other_id in pairs:
        similarity = measure.similarity(features[article_id], features[other_id])
        if similarity >= STORED_FROM:
            similar.append({"article_id": article_id, "other_id": other_id, "similarity": similarity})
    insert_rows(connection, "clean.similar_articles", similar)
    return len(unsigned)


def _mark(connection: Connection) -> int:
    """Set duplicate_of of every article."""
    parameters = {"similarity": SIMILAR, "same": SAME, "seconds": MAX_DISTANCE.total_seconds()}
    first_ids = find_first_articles(connection.execute(query("stories"), parameters).fetchall())
    table = pa.table(
        {
            "article_id": pa.array(list(first_ids), pa.string()),
            "first_id": pa.array(list(first_ids.values()), pa.string()),
        }
    )
    with stage(connection, "stage_duplicates", table):
        connection.execute(query("mark_duplicates"))
    return len(first_ids)


def find_first_articles(pairs: Iterable[tuple[str, str, datetime, datetime]]) -> dict[str, str]:
    """article_id → the first article of its story, for all articles but those.

    `pairs` are (article_id, other_id, time of the article, time of the other). Pairs that share an article belong to
    one story: this is a union-find, in which the root of each tree is its earliest article.
    """
    parents: dict[str, str] = {}
    times: dict[str, datetime] = {}

    def root(article_id: str) -> str:
        while (parent := parents.get(article_id, article_id)) != article_id:
            parents[article_id] = parents.get(parent, parent)
            article_id = parent
        return article_id

    for article_id, other_id, time, other_time in pairs:
        times[article_id], times[other_id] = time, other_time
        first, second = sorted((root(article_id), root(other_id)), key=lambda root_id: (times[root_id], root_id))
        parents[second] = first
    return {article_id: first for article_id in times if (first := root(article_id)) != article_id}
