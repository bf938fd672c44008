"""Errors about a lake, and what they say to do."""

from __future__ import annotations

import pickle
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.stores import PASSWORD, Postgres, Store
from tests.warehouse.store.making import COUNT, MANY, error_of, in_postgres, in_sqlite
from warehouse.errors import WarehouseError
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Bucket, Lake

AT_WORK = """
import pickle, sys
from warehouse.store.connection import Warehouse
from warehouse.errors import WarehouseError
_, lake, how, first, then = sys.argv
try:
    with getattr(Warehouse(pickle.loads(bytes.fromhex(lake))), how)() as connection:
        connection.execute("BEGIN")
        connection.execute(first)
        print("at work", flush=True)
        sys.stdin.readline()
        connection.execute(then)
except WarehouseError as error:
    print(error)
"""


def test_a_mistaken_query_is_duckdbs_own_error(lake: Lake) -> None:
    with pytest.raises(duckdb.CatalogException, match="nonesuch"), Warehouse(lake).writing() as connection:
        connection.execute("FROM nonesuch")


def test_a_catalog_that_cannot_be_used(postgres: Postgres, tmp_path: Path) -> None:
    lake = in_postgres(postgres, tmp_path / "data")
    (tmp_path / "diary.sqlite").write_text("Dear diary\n" * 1000)
    assert "Connection refused" in error_of(replace(lake, catalog="host=127.0.0.1 port=1 user=newsmill"))
    assert "start PostgreSQL, or fix the address" in error_of(replace(lake, catalog="host=127.0.0.1 port=1"))
    assert 'database "none" does not exist' in error_of(
        replace(lake, catalog=f"postgresql://newsmill@127.0.0.1:{postgres.port}/none")
    )
    assert "see NEWSMILL_CATALOG_PASSWORD" in error_of(replace(lake, password="hush"))
    assert "see NEWSMILL_CATALOG_PASSWORD" in error_of(
        replace(lake, password=None, catalog=f"{lake.catalog} password='hush \\' hush'")
    )
    assert "start PostgreSQL, or fix the address" in error_of(
        replace(lake, password=None, catalog="host=127.0.0.1 port=1 password=hush")
    )
    assert "see NEWSMILL_CATALOG_PASSWORD" in error_of(
        replace(lake, password=None, catalog=f"postgresql://newsmill:hush@127.0.0.1:{postgres.port}/postgres")
    )
    assert "set NEWSMILL_DATA_PATH" in error_of(replace(lake, data=None))
    assert "fix the path in NEWSMILL_WAREHOUSE" in error_of(
        replace(in_sqlite(tmp_path), catalog=str(tmp_path / "diary.sqlite"))
    )
    assert (tmp_path / "diary.sqlite").read_text() == "Dear diary\n" * 1000, "left as it was"


@pytest.mark.parametrize(
    "catalog", ["host=127.0.0.1 port={} user=newsmill", "postgresql://newsmill@127.0.0.1:{}/news?sslmode=disable"]
)
def test_a_catalog_that_does_not_answer(catalog: str, tmp_path: Path) -> None:
    """Without a limit this test would never end."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lake = Lake(
            "postgres",
            catalog.format(silent.getsockname()[1]),
            f"{tmp_path}/",
            password=PASSWORD,
            connect_timeout=2,  # libpq takes no less
        )
        said = error_of(lake)
    assert "timeout expired" in said
    assert "start PostgreSQL, or fix the address" in said


@pytest.mark.parametrize(
    ("how", "first", "then"), [("writing", MANY, "COMMIT"), ("reading", COUNT, "FROM raw.entries")]
)
def test_a_catalog_that_goes_away_meanwhile(
    how: str, first: str, then: str, postgres: Postgres, tmp_path: Path
) -> None:
    """DuckDB would abort the process, which only another one can see, and nobody would learn why."""
    lake = in_postgres(postgres, tmp_path / "data")
    with Warehouse(lake).writing():
        pass
    with subprocess.Popen(
        [sys.executable, "-c", AT_WORK, pickle.dumps(lake).hex(), how, first, then],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "at work\n"
        postgres.stop()
        try:
            said, _ = process.communicate("\n", timeout=120)
        finally:
            postgres.start()
    assert process.returncode == 0
    assert "PostgreSQL went away: make sure that it runs" in said
    assert "safe in the landing zone" in said
    with Warehouse(lake).writing() as connection:
        assert connection.execute("SELECT count(*) FROM ops.rejects").fetchall() == [(0,)]


def test_a_store_that_cannot_be_used(postgres: Postgres, store: Store) -> None:
    bucket = Bucket(store.endpoint, key="sesame", secret="open", tls=False)
    store.make_bucket("shut")
    assert "make the bucket" in error_of(in_postgres(postgres, "s3://none/lake", bucket), MANY)
    unreachable = replace(bucket, endpoint="127.0.0.1:1")
    assert "see NEWSMILL_S3_ENDPOINT" in error_of(in_postgres(postgres, "s3://shut/one", unreachable), MANY)
    lake = in_postgres(postgres, "s3://shut/two", bucket)
    store.refuse()
    try:
        said = error_of(lake, MANY)
    finally:
        store.allow()
    assert "the bucket refuses; see NEWSMILL_S3_KEY" in said
    assert "safe in the landing zone" in said
    with Warehouse(lake).writing() as connection:
        connection.execute(MANY)
    store.refuse()
    try:
        with pytest.raises(WarehouseError, match="the bucket refuses"), Warehouse(lake).reading() as connection:
            connection.execute("FROM ops.rejects").fetchall()
    finally:
        store.allow()
