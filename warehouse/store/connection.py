"""Opening the warehouse, a DuckDB file or a lake (lake_connection): locked, attached as `newsmill`, migrated.

Callers need not know which of the two it is. Two in-memory DuckDB instances in one process could both attach the file
and would not see each other's lock (POSIX locks belong to the process), so a lock per warehouse serialises threads.
"""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import duckdb
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from warehouse.errors import WarehouseError, WarehouseLockedError
from warehouse.store.folders import make_folder
from warehouse.store.lake import CATALOG, Lake, Location
from warehouse.store.lake_connection import lake_exists, read_lake, write_lake
from warehouse.store.lake_errors import NO_WAREHOUSE, explaining_lake_errors
from warehouse.store.migrating import applied_migrations, migrate
from warehouse.store.quoting import literal
from warehouse.store.sql_files import query
from warehouse.store.transactions import Connection

REOPEN_AFTER = 20.0
"""Seconds after which a warehouse that is kept open is closed for a moment, so that waiting processes get in."""
PAUSE = 0.5
"""Seconds it stays closed; waiting processes try at least every 0.2 s."""
LOAD_MEMORY = 120_000_000
"""Bytes DuckDB may use while it is kept open. With 96 MB a load takes a quarter longer, to find what to evict."""
MEMORY_PER_BYTE = 10
BASE_MEMORY = 60_000_000
"""A large batch gets more: so many bytes for each byte of its documents, and so many on top."""
ROW_GROUP = 2048
"""Rows that DuckDB stores together. Appending rewrites the last group with all its texts: with DuckDB's default of
122,880, loading 74,000 articles by the thousand took twice as long, and longer the larger the table."""

_HOLDER = re.compile(r"Conflicting lock is held in (.+?) \(PID (\d+)\)")


@dataclass(slots=True)
class _KeptConnection:
    """A connection to a file that stays open between batches."""

    stack: ExitStack = field(default_factory=ExitStack)
    open: Connection | None = None
    opened_at: float = 0.0
    memory_limit: int = 0
    """Bytes."""

    @contextmanager
    def connection(self, store: Warehouse, batch_bytes: int) -> Iterator[Connection]:
        if self.open and time.monotonic() - self.opened_at > REOPEN_AFTER:
            self.close()
            time.sleep(PAUSE)
        if not self.open:
            self.open = self.stack.enter_context(_open(store.path, store.lock_timeout, False))
            self.open.execute("SET checkpoint_threshold = '32MB'")
            # The other cores parse and clean. Split over threads, the small steps of a load take twice the CPU time.
            self.open.execute("SET threads = 1")
            self.opened_at = time.monotonic()
        memory = MEMORY_PER_BYTE * batch_bytes
        self._set_memory_limit(max(LOAD_MEMORY, BASE_MEMORY + memory))
        try:
            with explaining_errors(store.path):
                yield self.open
                if memory > LOAD_MEMORY:  # what waits for its checkpoint would leave the next batch too little
                    self.open.execute(f"CHECKPOINT {CATALOG}")
        except BaseException:
            self.close()  # its state is unknown now; the next batch opens a new one
            raise

    def _set_memory_limit(self, limit: int) -> None:
        """Only on a change: setting it makes DuckDB return memory that its allocator keeps for the next batch."""
        if self.open and limit != self.memory_limit:
            with suppress(duckdb.OutOfMemoryException):  # more than that already waits for its checkpoint
                self.open.execute(f"SET memory_limit = '{limit}B'")
                self.memory_limit = limit

    def close(self) -> None:
        self.open = None
        self.memory_limit = 0
        self.stack.close()


_thread_locks: dict[Location, threading.RLock] = defaultdict(threading.RLock)
_kept: dict[Location, _KeptConnection] = {}


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Where the warehouse is and how long to wait for its lock."""

    location: Location
    lock_timeout: float = 60.0
    """Seconds."""

    @property
    def path(self) -> Path:
        """The file. Raises TypeError for a lake."""
        if isinstance(self.location, Lake):
            raise TypeError(f"{self.location} is not a file")
        return self.location.absolute()

    def exists(self) -> bool:
        """Whether it was ever made. Raises WarehouseError if a lake's catalog cannot be read."""
        return lake_exists(self.location) if isinstance(self.location, Lake) else self.location.exists()

    @contextmanager
    def writing(self, batch_bytes: int = 0) -> Iterator[Connection]:
        """A connection that can write; the warehouse is made and migrated as needed. Keep it only for one batch.

        `batch_bytes` is the size of the documents to load: within `keep_open` it sets how much memory DuckDB gets.
        """
        location = absolute(self.location)
        with _thread_locks[location]:
            if kept := _kept.get(location):
                with kept.connection(self, batch_bytes) as connection:
                    yield connection
                return
            with open_warehouse(location, lock_timeout=self.lock_timeout) as connection:
                yield connection

    @contextmanager
    def keep_open(self) -> Iterator[None]:
        """Keep the connection of `writing` for up to REOPEN_AFTER seconds: for many batches one after the other.

        Each opening and closing would cost a checkpoint, in which DuckDB rewrites the last row group of every table.
        Commits are durable all the same: they are in the write-ahead log. A lake has no such cost.
        """
        if isinstance(self.location, Lake):
            yield
            return
        kept = _KeptConnection()
        _kept[self.path] = kept
        try:
            yield
        finally:
            with _thread_locks[self.path]:
                del _kept[self.path]
                kept.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only connection. For a file it keeps writers of other processes out, so keep it short; a lake's
        readers block nobody."""
        if isinstance(self.location, Path) and not self.location.exists():
            raise WarehouseError(f"{self.location}: {NO_WAREHOUSE}")
        with open_warehouse(self.location, lock_timeout=self.lock_timeout, read_only=True) as connection:
            yield connection


@dataclass(frozen=True, slots=True)
class HeldFile:
    """The warehouse's file while nothing writes to it."""

    file: BinaryIO
    log: BinaryIO | None
    """What a process that was killed committed and didn't merge into the file: its write-ahead log."""
    schema: int
    """The number of its newest migration."""


@contextmanager
def hold_file(path: Path, lock_timeout: float = 60.0) -> Iterator[HeldFile]:
    """The file, of whatever schema, with its lock held: writers of all processes wait. Raises WarehouseError, for one
    that is made by a newer DuckDB or is none, and WarehouseLockedError."""
    # the files are closed last: a process that closes a file gives up all its locks on it, DuckDB's too
    with ExitStack() as files, _thread_locks[path.absolute()], _open_file(path, lock_timeout, True) as connection:
        connection.execute(f"USE {CATALOG}")
        schema = max(applied_migrations(connection), default=0)
        log = path.with_name(f"{path.name}.wal")
        yield HeldFile(
            files.enter_context(path.open("rb")), files.enter_context(log.open("rb")) if log.exists() else None, schema
        )


@contextmanager
def open_warehouse(location: Location, *, lock_timeout: float = 60.0, read_only: bool = False) -> Iterator[Connection]:
    """Attach the file or lake as `newsmill` and make it the current database.

    Raises WarehouseLockedError if another process holds the lock for `lock_timeout` seconds, and WarehouseError if it
    cannot be opened, is not a DuckDB file, or was written by a newer newsmill.
    """
    location = absolute(location)
    with ExitStack() as stack:
        if not (read_only and isinstance(location, Lake)):
            stack.enter_context(_thread_locks[location])
        yield stack.enter_context(_open(location, lock_timeout, read_only))


def absolute(location: Location) -> Location:
    return location.absolute() if isinstance(location, Path) else location


@contextmanager
def _open(location: Location, lock_timeout: float, read_only: bool) -> Iterator[Connection]:
    if isinstance(location, Path):
        opening = _open_file(location, lock_timeout, read_only)
    else:
        opening = read_lake(location) if read_only else write_lake(location, lock_timeout)
    with opening as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"USE {CATALOG}")
        connection.execute(query("macros"))
        migrate(connection, location, read_only=read_only)
        with explaining_errors(location):
            yield connection


@contextmanager
def _open_file(path: Path, lock_timeout: float, read_only: bool) -> Iterator[Connection]:
    """An in-memory DuckDB with the file attached."""
    if not read_only:
        make_folder(path.parent)
    connection = duckdb.connect(":memory:")
    try:
        # Commit straight into the file: through the log, everything would be written twice.
        connection.execute("SET checkpoint_threshold = '100KB'")
        # DuckDB tries all its compressions on long texts and then stores them plain: half of a commit's time for 1 %.
        connection.execute("SET force_compression = 'uncompressed'")
        # Loads delete next to nothing, and the search for deleted rows made every other commit rewrite the position of
        # every row group: twice the time, with a million articles. `maintain` vacuums.
        connection.execute("SET max_vacuum_tasks = 0")
        # The default folder is the one in which the command runs.
        connection.execute(f"SET temp_directory = {literal(f'{path}.tmp')}")
        retrying = Retrying(
            retry=retry_if_exception_type(WarehouseLockedError),
            stop=stop_after_delay(lock_timeout),
            wait=wait_random(0.02, 0.2),
            reraise=True,
        )
        retrying(_attach, connection, path, read_only)
        yield connection
    finally:
        connection.close()


def _attach(connection: Connection, path: Path, read_only: bool) -> None:
    """Raises WarehouseError."""
    options = "READ_ONLY" if read_only else f"ROW_GROUP_SIZE {ROW_GROUP}"
    try:
        while True:
            before = _inode(path)
            connection.execute(f"ATTACH {literal(path)} AS {CATALOG} ({options})")
            # `reprocess` and `maintain` put another file in its place. DuckDB opens a file and then takes its lock: in
            # between it may have been replaced, and what was written into it would be lost
            if before in (None, _inode(path)):
                return
            connection.execute(f"DETACH {CATALOG}")
    except duckdb.Error as error:
        raise _explain(error, path) from error


def _inode(path: Path) -> int | None:
    """The number of the file itself, whatever its name; None if there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


@contextmanager
def explaining_errors(location: Location) -> Iterator[None]:
    """Turn errors of the warehouse's storage into WarehouseError; a wrong query stays DuckDB's own error."""
    if isinstance(location, Lake):
        with explaining_lake_errors(location):
            yield
        return
    try:
        yield
    except (duckdb.IOException, duckdb.FatalException, duckdb.InternalException, duckdb.TransactionException) as error:
        raise _explain(error, location) from error


def _explain(error: duckdb.Error, path: Path) -> WarehouseError:
    text = str(error)
    if holder := _HOLDER.search(text):
        return WarehouseLockedError(
            f"{path}: process {holder[2]} ({holder[1]}) holds the warehouse; let it finish or close it, then run "
            "again: what was fetched is safe in the landing zone and will be loaded then"
        )
    if "not a valid DuckDB database file" in text:
        return WarehouseError(f"{path}: not a DuckDB file; name another with --warehouse, or move this one away")
    if "newer version of DuckDB" in text or "version number" in text:
        return WarehouseError(f"{path}: written by a newer DuckDB; upgrade newsmill (and the duckdb package)")
    if "No space left" in text or "Could not write" in text:
        return WarehouseError(
            f"{path}: the disk is full ({text.splitlines()[0]}); free space and run again: what was fetched is safe "
            "in the landing zone and will be loaded then"
        )
    if "Permission denied" in text or "Read-only" in text or "read-only" in text:
        return WarehouseError(
            f"{path}: no right to open it for writing; fix the file's or folder's rights, or name another with "
            "--warehouse: what was fetched is safe in the landing zone"
        )
    return WarehouseError(f"{path}: can't be used: {text.splitlines()[0]}")
