"""Near duplicates in the warehouse."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import archive_duplicates
from benchmarks.duplicates import SHORT_OTHERS, edit, measure
from benchmarks.stories import NOTICES, STORIES, Notice
from tasks.clean.similarity import MEASURE
from tests.tasks.making import NOW, Item, milled
from warehouse.load import duplicates
from warehouse.load.batch import load
from warehouse.load.duplicates import Measure, find_first_articles, mark_duplicates
from warehouse.publish.copy import publish
from warehouse.read.queries import run_query
from warehouse.records import Feed
from warehouse.store.connection import Warehouse

FIRST = datetime(2026, 11, 2, 8, tzinfo=UTC)
BY_LANGUAGE = {story.language: story for story in reversed(STORIES)}
EN, ZH, ES = (BY_LANGUAGE[language] for language in ("en", "zh", "es"))
NOTICE = NOTICES[0]


def told(name: str, text: str, moment: datetime, title: str | None = None) -> tuple[Feed, Item]:
    feed = Feed(name.split("-")[0], "A feed", f"https://{name}.example/feed.xml", site_url=f"https://{name}.example/")
    link = f"https://{name}.example/1"
    title = f"Story of {name}" if title is None else title
    return feed, Item(title, f"<p>{text}</p>", link, link, format_datetime(moment))


TOLD = [
    told("quay-en", EN.text, FIRST),
    told("wire-en", edit(EN.text, *EN.changes), FIRST + timedelta(hours=3)),
    told("late-en", f"{EN.text} {EN.addition}", FIRST + timedelta(days=2)),
    told("quay-zh", ZH.text, FIRST + timedelta(hours=1)),
    told("wire-zh", edit(ZH.text, *ZH.changes), FIRST),
    told("quay-es", ES.text, FIRST),
    told("year-es", ES.text + " Otra vez.", FIRST - timedelta(days=200)),
    told("quay-decoy", EN.retold[1], FIRST),
    told("quay-short", "Nothing new.", FIRST, "Nothing"),
    told("wire-short", "Nothing new.", FIRST, "Nothing"),
    told("quay-notice", NOTICE.text, FIRST, f"Quay: {NOTICE.title}"),
    told("wire-notice", NOTICE.text.upper(), FIRST - timedelta(hours=1), NOTICE.title),
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
    (f"Quay: {NOTICE.title}", NOTICE.title),
    ("Story of late-en", "Story of quay-en"),
    ("Story of quay-zh", "Story of wire-zh"),
    ("Story of wire-en", "Story of quay-en"),
]
"""The Spanish ones are alike, and months apart."""


def test_copies_name_the_first_of_their_story(tmp_path: Path) -> None:
    store = filled(tmp_path / "newsmill.duckdb", list(range(len(TOLD))), between=False)
    assert rows(store, COPIES) == WANTED
    similar = rows(store, "SELECT count(*), min(similarity) >= 0.6, max(similarity) <= 1 FROM clean.similar_articles")
    assert similar == [(6, True, True)]


@pytest.mark.parametrize("between", [False, True])
def test_the_order_of_loading_makes_no_difference(tmp_path: Path, between: bool) -> None:
    store = filled(tmp_path / "newsmill.duckdb", [2, 10, 4, 9, 1, 6, 8, 0, 3, 11, 7, 5], between=between)
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
    for text, wanted in ((EN.retold[1], []), (EN.text, [("Story of wire-en", "Story of quay-en")])):
        moment = NOW + timedelta(hours=1 if text != EN.text else 2)
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
        mark_duplicates(store, duplicates.Measure(MEASURE.method, MEASURE.bands, MEASURE.features, similarity))
    mark_duplicates(store, MEASURE)
    assert rows(store, COPIES) == WANTED


def test_a_thousand_equal_notices_end_in_bounded_work(tmp_path: Path) -> None:
    store = Warehouse(tmp_path / "newsmill.duckdb")
    text = " ".join(f"word{number}" for number in range(60))
    items = [
        Item("Notice", f"<p>{text}</p>", f"https://quay.example/{n}", str(n), format_datetime(FIRST))
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
        (NOTICE.title, 1, 1, ["quay"], 3600.0),
        ("Story of quay-en", 2, 2, ["late", "wire"], 3 * 3600.0),
        ("Story of wire-zh", 1, 1, ["quay"], 3600.0),
    ]


def marked(path: Path, *articles: tuple[Feed, Item]) -> list[tuple[Any, ...]]:
    """(feed, the feed it copies) of the articles that are marked as copies."""
    store = Warehouse(path / "newsmill.duckdb")
    with store.writing() as connection:
        for feed, item in articles:
            load(connection, [milled(item, feed=feed)], run_id="one")
    mark_duplicates(store, MEASURE)
    sql = "SELECT c.feed_id, o.feed_id FROM clean.articles c JOIN clean.articles o ON o.article_id = c.duplicate_of"
    return rows(store, f"{sql} ORDER BY ALL")


@pytest.mark.parametrize("notice", NOTICES[::4], ids=lambda notice: notice.language)
def test_a_notice_in_two_feeds_is_a_copy_and_others_like_it_are_none(tmp_path: Path, notice: Notice) -> None:
    others = [
        told(f"o{n}-x", other(notice)[1], FIRST, other(notice)[0]) for n, other in enumerate(SHORT_OTHERS.values())
    ]
    notices = [told(f"{name}-x", notice.text, FIRST + timedelta(days=n), notice.title) for n, name in enumerate("ab")]
    assert marked(tmp_path, *others, *notices) == [("b", "a")]


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Photo of the day", "Photo of the day"),
        ("Storm closes the north quay for a week", "Read more"),
        ("Storm closes the north quay for a week", ""),
        ("今日图片", "点击查看全文"),
    ],
)
def test_what_tells_nothing_is_no_copy(tmp_path: Path, title: str, text: str) -> None:
    assert marked(tmp_path, *(told(f"{name}-x", text, FIRST, title) for name in "abc")) == []


def test_what_a_feed_repeats_is_no_copy_where_it_is_short(tmp_path: Path) -> None:
    """A year later, when each has it once, it is."""
    text = "Here is what you need to know this morning, from our correspondents around the coast."
    column = [told(f"{name}-{n}", text, FIRST + timedelta(days=n), "Briefing") for name in "ab" for n in range(2)]
    later = [told(f"{name}-z", text, FIRST + timedelta(days=300 + n), "Briefing") for n, name in enumerate("ba")]
    assert marked(tmp_path, *column, *later) == [("a", "b")]


def test_in_one_feed_a_long_text_is_a_copy_only_under_the_same_title(tmp_path: Path) -> None:
    """A channel puts the same links below each of its clips."""
    clips = [told(f"a-{n}", f"{EN.text} {n}", FIRST, title) for n, title in enumerate(["Our boat", "The quay at dawn"])]
    again = told("a-again", EN.text, FIRST + timedelta(days=1), "Once more: the quay at dawn")
    tag = told("a-tag", EN.text, FIRST + timedelta(days=1), "We walk for two hours over the dunes. The quay at dawn")
    assert marked(tmp_path / "clips", *clips) == []
    assert marked(tmp_path / "again", clips[1], again) == [("a", "a")]
    assert marked(tmp_path / "tag", clips[1], tag) == []


def test_what_a_feed_repeats_under_other_titles_is_boilerplate(tmp_path: Path) -> None:
    """A channel's description below its videos: they are no copies of each other, nor of another channel's."""
    videos = [
        told(f"a-{n}", ZH.text, FIRST + timedelta(hours=n), title)
        for n, title in enumerate(["渡口的早晨", "第一次去香港", "渡口的早晨 下", "渡口的早晨"])
    ]
    other = told("b-1", ZH.text, FIRST + timedelta(hours=9), "海边的集市")
    same = told("c-1", ZH.text, FIRST + timedelta(hours=9), "第一次去香港")
    assert marked(tmp_path / "one", *videos) == []
    assert marked(tmp_path / "other", *videos, other) == []
    assert marked(tmp_path / "same", *videos, same) == [("c", "a")]


def test_a_report_told_again_under_a_new_headline_is_no_boilerplate(tmp_path: Path) -> None:
    first = told("a-1", EN.text, FIRST, EN.title)
    later = told("a-2", f"{EN.text} {EN.addition}", FIRST + timedelta(hours=3), EN.headline)
    copy = told("b-1", EN.text, FIRST + timedelta(hours=4), "From our neighbours")
    assert ("b", "a") in marked(tmp_path, first, later, copy)


def test_a_machines_reports_under_one_title_have_other_figures(tmp_path: Path) -> None:
    text = " ".join(letter * times for letter in ascii_lowercase for times in (2, 3))
    reports = [told(f"a-{n}", f"{text} At {n}:30 it was {n}7 degrees.", FIRST, "The weather") for n in range(3)]
    assert marked(tmp_path / "other", *reports) == []
    same = told("a-9", f"{text} At 1:30 it was 17 degrees, and 2 boats left.", FIRST, "The weather")
    assert marked(tmp_path / "same", reports[1], same) == [("a", "a")]


def test_signatures_of_another_measure_are_made_anew_and_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path / "newsmill.duckdb", [0, 2, 4], between=False)
    mark_duplicates(store, Measure("old", lambda *_: (1, 2, 3), MEASURE.features, lambda *_: 1.0))
    assert len(rows(store, COPIES)) == 2
    compared = []

    def similarity(*pair: object) -> float:
        compared.append(pair)
        return 0.0

    monkeypatch.setattr(duplicates, "CHUNK", 1)
    mark_duplicates(store, Measure("new", lambda *_: (1, 2, 3), MEASURE.features, similarity))
    assert len(compared) == 3  # each two once, when the second of them is signed anew
    assert rows(store, COPIES) == rows(store, "FROM clean.similar_articles") == []
    assert rows(store, "SELECT DISTINCT method FROM ops.article_signatures") == [("new",)]


@pytest.mark.thorough
@pytest.mark.skipif(not archive_duplicates.ARCHIVE.is_dir(), reason="the corpus of real articles is absent")
@pytest.mark.parametrize("arrangement", archive_duplicates.ARRANGEMENTS)
def test_labelled_pairs_of_a_real_archive_are_told_apart(tmp_path: Path, arrangement: str) -> None:
    figures = archive_duplicates.measure(tmp_path, archive_duplicates.ARRANGEMENTS[arrangement])
    assert figures.precision >= 0.98, figures.wrong
    assert figures.recall >= 0.98
    assert not figures.unread


def test_labelled_articles_are_told_apart(tmp_path: Path) -> None:
    """benchmarks/README.md has what was measured; this is a little less."""
    figures = measure(tmp_path)
    assert figures.precision >= 0.98, figures.mistakes
    assert figures.recall >= 0.87, figures.mistakes
    assert figures.alone >= 0.81, figures.mistakes
    not_found = {"a teaser: its first paragraph", "with a word or two changed"}
    for kind, found in figures.kinds.items():
        if kind.partition(", ")[2] not in not_found:
            assert found.right >= 0.9 * found.copies, (kind, figures.mistakes)
        if not kind.startswith("a machine's daily report"):
            assert not found.wrong, (kind, figures.mistakes)


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
    assert find_first_articles(pairs) == wanted
