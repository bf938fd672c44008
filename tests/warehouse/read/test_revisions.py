"""What changed between an article's versions."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from flows.cli.main import cli
from tests.tasks.making import NOW, Item, milled
from warehouse.errors import WarehouseError
from warehouse.load.batch import load
from warehouse.publish.copy import publish
from warehouse.read.revisions import MAX_TOKENS, Piece, difference, shorten_kept, versions_of
from warehouse.store.connection import Warehouse

BEFORE = "<p>The north gate opens at eight.</p><p>港口咖啡馆今天重新开张。</p><p>Boats may pass.</p>"
AFTER = "<p>The north gate opens at nine.</p><p>港口咖啡馆明天重新开张。</p><p>Boats may pass.</p>"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An article of three versions, and one of a single one."""
    store = Warehouse(tmp_path_factory.mktemp("revisions") / "newsmill.duckdb")
    other = Item("港口咖啡馆", "<p>咖啡馆开张。</p>", "https://quay.example/cafe", "cafe")
    with store.writing() as connection:
        load(connection, [milled(Item(text=BEFORE), other)], run_id="one")
        load(connection, [milled(Item(text=AFTER), at=NOW + timedelta(hours=1))], run_id="two")
        load(connection, [milled(Item("The gate", text=AFTER), at=NOW + timedelta(hours=2))], run_id="three")
    return publish(store, store.path.with_name("news.duckdb")).path


def test_an_article_is_found_by_id_its_beginning_and_its_address(published: Path) -> None:
    versions = versions_of(published, "https://quay.example/gate")
    assert [version.number for version in versions] == [1, 2, 3]
    article_id = versions[0].article_id
    assert versions_of(published, article_id) == versions_of(published, article_id[:8]) == versions


@pytest.mark.parametrize("article", ["", "b", "https://quay.example/none", "' OR 1 = 1 --"])
def test_an_unknown_article_is_an_error(published: Path, article: str) -> None:
    with pytest.raises(WarehouseError, match="no article has this id or address"):
        versions_of(published, article)


def test_two_articles_of_one_address_are_an_error(tmp_path: Path) -> None:
    store = Warehouse(tmp_path / "newsmill.duckdb")
    with store.writing() as connection:
        load(connection, [milled(Item())], run_id="one")
        connection.execute(
            "INSERT INTO clean.articles BY NAME SELECT 'other' AS article_id, url FROM clean.articles; "
            "INSERT INTO clean.article_versions BY NAME SELECT 'other' AS article_id, 1 AS version"
        )
    copy = publish(store, tmp_path / "news.duckdb").path
    with pytest.raises(WarehouseError, match=r"2 articles match; give one of .*, other"):
        versions_of(copy, "https://quay.example/gate")


def run(published: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        cli, ["diff", *arguments, "--warehouse", str(published.with_name("newsmill.duckdb"))], catch_exceptions=True
    )
    return done.exit_code, done.output if not done.exception else str(done.exception)


def test_the_command_marks_what_changed(published: Path) -> None:
    code, said = run(published, "https://quay.example/gate")
    assert code == 0
    assert "version 2, 2026-11-20 13:00:00" in said
    assert "opens at [-eight-]{+nine+}." in said
    assert "港口咖啡馆[-今-]{+明+}天重新开张。" in said
    assert "The gate[- is open-]" in said.partition("version 3")[2]
    last = run(published, "https://quay.example/gate", "--from", "2")[1]
    assert "version 3" in last
    assert "eight" not in last


def test_the_command_in_json(published: Path) -> None:
    code, said = run(published, "https://quay.example/gate", "--to", "2", "--json")
    (step,) = json.loads(said)
    assert (code, step["from"], step["to"], step["valid_from"]) == (0, 1, 2, "2026-11-20T13:00:00+00:00")
    assert ["removed", "eight"] in step["text"]
    assert step["title"] == [["kept", "The gate is open"]]


def test_an_article_of_one_version(published: Path) -> None:
    code, said = run(published, "https://quay.example/cafe")
    assert (code, "version 1 of 1 alone: nothing to compare it with" in said) == (0, True)
    assert "none of them was asked for" in run(published, "https://quay.example/cafe", "--from", "2")[1]


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("", "", []),
        ("same", "same", [("kept", "same")]),
        ("", "港口", [("added", "港口")]),
        ("港口开放", "港口关闭", [("kept", "港口"), ("removed", "开放"), ("added", "关闭")]),
        ("ท่าเรือเปิด", "", [("removed", "ท่าเรือเปิด")]),
        (
            "One.\nTwo boats.\nThree.",
            "One.\nTwo ships.\nThree.",
            [("kept", "One.\nTwo "), ("removed", "boats"), ("added", "ships"), ("kept", ".\nThree.")],
        ),
        ("abc def", "xyz", [("removed", "abc def"), ("added", "xyz")]),
    ],
)
def test_difference(before: str, after: str, pieces: list[Piece]) -> None:
    assert difference(before, after) == pieces


TEXT = st.text(alphabet="ab 港口。\nก\u0301", max_size=60)


@given(TEXT, TEXT)
def test_the_pieces_are_the_texts(before: str, after: str) -> None:
    pieces = difference(before, after)
    assert "".join(text for kind, text in pieces if kind != "added") == before
    assert "".join(text for kind, text in pieces if kind != "removed") == after
    assert all(text for _, text in pieces)


def test_a_long_passage_is_replaced_whole() -> None:
    before, after = "港" * (MAX_TOKENS + 1), "口" + "港" * MAX_TOKENS
    assert difference(before, after) == [("removed", before), ("added", after)]


def test_what_was_kept_is_shortened_to_what_is_around() -> None:
    before = "".join(f"line {n}\n" for n in range(9))
    pieces = difference(before, before.replace("line 4", "line four"))
    assert shorten_kept(pieces) == [("kept", "…\nline "), ("removed", "4"), ("added", "four"), ("kept", "\n…\n")]
