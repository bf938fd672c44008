"""A lake's locks: one writer at a time, readers beside it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import warehouse.load.batch
import warehouse.store.lake_connection
from tests.flows.observing import contents
from tests.stores import Postgres, Store
from tests.tasks.making import NOW, Item, milled
from tests.warehouse.store.making import (
    COUNT,
    DISTINCT,
    add_rejects,
    fill,
    in_postgres,
    read_all,
    rows_by_table,
    run_maintenance,
)
from warehouse.errors import WarehouseLockedError
from warehouse.load.batch import load
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Bucket, Lake
from warehouse.store.transactions import Connection

GATE = milled(Item())


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


@pytest.mark.thorough
def test_two_loads_at_once_conflict_even_without_turns(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the lock ever fail: DuckLake keeps rows that two transactions add, so a load also changes a common row."""
    monkeypatch.setattr(warehouse.store.lake_connection, "writer_lock", lambda *_: nullcontext())
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
        before = rows_by_table(reader)
        monkeypatch.setattr(Warehouse, "writing", after_a_load)
        run_maintenance(here, tmp_path, datetime.now(UTC))
        monkeypatch.undo()
        assert loads == 5
        assert reader.execute(DISTINCT).fetchall() == [(406, 103)]
        assert rows_by_table(reader) == before
        reader.execute("COMMIT")
        assert contents(lake) == contents(undisturbed.path)
        assert reader.execute("SELECT count(*) FROM clean.articles").fetchall() == [(10,)]
        files = "SELECT count(*) FROM ducklake_list_files('newsmill', 'rejects', schema => 'ops')"
        assert reader.execute(files).fetchall() == [(1,)]
    now = read_all(here)
    many = len(store.keys("berth"))
    assert run_maintenance(here, tmp_path).compaction.snapshots > 0
    done = run_maintenance(here, tmp_path)  # the night after; the first one's own steps are old now, too
    assert len(store.keys("berth")) == done.compaction.after.files < many, "what no snapshot needs is removed"
    assert read_all(here) == now
    with here.reading() as connection:
        assert connection.execute("SELECT count(*) FROM ducklake_snapshots('newsmill')").fetchall() == [(1,)]
