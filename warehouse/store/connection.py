"""Opening the warehouse: one catalog name, a bounded wait for the lock, migrations by number.

It is a DuckDB file, or a lake (warehouse/store/lake.py); whoever has a connection need not know which.

Two in-memory DuckDB instances in one process would each attach the file and not see the other's lock (POSIX locks
belong to the process), so `open_warehouse` also serialises the threads of this process.
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

import duckdb
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from warehouse.errors import WarehouseError, WarehouseLockedError
from warehouse.store import lake
from warehouse.store.lake import CATALOG, Lake, Place, make_folder
from warehouse.store.migrating import migrate
from warehouse.store.transactions import Connection

_HOLDER = re.compile(r"Conflicting lock is held in (.+?) \(PID (\d+)\)")
_threads: dict[Place, threading.RLock] = defaultdict(threading.RLock)

HOLD = 20.0
"""Seconds after which a held warehouse is let go for a moment, so that whoever waits for it gets in."""
LET_IN = 0.5
"""Seconds, the moment; those who wait look every fifth of a second."""
LOAD_BYTES = 120_000_000
"""What DuckDB may take in a held warehouse. With 96 MB a load takes a quarter longer, looking for what to let go."""
ROOM = 10
KEPT_BYTES = 60_000_000
"""For a large batch it may have more: so many times the documents' size, and so much for what it keeps besides."""
ROW_GROUP = 2048
"""Rows that DuckDB stores together. What is appended to is written again as a whole, texts and all: with its default of
122,880, loading 74,000 articles by the thousand took twice as long, and the more the larger the table."""


@dataclass(slots=True)
class _Hold:
    """A connection kept open between batches."""

    stack: ExitStack = field(default_factory=ExitStack)
    open: Connection | None = None
    since: float = 0.0
    limit: int = 0
    """Bytes that DuckDB may take at present."""

    @contextmanager
    def connection(self, store: Warehouse, room: int) -> Iterator[Connection]:
        if self.open and time.monotonic() - self.since > HOLD:
            self.release()
            time.sleep(LET_IN)
        if not self.open:
            self.open = self.stack.enter_context(_attached(store.path, store.lock_timeout, False))
            self.open.execute("SET checkpoint_threshold = '32MB'")
            # the other cores mill; shared out, the small steps of a load take twice the CPU time
            self.open.execute("SET threads = 1")
            self.since = time.monotonic()
        self._allow(max(LOAD_BYTES, KEPT_BYTES + ROOM * room))
        try:
            with reporting(store.path):
                yield self.open
                if ROOM * room > LOAD_BYTES:  # what waits for its checkpoint would be too much for the next batch's
                    self.open.execute(f"CHECKPOINT {CATALOG}")
        except BaseException:
            self.release()  # whatever state it is in: the next one begins afresh
            raise

    def _allow(self, limit: int) -> None:
        """Only where it changes: told so, DuckDB gives back what its allocator keeps for the next batch."""
        if self.open and limit != self.limit:
            with suppress(duckdb.OutOfMemoryException):  # more than that waits for its checkpoint
                self.open.execute(f"SET memory_limit = '{limit}B'")
                self.limit = limit

    def release(self) -> None:
        self.open = None
        self.limit = 0
        self.stack.close()


_holds: dict[Place, _Hold] = {}


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Where the warehouse is and how long to wait for it."""

    place: Place
    lock_timeout: float = 60.0
    """Seconds."""

    @property
    def path(self) -> Path:
        """The file, where it is one."""
        if isinstance(self.place, Lake):
            raise TypeError(f"{self.place} is no file")
        return self.place.absolute()

    def exists(self) -> bool:
        return self.place.exists()

    @contextmanager
    def writing(self, room: int = 0) -> Iterator[Connection]:
        """A connection that can write, made and migrated as needed; opened only while a batch loads.

        `room` is the size in bytes of the documents that are to be loaded: a held warehouse has memory for few.
        """
        place = absolute(self.place)
        with _threads[place]:
            if hold := _holds.get(place):
                with hold.connection(self, room) as connection:
                    yield connection
                return
            with open_warehouse(place, lock_timeout=self.lock_timeout) as connection:
                yield connection

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keep what `writing` opens for up to HOLD seconds: for many batches one after the other.

        Opening and closing for each costs a checkpoint each time, in which DuckDB writes the last row group of every
        table again. A commit is as durable as ever: it is in the write-ahead log. A lake has no such cost.
        """
        if isinstance(self.place, Lake):
            yield
            return
        hold = _Hold()
        _holds[self.path] = hold
        try:
            yield
        finally:
            with _threads[self.path]:
                del _holds[self.path]
                hold.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only connection. It keeps writers of other processes out of a file, so it is for short reads only;
        of a lake it keeps nobody out."""
        if isinstance(self.place, Path) and not self.place.exists():
            raise WarehouseError(f"{self.place}: {lake.MISSING}")
        with open_warehouse(self.place, lock_timeout=self.lock_timeout, read_only=True) as connection:
            yield connection


@contextmanager
def open_warehouse(place: Place, *, lock_timeout: float = 60.0, read_only: bool = False) -> Iterator[Connection]:
    """Attach the file or lake as `newsmill` and use it.

    Raises WarehouseLockedError when another process holds it for longer than `lock_timeout` seconds, and
    WarehouseError when it can't be opened, isn't DuckDB's, or was written by a newer newsmill.
    """
    place = absolute(place)
    with ExitStack() as stack:
        if not (read_only and isinstance(place, Lake)):
            stack.enter_context(_threads[place])
        yield stack.enter_context(_attached(place, lock_timeout, read_only))


def absolute(place: Place) -> Place:
    return place.absolute() if isinstance(place, Path) else place


@contextmanager
def _attached(place: Place, lock_timeout: float, read_only: bool) -> Iterator[Connection]:
    if isinstance(place, Path):
        opening = _file(place, lock_timeout, read_only)
    else:
        opening = place.reading() if read_only else place.writing(lock_timeout)
    with opening as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"USE {CATALOG}")
        migrate(connection, place, read_only=read_only)
        with reporting(place):
            yield connection


@contextmanager
def _file(path: Path, lock_timeout: float, read_only: bool) -> Iterator[Connection]:
    """An in-memory DuckDB with the file attached."""
    if not read_only:
        make_folder(path.parent)
    connection = duckdb.connect(":memory:")
    try:
        # A commit goes straight into the file: what went through the log first would be written twice.
        connection.execute("SET checkpoint_threshold = '100KB'")
        # Of long texts DuckDB tries all that it knows and stores them as they are: half of a commit's time for 1 %.
        connection.execute("SET force_compression = 'uncompressed'")
        # Loads delete next to nothing, and looking for what is deleted made every other commit of theirs write down the
        # place of every row group anew: twice their time, with a million articles. `maintain` looks for it.
        connection.execute("SET max_vacuum_tasks = 0")
        # DuckDB's own would be in the folder that the command is given in.
        spill = f"{path}.tmp".replace("'", "''")
        connection.execute(f"SET temp_directory = '{spill}'")
        waiting = Retrying(
            retry=retry_if_exception_type(WarehouseLockedError),
            stop=stop_after_delay(lock_timeout),
            wait=wait_random(0.02, 0.2),
            reraise=True,
        )
        waiting(_attach, connection, path, read_only)
        yield connection
    finally:
        connection.close()


def _attach(connection: Connection, path: Path, read_only: bool) -> None:
    name = str(path).replace("'", "''")  # ATTACH takes no parameters
    options = "READ_ONLY" if read_only else f"ROW_GROUP_SIZE {ROW_GROUP}"
    try:
        connection.execute(f"ATTACH '{name}' AS {CATALOG} ({options})")
    except duckdb.Error as error:
        raise _explained(error, path) from error


@contextmanager
def reporting(place: Place) -> Iterator[None]:
    """Turn the errors of the disk under the warehouse into words; a mistaken query stays DuckDB's own error."""
    if isinstance(place, Lake):
        with lake.reporting(place):
            yield
        return
    try:
        yield
    except (duckdb.IOException, duckdb.FatalException, duckdb.InternalException, duckdb.TransactionException) as error:
        raise _explained(error, place) from error


def _explained(error: duckdb.Error, path: Path) -> WarehouseError:
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
            f"{path}: no right to open it for writing; mend the file's or folder's rights, or name another with "
            "--warehouse: what was fetched is safe in the landing zone"
        )
    return WarehouseError(f"{path}: can't be used: {text.splitlines()[0]}")
