"""Searching the published copy, as an analyst does: with plain DuckDB."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import warehouse.publish.search_index
from benchmarks.relevance import ARTICLES, QUERIES, ndcg, search_names
from benchmarks.synthetic import make
from flows.cli.main import cli
from tests.places import ROOT
from tests.tasks.making import NOW, Item, milled
from warehouse.load.batch import load
from warehouse.publish.copy import publish
from warehouse.publish.search_index import build, is_rebuild_due, update
from warehouse.store.connection import Warehouse


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


def add_macros(connection: duckdb.DuckDBPyConnection) -> None:
    for name in ("stems", "terms"):
        connection.execute((ROOT / "warehouse" / "search" / f"{name}.sql").read_text("utf-8"))


STEMS = {
    # plurals, and what only looks like one
    "church": "church churches",
    "news": "news",
    "new": "new newness",
    "tie": "tie ties tied tying",
    "cri": "cry cries cried",
    "glass": "glass glasses",
    "virus": "virus viruses",
    "gas": "gas",
    # past and progressive
    "hope": "hope hopes hoped hoping",
    "hop": "hop hops hopped hopping",
    "agre": "agree agreed agreeing",
    "die": "die died dying",
    "inning": "inning innings",
    "succeed": "succeed succeeds succeeding",
    "add": "add adds added adding",
    # longer endings
    "relat": "relate related relation relational",
    "organ": "organ organs",
    "organiz": "organize organizer organization organizations",
    "univers": "universe",
    "universal": "universal universally",
    "happi": "happy happiness",
    "sky": "sky skies",
    "by": "by",
    "say": "say says saying",
    "control": "control controls controlled",
    "rate": "rate rated rates",
    # no English, and no word
    "1990s": "1990s",
    "церкви": "церкви",
}
"""Snowball's stem of English words → words that have it."""


def test_stems_are_those_of_snowball() -> None:
    with duckdb.connect() as connection:
        add_macros(connection)
        for stem, words in STEMS.items():
            for word in words.split():
                assert ask(connection, "SELECT search_stem($1)", word) == [(stem,)], word


def test_inflected_words_find_each_other_and_no_others(tmp_path: Path) -> None:
    store = Warehouse(tmp_path / "newsmill.duckdb")
    said = {
        "a": ("Two churches reopen", "Both were closed while their towers were repaired."),
        "b": ("The news at nine", "A broadcaster hopes for listeners."),
        "c": ("A new pier", "The harbour master is hoping for calm weather."),
    }
    with store.writing() as connection:
        load(connection, [milled(*(item(name, *texts) for name, texts in said.items()))], run_id="one")
    publish(store, tmp_path / "news.duckdb")
    with duckdb.connect(str(tmp_path / "news.duckdb"), read_only=True) as copy:
        assert titles(copy, "church") == titles(copy, "repairing") == ["Two churches reopen"]
        assert titles(copy, "news") == ["The news at nine"]
        assert titles(copy, "new") == ["A new pier"]
        assert set(titles(copy, "hope")) == {"The news at nine", "A new pier"}
        assert ask(copy, "SELECT snippet LIKE '%hoping%' FROM search('hope calm')") == [(True,)]


def test_labelled_queries_find_what_a_person_would_choose(copy: duckdb.DuckDBPyConnection) -> None:
    scores = {asked: ndcg(search_names(copy, asked), wanted) for asked, wanted in QUERIES.items()}
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


@settings(max_examples=25)
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
        add_macros(connection)
        sql = (
            "SELECT list_bool_and(list_transform(search_terms($2), lambda term: list_bool_or(list_transform("
            "search_held($1), lambda held: held = term OR (term = search_first(term) AND search_first(held) = term)))))"
        )
        assert connection.execute(sql, [text, piece]).fetchone() == (True,)


@settings(max_examples=40)
@given(st.text(max_size=200))
def test_any_text_has_terms(text: str) -> None:
    with duckdb.connect() as connection:
        add_macros(connection)
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


@pytest.fixture
def harbour(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Ten articles, and an index of them."""
    with duckdb.connect(str(tmp_path / "harbour.duckdb")) as connection:
        connection.execute("CREATE SCHEMA clean")
        connection.execute(
            "CREATE TABLE clean.articles AS SELECT 'a' || range AS article_id, 'h' AS content_hash, 'gate' AS title, "
            "'north 港口' AS content_text, now() AS first_seen_at, '' AS url, '' AS feed_id, now() AS published_at, "
            "'en' AS language FROM range(10)"
        )
        build(connection, tmp_path / "none", tmp_path / "scratch")
        yield connection


def test_what_was_edited_is_found_by_what_it_says_now(harbour: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    harbour.execute("UPDATE clean.articles SET content_hash = 'i', content_text = 'south' WHERE article_id < 'a4'")
    harbour.execute("DELETE FROM clean.articles WHERE article_id = 'a9'")
    assert update(harbour, tmp_path / "scratch") == 4
    assert [len(ask(harbour, "FROM search($1)", asked)) for asked in ("south", "north", "gate", "口")] == [4, 5, 9, 5]
    assert ask(harbour, "SELECT documents FROM search.made") == [(9,)]
    assert not is_rebuild_due(harbour)


def test_many_edits_do_not_leave_the_index_full_of_what_was(
    harbour: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse.publish.search_index, "SEGMENT", 4)
    harbour.execute("UPDATE clean.articles SET content_hash = 'i'")
    assert update(harbour, tmp_path / "scratch") == 10
    assert is_rebuild_due(harbour)
    path = tmp_path / "harbour.duckdb"
    harbour.execute(f"ATTACH '{tmp_path / 'other.duckdb'}' AS other")
    harbour.execute("COPY FROM DATABASE harbour TO other")
    harbour.execute("USE other; DROP SCHEMA search CASCADE; DETACH harbour")
    assert build(harbour, path, tmp_path / "scratch") == 0
    assert ask(harbour, "SELECT count(*) FROM search.postings WHERE term = 'gate'") == [(10,)]
    assert ask(harbour, "FROM search.gone") == []
    assert not is_rebuild_due(harbour)


@pytest.mark.parametrize("asked", ["港", "口", "闭", "鎖", "반", "。港"])
def test_a_single_character_is_found_wherever_it_stands(copy: duckdb.DuckDBPyConnection, asked: str) -> None:
    wanted = {title for _, title, text in ARTICLES if asked.strip("。") in title + text}
    assert wanted
    assert set(titles(copy, asked)) == wanted


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A thousand articles, put into order a range of terms after the other."""
    folder = tmp_path_factory.mktemp("thousand")
    with pytest.MonkeyPatch.context() as patched, duckdb.connect(str(folder / "thousand.duckdb")) as connection:
        patched.setattr(warehouse.publish.search_index, "SORTED", 100_000)
        connection.execute("CREATE SCHEMA clean")
        make(connection, 1_000)
        connection.execute("CREATE TABLE clean.articles AS FROM synthetic")
        assert build(connection, folder / "none", folder / "scratch") == 1_000
    with duckdb.connect(str(folder / "thousand.duckdb")) as connection:
        yield connection


def test_a_query_reads_only_where_its_terms_lie(thousand: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    ((postings, falls),) = ask(
        thousand,
        "SELECT count(*), count(*) FILTER (term < before) "
        "FROM (SELECT term, lag(term) OVER (ORDER BY rowid) AS before FROM search.postings)",
    )
    assert falls == 0
    assert postings > 3 * 122_880
    thousand.execute(f"PRAGMA enable_profiling = 'json'; SET profiling_output = '{tmp_path / 'profile.json'}'")
    found = ask(thousand, "FROM search('laca')")
    thousand.execute("PRAGMA disable_profiling")
    profile = json.loads((tmp_path / "profile.json").read_text())
    assert found
    scanned = [each["operator_rows_scanned"] for each in scans(profile) if "postings" in str(each["extra_info"])]
    assert sum(scanned) < 2 * 122_880, "the row group of the term"


@pytest.mark.parametrize(
    "asked", ["ca", "ca da", "na ca da", "laca ca", "一丑 你卅", "你", "ca 你卅", "laca zzzz", "da 光學"]
)
@pytest.mark.parametrize("n", [1, 5, 50])
def test_leaving_out_what_can_not_come_first_changes_nothing(
    thousand: duckdb.DuckDBPyConnection, asked: str, n: int
) -> None:
    sql = (ROOT / "warehouse" / "search" / "search.sql").read_text("utf-8")
    before, bar, after = sql.partition("        WHERE bar.score IS NULL OR w.score + others >= bar.score - 0.000001\n")
    assert bar
    thousand.execute((before + after).replace("MACRO search(", "MACRO search_all(").partition("COMMENT ON")[0])
    wanted = ask(thousand, "SELECT article_id, score FROM search_all($1, n := $2)", asked, n)
    assert wanted
    assert ask(thousand, "SELECT article_id, score FROM search($1, n := $2)", asked, n) == wanted


def scans(profile: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "SCAN" in str(profile.get("operator_name")) and profile["operator_rows_scanned"]:
        yield profile
    for child in profile["children"]:
        yield from scans(child)


def run(store: Warehouse, *arguments: str) -> str:
    done = CliRunner().invoke(cli, ["search", *arguments, "--warehouse", str(store.path)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_what_the_index_takes_for_the_same_is_marked_and_shown(tmp_path: Path) -> None:
    store = Warehouse(tmp_path / "newsmill.duckdb")
    far = "<p>" + "The gate opens at eight. " * 40 + "Old policies hold in the Café at the quay.</p>"
    with store.writing() as connection:
        load(connection, [milled(Item("Ferries to the café", far))], run_id="run")
    publish(store, store.path.with_name("news.duckdb"))
    for asked, marked in (("cafe", "*Café*"), ("café", "*café*"), ("policy", "*policies*"), ("ferry", "*Ferries*")):
        assert marked in run(store, asked)
    assert "*policies* hold in the *Café*" in run(store, "policies", "CAFÉ")


def test_the_command_marks_what_was_found(store: Warehouse) -> None:
    said = run(store, "半导体", "出口管制")
    assert "*半导体*" in said
    assert "*出口管制*" in said
    assert "https://quay.example/zh-chips" in said
    assert "*tariffs*" in run(store, "tariff")
    assert "no article matches" in run(store, "zzzznothing")
    rows = json.loads(run(store, "tariff", "--limit", "1", "--json"))
    assert [row["feed_id"] for row in rows] == ["quay"]
