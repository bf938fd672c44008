"""Maintenance makes the warehouse smaller, and removes no row of raw.* and clean.*."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from tests.stores import PASSWORD
from tests.warehouse.store.making import DISTINCT, KEEP, LATER, add_rejects, fill, read_all, run_maintenance
from warehouse.errors import WarehouseLockedError
from warehouse.publish.catalogue import read_macros, read_relations
from warehouse.store import maintenance
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Bucket, Lake, lake_at
from warehouse.store.maintenance import maintain, merge_row_groups
from warehouse.store.sql_files import query


@pytest.fixture(params=["file", pytest.param("lake", marks=pytest.mark.thorough)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    if request.param == "file":
        return Warehouse(tmp_path / "newsmill.duckdb")
    address = f"ducklake:sqlite:{tmp_path / 'news.sqlite'}"
    return Warehouse(lake_at(address, data=None, bucket=Bucket(), password=None))


def test_nothing_of_raw_and_clean_is_dropped_and_twice_is_once(store: Warehouse, tmp_path: Path) -> None:
    fill(store)
    before = read_all(store)
    assert len(before["clean.articles"]) == 5
    first = run_maintenance(store, tmp_path)
    assert read_all(store) == before
    second = run_maintenance(store, tmp_path)
    assert read_all(store) == before
    assert second.compaction.after == second.compaction.before == first.compaction.after


def load_little(store: Warehouse, number: int) -> bool:
    """A run that loads a row of each of three tables; returns whether it merged what those before it left."""
    with store.writing() as connection:
        merged = merge_row_groups(connection, store.location)
        for table, key in (("ops.runs", "run_id"), ("ops.fetches", "run_id"), ("clean.articles", "article_id")):
            connection.execute(f"INSERT INTO {table} BY NAME SELECT 'r{number}' AS {key}")
    return merged


def test_many_small_loads_do_not_fill_the_disk_where_nothing_maintains_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "RUNS", 8)
    store = Warehouse(tmp_path / "newsmill.duckdb")
    merged = [load_little(store, number) for number in range(40)]
    assert merged.count(True) == 4, "after every eighth run or so"
    size = store.path.stat().st_size
    assert sum(load_little(store, number) for number in range(40, 80)) >= 4
    # without merging it is twice as large then; a few blocks more or less are where DuckDB puts what is new
    assert store.path.stat().st_size < 1.25 * size, "later loads take the blocks that merging has freed"
    with store.reading() as connection:
        for table, key in (("ops.runs", "run_id"), ("ops.fetches", "run_id"), ("clean.articles", "article_id")):
            assert connection.execute(f"SELECT count(DISTINCT {key}), count(*) FROM {table}").fetchall() == [(80, 80)]


def test_a_lake_merges_nothing_at_a_run(tmp_path: Path) -> None:
    address = f"ducklake:sqlite:{tmp_path / 'news.sqlite'}"
    store = Warehouse(lake_at(address, data=None, bucket=Bucket(), password=None))
    with store.writing() as connection:
        assert not merge_row_groups(connection, store.location)


def test_records_are_forgotten_when_they_are_old(store: Warehouse, tmp_path: Path) -> None:
    ages = f"SELECT 'r' || range AS run_id, TIMESTAMPTZ '{LATER}' - range * INTERVAL 50 DAY"
    with store.writing() as connection:
        connection.execute(f"INSERT INTO ops.fetches BY NAME {ages} AS started_at, 'quay' AS feed_id FROM range(10)")
        connection.execute(f"INSERT INTO ops.fetches BY NAME {ages} AS started_at, 'gone' AS feed_id FROM range(9, 10)")
        connection.execute(f"INSERT INTO ops.runs BY NAME {ages} AS started_at FROM range(10)")
        connection.execute(f"INSERT INTO ops.checks BY NAME {ages} AS checked_at FROM range(10)")
        events = ages.replace("run_id", "event_id")
        connection.execute(
            f"INSERT INTO ops.article_events BY NAME {events} AS recorded_at, -range AS position FROM range(1, 10)"
        )
        for event, state, outbox in (("r9", "pending", "desk"), ("r8", "dead", "desk"), ("r7", "pending", "removed")):
            connection.execute(
                "INSERT INTO ops.outbox BY NAME SELECT event_id, $2 AS state, recorded_at AS queued_at, $3 AS outbox "
                "FROM ops.article_events WHERE event_id = $1",
                [event, state, outbox],
            )
    done = run_maintenance(store, tmp_path)
    assert done.forgotten == {"fetches": 8, "runs": 2, "checks": 8, "messages": 2, "events": 7}
    assert "forgotten records: 8 fetches, 2 runs, 8 checks, 2 messages, 7 events" in done.messages
    with store.reading() as connection:
        left = connection.execute("SELECT event_id FROM ops.article_events ORDER BY position").fetchall()
    assert left == [("r9",), ("r1",)], "what waits to be sent, and the last"
    with store.reading() as connection:
        assert connection.execute("SELECT feed_id, count(*) FROM ops.fetches GROUP BY ALL ORDER BY ALL").fetchall() == [
            ("gone", 1),
            ("quay", 2),
        ], "the last one of each feed stays"
    assert run_maintenance(store, tmp_path).forgotten == dict.fromkeys(done.forgotten, 0)


def test_a_file_with_much_free_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "FREE_BYTES", 1_000_000)
    store = Warehouse(tmp_path / "newsmill.duckdb")
    with store.writing() as connection:
        connection.execute(
            "INSERT INTO ops.rejects (reject_id, error, location) SELECT uuid(), uuid(), uuid() FROM range(90000)"
        )
        kept = read_relations(connection), read_macros(connection)
    fill(store)  # behind them in the file
    with store.writing() as connection:
        connection.execute("DELETE FROM ops.rejects")
    before, inode = read_all(store), store.path.stat().st_ino
    (tmp_path / ".newsmill.duckdb.compact").write_bytes(b"what a killed one left")
    done = run_maintenance(store, tmp_path)
    assert done.compaction.after.bytes < done.compaction.before.bytes / 2
    assert store.path.stat().st_size == done.compaction.after.bytes
    assert read_all(store) == before
    with store.writing() as connection:
        assert (read_relations(connection), read_macros(connection)) == kept, "comments and views are there too"
    assert store.path.stat().st_ino != inode
    inode = store.path.stat().st_ino
    run_maintenance(store, tmp_path)
    assert store.path.stat().st_ino == inode, "what has nothing free is left alone"
    assert [path.name for path in tmp_path.iterdir() if "compact" in path.name] == []


def test_what_was_deleted_takes_no_place_after_it(tmp_path: Path) -> None:
    """Loads don't look for it."""
    store = Warehouse(tmp_path / "newsmill.duckdb")
    rows = "range::VARCHAR AS feed_id, now() AS started_at, repeat(md5(range::VARCHAR), 9) AS error"
    many = f"INSERT INTO ops.fetches BY NAME SELECT {rows} FROM range(40000)"
    few = "DELETE FROM ops.fetches WHERE feed_id::INTEGER % 8 > 0"

    def groups() -> int:
        with store.reading() as connection:
            stored = "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('ops.fetches')"
            return int(connection.execute(stored).fetchall()[0][0])

    for sql in (many, few):
        with store.writing() as connection:
            connection.execute(sql)
    before = groups()
    run_maintenance(store, tmp_path, datetime.now(UTC))
    assert groups() < before / 4


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "FREE_BYTES", -1)
    monkeypatch.setattr(maintenance, "FREE", -1.0)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    store = Warehouse(tmp_path / "newsmill.duckdb")
    fill(store)
    inode = store.path.stat().st_ino
    run_maintenance(store, tmp_path)
    assert store.path.stat().st_ino == inode


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_at(f"ducklake:sqlite:{tmp_path / 'news.sqlite'}", data=None, bucket=Bucket(), password=None)


def parquet(folder: Path) -> int:
    return len(list(folder.rglob("*.parquet")))


def tables_of_several_files(store: Warehouse) -> list[tuple[str, str]]:
    with store.writing() as connection:
        return connection.execute(query("lake_tables")).fetchall()


def test_a_lake_gets_fewer_files(lake: Lake, tmp_path: Path) -> None:
    store = Warehouse(lake)
    fill(store)
    add_rejects(store)
    before = read_all(store)
    assert ("ops", "rejects") in tables_of_several_files(store)
    done = run_maintenance(store, tmp_path, datetime.now(UTC))
    assert tables_of_several_files(store) == []
    assert done.compaction.snapshots == 0, "they are a day old at the most"
    many = parquet(tmp_path)
    done = run_maintenance(store, tmp_path)
    assert done.compaction.snapshots > 0
    assert parquet(tmp_path) < many, "what no snapshot needs is removed"
    assert read_all(store) == before
    assert done.counts["files_after"] == done.compaction.after.files


REMEMBERING = """
import pickle, sys
from warehouse.store.connection import Warehouse
store = Warehouse(pickle.loads(bytes.fromhex(sys.argv[1])))
with store.writing() as connection:
    connection.execute("FROM ops.rejects").fetchall()
print("it knows the schema", flush=True)
sys.stdin.readline()
with store.writing() as connection:
    connection.execute("INSERT INTO ops.rejects (error) VALUES ('the last')")
    print(connection.execute("SELECT count(*) FROM ops.rejects").fetchall())
"""


@pytest.mark.parametrize("kind", [pytest.param("sqlite", marks=pytest.mark.thorough), "postgres"])
def test_a_process_that_goes_on_after_a_lake_was_compacted(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """It had read the schema before; rows of an altered table lay in the catalog. DuckDB aborted it."""
    place: Lake = request.getfixturevalue("lake")
    if kind == "postgres":
        address = f"ducklake:postgres:{request.getfixturevalue('postgres').conninfo()}"
        place = lake_at(address, data=str(tmp_path / "lake"), bucket=Bucket(), password=PASSWORD)
    store = Warehouse(place)
    few = "INSERT INTO ops.rejects (error) SELECT 'few' FROM range(3)"
    with store.writing() as connection:
        connection.execute(few)
        connection.execute("ALTER TABLE ops.rejects ADD COLUMN note VARCHAR")
        connection.execute(few)
    with subprocess.Popen(
        [sys.executable, "-c", REMEMBERING, pickle.dumps(place).hex()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "it knows the schema\n"
        run_maintenance(store, tmp_path)
        said, _ = process.communicate("\n", timeout=120)
    assert (process.returncode, said) == (0, "[(7,)]\n")
    with store.reading() as connection:
        assert connection.execute("SELECT DISTINCT error FROM ops.rejects ORDER BY ALL").fetchall() == [
            ("few",),
            ("the last",),
        ]
        assert connection.execute("SELECT * FROM duckdb_views() WHERE view_name = 'flushed'").fetchall() == []


def test_a_lake_in_sqlite_is_not_compacted_while_it_is_read(lake: Lake, tmp_path: Path) -> None:
    """DuckDB reads an SQLite catalog without a snapshot, so a transaction would miss what is merged meanwhile."""
    store = Warehouse(lake, lock_timeout=0.2)
    add_rejects(store)
    with store.reading() as reader:
        reader.execute("BEGIN")
        with pytest.raises(WarehouseLockedError, match="can't be compacted while it is read"):
            run_maintenance(store, tmp_path)
        assert reader.execute(DISTINCT).fetchall() == [(406, 103)]
    run_maintenance(store, tmp_path)
    with store.reading() as reader:
        assert reader.execute(DISTINCT).fetchall() == [(406, 103)]


def test_files_that_nothing_names(tmp_path: Path) -> None:
    store = Warehouse(tmp_path / "newsmill.duckdb")
    images, landing = tmp_path / "images", tmp_path / "landing"
    now = datetime.now(UTC)
    old = (now - timedelta(days=2)).timestamp()
    files = {
        "images/ab/cd/named.jpg": True,
        "images/ab/cd/unnamed.jpg": False,
        "images/ab/cd/.0123.tmp": False,
        "images/ab/cd/young.jpg": True,
        "landing/blobs/ab/cd/blob.zst": True,
        "landing/blobs/ab/cd/.4567.tmp": False,
        "landing/pending/.89ab.tmp": False,
        "landing/pending/.young.tmp": True,
        "landing/pending/record.json": True,
        "landing/clones/repository/.cache.tmp": True,
    }
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"1234")
        if "young" not in name:
            os.utime(path, (old, old))
    with store.writing() as connection:
        connection.execute(
            "INSERT INTO clean.images (image_id, status, path) VALUES ('1', 'stored', 'ab/cd/named.jpg')"
        )
        connection.execute("UPDATE ops.schema_migrations SET applied_at = applied_at - INTERVAL 9 DAY")
    done = maintain(store, KEEP, images, landing, now)
    assert {name: (tmp_path / name).exists() for name in files} == files
    assert (done.orphans.files, done.orphans.bytes) == (4, 16)
    assert "removed files that nothing refers to: 4 files, 16 bytes" in done.messages
    assert maintain(store, KEEP, images, landing, now).orphans.files == 0


@pytest.mark.usefixtures("warehouses_made_anew")
def test_images_that_are_older_than_the_warehouse_stay(tmp_path: Path) -> None:
    """One that was made anew names no file of the images whose origin is gone."""
    store = Warehouse(tmp_path / "newsmill.duckdb")
    kept = tmp_path / "images" / "ab" / "cd" / "archived.jpg"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"1234")
    with store.writing():
        pass  # made after it
    assert maintain(store, KEEP, tmp_path / "images", tmp_path / "landing", LATER).orphans.files == 0
    assert kept.exists()


def test_without_image_store_and_landing_zone(tmp_path: Path) -> None:
    store = Warehouse(tmp_path / "newsmill.duckdb")
    fill(store)
    assert run_maintenance(store, tmp_path).orphans.files == 0


def test_a_published_copy_is_made_of_a_compacted_lake(lake: Lake, tmp_path: Path) -> None:
    from warehouse.publish.copy import publish

    store = Warehouse(lake)
    fill(store)
    run_maintenance(store, tmp_path)
    copy = publish(store, tmp_path / "news.duckdb").path
    with duckdb.connect(str(copy), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM clean.article_versions").fetchall() == [(8,)]
        (comment,) = connection.execute(
            "SELECT comment FROM duckdb_functions() WHERE function_name = 'articles_as_of'"
        ).fetchall()
        assert comment[0], "macros have their comments in the copy"
