"""Opening the warehouse: one catalog name, a bounded wait for the lock, migrations by number.

Two in-memory DuckDB instances in one process would each attach the file and not see the other's lock (POSIX locks
belong to the process), so `open_warehouse` also serialises the threads of this process.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from warehouse.errors import WarehouseError, WarehouseLockedError

CATALOG = "newsmill"
Connection = duckdb.DuckDBPyConnection

_HOLDER = re.compile(r"Conflicting lock is held in (.+?) \(PID (\d+)\)")
_threads: dict[Path, threading.RLock] = defaultdict(threading.RLock)


HOLD = 20.0
"""Seconds after which a held warehouse is let go for a moment, so that whoever waits for it gets in."""
LET_IN = 0.5
"""Seconds, the moment; those who wait look every fifth of a second."""


@dataclass(slots=True)
class _Hold:
    """A connection kept open between batches."""

    stack: ExitStack = field(default_factory=ExitStack)
    open: Connection | None = None
    since: float = 0.0

    @contextmanager
    def connection(self, store: Warehouse) -> Iterator[Connection]:
        if self.open and time.monotonic() - self.since > HOLD:
            self.release()
            time.sleep(LET_IN)
        if not self.open:
            self.open = self.stack.enter_context(_attached(store.path.absolute(), store.lock_timeout, False))
            self.open.execute("SET checkpoint_threshold = '256MB'")
            self.since = time.monotonic()
        try:
            with reporting(store.path):
                yield self.open
        except BaseException:
            self.release()  # whatever state it is in: the next one begins afresh
            raise

    def release(self) -> None:
        self.open = None
        self.stack.close()


_holds: dict[Path, _Hold] = {}


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Where the warehouse is and how long to wait for it."""

    path: Path
    lock_timeout: float = 60.0
    """Seconds."""

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection that can write, made and migrated as needed; opened only while a batch loads."""
        path = self.path.absolute()
        with _threads[path]:
            if hold := _holds.get(path):
                with hold.connection(self) as connection:
                    yield connection
                return
            with open_warehouse(path, lock_timeout=self.lock_timeout) as connection:
                yield connection

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keep what `writing` opens for up to HOLD seconds: for many batches one after the other.

        Opening and closing for each costs a checkpoint each time, in which DuckDB writes the last row group of every
        table again. A commit is as durable as ever: it is in the write-ahead log.
        """
        path = self.path.absolute()
        hold = _Hold()
        _holds[path] = hold
        try:
            yield
        finally:
            with _threads[path]:
                del _holds[path]
                hold.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only connection. It keeps writers of other processes out, so it is for short reads only."""
        if not self.path.exists():
            raise WarehouseError(
                f"{self.path}: there is no warehouse yet; `newsmill ingest` makes it, --warehouse names another"
            )
        with open_warehouse(self.path, lock_timeout=self.lock_timeout, read_only=True) as connection:
            yield connection


@contextmanager
def open_warehouse(path: Path, *, lock_timeout: float = 60.0, read_only: bool = False) -> Iterator[Connection]:
    """Attach the file as `newsmill` and use it.

    Raises WarehouseLockedError when another process holds it for longer than `lock_timeout` seconds, and
    WarehouseError when it can't be opened, isn't DuckDB's, or was written by a newer newsmill.
    """
    path = path.absolute()
    with _threads[path], _attached(path, lock_timeout, read_only) as connection:
        yield connection


@contextmanager
def _attached(path: Path, lock_timeout: float, read_only: bool) -> Iterator[Connection]:
    if not read_only:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WarehouseError(
                f"{path.parent}: can't be made ({error.strerror}); choose another --warehouse"
            ) from error
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("SET TimeZone = 'UTC'")
        # A commit goes straight into the file: what went through the log first would be written twice.
        connection.execute("SET checkpoint_threshold = '100KB'")
        waiting = Retrying(
            retry=retry_if_exception_type(WarehouseLockedError),
            stop=stop_after_delay(lock_timeout),
            wait=wait_random(0.02, 0.2),
            reraise=True,
        )
        waiting(_attach, connection, path, read_only)
        connection.execute(f"USE {CATALOG}")
        migrate(connection, path, read_only=read_only)
        with reporting(path):
            yield connection
    finally:
        connection.close()


def _attach(connection: Connection, path: Path, read_only: bool) -> None:
    name = str(path).replace("'", "''")  # ATTACH takes no parameters
    options = "(READ_ONLY)" if read_only else ""
    try:
        connection.execute(f"ATTACH '{name}' AS {CATALOG} {options}")
    except duckdb.Error as error:
        raise _explained(error, path) from error


@contextmanager
def reporting(path: Path) -> Iterator[None]:
    """Turn the errors of the disk under the warehouse into words; a mistaken query stays DuckDB's own error."""
    try:
        yield
    except (duckdb.IOException, duckdb.FatalException, duckdb.InternalException, duckdb.TransactionException) as error:
        raise _explained(error, path) from error


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


@cache
def migrations() -> tuple[tuple[int, str, str], ...]:
    """(number, file name, SQL), in order."""
    found = []
    for file in (files("warehouse") / "schema").iterdir():
        if file.name.endswith(".sql"):
            found.append((int(file.name.split("_")[0]), file.name, file.read_text(encoding="utf-8")))
    return tuple(sorted(found))


@cache
def marts() -> tuple[str, str]:
    """The digest of all views' SQL, and the SQL."""
    sources = sorted((f.name, f.read_text("utf-8")) for f in (files("warehouse") / "marts").iterdir())
    sql = "\n".join(text for name, text in sources if name.endswith(".sql"))
    return hashlib.sha256(sql.encode()).hexdigest()[:16], sql


@cache
def query(name: str) -> str:
    """The text of warehouse/queries/<name>.sql."""
    return (files("warehouse") / "queries" / f"{name}.sql").read_text(encoding="utf-8")


def migrate(connection: Connection, path: Path, *, read_only: bool = False) -> None:
    """Bring the schema up to date; each migration is one transaction. Raises WarehouseError for a newer schema."""
    known = migrations()
    applied = _applied(connection)
    newest = max(applied, default=0)
    if newest > known[-1][0]:
        raise WarehouseError(
            f"{path}: its schema is number {newest}, this newsmill knows up to {known[-1][0]}; upgrade newsmill"
        )
    if read_only:
        if newest < known[-1][0]:
            raise WarehouseError(
                f"{path}: its schema is out of date; any command that writes (`newsmill ingest`) updates it"
            )
        return
    for number, name, sql in known:
        if number not in applied:
            with transaction(connection):
                connection.execute(sql)
                connection.execute(
                    "INSERT INTO ops.schema_migrations VALUES (?, ?, ?)", [number, name, datetime.now(UTC)]
                )
    digest, sql = marts()
    if applied.get(0) != digest:
        with transaction(connection):
            connection.execute(sql)
            connection.execute("DELETE FROM ops.schema_migrations WHERE version = 0")
            connection.execute("INSERT INTO ops.schema_migrations VALUES (0, ?, ?)", [digest, datetime.now(UTC)])


def _applied(connection: Connection) -> dict[int, str]:
    """The migrations that were applied; version 0 holds the digest of the views."""
    exists = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() "
        "AND schema_name = 'ops' AND table_name = 'schema_migrations'"
    ).fetchone()
    if not exists or not exists[0]:
        return {}
    return dict(connection.execute("SELECT version, name FROM ops.schema_migrations").fetchall())


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        # a fatal error (a full disk) has ended the transaction, and the database with it
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
