"""The warehouse as a lake: the same SQL, turns that hold, and errors that say what to do."""

from __future__ import annotations

import pickle
import socket
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import warehouse.load.batch
import warehouse.store.lake
from tests.flows.observing import contents
from tests.stores import PASSWORD, Postgres, Store
from tests.tasks.making import NOW, Item, milled
from tests.warehouse.store.test_maintenance import DISTINCT, add_rejects, fill, held, held_by, tidy
from warehouse.errors import WarehouseError, WarehouseLockedError
from warehouse.load.batch import load
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Bucket, Lake, lake_at
from warehouse.store.transactions import Connection

GATE = milled(Item())
COUNT = "SELECT count(*) FROM clean.articles"
MANY = "INSERT INTO ops.rejects (reject_id) SELECT CAST(range AS VARCHAR) FROM range(1000)"


def in_postgres(server: Postgres, data: str | Path, bucket: Bucket | None = None) -> Lake:
    address = f"ducklake:postgres:{server.conninfo()}"
    return lake_at(address, data=str(data), bucket=bucket or Bucket(), password=PASSWORD)


def in_sqlite(folder: Path) -> Lake:
    return lake_at(f"ducklake:sqlite:{folder / 'news.sqlite'}", data=None, bucket=Bucket(), password=None)


@pytest.fixture(params=["sqlite", "postgres"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if request.param == "sqlite":
        return in_sqlite(tmp_path)
    return in_postgres(request.getfixturevalue("postgres"), tmp_path / "data")


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


def test_a_mistaken_query_is_duckdbs_own_error(lake: Lake) -> None:
    with pytest.raises(duckdb.CatalogException, match="nonesuch"), Warehouse(lake).writing() as connection:
        connection.execute("FROM nonesuch")


def test_there_is_none_yet(lake: Lake) -> None:
    assert not Warehouse(lake).exists()
    with pytest.raises(WarehouseError, match="there is no warehouse yet"), Warehouse(lake).reading():
        pass
    with Warehouse(lake).writing():
        pass
    assert Warehouse(lake).exists()


OTHER = """
import pickle, sys
from warehouse.store.connection import Warehouse
with Warehouse(pickle.loads(bytes.fromhex(sys.argv[1]))).writing():
    print("writing", flush=True)
    sys.stdin.read()
"""


def test_writers_of_two_processes_take_turns(lake: Lake) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, pickle.dumps(lake).hex()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "writing\n"
        with Warehouse(lake).reading() as connection:
            assert connection.execute(COUNT).fetchone() == (0,), "readers do not wait"
        with pytest.raises(WarehouseLockedError) as refused, Warehouse(lake, 0.1).writing():
            pass
        assert f"process {process.pid} is writing" in str(refused.value) or "for a client on 127.0.0.1" in str(
            refused.value
        )
        process.kill()
    with Warehouse(lake, 30).writing() as connection:
        load(connection, [GATE], run_id="one")


def test_two_loads_at_once_conflict_even_without_turns(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the lock ever fail: DuckLake keeps rows that two transactions add, so a load also changes a common row."""
    monkeypatch.setattr(warehouse.store.lake, "_turn", lambda *_: nullcontext())
    lake = in_postgres(postgres, tmp_path / "data")
    with Warehouse(lake).writing() as connection:
        load(connection, [milled(Item(guid="other", link="https://quay.example/other"))], run_id="before")
    original, attempts = warehouse.load.batch._load_documents, []

    def interrupted(*arguments: Any) -> None:
        attempts.append(arguments)
        if len(attempts) == 1:  # another process loads the same document and is faster
            with Warehouse(replace(lake, data=None)).writing() as other:
                load(other, [GATE], run_id="other")
        original(*arguments)

    monkeypatch.setattr(warehouse.load.batch, "_load_documents", interrupted)
    with Warehouse(lake).writing() as connection:
        counts = load(connection, [GATE], run_id="this")
    assert len(attempts) == 3, "this one, the other one, this one again"
    assert (counts.new, counts.unchanged) == (0, 1)
    with Warehouse(lake).reading() as connection:
        for table in ("clean.articles", "clean.article_versions", "raw.entries", "raw.documents"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (2,), table


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


@pytest.mark.thorough
def test_a_lake_in_postgres_and_s3_is_compacted_while_it_is_read_and_written(
    postgres: Postgres, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load comes before each of its first turns; what is read is as it was before."""
    store.make_bucket("berth")
    bucket = Bucket(store.endpoint, key="sesame", secret="open", tls=False)
    lake = in_postgres(postgres, "s3://berth/lake", bucket)
    here, undisturbed = Warehouse(lake), Warehouse(tmp_path / "undisturbed.duckdb")
    fill(here)
    fill(undisturbed)
    add_rejects(here)
    # with a DuckDB of its own, as another process has
    other = Warehouse(replace(lake, catalog=f"{lake.catalog} application_name=other"))
    taking_turns, loads = Warehouse.writing, 0

    def after_a_load(self: Warehouse) -> AbstractContextManager[Connection]:
        nonlocal loads
        if loads == 5:  # records were forgotten, rows flushed, some tables compacted
            return taking_turns(self)
        loads += 1
        news = milled(
            Item(text=f"<p>The gate opens at {loads}, and shuts.</p>"),
            Item(f"Lock {loads} opens", guid=f"lock{loads}", link=f"https://quay.example/lock/{loads}"),
            at=NOW + timedelta(hours=9 + loads),
        )
        for each in (other, undisturbed):
            with taking_turns(each) as connection:
                load(connection, [news], run_id=f"beside{loads}")
        return taking_turns(self)

    with here.reading() as reader:
        reader.execute("BEGIN")
        assert reader.execute(DISTINCT).fetchall() == [(406, 103)]
        before = held_by(reader)
        monkeypatch.setattr(Warehouse, "writing", after_a_load)
        tidy(here, tmp_path, datetime.now(UTC))
        monkeypatch.undo()
        assert loads == 5
        assert reader.execute(DISTINCT).fetchall() == [(406, 103)]
        assert held_by(reader) == before
        reader.execute("COMMIT")
        assert contents(lake) == contents(undisturbed.path)
        assert reader.execute("SELECT count(*) FROM clean.articles").fetchall() == [(10,)]
        files = "SELECT count(*) FROM ducklake_list_files('newsmill', 'rejects', schema => 'ops')"
        assert reader.execute(files).fetchall() == [(1,)]
    now = held(here)
    many = len(store.keys("berth"))
    assert tidy(here, tmp_path).compaction.snapshots > 0
    done = tidy(here, tmp_path)  # the night after; the first one's own steps are old now, too
    assert len(store.keys("berth")) == done.compaction.after.files < many, "what no snapshot needs is removed"
    assert held(here) == now
    with here.reading() as connection:
        assert connection.execute("SELECT count(*) FROM ducklake_snapshots('newsmill')").fetchall() == [(1,)]


def complaint(lake: Lake, sql: str = COUNT) -> str:
    with pytest.raises(WarehouseError) as raised, Warehouse(lake).writing() as connection:
        connection.execute(sql)
    said = str(raised.value)
    assert PASSWORD not in said
    assert "hush" not in said
    return said


def test_a_catalog_that_cannot_be_used(postgres: Postgres, tmp_path: Path) -> None:
    lake = in_postgres(postgres, tmp_path / "data")
    (tmp_path / "diary.sqlite").write_text("Dear diary\n" * 1000)
    assert "Connection refused" in complaint(replace(lake, catalog="host=127.0.0.1 port=1 user=newsmill"))
    assert "start PostgreSQL, or mend the address" in complaint(replace(lake, catalog="host=127.0.0.1 port=1"))
    assert 'database "none" does not exist' in complaint(
        replace(lake, catalog=f"postgresql://newsmill@127.0.0.1:{postgres.port}/none")
    )
    assert "see NEWSMILL_CATALOG_PASSWORD" in complaint(replace(lake, password="hush"))
    assert "see NEWSMILL_CATALOG_PASSWORD" in complaint(
        replace(lake, password=None, catalog=f"{lake.catalog} password='hush \\' hush'")
    )
    assert "start PostgreSQL, or mend the address" in complaint(
        replace(lake, password=None, catalog="host=127.0.0.1 port=1 password=hush")
    )
    assert "see NEWSMILL_CATALOG_PASSWORD" in complaint(
        replace(lake, password=None, catalog=f"postgresql://newsmill:hush@127.0.0.1:{postgres.port}/postgres")
    )
    assert "set NEWSMILL_DATA_PATH" in complaint(replace(lake, data=None))
    assert "mend the path in NEWSMILL_WAREHOUSE" in complaint(
        replace(in_sqlite(tmp_path), catalog=str(tmp_path / "diary.sqlite"))
    )
    assert (tmp_path / "diary.sqlite").read_text() == "Dear diary\n" * 1000, "left as it was"


@pytest.mark.parametrize(
    "catalog", ["host=127.0.0.1 port={} user=newsmill", "postgresql://newsmill@127.0.0.1:{}/news?sslmode=disable"]
)
def test_a_catalog_that_does_not_answer(catalog: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a limit this test would never end."""
    monkeypatch.delenv("PGCONNECT_TIMEOUT", raising=False)
    monkeypatch.setattr(warehouse.store.lake, "ANSWER", 2)  # less libpq doesn't take
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lake = Lake("postgres", catalog.format(silent.getsockname()[1]), f"{tmp_path}/", password=PASSWORD)
        said = complaint(lake)
    assert "timeout expired" in said
    assert "start PostgreSQL, or mend the address" in said


def test_how_long_a_catalog_may_take_to_answer_can_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGCONNECT_TIMEOUT", raising=False)
    assert Lake("postgres", "host=quay").connects_by == "host=quay connect_timeout='10'"
    assert Lake("postgres", "postgresql://quay/news").connects_by == "postgresql://quay/news?connect_timeout=10"
    for catalog in ("host=quay connect_timeout=60", "postgresql://quay/news?connect_timeout=60"):
        assert Lake("postgres", catalog).connects_by == catalog
    assert Lake("sqlite", "/quay/news.sqlite").connects_by == "/quay/news.sqlite"
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "60")
    for catalog in ("host=quay", "postgresql://quay/news"):
        assert Lake("postgres", catalog).connects_by == catalog


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
    assert "PostgreSQL went away: see that it runs" in said
    assert "safe in the landing zone" in said
    with Warehouse(lake).writing() as connection:
        assert connection.execute("SELECT count(*) FROM ops.rejects").fetchall() == [(0,)]


def test_another_data_path(tmp_path: Path) -> None:
    with Warehouse(in_sqlite(tmp_path)).writing():
        pass
    assert "where the lake was made to keep its data" in complaint(replace(in_sqlite(tmp_path), data="/elsewhere/"))


def test_a_store_that_cannot_be_used(postgres: Postgres, store: Store) -> None:
    bucket = Bucket(store.endpoint, key="sesame", secret="open", tls=False)
    store.make_bucket("shut")
    assert "make the bucket" in complaint(in_postgres(postgres, "s3://none/lake", bucket), MANY)
    unreachable = replace(bucket, endpoint="127.0.0.1:1")
    assert "see NEWSMILL_S3_ENDPOINT" in complaint(in_postgres(postgres, "s3://shut/one", unreachable), MANY)
    lake = in_postgres(postgres, "s3://shut/two", bucket)
    store.refuse()
    try:
        said = complaint(lake, MANY)
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


def test_a_missing_extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb_extension_sqlite_scanner", None)
    package = f"duckdb-extension-sqlite-scanner=={duckdb.__version__}"
    assert f"sqlite_scanner is not installed; pip install {package}" in complaint(in_sqlite(tmp_path))


def test_a_damaged_extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse.store.lake, "files", lambda _: tmp_path)
    folder = tmp_path / "extensions" / f"v{duckdb.__version__}"
    folder.mkdir(parents=True)
    (folder / "ducklake.duckdb_extension").write_bytes(b"no extension" * 1000)
    said = complaint(in_sqlite(tmp_path))
    assert "ducklake can't be loaded" in said
    assert "pip install --force-reinstall" in said


def test_an_extension_for_another_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse.store.lake, "files", lambda _: tmp_path)
    said = complaint(in_sqlite(tmp_path))
    assert "not installed for DuckDB" in said
    assert "pip install duckdb==" in said


@pytest.mark.parametrize("address", ["ducklake:", "ducklake:sqlite:", "ducklake:mysql:host=x password=hush"])
def test_no_address_of_a_lake(address: str) -> None:
    with pytest.raises(WarehouseError, match="no lake's address") as raised:
        lake_at(address, data=None, bucket=Bucket(), password=None)
    assert "hush" not in str(raised.value)
