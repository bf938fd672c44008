"""What a user's query may do: read what newsmill stores, and nothing else.

tests/warehouse/store/test_reading.py has the cases of lakes.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.tasks.making import Item, milled
from warehouse.errors import WarehouseError
from warehouse.load.batch import load
from warehouse.publish.copy import publish
from warehouse.read.queries import run_user_query
from warehouse.store.connection import Warehouse


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """One for all: each test makes sure that nothing of it has changed."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "secret.csv").write_text("password\nhunter2\n")
    store = Warehouse(folder / "newsmill.duckdb")
    with store.writing() as connection:
        load(connection, [milled(Item())], run_id="one")
    return store


@pytest.fixture(scope="module")
def published(store: Warehouse) -> Path:
    return publish(store, store.path.with_name("news.duckdb")).path


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


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
def test_a_users_query_does_nothing_else(store: Warehouse, published: Path, kind: str, sql: str) -> None:
    folder = store.path.parent
    secret = folder / "secret.csv"
    source = store if kind == "warehouse" else published
    before = contents(folder)
    with pytest.raises(WarehouseError) as caught:
        run_user_query(source, sql.format(store=store.path, folder=folder, secret=secret))
    assert "refused" in str(caught.value)
    assert "damaged" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert contents(folder) == before


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
