"""Searching the published copy, as an analyst does: with plain DuckDB."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.relevance import ARTICLES, QUERIES, found_by, ndcg
from flows.cli import cli
from tests.tasks.making import NOW, Item, milled
from warehouse.connection import Warehouse
from warehouse.load import load
from warehouse.publish import publish
from warehouse.search_index import SEGMENTS, index


def item(name: str, title: str, text: str) -> Item:
    return Item(title, f"<p>{text}</p>", f"https://quay.example/{name}", name)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    store = Warehouse(tmp_path_factory.mktemp("search") / "newsmill.duckdb")
    with store.writing() as connection:
        load(connection, [milled(*(item(*article) for article in ARTICLES))], run_id="one")
    publish(store, store.path.with_name("news.duckdb"))
    return store


@pytest.fixture(scope="module")
def copy(store: Warehouse) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(store.path.with_name("news.duckdb")), read_only=True)


def ask(copy: duckdb.DuckDBPyConnection, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    return copy.execute(sql, parameters).fetchall()


def titles(copy: duckdb.DuckDBPyConnection, asked: str) -> list[str]:
    return [title for (title,) in ask(copy, "SELECT title FROM search($1)", asked)]


def test_labelled_queries_find_what_a_person_would_choose(copy: duckdb.DuckDBPyConnection) -> None:
    scores = {asked: ndcg(found_by(copy, asked), wanted) for asked, wanted in QUERIES.items()}
    assert sum(scores.values()) / len(scores) >= 0.9, scores
    assert min(scores.values()) >= 0.5, scores


def test_a_row_says_what_and_where(copy: duckdb.DuckDBPyConnection) -> None:
    copy.execute("FROM search('半导体 出口管制')")
    columns = [column[0] for column in copy.description or ()]
    assert columns == ["article_id", "score", "title", "url", "feed_id", "published_at", "language", "snippet"]
    first = copy.fetchone()
    assert first is not None
    row = dict(zip(columns, first, strict=True))
    assert row["url"] == "https://quay.example/zh-chips"
    assert row["feed_id"] == "quay"
    assert row["score"] > 0
    assert "半导体" in row["snippet"]


def test_spelling_does_not_matter(copy: duckdb.DuckDBPyConnection) -> None:
    plain = titles(copy, "ferry cafe")
    assert plain
    assert plain == titles(copy, "FERRIES café") == titles(copy, "ｆｅｒｒｙ, Cafés!")


def test_what_holds_every_term_hides_what_holds_some(copy: duckdb.DuckDBPyConnection) -> None:
    both = titles(copy, "harbour tariffs")
    assert both == ["Harbour firms brace for tariffs"]
    assert len(titles(copy, "harbour")) > 1
    assert titles(copy, "tariffs nowhereword") == titles(copy, "tariffs")


@pytest.mark.parametrize("asked", ["", "   ", "?!、。", "zzzznothing", "' OR 1=1 --", "%", "\x00", "a" * 10_000])
def test_what_finds_nothing_is_no_error(copy: duckdb.DuckDBPyConnection, asked: str) -> None:
    assert titles(copy, asked) == []


def test_n_bounds_the_rows(copy: duckdb.DuckDBPyConnection) -> None:
    assert len(ask(copy, "FROM search('the', n := 2)")) == 2
    assert ask(copy, "FROM search('the', n := 2)") == ask(copy, "FROM search('the') LIMIT 2")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_piece_of_a_text_finds_its_article(data: st.DataObject) -> None:
    """The terms of a query are those of the text it was taken from, whole words and pairs of characters."""
    name, _, text = data.draw(st.sampled_from(ARTICLES))
    spaced = name[:2] in ("en", "es", "fr")
    units = text.split() if spaced else list(text)
    begin = data.draw(st.integers(0, len(units) - 2))
    end = data.draw(st.integers(begin + 2, min(len(units), begin + 8)))
    piece = (" " if spaced else "").join(units[begin:end])
    with duckdb.connect() as connection:
        connection.execute((Path(__file__).parents[2] / "warehouse" / "search" / "terms.sql").read_text("utf-8"))
        sql = "SELECT list_has_all(search_terms($1), list_filter(search_terms($2), lambda t: length(t) > 1 OR $3))"
        assert connection.execute(sql, [text, piece, spaced]).fetchone() == (True,)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_terms(text: str) -> None:
    with duckdb.connect() as connection:
        connection.execute((Path(__file__).parents[2] / "warehouse" / "search" / "terms.sql").read_text("utf-8"))
        row = connection.execute("SELECT search_terms($1)", [text.encode("utf-8", "replace").decode()]).fetchone()
    assert row is not None
    assert all(term and len(term) <= 80 for term in row[0])


def test_the_index_follows_the_articles(tmp_path: Path) -> None:
    """Carried over and brought up to date, it finds what one made at once finds."""
    store = Warehouse(tmp_path / "newsmill.duckdb")
    target = tmp_path / "news.duckdb"
    half = len(ARTICLES) // 2
    edited = item(ARTICLES[0][0], ARTICLES[0][1], "The lighthouse was painted violet.")
    with store.writing() as connection:
        load(connection, [milled(*(item(*a) for a in ARTICLES[:half]))], run_id="one")
    assert publish(store, target).indexed == half
    assert publish(store, target).indexed == 0
    with store.writing() as connection:
        later = milled(edited, *(item(*a) for a in ARTICLES[half:]), at=NOW + timedelta(hours=1))
        load(connection, [later], run_id="two")
    assert publish(store, target).indexed == len(ARTICLES) - half + 1
    afresh = tmp_path / "afresh.duckdb"
    publish(store, afresh)
    with duckdb.connect(str(target), read_only=True) as one, duckdb.connect(str(afresh), read_only=True) as other:
        assert titles(one, "violet lighthouse") == [ARTICLES[0][1]]
        for asked in [*QUERIES, "violet", "the"]:
            assert set(titles(one, asked)) == set(titles(other, asked)), asked


def test_an_index_made_by_other_rules_or_broken_is_made_anew(store: Warehouse, tmp_path: Path) -> None:
    target = tmp_path / "news.duckdb"
    assert publish(store, target).indexed == len(ARTICLES)
    with duckdb.connect(str(target)) as connection:
        connection.execute("UPDATE search.made SET digest = 'other'")
    assert publish(store, target).indexed == len(ARTICLES)
    target.write_bytes(b"no database")
    assert publish(store, target).indexed == len(ARTICLES)


def test_many_edits_do_not_leave_the_index_full_of_what_was(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA clean")
        connection.execute(
            "CREATE TABLE clean.articles AS SELECT 'a' || range AS article_id, 'h' AS content_hash, 'gate' AS title, "
            "'north' AS content_text, now() AS first_seen_at, '' AS url, '' AS feed_id, now() AS published_at, "
            "'en' AS language FROM range(10)"
        )
        index(connection, tmp_path / "none")
        connection.execute(f"ATTACH '{tmp_path / 'one.duckdb'}' AS one; COPY FROM DATABASE memory TO one; DETACH one")
        connection.execute("DROP SCHEMA search CASCADE; UPDATE clean.articles SET content_hash = 'i'")
        assert index(connection, tmp_path / "one.duckdb") == 10
        row = connection.execute("SELECT sum(len(docs)) FROM search.postings WHERE term = 'gate'").fetchone()
        assert row == (10,)


def run(store: Warehouse, *arguments: str) -> str:
    done = CliRunner().invoke(cli, ["search", *arguments, "--warehouse", str(store.path)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_the_command_marks_what_was_found(store: Warehouse) -> None:
    said = run(store, "半导体", "出口管制")
    assert "*半导体*" in said
    assert "*出口管制*" in said
    assert "https://quay.example/zh-chips" in said
    assert "*tariffs*" in run(store, "tariff")
    assert "nothing says" in run(store, "zzzznothing")
    rows = json.loads(run(store, "tariff", "--limit", "1", "--json"))
    assert [row["feed_id"] for row in rows] == ["quay"]


def test_many_small_parts_are_put_into_one_order(tmp_path: Path) -> None:
    store = Warehouse(tmp_path / "newsmill.duckdb")
    target = tmp_path / "news.duckdb"
    for number in range(SEGMENTS + 2):
        with store.writing() as connection:
            later = item(f"en-{number}", f"Gate {number}", f"The ferry passed gate {number}.")
            load(connection, [milled(later, at=NOW + timedelta(hours=number))], run_id=str(number))
        publish(store, target)
    with duckdb.connect(str(target), read_only=True) as connection:
        terms = [term for (term,) in connection.execute("SELECT term FROM search.postings ORDER BY rowid").fetchall()]
        assert len(titles(connection, "ferry")) == SEGMENTS + 2
    falls = sum(after < before for before, after in itertools.pairwise(terms))
    assert falls <= SEGMENTS
    assert terms.count("ferry") == SEGMENTS + 2
