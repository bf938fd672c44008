"""A warehouse held open between batches: the same rows, and nobody locked out for long."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from warehouse.store import connection
from warehouse.store.connection import ROW_GROUP, Warehouse

OTHER = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print(connection.execute("SELECT count(*) FROM ops.rejects").fetchone()[0])
"""


def add(store: Warehouse, number: int) -> None:
    with store.writing() as opened:
        opened.execute("INSERT INTO ops.rejects (reject_id) VALUES (?)", [str(number)])


def seen_by_another_process(path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", OTHER, path], capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr


@pytest.fixture
def store(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "n.duckdb", lock_timeout=1)


def test_batches_of_any_thread_share_what_is_held(store: Warehouse) -> None:
    with store.keep_open():
        for number in range(4):
            with ThreadPoolExecutor(1) as thread:
                thread.submit(add, store, number).result()
        assert "Conflicting lock" in seen_by_another_process(store.path)
    assert seen_by_another_process(store.path) == "4"


def test_others_are_let_in(store: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REOPEN_AFTER", 0.0)
    let_in = []
    monkeypatch.setattr(
        "warehouse.store.connection.time.sleep", lambda _: let_in.append(seen_by_another_process(store.path))
    )
    with store.keep_open():
        add(store, 1)
        add(store, 2)
    assert let_in == ["1"]


def test_an_error_lets_go(store: Warehouse) -> None:
    def fail() -> None:
        with store.writing() as opened:
            opened.execute("SELECT 1/'x'::INTEGER")

    with store.keep_open():
        add(store, 1)
        with pytest.raises(Exception, match="Conversion"):
            fail()
        assert seen_by_another_process(store.path) == "1"
        add(store, 2)
    assert seen_by_another_process(store.path) == "2"


def test_a_batch_larger_than_what_is_held_gets_room(store: Warehouse) -> None:
    text = "港口" * 500_000
    with store.keep_open():
        add(store, 1)
        with store.writing(100 * len(text.encode())) as opened:
            opened.execute("INSERT INTO raw.entries (content_html) SELECT ? FROM range(100)", [text])
        add(store, 2)
    with store.reading() as opened:
        assert opened.execute("SELECT count(*), sum(len(content_html)) FROM raw.entries").fetchone() == (
            100,
            100 * len(text),
        )
    assert [path.name for path in store.path.parent.iterdir()] == [store.path.name]


def test_what_is_appended_to_is_small(store: Warehouse) -> None:
    with store.keep_open(), store.writing() as opened:
        opened.execute("INSERT INTO ops.rejects (reject_id) SELECT range FROM range(10000)")
    with store.reading() as opened:
        groups = opened.execute("SELECT max(count) FROM pragma_storage_info('ops.rejects')").fetchone()
    assert groups == (ROW_GROUP,)
