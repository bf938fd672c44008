"""The two locks of a lake: one writer at a time, and no compaction while an SQLite catalog is read.

A lock ends with the process that holds it. Beside an SQLite catalog locks are files; in PostgreSQL the writer lock is
an advisory one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from warehouse.errors import WarehouseError, WarehouseLockedError
from warehouse.store.folders import make_folder
from warehouse.store.lake import Lake
from warehouse.store.lake_errors import explaining_lake_errors
from warehouse.store.quoting import literal
from warehouse.store.transactions import rolled_back

READER_TIMEOUT = 600.0
"""Seconds a reader waits while a lake is compacted."""
ADVISORY_LOCK = 0x6E6577736D696C6C
"""Number of PostgreSQL's advisory lock: "newsmill" in ASCII."""
LOCK_DATABASE = "queue"
"""Name under which the PostgreSQL database is attached to take that lock."""

_LOCK_HOLDERS = f"""
SELECT pid, coalesce(host(client_addr), 'its own machine') FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted
    AND classid = {ADVISORY_LOCK >> 32} AND objid = {ADVISORY_LOCK & 0xFFFFFFFF}
"""  # noqa: S608


@contextmanager
def writer_lock(lake: Lake, instance: duckdb.DuckDBPyConnection, timeout: float) -> Iterator[None]:
    """Hold the lake's writer lock. Raises WarehouseLockedError if another process has it for `timeout` seconds."""
    if lake.kind == "sqlite":
        with _lock_file(lake, Path(f"{lake.catalog}.lock"), timeout):
            yield
    else:
        with _lock_in_postgres(lake, instance, timeout):
            yield


@contextmanager
def _lock_file(lake: Lake, path: Path, timeout: float) -> Iterator[None]:
    make_folder(path.parent)
    lock = FileLock(path, timeout=timeout)
    try:
        lock.acquire()
    except Timeout:
        raise _locked_error(lake, f"process {path.read_text() or '?'}") from None
    except OSError as error:
        raise WarehouseError(f"{path}: can't be written ({error.strerror}); fix the folder's rights") from error
    try:
        path.write_text(str(os.getpid()))
        yield
    finally:
        lock.release()


@contextmanager
def _lock_in_postgres(lake: Lake, instance: duckdb.DuckDBPyConnection, timeout: float) -> Iterator[None]:
    """The lock belongs to a transaction that does nothing else, so that it ends with the process or its connection."""
    with explaining_lake_errors(lake), instance.cursor() as cursor, rolled_back(cursor):
        cursor.execute(f"ATTACH IF NOT EXISTS {literal(lake.connection_string)} AS {LOCK_DATABASE} (TYPE postgres)")
        cursor.execute("BEGIN")
        wait = (
            f"SET LOCAL lock_timeout = {max(1, round(timeout * 1000))}; SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"
        )
        try:
            cursor.execute(f"CALL postgres_execute('{LOCK_DATABASE}', {literal(wait)})")
        except duckdb.Error as error:
            if "lock timeout" in str(error):
                raise _locked_error(lake, _postgres_holder(instance)) from error
            raise
        yield


def _postgres_holder(instance: duckdb.DuckDBPyConnection) -> str:
    with instance.cursor() as cursor:
        row = cursor.execute(f"FROM postgres_query('{LOCK_DATABASE}', {literal(_LOCK_HOLDERS)})").fetchone()
    return f"PostgreSQL's process {row[0]} for a client on {row[1]}" if row else "another process"


def _locked_error(lake: Lake, holder: str) -> WarehouseLockedError:
    return WarehouseLockedError(
        f"{lake}: {holder} is writing to the warehouse; let it finish or end it, then run again: what was fetched is "
        "safe in the landing zone and will be loaded then"
    )


@contextmanager
def reader_lock(lake: Lake) -> Iterator[None]:
    """Keep `no_readers` waiting. Raises WarehouseLockedError if the lake is being compacted for READER_TIMEOUT."""
    if lake.kind == "postgres":
        yield
        return
    with _flock(_readers_file(lake), fcntl.LOCK_SH, READER_TIMEOUT) as locked:
        if not locked:
            raise WarehouseLockedError(f"{lake}: is being compacted; run again in a minute")
        yield


@contextmanager
def no_readers(lake: Lake, timeout: float) -> Iterator[None]:
    """Keep newsmill's readers out: needed to remove rows of the catalog.

    DuckDB reads the tables of an SQLite catalog without a snapshot: a reader's transaction would miss files that are
    merged in the meantime. PostgreSQL gives it one. Raises WarehouseLockedError if there are readers for `timeout`
    seconds.
    """
    if lake.kind == "postgres":
        yield
        return
    with _flock(_readers_file(lake), fcntl.LOCK_EX, timeout) as locked:
        if not locked:
            raise WarehouseLockedError(
                f"{lake}: it can't be compacted while it is read, and it was read for {timeout:g} s; run again "
                "when exports and publishing are done"
            )
        yield


def _readers_file(lake: Lake) -> Path:
    return Path(f"{lake.catalog}.readers")


@contextmanager
def _flock(path: Path, mode: int, timeout: float) -> Iterator[bool]:
    """Whether the file was locked in time. `mode` is fcntl.LOCK_SH, which many may hold, or fcntl.LOCK_EX."""
    with path.open("a") as file:
        retrying = Retrying(
            retry=retry_if_exception_type(BlockingIOError),
            stop=stop_after_delay(timeout),
            wait=wait_random(0.02, 0.2),
            retry_error_callback=lambda _: False,
        )
        yield retrying(_try_flock, file.fileno(), mode | fcntl.LOCK_NB)


def _try_flock(file: int, mode: int) -> bool:
    fcntl.flock(file, mode)
    return True
