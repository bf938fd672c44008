"""docs/sql.md is true: its queries show something of the sample site, in Python and in DuckDB's command line."""

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
from warehouse.records import Feed
from warehouse.store.connection import Warehouse

PAGE = ROOT / "docs" / "sql.md"
PROGRAM = Path(sys.executable).with_name("duckdb")
Ask = Callable[[str], list[dict[str, Any]]]

NOTHING = {
    "Who carries what: marts.syndication": "each of its stories is told under one address, and so is one article",
    "How well: marts.coverage_gaps": "its feeds have a few articles in two weeks; a gap takes a usual 4 a day",
}
"""Queries that find nothing on the sample site, by heading and what they read, and why."""


@dataclass(frozen=True)
class Query:
    """A query of the page, and the heading above it."""

    heading: str
    sql: str

    @property
    def reads(self) -> frozenset[str]:
        """The marts and table macros it names."""
        return frozenset(re.findall(r"\bmarts\.\w+|\b(?:articles_as_of|search|term_trend)(?=\()", self.sql))

    @property
    def name(self) -> str:
        return f"{self.heading}: {', '.join(sorted(self.reads))}"


def queries() -> list[Query]:
    found, heading = [], ""
    for match in re.finditer(r"^#+ ([^\n]+)$|^```sql\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S):
        if match[1]:
            heading = match[1]
        else:
            found.append(Query(heading, match[2]))
    return found


QUERIES = queries()


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
    """Of the site's own articles; what points to one of them is no article of its own."""
    return {article.title for article in articles if article.has_page}


@pytest.mark.parametrize("query", [query for query in QUERIES if query.name not in NOTHING], ids=by_name)
def test_it_shows_something(news: duckdb.DuckDBPyConnection, query: Query) -> None:
    found = news.execute(query.sql).fetchall()
    assert found
    for name, *values in zip((column[0] for column in news.description or ()), *found, strict=True):
        numbers = [value for value in values if isinstance(value, int | float)]
        assert any(numbers) or not numbers, f"{name} is nothing but zeros"


def test_what_finds_nothing_is_listed_and_finds_nothing(news: duckdb.DuckDBPyConnection) -> None:
    found = {query.name: news.execute(query.sql).fetchall() for query in QUERIES if query.name in NOTHING}
    assert found == {name: [] for name in NOTHING}


def test_what_finds_nothing_there_finds_something_elsewhere(tmp_path: Path) -> None:
    """In a warehouse with a day of few articles, and a story that two feeds tell."""
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
    told = item("wire", 500, days[3] + timedelta(hours=9), story)
    copied = item("quay", 500, days[3] + timedelta(hours=12), story)
    store = Warehouse(tmp_path / "newsmill.duckdb")
    with store.writing() as connection:
        load(connection, [milled(*wire, told, feed=feed("wire"), at=today)], run_id="one")
        load(connection, [milled(copied, feed=feed("quay"), at=today)], run_id="two")
    mark_duplicates(store, MEASURE)
    publish(store, tmp_path / "news.duckdb")
    with duckdb.connect(str(tmp_path / "news.duckdb"), read_only=True) as opened:
        found = {query.name: opened.execute(query.sql).fetchall() for query in QUERIES if query.name in NOTHING}
    assert found["Who carries what: marts.syndication"] == [("Berth 500 of wire", "wire", ["quay"], timedelta(hours=3))]
    assert (days[10].date(), "wire", 1, 6) in found["How well: marts.coverage_gaps"]
    assert all(found.values())


def test_every_mart_and_macro_has_a_query(news: duckdb.DuckDBPyConnection) -> None:
    views = news.execute("SELECT 'marts.' || view_name FROM duckdb_views() WHERE schema_name = 'marts'").fetchall()
    macros = news.execute(
        "SELECT function_name FROM duckdb_functions() WHERE function_type = 'table_macro' AND NOT internal"
    ).fetchall()
    there = {name for (name,) in [*views, *macros]}
    files = {path.stem for path in (ROOT / "warehouse" / "marts").glob("*.sql")}
    assert {name.removeprefix("marts.") for name in there} == files | {"search"}
    assert frozenset().union(*(query.reads for query in QUERIES)) == there
    assert all(query.reads for query in QUERIES)


# --- DuckDB's own command line --------------------------------------------------------------------------------------


@pytest.fixture
def cli(sample: Sample, clean_environment: dict[str, str], tmp_path: Path) -> Ask:
    """The rows that the duckdb program finds in the published copy."""

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
    found = cli("SELECT feed, title, published_at FROM marts.latest_articles")
    assert found[0]["title"] == "A night bus will meet the last ferry"
    assert {row["title"] for row in found} == titles(sample.second)
    assert len(found) == len(titles(sample.second))


def test_search_in_the_program(cli: Ask) -> None:
    found = cli("SELECT title, snippet FROM search('末班轮渡')")
    assert {row["title"] for row in found} == {
        "末班轮渡冬季照开 夜班工人不必再拼车",
        "夜班小巴接驳末班轮渡 星期五起行驶",
    }
    assert all("末班轮渡" in row["snippet"] for row in found)


def test_articles_as_of_in_the_program(sample: Sample, cli: Ask) -> None:
    for moment, articles in ((sample.between, sample.first), (datetime.now(UTC), sample.second)):
        found = cli(f"SELECT title FROM articles_as_of('{moment.isoformat()}')")
        assert {row["title"] for row in found} == titles(articles)
        assert len(found) == len(titles(articles))


def test_every_query_runs_in_the_program(cli: Ask) -> None:
    counts = [f"SELECT {place} AS place, count(*) AS found FROM ({query.sql})" for place, query in enumerate(QUERIES)]
    found = cli(" UNION ALL ".join(counts))
    assert len(found) == len(QUERIES)
    assert {QUERIES[row["place"]].name for row in found if not row["found"]} == set(NOTHING)
