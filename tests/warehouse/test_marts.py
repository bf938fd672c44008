"""The marts, queried as by an analyst: with plain DuckDB, on the published copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.mill.document import mill_bytes
from tests.tasks.making import FEED, NOW, Item, document, milled
from warehouse.load.batch import load
from warehouse.load.operations import record_fetches
from warehouse.load.pages import PagePolicy, plan_pages
from warehouse.page_request import PageRequest
from warehouse.publish.copy import publish
from warehouse.publish.mart_files import mart_files
from warehouse.records import Feed, FeedState, Fetch, Milled
from warehouse.store.connection import Warehouse

WIRE = Feed("wire", "The Wire", "https://wire.example/feed.xml", site_url="https://wire.example/", language="zh")
LINKS = (
    '<p>Says <a href="https://www.Quay.example/gate">the Quay</a>, as does <a href="http://oda@port.example:8080/a">'
    'the port</a> and <a href="https://port.example/b">once more</a>; see <a href="https://wire.example/1">here</a>.</p>'
)


def item(number: int, moment: datetime, text: str = "<p>泊位今天开放。</p>", extra: str = "") -> Item:
    link = f"https://wire.example/{number}"
    return Item(f"泊位 {number}", text, link, link, format_datetime(moment), extra)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Six articles a day for ten days in one feed, but one on the eighth; in the other, one that was changed."""
    folder = tmp_path_factory.mktemp("marts")
    store = Warehouse(folder / "newsmill.duckdb")
    first = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    daily = [
        item(10 * day + number, first + timedelta(days=day, hours=number))
        for day in range(10)
        for number in range(1 if day == 7 else 6)
    ]
    by = "<dc:creator>王码头</dc:creator><category>港口</category><category>亚太</category>"
    other = item(500, NOW - timedelta(hours=3), LINKS + "<p>亚太 ASIA Pacific</p>", by)
    with store.writing() as connection:
        load(connection, [milled(*daily, other, feed=WIRE)], run_id="one")
        load(connection, [milled(Item())], run_id="two")
        changed = Item("The gate is shut", "<p>The north gate stays shut, the harbour master says.</p>")
        load(connection, [milled(changed, at=NOW + timedelta(hours=2))], run_id="three")
    publish(store, folder / "news.duckdb")
    with duckdb.connect(str(folder / "news.duckdb"), read_only=True) as opened:
        opened.execute("SET TimeZone = 'UTC'")
        yield opened


def rows(copy: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return copy.sql(sql).fetchall()


@pytest.mark.parametrize(
    ("moment", "titles"),
    [
        ("2026-11-20 11:59:59+00", []),
        ("2026-11-20 12:00:00+00", ["The gate is open"]),
        ("2026-11-20 13:59:59+00", ["The gate is open"]),
        ("2026-11-20 22:00:00+08", ["The gate is shut"]),
        ("2030-01-01", ["The gate is shut"]),
    ],
)
def test_articles_as_of(copy: duckdb.DuckDBPyConnection, moment: str, titles: list[str]) -> None:
    articles = copy.execute("SELECT title FROM articles_as_of(?) WHERE feed_id = 'quay'", [moment]).fetchall()
    assert [title for (title,) in articles] == titles


def test_term_trend(copy: duckdb.DuckDBPyConnection) -> None:
    weeks = [(date(2026, 11, 2), 0, 42), (date(2026, 11, 9), 0, 13), (date(2026, 11, 16), 1, 2)]
    for term in ("亚太", "asia pacific"):
        assert [row[:3] for row in rows(copy, f"FROM term_trend('{term}', 'week')")] == weeks
    assert rows(copy, "SELECT period, articles, share FROM term_trend('泊位', 'month')") == [
        (date(2026, 11, 1), 56, 0.9825)
    ]


HELD = {
    # term → of the titles below, those that hold it
    "AI": {"AI for ports", "人工智能AI技术", "Что умеет AI?", "An (ai) pilot", "AI는 배를 부른다", "Pilot-AI"},
    "US": {"The US and us", "US-bound ships", "For us"},
    "and us": {"The US and us"},
    "порт": {"Порт закрыт"},
    "C++": {"Docks in C++"},
    ".NET": {"Cranes run on .NET"},
    "口": {"港口开放"},
    "港口": {"港口开放"},
    "배": {"AI는 배를 부른다"},
    "AI技术": {"人工智能AI技术"},
    "2026": {"Quay 2026"},
    "नाव": {"नाव चली"},
    "a.i": set(),
    "%": set(),
    "straße": {"Die Straße am Kai"},
}


def test_a_term_is_a_word_and_no_part_of_one(tmp_path: Path) -> None:
    said = {title for held in HELD.values() for title in held}
    said |= {"He said so", "MAIS", "Business must go on", "Аэропорт закрыт", "Quay 20261", "नावें चलीं", "Straßenbahn"}
    titles = [*sorted(said)]
    items = [
        Item(title, "<p>…</p>", f"https://wire.example/{number}", f"{number}") for number, title in enumerate(titles)
    ]
    store = Warehouse(tmp_path / "newsmill.duckdb")
    with store.writing() as connection:
        load(connection, [milled(*items, feed=WIRE)], run_id="one")
    with store.reading() as connection:
        for term, held in HELD.items():
            found = connection.execute(f"SELECT articles, of_articles FROM term_trend('{term}', 'year')").fetchall()
            assert found == [(len(held), len(titles))], term


def test_what_is_said_to_be_utc_is_so_in_every_time_zone(copy: duckdb.DuckDBPyConnection) -> None:
    queries = (
        "FROM marts.daily_volume ORDER BY ALL",
        "SELECT * REPLACE (epoch(hour) AS hour) FROM marts.hourly_volume ORDER BY ALL",
        "FROM marts.coverage_gaps ORDER BY ALL",
        "FROM term_trend('泊位', 'day')",
        "FROM term_trend('泊位', 'month')",
    )
    expected = [rows(copy, query) for query in queries]
    assert all(expected)
    try:
        for zone in ("America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati", "Asia/Shanghai"):
            copy.execute(f"SET TimeZone = '{zone}'")
            for query, result in zip(queries, expected, strict=True):
                assert rows(copy, query) == result, (zone, query)
    finally:
        copy.execute("SET TimeZone = 'UTC'")


def test_volume(copy: duckdb.DuckDBPyConnection) -> None:
    assert rows(copy, "SELECT hour::VARCHAR, feed_id, language, articles FROM marts.hourly_volume LIMIT 2") == [
        ("2026-11-20 09:00:00+00", "wire", "en", 1),
        ("2026-11-20 08:00:00+00", "quay", "en", 1),
    ]
    assert rows(copy, "SELECT sum(articles) FROM marts.hourly_volume") == [(57,)]
    assert rows(copy, "SELECT articles FROM marts.daily_volume WHERE day = '2026-11-03'") == [(6,)]


def test_publication_lag(copy: duckdb.DuckDBPyConnection) -> None:
    ((feed, articles, median, p90), *_) = rows(copy, "FROM marts.publication_lag")
    assert (feed, articles, median, p90) == (FEED.id, 1, 4 * 3600, 4 * 3600)


def test_coverage_gaps(copy: duckdb.DuckDBPyConnection) -> None:
    gaps = rows(copy, "SELECT day::VARCHAR, feed_id, articles, usual FROM marts.coverage_gaps ORDER BY day")
    assert gaps[0] == ("2026-11-09", "wire", 1, 6)
    # then no articles at all, which from the 20th on is no longer unusual
    assert [(day, articles) for day, _, articles, _ in gaps[1:]] == [(f"2026-11-{day}", 0) for day in range(12, 20)]


def test_a_feed_that_has_stopped_has_gaps_too(tmp_path: Path) -> None:
    store = Warehouse(tmp_path / "newsmill.duckdb")
    first = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    daily = [item(10 * day + number, first + timedelta(days=day)) for day in range(6) for number in range(6)]
    for fetch_day in (5, 8):
        with store.writing() as connection:
            load(connection, [milled(*daily, feed=WIRE, at=first + timedelta(days=fetch_day))], run_id=str(fetch_day))
    with store.reading() as connection:
        gaps = connection.execute("SELECT day::VARCHAR, articles FROM marts.coverage_gaps ORDER BY day").fetchall()
    assert gaps == [("2026-11-08", 0), ("2026-11-09", 0)], "a day that is not over is not a gap"


def test_authors_have_a_row_a_person(tmp_path: Path) -> None:
    names = {
        "Jane Doe, John A. Smith": 1,
        "Jane Doe": 1,
        "Smith, John": 1,
        "Martin Luther King, Jr.": 1,
        "王码头, 李泊": 1,
        "Quay Desk": 2,
    }
    bylines = [name for name, count in names.items() for _ in range(count)]
    items = [
        item(number, NOW - timedelta(days=1), extra=f"<dc:creator>{name}</dc:creator>")
        for number, name in enumerate(bylines)
    ]
    store = Warehouse(tmp_path / "newsmill.duckdb")
    with store.writing() as connection:
        load(connection, [milled(*items, feed=WIRE)], run_id="one")
    with store.reading() as connection:
        people = dict(connection.execute("SELECT author, articles FROM marts.authors").fetchall())
    assert people == {
        "Jane Doe": 2,
        "John A. Smith": 1,
        "Smith, John": 1,
        "Martin Luther King, Jr.": 1,
        "王码头": 1,
        "李泊": 1,
        "Quay Desk": 2,
    }


def test_authors_and_categories(copy: duckdb.DuckDBPyConnection) -> None:
    assert rows(copy, "SELECT author, feed_id, articles FROM marts.authors") == [("王码头", "wire", 1)]
    assert rows(copy, "SELECT category, feed_id, articles FROM marts.categories ORDER BY 1") == [
        ("亚太", "wire", 1),
        ("港口", "wire", 1),
    ]


def test_spellings_of_a_category_that_differ_by_case_are_one(tmp_path: Path) -> None:
    store = Warehouse(tmp_path / "newsmill.duckdb")
    spellings = enumerate(["Harbour", "harbour", "harbour", "Ferry"])
    items = [item(number, NOW, extra=f"<category>{name}</category>") for number, name in spellings]
    with store.writing() as connection:
        load(connection, [milled(*items)], run_id="run")
    with store.reading() as connection:
        found = connection.execute("SELECT category, articles FROM marts.categories").fetchall()
    assert found == [("harbour", 3), ("Ferry", 1)]


def test_outbound_links(copy: duckdb.DuckDBPyConnection) -> None:
    assert rows(copy, "SELECT domain, feed_id, links, articles FROM marts.outbound_links") == [
        ("port.example", "wire", 2, 1),
        ("quay.example", "wire", 1, 1),
    ]


def test_edited_articles(copy: duckdb.DuckDBPyConnection) -> None:
    """Also where the feed itself has the new text: then the edit is not silent."""
    edits = rows(
        copy,
        "SELECT title, version, edited_at, seconds_after, is_silent, title_changed, paragraphs_changed, "
        "words_before, words_after FROM marts.edited_articles",
    )
    assert edits == [("The gate is shut", 2, NOW + timedelta(hours=2), 7200, False, True, 1, 10, 9)]


def page_of(paragraphs: tuple[str, ...], moment: datetime, status: int = 200) -> Milled:
    """The page of the gate's article, as it was read then."""
    request = PageRequest(GATE_PAGE, "The gate is open", guid="gate")
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    html = f"<html lang='en'><title>The gate is open</title><article><h1>The gate is open</h1>{body}</article></html>"
    data = html.encode() if status == 200 else b""
    landed = document(data, at=moment, content_type="text/html; charset=utf-8", source="page")
    landed = replace(landed, url=GATE_PAGE, final_url=GATE_PAGE, status=status, form="page", request=request)
    return mill_bytes(data, landed, FEED)


GATE_PAGE = "https://quay.example/gate"
PARAGRAPHS = (
    "The north gate opens at eight, the harbour master said on Friday, and it will close at ten in the evening.",
    "Forty boats had waited outside for it since the storm, which broke both of its hinges on Sunday night.",
    "The town pays for a second lock keeper, whose hut is to be built beside the old customs house in May.",
)


def test_what_pages_show_of_edits_and_removals(tmp_path: Path) -> None:
    """A paragraph is changed in silence; then the page is taken down, twice a day apart."""
    edited = (*PARAGRAPHS[:2], "The town can't pay for a second lock keeper, nor for the hut that was promised to him.")
    path, hour = tmp_path / "newsmill.duckdb", timedelta(hours=1)
    with Warehouse(path).writing() as connection:
        documents = [
            milled(Item(text="<p>The gate opens …</p>")),
            page_of(PARAGRAPHS, NOW + hour),
            page_of(edited, NOW + 5 * hour),
            page_of((), NOW + 7 * hour, status=404),
        ]
        load(connection, documents, run_id="one")
        fetch = Fetch(FEED.id, FEED.url, NOW + 40 * hour, 0.1, "fetched", status=200)
        record_fetches(connection, [(FEED, fetch, FeedState(FEED.id, FEED.url))], run_id="one")
        assert rows(connection, "FROM marts.removed_articles") == []
        load(connection, [page_of((), NOW + 40 * hour, status=410)], run_id="two")
        policies = [PagePolicy(FEED.id, "auto", [3600.0])]
        assert len(plan_pages(connection, policies, now=NOW + 40 * hour, days=30, gone_after=86_400)) == 1
        connection.execute("SET TimeZone = 'UTC'")
        edits = "SELECT version, seconds_after, is_silent, title_changed, paragraphs_changed FROM marts.edited_articles"
        assert rows(connection, edits) == [(2, 5 * 3600, True, False, 1)]
        ((url, gone_at, reason, seconds, words),) = rows(
            connection, "SELECT url, gone_at, gone_reason, seconds_online, word_count FROM marts.removed_articles"
        )
    assert (url, gone_at, seconds) == (GATE_PAGE, NOW + 40 * hour, 44 * 3600), "published at eight, seen at twelve"
    assert "410" in reason
    assert words > 40


def test_every_mart_is_commented(copy: duckdb.DuckDBPyConnection) -> None:
    views = rows(copy, "SELECT 'marts.' || view_name, comment FROM duckdb_views() WHERE schema_name = 'marts'")
    macros = rows(
        copy,
        "SELECT function_name, comment FROM duckdb_functions() WHERE function_type = 'table_macro' AND NOT internal",
    )
    assert {"articles_as_of", "search", "term_trend"} <= {name for name, _ in macros}
    assert {name for name, _ in macros} == {"search", *(mart.name for mart in mart_files().values() if mart.is_macro)}
    for name, comment in [*views, *macros]:
        assert comment, name
