"""Near duplicates in the warehouse."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.duplicates import DECOYS, EN, ES, STORIES, ZH
from tasks.similarity import MEASURE
from tests.tasks.making import NOW, Item, milled
from warehouse import duplicates
from warehouse.connection import Warehouse
from warehouse.duplicates import first_of_each, mark_duplicates
from warehouse.load import load
from warehouse.publish import publish
from warehouse.reader import run_query
from warehouse.records import Feed

FIRST = datetime(2026, 11, 2, 8, tzinfo=UTC)


def told(name: str, text: str, moment: datetime) -> tuple[Feed, Item]:
    feed = Feed(name.split("-")[0], "A feed", f"https://{name}.example/feed.xml", site_url=f"https://{name}.example/")
    link = f"https://{name}.example/1"
    return feed, Item(f"Story of {name}", f"<p>{text}</p>", link, link, format_datetime(moment))


TOLD = [
    told("quay-en", EN, FIRST),
    told("wire-en", STORIES[0][2], FIRST + timedelta(hours=3)),
    told("late-en", STORIES[0][1], FIRST + timedelta(days=2)),
    told("quay-zh", ZH, FIRST + timedelta(hours=1)),
    told("wire-zh", STORIES[1][2], FIRST),
    told("quay-es", ES, FIRST),
    told("year-es", ES + " Otra vez.", FIRST - timedelta(days=200)),
    told("quay-decoy", DECOYS[0], FIRST),
    told("quay-short", "Nothing new.", FIRST),
    told("wire-short", "Nothing new.", FIRST),
]


def filled(path: Path, order: list[int], *, between: bool) -> Warehouse:
    """A warehouse with what is told, loaded in this order; with duplicates marked after each, or at the end."""
    store = Warehouse(path)
    for place in order:
        feed, item = TOLD[place]
        with store.writing() as connection:
            load(connection, [milled(item, feed=feed, at=NOW)], run_id="one")
        if between:
            mark_duplicates(store, MEASURE)
    mark_duplicates(store, MEASURE)
    return store


def rows(store: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    return list(run_query(store, sql).rows)


COPIES = """
SELECT c.title, o.title FROM clean.articles c JOIN clean.articles o ON o.article_id = c.duplicate_of ORDER BY ALL
"""
WANTED = [
    ("Story of late-en", "Story of quay-en"),
    ("Story of quay-zh", "Story of wire-zh"),
    ("Story of wire-en", "Story of quay-en"),
]
"""The Spanish ones are alike, and months apart."""


def test_copies_name_the_first_of_their_story(tmp_path: Path) -> None:
    store = filled(tmp_path / "newsmill.duckdb", list(range(len(TOLD))), between=False)
    assert rows(store, COPIES) == WANTED
    similar = rows(store, "SELECT count(*), min(similarity) >= 0.6, max(similarity) <= 1 FROM clean.similar_articles")
    assert similar == [(5, True, True)]


@pytest.mark.parametrize("between", [False, True])
def test_the_order_of_loading_makes_no_difference(tmp_path: Path, between: bool) -> None:
    store = filled(tmp_path / "newsmill.duckdb", [2, 4, 9, 1, 6, 8, 0, 3, 7, 5], between=between)
    assert rows(store, COPIES) == WANTED


def test_marking_twice_changes_nothing(tmp_path: Path) -> None:
    store = filled(tmp_path / "newsmill.duckdb", [0, 1], between=False)
    before = [rows(store, f"FROM {table} ORDER BY ALL") for table in ("ops.article_signatures", "clean.articles")]
    assert mark_duplicates(store, MEASURE) == 1
    assert [
        rows(store, f"FROM {table} ORDER BY ALL") for table in ("ops.article_signatures", "clean.articles")
    ] == before


def test_an_edit_ends_and_begins_a_likeness(tmp_path: Path) -> None:
    store = filled(tmp_path / "newsmill.duckdb", [0, 1], between=False)
    feed, item = TOLD[1]
    for text, wanted in ((DECOYS[0], []), (EN, [("Story of wire-en", "Story of quay-en")])):
        moment = NOW + timedelta(hours=1 if text != EN else 2)
        changed = Item(item.title, f"<p>{text}</p>", item.link, item.guid, item.date)
        with store.writing() as connection:
            load(connection, [milled(changed, feed=feed, at=moment)], run_id="two")
        mark_duplicates(store, MEASURE)
        assert rows(store, COPIES) == wanted


def test_a_killed_comparison_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Warehouse(tmp_path / "newsmill.duckdb")
    with store.writing() as connection:
        load(connection, [milled(item, feed=feed) for feed, item in TOLD], run_id="one")
    monkeypatch.setattr(duplicates, "CHUNK", 2)
    killed = itertools.count()

    def similarity(one: Any, other: Any) -> float:
        if next(killed) == 1:
            raise KeyboardInterrupt
        return MEASURE.similarity(one, other)

    with pytest.raises(KeyboardInterrupt):
        mark_duplicates(store, duplicates.Measure(MEASURE.method, MEASURE.bands, MEASURE.shingles, similarity))
    mark_duplicates(store, MEASURE)
    assert rows(store, COPIES) == WANTED


def test_a_thousand_equal_notices_end_in_bounded_work(tmp_path: Path) -> None:
    store = Warehouse(tmp_path / "newsmill.duckdb")
    text = " ".join(f"word{number}" for number in range(60))
    items = [
        Item(f"Notice {n}", f"<p>{text}</p>", f"https://quay.example/{n}", str(n), format_datetime(FIRST))
        for n in range(1000)
    ]
    with store.writing() as connection:
        load(connection, [milled(*items)], run_id="one")
    assert mark_duplicates(store, MEASURE) == 999
    assert rows(store, "SELECT count(*) <= 64000 FROM clean.similar_articles") == [(True,)]


def test_the_syndication_mart_says_who_copied_and_when(tmp_path: Path) -> None:
    store = filled(tmp_path / "newsmill.duckdb", list(range(len(TOLD))), between=False)
    copy = publish(store, tmp_path / "news.duckdb").path
    sql = "SELECT title, copies, other_feeds, copied_by, seconds_to_first_copy FROM marts.syndication ORDER BY title"
    assert list(run_query(copy, sql).rows) == [
        ("Story of quay-en", 2, 2, ["late", "wire"], 3 * 3600.0),
        ("Story of wire-zh", 1, 1, ["quay"], 3600.0),
    ]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=30))
def test_a_story_is_what_pairs_connect_and_its_first_is_the_oldest(found: list[tuple[int, int]]) -> None:
    """Against a slow way: spreading from each article."""
    links = [(a, b) for a, b in found if a != b]
    # several share a moment: then the smaller id is the first
    pairs = [(f"{a:02}", f"{b:02}", FIRST + timedelta(hours=a // 3), FIRST + timedelta(hours=b // 3)) for a, b in links]
    wanted = {}
    for article in {each for link in links for each in link}:
        story = {article}
        while more := {b for a, b in links if a in story} | {a for a, b in links if b in story} - story:
            if more <= story:
                break
            story |= more
        if min(story) != article:
            wanted[f"{article:02}"] = f"{min(story):02}"
    assert first_of_each(pairs) == wanted
