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


READING = [
    "SELECT title FROM clean.articles",
    "FROM clean.articles",
    "WITH one AS (SELECT 1 AS n) FROM one",
    "VALUES (1)",
    "TABLE clean.articles",
    "DESCRIBE clean.articles",
    "SHOW ALL TABLES",
    "SUMMARIZE clean.articles",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT title FROM clean.articles",
    "PIVOT clean.articles ON feed_id USING count(*)",
    "SELECT * FROM (PIVOT clean.articles ON feed_id USING count(*))",
    "SELECT 1;",
    "FROM articles_as_of(now())",
]


@pytest.mark.parametrize("sql", READING)
def test_a_users_query_reads(store: Warehouse, published: Path, sql: str) -> None:
    for source in (store, published):
        assert run_user_query(source, sql).rows


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH '{store}' AS again (READ_WRITE)",
        "ATTACH '{store}' AS again (READ_WRITE); DELETE FROM again.clean.articles",
        "ATTACH ':memory:' AS more",
        "DELETE FROM clean.articles",
        "SELECT 1; DELETE FROM clean.articles",
        "CREATE TABLE clean.more AS SELECT 1; SELECT 2",
        "COPY clean.articles TO '{folder}/stolen.csv'",
        "COPY (SELECT 1) TO '{store}'",
        "EXPLAIN ANALYZE COPY clean.articles TO '{folder}/stolen.csv'",
        "EXPORT DATABASE '{folder}/stolen'",
        "SET enable_external_access = true",
        "SET enable_external_access = true; SELECT * FROM read_text('{secret}')",
        "RESET lock_configuration",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CALL pragma_version()",
        "CHECKPOINT",
        "CREATE PERSISTENT SECRET s (TYPE s3)",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_blob('{secret}')",
        "SELECT * FROM read_csv('{secret}')",
        "FROM '{secret}'",
        "FROM glob('{folder}/*')",
        "FROM read_text('{folder}/landing/../secret.csv')",
        "SELECT * FROM query('SELECT * FROM read_text(''{secret}'')')",
        "FROM parquet_metadata('{secret}')",
        "FROM sniff_csv('{secret}')",
        "",
        "-- nothing",
    ],
)
@pytest.mark.parametrize("kind", ["copy", "warehouse"])
def test_a_users_query_does_nothing_else(
    store: Warehouse, published: Path, tmp_path: Path, kind: str, sql: str
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("password\nhunter2\n")
    source = store if kind == "warehouse" else published
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(WarehouseError) as caught:
        run_user_query(source, sql.format(store=store.path, folder=tmp_path, secret=secret))
    assert "refused" in str(caught.value)
    assert "damaged" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_our_own_variables_are_no_tables(store: Warehouse) -> None:
    rows = duckdb.sql("SELECT 1")  # noqa: F841
    with pytest.raises(WarehouseError, match="rows does not exist"):
        run_user_query(store, "FROM rows")


def test_a_users_own_files_are_read_where_that_is_wanted(store: Warehouse, published: Path, tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("fish,price\nherring,3\n")
    for source in (store, published):
        with pytest.raises(WarehouseError, match="`newsmill sql --files` reads your own files"):
            run_user_query(source, f"FROM '{prices}'")
        assert run_user_query(source, f"FROM '{prices}'", files=True).rows == [("herring", 3)]
        for sql in (f"COPY (SELECT 1) TO '{tmp_path}/x.csv'", f"ATTACH '{store.path}' AS again (READ_WRITE)"):
            with pytest.raises(WarehouseError, match="refused"):
                run_user_query(source, sql, files=True)


def test_a_large_query_may_spill(published: Path) -> None:
    """What does not fit into memory goes into DuckDB's own folder, which stays allowed."""
    sql = "SELECT sum(hash(text)) FROM (SELECT DISTINCT repeat('港', 50) || n AS text FROM range(200000) AS r(n))"
    assert run_user_query(published, sql).rows


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


def test_a_copy_is_behind_what_another_run_loaded(store: Warehouse, published: Path) -> None:
    assert not is_behind(store, published, "this")
    assert is_behind(store, published.with_name("none.duckdb"), "this")
    with store.writing() as connection:
        started_at = datetime.now(UTC)
        counts = {"new": 1, "changed": 0}
        record_run(
            connection,
            run_id="other",
            flow="ingest",
            parameters={},
            started_at=started_at,
            state="completed",
            counts=counts,
        )
    assert is_behind(store, published, "this")
    assert not is_behind(store, published, "other"), "its own loads don't count"
