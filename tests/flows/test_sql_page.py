"""The queries of docs/sql.md find something on the sample site, in Python and in DuckDB's command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.clean.similarity import MEASURE
from tests.conftest import TIMEOUT, Newsmill
from tests.places import ROOT
from tests.sites.article import Article
from tests.sites.article import load as articles_of
from tests.sites.sample import SampleSite
from tests.tasks.making import Item, milled
from warehouse.load.batch import load
from warehouse.load.duplicates import mark_duplicates
from warehouse.publish.copy import publish
from warehouse.publish.mart_files import mart_files
from warehouse.records import Feed
from warehouse.store.connection import Warehouse

PAGE = ROOT / "docs" / "sql.md"
PROGRAM = Path(sys.executable).with_name("duckdb")
Ask = Callable[[str], list[dict[str, Any]]]

MACROS = ["search", *(name for name, mart in mart_files().items() if mart.is_macro)]
READS = re.compile(rf"\bmarts\.\w+|\b(?:{'|'.join(MACROS)})(?=\()")


@dataclass(frozen=True)
class Query:
    """A query of the page, and the heading above it."""

    heading: str
    sql: str

    @property
    def reads(self) -> frozenset[str]:
        """The marts and table macros it names."""
        return frozenset(READS.findall(self.sql))

    @property
    def name(self) -> str:
        return f"{self.heading}: {', '.join(sorted(self.reads))}"


def queries() -> list[Query]:
    page_queries, heading = [], ""
    for match in re.finditer(r"^#+ ([^\n]+)$|^```sql\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S):
        if match[1]:
            heading = match[1]
        else:
            page_queries.append(Query(heading, match[2]))
    return page_queries


QUERIES = queries()
EMPTY_EXAMPLES = {mart.example for mart in mart_files().values() if mart.empty_in_demo}
NOTHING = {query.name for query in QUERIES if query.sql.strip() in EMPTY_EXAMPLES}
"""Queries that find nothing on the sample site; the heads of their marts' files say why."""


def by_name(query: Query) -> str:
    return query.name


@dataclass(frozen=True)
class Sample:
    """The published copy after both editions of the sample site."""

    copy: Path
    first: tuple[Article, ...]
    second: tuple[Article, ...]
    between: datetime
    """A moment after the first was ingested, and before the second was."""


@pytest.fixture(scope="module")
def sample(newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory) -> Sample:
    newsmill = newsmill_in(tmp_path_factory.mktemp("sample"))
    with SampleSite() as site:
        newsmill.registry(site.feeds_toml())
        newsmill.facts("ingest")
        first, between = site.articles, datetime.now(UTC)
        site.edit()
        assert newsmill.facts("ingest", "--force")["published"]["kind"] != "unchanged"
        return Sample(newsmill.published, first, site.articles, between)


@pytest.fixture(scope="module")
def news(sample: Sample) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample.copy), read_only=True) as opened:
        yield opened


def titles(articles: tuple[Article, ...]) -> set[str]:
    """Of the site's own articles; an entry that only links to one of them is not an article of its own."""
    return {article.title for article in articles if article.has_page}


@pytest.mark.parametrize("query", [query for query in QUERIES if query.name not in NOTHING], ids=by_name)
def test_it_shows_something(news: duckdb.DuckDBPyConnection, query: Query) -> None:
    query_rows = news.execute(query.sql).fetchall()
    assert query_rows
    for name, *values in zip((column[0] for column in news.description or ()), *query_rows, strict=True):
        numbers = [value for value in values if isinstance(value, int | float)]
        assert any(numbers) or not numbers, f"{name} is nothing but zeros"


def test_what_finds_nothing_is_listed_and_finds_nothing(news: duckdb.DuckDBPyConnection) -> None:
    query_rows = {query.name: news.execute(query.sql).fetchall() for query in QUERIES if query.name in NOTHING}
    assert query_rows == {name: [] for name in NOTHING}


def test_what_finds_nothing_there_finds_something_elsewhere(tmp_path: Path) -> None:
    """In a warehouse with a day of few articles, a story that two feeds tell, and an article that was taken down."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=20 - day) for day in range(12)]

    def feed(name: str) -> Feed:
        return Feed(name, name, f"https://{name}.example/feed.xml", site_url=f"https://{name}.example/")

    def item(name: str, number: int, moment: datetime, text: str) -> Item:
        link = f"https://{name}.example/{number}"
        return Item(f"Berth {number} of {name}", text, link, link, format_datetime(moment))

    wire = [
        item("wire", 10 * day + place, moment + timedelta(hours=place), f"<p>Berth {10 * day + place} opens.</p>")
        for day, moment in enumerate(days)
        for place in range(1 if day == 10 else 6)
    ]
    story = articles_of("en", now=today, base="https://wire.example", edited=False)[0].body
    original = item("wire", 500, days[3] + timedelta(hours=9), story)
    copy = item("quay", 500, days[3] + timedelta(hours=12), story)
    store = Warehouse(tmp_path / "newsmill.duckdb")
    with store.writing() as connection:
        load(connection, [milled(*wire, original, feed=feed("wire"), at=today)], run_id="one")
        load(connection, [milled(copy, feed=feed("quay"), at=today)], run_id="two")
        connection.execute(
            "INSERT INTO clean.pages BY NAME SELECT article_id, feed_id, url, 'gone' AS status, "
            "last_seen_at AS gone_at, 'not found' AS gone_reason FROM clean.articles LIMIT 1"
        )
    mark_duplicates(store, MEASURE)
    publish(store, tmp_path / "news.duckdb")
    with duckdb.connect(str(tmp_path / "news.duckdb"), read_only=True) as opened:
        query_rows = {query.name: opened.execute(query.sql).fetchall() for query in QUERIES if query.name in NOTHING}
    copies = query_rows["Who carries what: marts.syndication"]
    assert copies == [("Berth 500 of wire", "wire", ["quay"], timedelta(hours=3))]
    assert (days[10].date(), "wire", 1, 6) in query_rows["How well: marts.coverage_gaps"]
    assert all(query_rows.values())


def test_every_mart_and_macro_has_a_query(news: duckdb.DuckDBPyConnection) -> None:
    views = news.execute("SELECT 'marts.' || view_name FROM duckdb_views() WHERE schema_name = 'marts'").fetchall()
    macros = news.execute(
        "SELECT function_name FROM duckdb_functions() WHERE function_type = 'table_macro' AND NOT internal"
    ).fetchall()
    names = {name for (name,) in [*views, *macros]}
    files = {path.stem for path in (ROOT / "warehouse" / "marts").glob("*.sql")}
    assert {name.removeprefix("marts.") for name in names} == files | {"search"}
    assert frozenset().union(*(query.reads for query in QUERIES)) == names
    assert all(query.reads for query in QUERIES)
    assert {mart.example for mart in mart_files().values()} <= {query.sql.strip() for query in QUERIES}


def test_the_links_lead_to_pages_of_tables() -> None:
    links = re.findall(r"\]\(([^)#]+\.md)\)", PAGE.read_text(encoding="utf-8"))
    assert len(links) > len(QUERIES) / 2
    assert all(PAGE.parent.joinpath(link).is_file() for link in links)


@pytest.fixture
def cli(sample: Sample, clean_environment: dict[str, str], tmp_path: Path) -> Ask:
    """Runs a query on the published copy with the duckdb program and returns its rows."""

    def ask(sql: str) -> list[dict[str, Any]]:
        done = subprocess.run(
            [PROGRAM, "-readonly", "-bail", "-json", sample.copy, sql],
            env=clean_environment | {"HOME": str(tmp_path)},  # no .duckdbrc of whoever runs the tests
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout))

    return ask


def test_the_program_is_the_pinned_duckdb(cli: Ask) -> None:
    assert cli("SELECT version() AS version") == [{"version": f"v{duckdb.__version__}"}]


def test_latest_articles_in_the_program(sample: Sample, cli: Ask) -> None:
    articles = cli("SELECT feed, title, published_at FROM marts.latest_articles")
    assert articles[0]["title"] == "A night bus will meet the last ferry"
    assert {row["title"] for row in articles} == titles(sample.second)
    assert len(articles) == len(titles(sample.second))


def test_search_in_the_program(cli: Ask) -> None:
    hits = cli("SELECT title, snippet FROM search('末班轮渡')")
    assert {row["title"] for row in hits} == {
        "末班轮渡冬季照开 夜班工人不必再拼车",
        "夜班小巴接驳末班轮渡 星期五起行驶",
    }
    assert all("末班轮渡" in row["snippet"] for row in hits)


def test_articles_as_of_in_the_program(sample: Sample, cli: Ask) -> None:
    for moment, articles in ((sample.between, sample.first), (datetime.now(UTC), sample.second)):
        versions = cli(f"SELECT title FROM articles_as_of('{moment.isoformat()}')")
        assert {row["title"] for row in versions} == titles(articles)
        assert len(versions) == len(titles(articles))


def test_every_query_runs_in_the_program(cli: Ask) -> None:
    counts = [f"SELECT {index} AS query, count(*) AS rows FROM ({query.sql})" for index, query in enumerate(QUERIES)]
    results = cli(" UNION ALL ".join(counts))
    assert len(results) == len(QUERIES)
    assert {QUERIES[row["query"]].name for row in results if not row["rows"]} == NOTHING
