from __future__ import annotations

import asyncio
import gc
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from flows.prefect_server.process import close_failed_cursors


@pytest.fixture
def closed_cursors(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("execute", "executemany"):
        monkeypatch.setattr(aiosqlite.Cursor, name, getattr(aiosqlite.Cursor, name))  # to put them back
    close_failed_cursors()
    yield


@pytest.mark.usefixtures("closed_cursors")
@pytest.mark.parametrize("rows", [[{"x": 1}], [{"x": 1}, {"x": 2}]], ids=["one row", "several rows"])
def test_a_failed_statement_does_not_hold_up_the_event_loop(tmp_path: Path, rows: list[dict[str, int]]) -> None:
    """The event loop ends a transaction that its connection waits for, while it frees what is left of the failure."""
    other = sqlite3.connect(tmp_path / "prefect.db", isolation_level=None)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("CREATE TABLE t (x)")

    async def run() -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'prefect.db'}", connect_args={"timeout": 0})
        async with engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert isinstance(driver, aiosqlite.Connection)
            other.execute("BEGIN IMMEDIATE")
            failures = []
            try:
                insert = "INSERT INTO t VALUES (:x)"
                await connection.exec_driver_sql(insert, rows if len(rows) > 1 else rows[0])
            except OperationalError as error:
                assert "database is locked" in str(error)
                failures.append(error)  # with its traceback, which has the cursor
            assert failures
            await connection.exec_driver_sql("PRAGMA busy_timeout = 20000")
            waiting = asyncio.ensure_future(connection.exec_driver_sql("INSERT INTO t VALUES (3)"))
            while not waiting.done() and not (started := driver._tx.empty()):
                await asyncio.sleep(0)
            for _ in range(1000):  # its thread has taken the statement from the queue and is about to wait
                await asyncio.sleep(0)
            assert started
            failures.clear()
            gc.collect()
            other.execute("COMMIT")
            await waiting  # else "database is locked" after its 20 s
            await connection.commit()
        await engine.dispose()

    asyncio.run(run())
    assert other.execute("SELECT x FROM t").fetchall() == [(3,)]


def test_it_is_prefect_s_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flows.prefect_server.process", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == version("prefect")
