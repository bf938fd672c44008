"""Synthetic articles in any number, for measurements that depend on the size of the warehouse.

Languages and lengths are those of the 3,562 articles in ../shared/corpus: two thirds are English, with a median of 257
words and a mean of 576; one third is Chinese, with 170 and 1,270 characters. Word frequencies follow Zipf's law. An
English article has about 240 different terms and a Chinese one 830; in the corpus it is 280 and 960.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

CHUNK = 20_000


def make(connection: duckdb.DuckDBPyConnection, last: int, first: int = 0) -> None:
    """Create the temporary table `synthetic` with the articles from number `first` to `last`, exclusive."""
    for statement in duckdb.extract_statements(Path(__file__).with_suffix(".sql").read_text("utf-8")):
        parameters = {"first": first, "last": last} if statement.named_parameters else None
        connection.execute(statement, parameters)


def chunks(articles: int) -> Iterator[tuple[int, int]]:
    """(first, last) of each chunk: making all articles at once would take too much memory."""
    for first in range(0, articles, CHUNK):
        yield first, min(articles, first + CHUNK)
