"""The warehouse at size: loading, publishing, the marts and search, as it grows.

    python -m benchmarks.warehouse [--articles 1000 10000 100000 1000000] [--folder FOLDER] [--lakes]

Articles are made up (made.py): 100,000 texts at the most; above that they come again, turned. FOLDER keeps what
was made for the next time. Of everything, seconds on the clock and seconds of CPU, which say more on
a busy machine.

With --lakes, the file and two lakes side by side (catalogs in SQLite and in PostgreSQL, their data in folders): loads,
the marts as the warehouse itself answers them, compaction. PostgreSQL's own CPU time is left out.
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
from benchmarks.made import chunks, make
from tests.stores import PASSWORD, postgres_server
from warehouse.load.batch import load
from warehouse.publish.copy import Published, publish
from warehouse.records import Article, Document, Entry, Milled, digest
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
class Took:
    """Seconds."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.3f} s (CPU {self.cpu:.3f})"


def timed(work: Callable[..., Any], *arguments: object) -> tuple[Took, Any]:
    began, spent = time.perf_counter(), time.process_time()
    result = work(*arguments)
    return Took(time.perf_counter() - began, time.process_time() - spent), result


# --- what is measured on --------------------------------------------------------------------------------------------


def texts(folder: Path, count: int) -> Path:
    """A file with that many texts."""
    path = folder / f"texts-{count}.duckdb"
    if not path.exists():
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with duckdb.connect(str(draft)) as connection:
            for first, last in chunks(count):
                make(connection, last, first)
                connection.execute("CREATE TABLE IF NOT EXISTS texts AS FROM made LIMIT 0; INSERT INTO texts FROM made")
        draft.replace(path)
    return path


def filled(folder: Path, articles: int) -> Warehouse:
    """A warehouse with that many articles."""
    store = Warehouse(folder / f"newsmill-{articles}.duckdb")
    if store.path.exists():
        return store
    draft = Warehouse(store.path.with_suffix(".draft"))
    draft.path.unlink(missing_ok=True)
    fill(draft, folder, articles)
    draft.path.replace(store.path)
    return store


def fill(store: Warehouse, folder: Path, articles: int) -> None:
    source = texts(folder, min(articles, TEXTS))
    sql = Path(__file__).with_name("made_warehouse.sql").read_text("utf-8")
    with store.writing() as connection:
        connection.execute(f"ATTACH '{source}' AS made (READ_ONLY)")
        for first, last in chunks(articles):
            for statement in duckdb.extract_statements(sql):
                parameters = {"first": first, "last": last} if statement.named_parameters else None
                connection.execute(statement, parameters)
        connection.execute(
            "INSERT INTO ops.feeds BY NAME SELECT DISTINCT feed_id, feed_id AS name, 'https://' || feed_id AS url, "
            "0 AS consecutive_failures, max(last_seen_at) AS last_success_at FROM clean.articles GROUP BY feed_id"
        )


def batch(folder: Path, mark: str, moment: datetime) -> list[Milled]:
    """A batch of new articles in documents of twenty, like those in the warehouse."""
    with duckdb.connect(str(texts(folder, LOADED)), read_only=True) as connection:
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


# --- what is measured -----------------------------------------------------------------------------------------------


def loads(store: Warehouse, folder: Path, rounds: int = 3) -> Iterator[Took]:
    """Loads of new articles, each in an opening of its own, as a run does it."""
    for number in range(rounds):
        mark = f"{time.time_ns()}-{number}"
        fresh = batch(folder, mark, datetime.now(UTC) + timedelta(seconds=number))

        def work(fresh: list[Milled] = fresh, mark: str = mark) -> None:
            with store.writing() as connection:
                assert load(connection, fresh, run_id=mark).new == LOADED

        yield timed(work)[0]


def rows(copy: Connection, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    return copy.execute(sql, parameters).fetchall()


def marts(copy: Connection) -> Iterator[tuple[str, Took]]:
    for mart in MARTS:
        rows(copy, f"FROM {mart}")
        yield mart, timed(rows, copy, f"FROM {mart}")[0]


def searches(copy: Connection) -> tuple[list[Took], list[Took]]:
    """Queries of two terms each that stand in articles, so that they are as frequent as what people read is: all that
    is shown, and only ids and scores.
    """
    found = copy.execute(
        "SELECT content_text FROM clean.articles WHERE word_count > 100 "
        f"USING SAMPLE reservoir({QUERIES} ROWS) REPEATABLE (1)"
    ).fetchall()
    shown, bare = [], []
    for (text,) in found:
        words = text.replace(",", "").replace(".", "").split(" ")
        asked = f"{words[20]} {words[40]}" if len(words) > 50 else f"{text[24:26]} {text[48:50]}"
        shown.append(timed(rows, copy, "FROM search($1)", asked)[0])
        bare.append(timed(rows, copy, ONLY_IDS, asked)[0])
    return shown, bare


def middle(took: list[Took]) -> Took:
    return Took(median(each.wall for each in took), median(each.cpu for each in took))


def late(took: list[Took]) -> Took:
    """What nine of ten stay below."""
    place = int(0.9 * len(took))
    return Took(sorted(each.wall for each in took)[place], sorted(each.cpu for each in took)[place])


def published(store: Warehouse, target: Path) -> tuple[Took, Published]:
    return timed(publish, store, target)


@contextmanager
def kept(folder: Path | None) -> Iterator[Path]:
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    else:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)


def say(name: str, value: object) -> None:
    print(f"  {name:<44} {value}", flush=True)


def measure(folder: Path, articles: int) -> None:
    print(f"{articles:,} articles", flush=True)
    store = filled(folder, articles)
    say("warehouse", f"{store.path.stat().st_size / 1e6:,.0f} MB")
    took = middle(list(loads(store, folder)))
    say(f"load of {LOADED:,} new articles", f"{took}; {1000 * took.cpu / LOADED:.2f} ms CPU an article")
    target = folder / f"news-{articles}.duckdb"
    target.unlink(missing_ok=True)
    for name in ("publish, all", "publish, nothing new"):
        took, done = published(store, target)
        say(name, f"{took}; {json.dumps(done.as_dict() | {'path': done.path.name})}")
    list(loads(store, folder, 1))
    took, done = published(store, target)
    say(f"publish, {LOADED:,} new articles", f"{took}; {json.dumps(done.as_dict() | {'path': done.path.name})}")
    with duckdb.connect(str(target), read_only=True) as copy:
        shown, bare = searches(copy)
        shown, bare = searches(copy)
        say("search, two terms, median", middle(shown))
        say("search, two terms, 90 %", late(shown))
        say("search, ids only, median", middle(bare))
        size = copy.execute("SELECT count(*) FROM search.postings").fetchone()
        say("search, postings", f"{size[0]:,}" if size else "")
        for mart, took in marts(copy):
            say(mart, took)


def sides(folder: Path, articles: int) -> None:
    """The same articles in a file and in lakes; what is asked is asked of the warehouse itself, not of a copy."""
    with postgres_server() as postgres:
        print(f"{articles:,} articles, file", flush=True)
        side(filled(folder, articles), folder)
        for kind in ("sqlite", "postgres"):
            with tempfile.TemporaryDirectory(dir=folder) as name:
                catalog = f"{name}/catalog" if kind == "sqlite" else postgres.conninfo()
                lake = lake_at(f"ducklake:{kind}:{catalog}", data=f"{name}/data", bucket=Bucket(), password=PASSWORD)
                print(f"{articles:,} articles, lake in {kind}", flush=True)
                say("filled", timed(fill, Warehouse(lake), folder, articles)[0])
                side(Warehouse(lake), folder)


def side(store: Warehouse, folder: Path) -> None:
    took, done = timed(compact, store, KEEP, datetime.now(UTC) + timedelta(days=300))
    say("compaction", f"{took}; {done.after.files:,} files, {done.after.bytes / 1e6:,.0f} MB")
    say(f"load of {LOADED:,} new articles", middle(list(loads(store, folder, 5))))
    say("opened", timed(opened, store)[0])
    with store.reading() as connection:
        for mart, took in marts(connection):
            say(mart, took)


def opened(store: Warehouse) -> None:
    with store.reading():
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--lakes", action="store_true", help="a file and lakes side by side")
    options = parser.parse_args()
    with kept(options.folder) as folder:
        for articles in options.articles:
            (sides if options.lakes else measure)(folder, articles)


if __name__ == "__main__":
    main()
