"""The search index at size: time to make it, its size, and how long queries take.

    python -m benchmarks.search [--articles 1000000]

The articles are made up, in a database of their own: half are of words with Zipf's frequencies (a vocabulary of
200,000), half of Chinese characters (6,000); 60 to 459 words or 120 to 919 characters each.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import duckdb

from warehouse.search_index import index

# log-uniform ranks are Zipf's law with exponent 1
RANK = "floor(exp(random() * ln({size})))::INTEGER"
WORD = " || ".join(f"chr((97 + (r // {26**place}) % 26)::INTEGER)" for place in range(4))
MAKE = f"""
CREATE SCHEMA clean;
CREATE TABLE clean.articles AS
SELECT
    md5(i::VARCHAR) AS article_id, i::VARCHAR AS content_hash, now() AS first_seen_at, '/' || i AS url,
    'feed-' || i % 300 AS feed_id, now() - to_minutes(i) AS published_at, if(i % 2 = 0, 'en', 'zh') AS language,
    content_text, left(content_text, 40) AS title
FROM (
    SELECT
        i,
        if(
            i % 2 = 0,
            array_to_string(
                list_transform(
                    list_transform(range(60 + i % 400), lambda x: {RANK.format(size=200_000)} + 0 * x),
                    lambda r: {WORD}),
                ' '),
            array_to_string(
                list_transform(
                    range(120 + 2 * (i % 400)),
                    lambda x: chr((19968 + ({RANK.format(size=6_000)} + 0 * x) * 7919 % 6000)::INTEGER)
                        || if(x % 17 = 16, '，', '')),
                '')
        ) AS content_text
    FROM range({{articles}}) numbers(i)
);
"""


def queries(connection: duckdb.DuckDBPyConnection, count: int) -> list[str]:
    """Two terms each, taken from articles, so that they are as frequent as what people read is."""
    asked = []
    for (text,) in connection.execute(
        "SELECT content_text FROM clean.articles USING SAMPLE reservoir(40 ROWS) REPEATABLE (1)"
    ).fetchall():
        words = text.split(" ")
        asked.append(f"{words[20]} {words[40]}" if len(words) > 1 else f"{text[20:22]} {text[60:62]}")
    return asked[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "news.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute(MAKE.format(articles=options.articles))
        before = path.stat().st_size
        with duckdb.connect(str(path)) as connection:
            began = time.perf_counter()
            index(connection, Path(name) / "none")
            made = time.perf_counter() - began
        with duckdb.connect(str(path), read_only=True) as connection:
            times = []
            for asked in queries(connection, 40):
                began = time.perf_counter()
                connection.execute("FROM search($1)", [asked]).fetchall()
                times.append(1000 * (time.perf_counter() - began))
            row = connection.execute("SELECT count(*), sum(len(docs)) FROM search.postings").fetchone()
        times.sort()
        print(f"{options.articles:,} articles, {before / 1e6:,.0f} MB without the index")
        print(f"index made in {made:,.0f} s; {(path.stat().st_size - before) / 1e6:,.0f} MB; rows and postings: {row}")
        print(f"two-term queries: median {median(times):.0f} ms, 90 % under {times[int(0.9 * len(times))]:.0f} ms")


if __name__ == "__main__":
    main()
