"""Made-up articles, as many as are wanted, for what has to be measured at size.

Languages and lengths are those of the 3,562 articles in ../shared/corpus: two thirds are English with 257 words in the
median and 576 in the mean, a third Chinese with 170 and 1,270 characters. Words have Zipf's frequencies; an English
article holds about 240 different terms and a Chinese one 830, where the corpus has 280 and 960.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

CHUNK = 20_000


def make(connection: duckdb.DuckDBPyConnection, last: int, first: int = 0) -> None:
    """The articles from number `first` to `last`, without it, as the temporary table `made`."""
    for statement in duckdb.extract_statements(Path(__file__).with_suffix(".sql").read_text("utf-8")):
        parameters = {"first": first, "last": last} if statement.named_parameters else None
        connection.execute(statement, parameters)


def chunks(articles: int) -> Iterator[tuple[int, int]]:
    """(first, last): bounds the memory."""
    for first in range(0, articles, CHUNK):
        yield first, min(articles, first + CHUNK)
