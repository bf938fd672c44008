"""Queries on the published copy and on the warehouse."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from tests.tasks.making import Item, milled
from warehouse.errors import WarehouseError
from warehouse.load.batch import load
from warehouse.load.operations import record_run
from warehouse.publish.copy import publish
from warehouse.read.queries import is_behind, is_current, knows_source, run_query, run_user_query, status
from warehouse.store.connection import Warehouse

TITLES = "SELECT title FROM clean.articles WHERE title = $title"


@pytest.fixture
def store(path: Path) -> Warehouse:
    store = Warehouse(path)
    with store.writing() as connection:
        load(connection, [milled(Item())], run_id="one")
    return store


@pytest.fixture
def published(store: Warehouse) -> Path:
    return publish(store, store.path.with_name("news.duckdb")).path


def test_copy_and_warehouse_give_the_same_rows(store: Warehouse, published: Path, tmp_path: Path) -> None:
    for source in (store, published):
        result = run_query(source, TITLES, {"title": "The gate is open"})
        assert (result.columns, result.rows) == (("title",), [("The gate is open",)])
        assert run_query(source, "SET threads = 1").columns == ()
        target = tmp_path / "rows.parquet"
        assert run_user_query(source, "SELECT 1 AS n", parquet=target).rows == ()
        assert duckdb.read_parquet(str(target)).fetchall() == [(1,)]


def test_nothing_can_be_written(store: Warehouse, published: Path) -> None:
    for source in (store, published):
        with pytest.raises(WarehouseError, match="read-only"):
            run_query(source, "DELETE FROM clean.articles")


def test_a_copy_that_cannot_be_read_says_why(published: Path, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="nothing is published yet"):
        run_query(tmp_path / "none.duckdb", "SELECT 1")
    (tmp_path / "diary.txt").write_text("Dear diary")
    with pytest.raises(WarehouseError, match="can't be opened"):
        run_query(tmp_path / "diary.txt", "SELECT 1")
    with pytest.raises(WarehouseError, match=r"^the query failed: .*nonesuch"):
        run_query(published, "FROM nonesuch")
    with duckdb.connect(str(published)) as copy:
        copy.execute("DELETE FROM ops.schema_migrations WHERE version > 1")
    assert not is_current(published)
    with pytest.raises(WarehouseError, match="published by an older newsmill: `newsmill publish` makes it anew"):
        run_query(published, "FROM nonesuch")


def test_what_newsmill_asks_about_itself(store: Warehouse, published: Path) -> None:
    assert is_current(published)
    assert not is_current(store.path.with_name("none.duckdb"))
    assert knows_source(store, "feed")
    assert not knows_source(store, "warc")
    found = status(store)
    assert (found["counts"]["articles"], len(found["runs"])) == (1, 0)


@pytest.mark.parametrize(
    ("documents", "images", "behind"),
    [
        (1, 0, True),
        (0, 3, True),  # as when a run of `images` is killed while it publishes
        (0, 0, False),
    ],
)
def test_a_copy_is_behind_what_another_run_loaded(
    store: Warehouse, published: Path, documents: int, images: int, behind: bool
) -> None:
    assert not is_behind(store, published, "this")
    assert is_behind(store, published.with_name("none.duckdb"), "this")
    with store.writing() as connection:
        started_at = datetime.now(UTC)
        counts = {"documents": documents, "images_stored": images}
        record_run(
            connection,
            run_id="other",
            flow="ingest",
            parameters={},
            started_at=started_at,
            state="completed",
            counts=counts,
        )
    assert is_behind(store, published, "this") == behind
    assert not is_behind(store, published, "other"), "its own loads don't count"
