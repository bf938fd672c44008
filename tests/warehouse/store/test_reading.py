"""What a user's query may do on a lake, whose extensions could ask any database and read any SQLite file.

tests/warehouse/read/test_queries.py has the cases of files.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.stores import PASSWORD, Postgres
from tests.tasks.making import Item, milled
from tests.warehouse.store.making import in_postgres, in_sqlite
from warehouse.errors import WarehouseError
from warehouse.load.batch import load
from warehouse.read.queries import run_user_query
from warehouse.store.connection import Warehouse

META = "__ducklake_metadata_newsmill"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lakes")
    (folder / "secret.txt").write_text("hunter2")
    with sqlite3.connect(folder / "other.sqlite") as other:
        other.execute("CREATE TABLE secrets AS SELECT 'hunter2' AS password")
    other.close()
    return folder


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.thorough), "postgres"], scope="module")
def lake(request: pytest.FixtureRequest, folder: Path) -> Warehouse:
    if request.param == "sqlite":
        store = Warehouse(in_sqlite(folder))
    else:
        server: Postgres = request.getfixturevalue("postgres")
        store = Warehouse(in_postgres(server, folder / "data"))
    with store.writing() as connection:
        load(connection, [milled(Item())], run_id="one")
    return store


def test_a_lake_is_read(lake: Warehouse) -> None:
    assert run_user_query(lake, "SELECT title FROM clean.articles").rows == [("The gate is open",)]
    assert run_user_query(lake, "SELECT title FROM marts.latest_articles -- query(1)").rows
    assert run_user_query(lake, "PIVOT clean.articles ON feed_id USING count(*)").rows
    assert run_user_query(lake, "SELECT 1 AS query, title ILIKE '%query%' FROM clean.articles").rows


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM sqlite_scan('{folder}/other.sqlite', 'secrets')",
        "SELECT * FROM \"SQLITE_scan\"('{folder}/other.sqlite', 'secrets')",
        "FROM query('SELECT * FROM sqlite' || '_scan(''{folder}/other.sqlite'', ''secrets'')')",
        "FROM query/* */ ('SELECT 1')",
        "CALL sqlite_attach('{folder}/other.sqlite')",
        f"SELECT * FROM postgres_query('{META}', 'SELECT 1')",
        f"SELECT * FROM postgres_query('{META}', 'SELECT pg_read_file(''/etc/hostname'')')",
        f"CALL postgres_execute('{META}', 'DROP TABLE ducklake_snapshot')",
        "SELECT * FROM postgres_scan('host=127.0.0.1', 'public', 'x')",
        f"FROM {META}.ducklake_metadata",
        f"FROM ducklake_snapshots('{META}')",
        "FROM duckdb_databases()",
        "FROM duckdb_databases",
        "PRAGMA database_list",
        "FROM pragma_database_list()",
        "FROM duckdb_secrets()",
        "FROM read_parquet('{folder}/**/*.parquet')",
        "FROM read_text('{folder}/secret.txt')",
        "COPY (SELECT 1) TO '{folder}/data/x.parquet'",
        "COPY (SELECT 1) TO '{folder}/news.sqlite.files/x.parquet'",
        "ATTACH '{folder}/news.sqlite' AS again",
    ],
)
def test_nothing_beside_a_lake_is_reached(lake: Warehouse, folder: Path, sql: str) -> None:
    with pytest.raises(WarehouseError) as caught:
        run_user_query(lake, sql.replace("{folder}", str(folder)))
    assert "refused" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert PASSWORD not in str(caught.value)
