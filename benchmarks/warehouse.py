"""The time of loading, publishing, the marts and search as the warehouse grows.

    python -m benchmarks.warehouse [--articles 1000 10000 100000 1000000] [--folder FOLDER] [--lakes]

The articles are synthetic (synthetic.py): up to 100,000 texts, which are used again, rotated, for more articles. FOLDER
keeps the generated files for the next run. Each measurement gives wall-clock seconds and CPU seconds; the latter are
more reliable on a busy machine.

With --lakes, a file is compared with two lakes (catalogs in SQLite and in PostgreSQL, data in folders): loads, the
marts queried in the warehouse itself, compaction. PostgreSQL's own CPU time is left out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from benchmarks.lake import KEEP
from benchmarks.synthetic import chunks, make
from tests.stores import PASSWORD, postgres_server
from warehouse.digest import digest
from warehouse.load.batch import load
from warehouse.publish.copy import Published, publish
from warehouse.records import Article, Document, Entry, Milled
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Bucket, lake_at
from warehouse.store.maintenance import compact
from warehouse.store.transactions import Connection

TEXTS = 100_000
LOADED = 1_000
"""Articles in the batch whose load is measured."""
QUERIES = 40
ONLY_IDS = "SELECT article_id, score FROM search($1)"
MARTS = (
    "marts.latest_articles LIMIT 100",
    "marts.daily_volume LIMIT 100",
    "marts.hourly_volume LIMIT 100",
    "marts.article_revisions LIMIT 100",
    "marts.image_coverage",
    "marts.feed_health",
    "marts.publication_lag",
    "marts.coverage_gaps",
    "marts.authors LIMIT 100",
    "marts.categories LIMIT 100",
    "marts.outbound_links LIMIT 100",
    "marts.syndication LIMIT 100",
    "articles_as_of('2026-06-01 00:00:00+00') LIMIT 100",
    "term_trend('ceda', 'week')",
)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.3f} s (CPU {self.cpu:.3f})"


def measure_time(work: Callable[..., Any], *arguments: object) -> tuple[Timing, Any]:
    started, cpu_started = time.perf_counter(), time.process_time()
    result = work(*arguments)
    return Timing(time.perf_counter() - started, time.process_time() - cpu_started), result


def text_file(folder: Path, count: int) -> Path:
    """The path of a DuckDB file with that many synthetic texts; created unless it exists."""
    path = folder / f"texts-{count}.duckdb"
    if not path.exists():
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with duckdb.connect(str(draft)) as connection:
            for first, last in chunks(count):
                make(connection, last, first)
                connection.execute("CREATE TABLE IF NOT EXISTS texts AS FROM synthetic LIMIT 0")
                connection.execute("INSERT INTO texts FROM synthetic")
        draft.replace(path)
    return path


def filled_warehouse(folder: Path, articles: int) -> Warehouse:
    """A warehouse with that many articles; created unless it exists."""
    store = Warehouse(folder / f"newsmill-{articles}.duckdb")
    if store.path.exists():
        return store
    draft = Warehouse(store.path.with_suffix(".draft"))
    draft.path.unlink(missing_ok=True)
    fill(draft, folder, articles)
    draft.path.replace(store.path)
    return store


def fill(store: Warehouse, folder: Path, articles: int) -> None:
    source = text_file(folder, min(articles, TEXTS))
    sql = Path(__file__).with_name("synthetic_warehouse.sql").read_text("utf-8")
    with store.writing() as connection:
        connection.execute(f"ATTACH '{source}' AS synthetic (READ_ONLY)")
        for first, last in chunks(articles):
            for statement in duckdb.extract_statements(sql):
                parameters = {"first": first, "last": last} if statement.named_parameters else None
                connection.execute(statement, parameters)
        connection.execute(
            "INSERT INTO ops.feeds BY NAME SELECT DISTINCT feed_id, feed_id AS name, 'https://' || feed_id AS url, "
            "0 AS consecutive_failures, max(last_seen_at) AS last_success_at FROM clean.articles GROUP BY feed_id"
        )


def batch(folder: Path, mark: str, moment: datetime) -> list[Milled]:
    """A batch of new articles, in documents of twenty like those in the warehouse; `mark` makes their ids unique."""
    with duckdb.connect(str(text_file(folder, LOADED)), read_only=True) as connection:
        rows = connection.execute(
            "SELECT feed_id, title, content_text, content_html, summary, word_count, language, url "
            "FROM texts ORDER BY i"
        ).fetchall()
    milled = []
    for begin in range(0, LOADED, 20):
        document_id = digest(mark, str(begin))
        feed_id = rows[begin][0]
        entries, articles = [], []
        for position, (_, title, text, html, summary, words, language, url) in enumerate(rows[begin : begin + 20]):
            address = f"{url}/{mark}"
            entry_id = digest(mark, address)
            shared: dict[str, Any] = {
                "entry_id": entry_id,
                "feed_id": feed_id,
                "guid": address,
                "title": title,
                "author": None,
                "published_at": moment,
                "updated_at": None,
                "language": language,
                "categories": ("tag",),
                "content_html": html,
            }
            entries.append(
                Entry(
                    **shared,
                    document_id=document_id,
                    position=position,
                    link=address,
                    content_type="text/html",
                    summary_html="",
                    base_url="",
                    enclosures=(),
                    parsed="{}",
                )
            )
            articles.append(
                Article(
                    **shared,
                    keys=(f"url:{address}", f"guid:{feed_id}:{address}"),
                    url=address,
                    canonical_url=address,
                    summary=summary,
                    content_text=text,
                    word_count=words,
                    images=(),
                    content_hash=digest(title, text, mark),
                )
            )
        document = Document(document_id, feed_id, feed_id, feed_id, moment, 200, {}, 100_000, f"{document_id}.zst")
        milled.append(Milled(document, tuple(entries), tuple(articles)))
    return milled


def time_loads(store: Warehouse, folder: Path, rounds: int = 3) -> Iterator[Timing]:
    """Time loads of new articles; each opens the warehouse anew, as a run does."""
    for number in range(rounds):
        mark = f"{time.time_ns()}-{number}"
        articles = batch(folder, mark, datetime.now(UTC) + timedelta(seconds=number))

        def work(articles: list[Milled] = articles, mark: str = mark) -> None:
            with store.writing() as connection:
                assert load(connection, articles, run_id=mark).new == LOADED

        yield measure_time(work)[0]


def rows(copy: Connection, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    return copy.execute(sql, parameters).fetchall()


def time_marts(copy: Connection) -> Iterator[tuple[str, Timing]]:
    for mart in MARTS:
        rows(copy, f"FROM {mart}")
        yield mart, measure_time(rows, copy, f"FROM {mart}")[0]


def time_searches(copy: Connection) -> tuple[list[Timing], list[Timing]]:
    """Time searches for two terms each, taken from random articles, so that they are as frequent as in real texts.

    Returns the timings with all columns, and with ids and scores only.
    """
    texts = copy.execute(
        "SELECT content_text FROM clean.articles WHERE word_count > 100 "
        f"USING SAMPLE reservoir({QUERIES} ROWS) REPEATABLE (1)"
    ).fetchall()
    all_columns, ids_only = [], []
    for (text,) in texts:
        words = text.replace(",", "").replace(".", "").split(" ")
        query = f"{words[20]} {words[40]}" if len(words) > 50 else f"{text[24:26]} {text[48:50]}"
        all_columns.append(measure_time(rows, copy, "FROM search($1)", query)[0])
        ids_only.append(measure_time(rows, copy, ONLY_IDS, query)[0])
    return all_columns, ids_only


def median_timing(timings: list[Timing]) -> Timing:
    return Timing(median(timing.wall for timing in timings), median(timing.cpu for timing in timings))


def ninth_decile(timings: list[Timing]) -> Timing:
    """Nine of ten timings are below this."""
    index = int(0.9 * len(timings))
    return Timing(sorted(timing.wall for timing in timings)[index], sorted(timing.cpu for timing in timings)[index])


def time_publish(store: Warehouse, target: Path) -> tuple[Timing, Published]:
    return measure_time(publish, store, target)


@contextmanager
def folder_or_temporary(folder: Path | None) -> Iterator[Path]:
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    else:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)


def report(name: str, value: object) -> None:
    print(f"  {name:<44} {value}", flush=True)


def measure(folder: Path, articles: int) -> None:
    print(f"{articles:,} articles", flush=True)
    store = filled_warehouse(folder, articles)
    report("warehouse", f"{store.path.stat().st_size / 1e6:,.0f} MB")
    timing = median_timing(list(time_loads(store, folder)))
    report(f"load of {LOADED:,} new articles", f"{timing}; {1000 * timing.cpu / LOADED:.2f} ms CPU an article")
    target = folder / f"news-{articles}.duckdb"
    target.unlink(missing_ok=True)
    for name in ("publish, all", "publish, nothing new"):
        timing, done = time_publish(store, target)
        report(name, f"{timing}; {json.dumps(done.as_dict() | {'path': done.path.name})}")
    list(time_loads(store, folder, rounds=1))
    timing, done = time_publish(store, target)
    report(f"publish, {LOADED:,} new articles", f"{timing}; {json.dumps(done.as_dict() | {'path': done.path.name})}")
    with duckdb.connect(str(target), read_only=True) as copy:
        time_searches(copy)  # fills the caches
        all_columns, ids_only = time_searches(copy)
        report("search, two terms, median", median_timing(all_columns))
        report("search, two terms, 90 %", ninth_decile(all_columns))
        report("search, ids only, median", median_timing(ids_only))
        size = copy.execute("SELECT count(*) FROM search.postings").fetchone()
        report("search, postings", f"{size[0]:,}" if size else "")
        for mart, timing in time_marts(copy):
            report(mart, timing)


def compare(folder: Path, articles: int) -> None:
    """Measure the same articles in a file and in lakes, in the warehouse itself instead of a published copy."""
    with postgres_server() as postgres:
        print(f"{articles:,} articles, file", flush=True)
        measure_store(filled_warehouse(folder, articles), folder)
        for kind in ("sqlite", "postgres"):
            with tempfile.TemporaryDirectory(dir=folder) as name:
                catalog = f"{name}/catalog" if kind == "sqlite" else postgres.conninfo()
                lake = lake_at(f"ducklake:{kind}:{catalog}", data=f"{name}/data", bucket=Bucket(), password=PASSWORD)
                print(f"{articles:,} articles, lake in {kind}", flush=True)
                report("filling", measure_time(fill, Warehouse(lake), folder, articles)[0])
                measure_store(Warehouse(lake), folder)


def measure_store(store: Warehouse, folder: Path) -> None:
    timing, done = measure_time(compact, store, KEEP, datetime.now(UTC) + timedelta(days=300))
    report("compaction", f"{timing}; {done.after.files:,} files, {done.after.bytes / 1e6:,.0f} MB")
    report(f"load of {LOADED:,} new articles", median_timing(list(time_loads(store, folder, 5))))
    report("opening", measure_time(open_warehouse, store)[0])
    with store.reading() as connection:
        for mart, timing in time_marts(connection):
            report(mart, timing)


def open_warehouse(store: Warehouse) -> None:
    with store.reading():
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--lakes", action="store_true", help="compare a file with lakes")
    options = parser.parse_args()
    with folder_or_temporary(options.folder) as folder:
        for articles in options.articles:
            (compare if options.lakes else measure)(folder, articles)


if __name__ == "__main__":
    main()
