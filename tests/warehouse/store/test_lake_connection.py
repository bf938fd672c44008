"""A lake that is opened: the same SQL as in a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.stores import Postgres, Store
from tests.tasks.making import Item, milled
from tests.warehouse.store.making import COUNT, error_of, in_postgres, in_sqlite
from warehouse.errors import WarehouseError
from warehouse.load.batch import load
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Bucket, Lake

GATE = milled(Item())


def test_the_sql_of_analysts(lake: Lake) -> None:
    with Warehouse(lake).writing() as connection:
        load(connection, [GATE], run_id="one")
    with Warehouse(lake).reading() as connection:
        assert connection.execute("SELECT title FROM marts.latest_articles").fetchall() == [("The gate is open",)]
        assert connection.execute("SELECT title FROM articles_as_of('2030-01-01')").fetchall() != []
        assert connection.execute("SELECT articles FROM term_trend('gate', 'week')").fetchall() == [(1,)]
        (comment,) = connection.execute(
            "SELECT comment FROM duckdb_columns() WHERE table_name = 'articles' AND column_name = 'version'"
        ).fetchall()
        assert comment[0]
        with pytest.raises(duckdb.Error, match="read-only"):
            connection.execute("DELETE FROM clean.articles")


def test_there_is_none_yet(lake: Lake) -> None:
    assert not Warehouse(lake).exists()
    with pytest.raises(WarehouseError, match="there is no warehouse yet"), Warehouse(lake).reading():
        pass
    with Warehouse(lake).writing():
        pass
    assert Warehouse(lake).exists()


def test_a_lake_on_s3(postgres: Postgres, store: Store) -> None:
    store.make_bucket("quay")
    bucket = Bucket(store.endpoint, key="sesame", secret="open", tls=False)
    lake = in_postgres(postgres, "s3://quay/lake", bucket)
    with Warehouse(lake).writing() as connection:
        load(
            connection, [milled(*(Item(guid=str(n), link=f"https://quay.example/{n}") for n in range(20)))], run_id="1"
        )
    assert any(key.startswith("lake/clean/articles/") for key in store.keys("quay"))
    with Warehouse(lake).reading() as connection:
        assert connection.execute(COUNT).fetchone() == (20,)


def test_another_data_path(tmp_path: Path) -> None:
    with Warehouse(in_sqlite(tmp_path)).writing():
        pass
    assert "to the path the lake was made with" in error_of(replace(in_sqlite(tmp_path), data="/elsewhere/"))
