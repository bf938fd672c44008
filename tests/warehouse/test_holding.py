"""A warehouse held open between batches: the same rows, and nobody locked out for long."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from warehouse import connection
from warehouse.connection import Warehouse

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
    with store.holding():
        for number in range(4):
            with ThreadPoolExecutor(1) as thread:
                thread.submit(add, store, number).result()
        assert "Conflicting lock" in seen_by_another_process(store.path)
    assert seen_by_another_process(store.path) == "4"


def test_others_are_let_in(store: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HOLD", 0.0)
    let_in = []
    monkeypatch.setattr("warehouse.connection.time.sleep", lambda _: let_in.append(seen_by_another_process(store.path)))
    with store.holding():
        add(store, 1)
        add(store, 2)
    assert let_in == ["1"]


def test_an_error_lets_go(store: Warehouse) -> None:
    def fail() -> None:
        with store.writing() as opened:
            opened.execute("SELECT 1/'x'::INTEGER")

    with store.holding():
        add(store, 1)
        with pytest.raises(Exception, match="Conversion"):
            fail()
        assert seen_by_another_process(store.path) == "1"
        add(store, 2)
    assert seen_by_another_process(store.path) == "2"
