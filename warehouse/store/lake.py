"""The warehouse as a lake (DuckLake): Parquet files in a folder or an S3 bucket, their catalog in SQLite or PostgreSQL.

Any number of processes read it, each a whole snapshot, and nobody waits for a reader. Writers take turns, as they do
with a file: two transactions that add the same article would not conflict in DuckLake, and both would be kept. The
turn is a lock that ends with its holder: on a file beside an SQLite catalog, an advisory one in PostgreSQL.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

import duckdb
from filelock import FileLock, Timeout
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from warehouse.errors import WarehouseConflictError, WarehouseError, WarehouseLockedError

PATIENCE = 600.0
"""Seconds a reader waits while a lake is compacted."""
ANSWER = 10
"""Seconds that PostgreSQL has to answer in, where nobody said: libpq waits as long as the network does, minutes."""
SCHEME = "ducklake:"
CATALOG = "newsmill"
"""What the warehouse is attached as, a file or a lake."""
TURN = 0x6E6577736D696C6C
"""PostgreSQL's advisory lock: "newsmill" in ASCII."""
QUEUE = "queue"
"""What the PostgreSQL database is attached as, for that lock."""

HIDDEN = "****"
_PASSWORD = re.compile(
    r"""(password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&]+)|((?<=://)[^:/@\s]*:)[^@\s]+(?=@)""", re.IGNORECASE
)
_CONFLICT = re.compile(r"Transaction conflict|Exceeded the maximum retry count|database is locked|could not serialize")

_HINTS = (
    (r"password(?!\s*=)", "see NEWSMILL_CATALOG_PASSWORD"),  # not the one in the address, which messages repeat
    (r"Unable to connect to Postgres", "start PostgreSQL, or mend the address in NEWSMILL_WAREHOUSE"),
    (
        r"server closed the connection|terminating connection|SSL (SYSCALL|connection has been closed)|"
        r"Failed to execute query \"(ROLLBACK|COMMIT)",
        "PostgreSQL went away: see that it runs",
    ),
    (r"unable to open database|file is not a database", "mend the path in NEWSMILL_WAREHOUSE, or the folder's rights"),
    (r"requires the extension httpfs", "set NEWSMILL_DATA_PATH to that s3:// address"),
    (r"data_path is not set", "set NEWSMILL_DATA_PATH to a folder that all machines share, or to s3://BUCKET/FOLDER"),
    (r"DATA_PATH parameter", "set NEWSMILL_DATA_PATH to where the lake was made to keep its data"),
    (
        r"HTTP code 40[13]|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch",
        "the bucket refuses; see NEWSMILL_S3_KEY and NEWSMILL_S3_SECRET, and what that key may do",
    ),
    (r"NoSuchBucket|HTTP code 404", "make the bucket, or mend NEWSMILL_DATA_PATH"),
    (
        r"connect to (server|URL)|Could not (connect|establish)|HTTP|SSL",
        "the store can't be reached; see NEWSMILL_S3_ENDPOINT and NEWSMILL_S3_TLS",
    ),
    (r"No space left|Could not write", "the disk is full: free space"),
    (r"Permission denied|Read-only|read-only|readonly", "mend the rights"),
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """How an S3 store is asked."""

    endpoint: str | None = None
    """host:port; Amazon's own where there is none."""
    region: str = "us-east-1"
    key: str | None = None
    secret: str | None = field(default=None, repr=False)
    tls: bool = True


@dataclass(frozen=True, slots=True)
class Lake:
    """Where a lake is."""

    kind: Literal["sqlite", "postgres"]
    catalog: str = field(repr=False)
    """The SQLite file, or what libpq connects by: key=value pairs or an address."""
    data: str | None = None
    """The folder or s3:// address of its Parquet files; None: what the catalog says, at first beside an SQLite one."""
    bucket: Bucket = Bucket()
    password: str | None = field(default=None, repr=False)
    """PostgreSQL's, where `catalog` doesn't hold it."""

    def __str__(self) -> str:
        """How it is called in messages: without a password."""
        return f"{SCHEME}{self.kind}:{masked(self.catalog)}"

    @property
    def connects_by(self) -> str:
        """The catalog as DuckDB attaches it."""
        if self.kind == "sqlite":
            return self.catalog
        said = {"password": self.password} if self.password else {}
        if "connect_timeout" not in self.catalog and "PGCONNECT_TIMEOUT" not in os.environ:
            said["connect_timeout"] = str(ANSWER)
        if "://" in self.catalog:
            added = urlencode(said, quote_via=quote, safe="")
            return self.catalog + (f"{'&' if '?' in self.catalog else '?'}{added}" if added else "")
        escaped = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in said.items()}
        return " ".join([self.catalog, *(f"{name}='{value}'" for name, value in escaped.items())])

    def exists(self) -> bool:
        """Whether it was ever made. Raises WarehouseError where that can't be told."""
        try:
            with self.reading():
                return True
        except MissingLakeError:
            return False

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection of its own, with the lake attached. Raises WarehouseError."""
        if self.kind == "sqlite" and not Path(self.catalog).exists():
            raise MissingLakeError(f"{self}: {MISSING}")
        connection = _instance(self)
        try:
            with self._present(), reporting(self), _rolled_back(connection):
                _attach(connection, self, read_only=True)
                yield connection
        finally:
            connection.close()

    @contextmanager
    def _present(self) -> Iterator[None]:
        """Keep `alone` waiting."""
        if self.kind == "postgres":
            yield
            return
        with _flocked(self._readers, fcntl.LOCK_SH, PATIENCE) as locked:
            if not locked:
                raise WarehouseLockedError(f"{self}: is being compacted; run again in a minute")
            yield

    @contextmanager
    def alone(self, timeout: float) -> Iterator[None]:
        """While nothing of newsmill's reads: for what removes rows of the catalog.

        DuckDB reads an SQLite catalog's tables without a snapshot: a reader's transaction would miss files that are
        merged meanwhile. PostgreSQL gives it one. Raises WarehouseLockedError when there are readers for too long.
        """
        if self.kind == "postgres":
            yield
            return
        with _flocked(self._readers, fcntl.LOCK_EX, timeout) as locked:
            if not locked:
                raise WarehouseLockedError(
                    f"{self}: it can't be compacted while it is read, and it was read for {timeout:g} s; run again "
                    "when exports and publishing are done"
                )
            yield

    @property
    def _readers(self) -> Path:
        return Path(f"{self.catalog}.readers")

    @contextmanager
    def writing(self, lock_timeout: float) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that can write, with the lake attached, for as long as it is our turn.

        Raises WarehouseLockedError when it doesn't become our turn in time, and WarehouseError.
        """
        instance = _writer(self)
        try:
            with (
                _turn(self, instance, lock_timeout),
                reporting(self),
                instance.cursor() as connection,
                _rolled_back(connection),
            ):
                _attach(connection, self, read_only=False)
                yield connection
        except BaseException:
            _forget(self, instance)  # whatever state it is in: the next one begins afresh
            raise


def masked(text: str) -> str:
    """The text without the passwords of addresses and of key=value pairs."""
    return _PASSWORD.sub(lambda found: f"{found[1] or found[2]}{HIDDEN}", text)


def is_lake(address: str) -> bool:
    return address.startswith(SCHEME)


def lake_at(address: str, *, data: str | None, bucket: Bucket, password: str | None) -> Lake:
    """The lake of an address, ducklake:sqlite:FILE or ducklake:postgres:CONNINFO. Raises WarehouseError."""
    kind, _, catalog = address.removeprefix(SCHEME).partition(":")
    if data and not data.startswith("s3://"):
        data = str(Path(data).absolute())  # the catalog keeps it, for commands in any folder
    data = f"{data.rstrip('/')}/" if data else None
    match kind, catalog:
        case "sqlite", str() if catalog:
            return Lake("sqlite", str(Path(catalog).absolute()), data, bucket)
        case "postgres", str() if catalog:
            return Lake("postgres", catalog, data, bucket, password)
    raise WarehouseError(
        f"{masked(address)}: no lake's address; those are ducklake:sqlite:FILE and ducklake:postgres:CONNINFO"
    )


@contextmanager
def _flocked(path: Path, how: int, timeout: float) -> Iterator[bool]:
    """Whether the file was locked in time; many may hold it shared (fcntl.LOCK_SH)."""
    with path.open("a") as file:
        trying = Retrying(
            retry=retry_if_exception_type(BlockingIOError),
            stop=stop_after_delay(timeout),
            wait=wait_random(0.02, 0.2),
            retry_error_callback=lambda _: False,
        )
        yield trying(_flock, file.fileno(), how | fcntl.LOCK_NB)


def _flock(file: int, how: int) -> bool:
    fcntl.flock(file, how)
    return True


class MissingLakeError(WarehouseError):
    """There is no lake in the catalog yet."""


MISSING = "there is no warehouse yet; `newsmill ingest` makes it, --warehouse names another"


# A DuckDB instance with its extensions takes 0.3 s to make, most of it for checking their signatures. The one that
# writes is kept, one for each lake: being open, it keeps nobody out.
_writers: dict[Lake, duckdb.DuckDBPyConnection] = {}
_making = threading.Lock()


def _writer(lake: Lake) -> duckdb.DuckDBPyConnection:
    with _making:
        if lake not in _writers:
            _writers[lake] = _instance(lake)
        return _writers[lake]


def _forget(lake: Lake, instance: duckdb.DuckDBPyConnection) -> None:
    with _making:
        if _writers.get(lake) is instance:
            del _writers[lake]


def _instance(lake: Lake) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    try:
        # what isn't installed is not to be fetched from anywhere
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET autoload_known_extensions = false")
        connection.execute("SET enable_progress_bar = false")
        for name in ("ducklake", f"{lake.kind}_scanner", *(("httpfs",) if _remote(lake) else ())):
            _load_extension(connection, name)
        if lake.kind == "postgres":
            # four by default, and what needs a fifth waits 30 s for it: a query over several tables of the catalog may
            connection.execute("SET pg_pool_max_connections = 64")
        if _remote(lake):
            _introduce(connection, lake.bucket)
    except BaseException:
        connection.close()
        raise
    return connection


def _remote(lake: Lake) -> bool:
    return lake.data is not None and lake.data.startswith("s3://")


def _load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load the extension from its wheel, where it lies: INSTALL would copy it into the home folder first."""
    package = f"duckdb-extension-{name.replace('_', '-')}"
    try:
        file = files(f"duckdb_extension_{name}") / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    except ModuleNotFoundError as error:
        raise WarehouseError(
            f"DuckDB's extension {name} is not installed; pip install {package}=={duckdb.__version__}"
        ) from error
    if not file.is_file():
        raise WarehouseError(
            f"DuckDB's extension {name} is not installed for DuckDB {duckdb.__version__}; both have to be of one "
            f"version: pip install duckdb=={version(package)} {package}=={version(package)}"
        )
    try:
        connection.execute(f"LOAD {_quoted(str(file))}")
    except duckdb.Error as error:
        raise WarehouseError(
            f"DuckDB's extension {name} can't be loaded ({_first_line(error)}); pip install --force-reinstall {package}"
        ) from error


def _introduce(connection: duckdb.DuckDBPyConnection, bucket: Bucket) -> None:
    options = {"TYPE": "s3", "REGION": _quoted(bucket.region), "USE_SSL": str(bucket.tls).lower()}
    if bucket.key and bucket.secret:
        options |= {"KEY_ID": _quoted(bucket.key), "SECRET": _quoted(bucket.secret)}
    if bucket.endpoint:
        options |= {"ENDPOINT": _quoted(bucket.endpoint), "URL_STYLE": "'path'"}
    connection.execute(f"CREATE SECRET newsmill ({', '.join(f'{name} {value}' for name, value in options.items())})")


def _attach(connection: duckdb.DuckDBPyConnection, lake: Lake, *, read_only: bool) -> None:
    options = ["READ_ONLY"] if read_only else []
    data = lake.data
    if lake.kind == "sqlite":
        options.append("META_BUSY_TIMEOUT 10000")
        if not read_only:
            options.append("META_JOURNAL_MODE 'WAL'")  # a reader's snapshot is not to keep a writer from committing
            make_folder(Path(lake.catalog).parent)
        if not Path(lake.catalog).exists():
            data = data or f"{lake.catalog}.files/"
    if data:
        options.append(f"DATA_PATH {_quoted(data)}")
    said = f" ({', '.join(options)})" if options else ""
    where = _quoted(f"{SCHEME}{lake.kind}:{lake.connects_by}")
    connection.execute(f"ATTACH IF NOT EXISTS {where} AS {CATALOG}{said}")


def make_folder(folder: Path) -> None:
    """Raises WarehouseError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(f"{folder}: can't be made ({error.strerror}); choose another --warehouse") from error


@contextmanager
def _rolled_back(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """End the transaction that is still open. Closing the connection would, too, but where PostgreSQL has gone away
    meanwhile, DuckDB ends the process when that fails."""
    try:
        yield
    finally:
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")


@contextmanager
def _turn(lake: Lake, instance: duckdb.DuckDBPyConnection, timeout: float) -> Iterator[None]:
    """Hold the lake's one lock. Raises WarehouseLockedError when others hold it for longer than `timeout` seconds."""
    if lake.kind == "sqlite":
        with _turn_by_file(lake, Path(f"{lake.catalog}.lock"), timeout):
            yield
    else:
        with _turn_in_postgres(lake, instance, timeout):
            yield


@contextmanager
def _turn_by_file(lake: Lake, path: Path, timeout: float) -> Iterator[None]:
    make_folder(path.parent)
    lock = FileLock(path, timeout=timeout)
    try:
        lock.acquire()
    except Timeout:
        raise _not_our_turn(lake, f"process {path.read_text() or '?'}") from None
    except OSError as error:
        raise WarehouseError(f"{path}: can't be written ({error.strerror}); mend the folder's rights") from error
    try:
        path.write_text(str(os.getpid()))
        yield
    finally:
        lock.release()


@contextmanager
def _turn_in_postgres(lake: Lake, instance: duckdb.DuckDBPyConnection, timeout: float) -> Iterator[None]:
    """The lock belongs to a transaction that does nothing else: it ends with us, and with our connection."""
    with reporting(lake), instance.cursor() as queue, _rolled_back(queue):
        queue.execute(f"ATTACH IF NOT EXISTS {_quoted(lake.connects_by)} AS {QUEUE} (TYPE postgres)")
        queue.execute("BEGIN")
        wait = f"SET LOCAL lock_timeout = {max(1, round(timeout * 1000))}; SELECT pg_advisory_xact_lock({TURN})"
        try:
            queue.execute(f"CALL postgres_execute('{QUEUE}', {_quoted(wait)})")
        except duckdb.Error as error:
            if "lock timeout" in str(error):
                raise _not_our_turn(lake, _holder(instance)) from error
            raise
        yield


_HOLDERS = f"""
SELECT pid, coalesce(host(client_addr), 'its own machine') FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND classid = {TURN >> 32} AND objid = {TURN & 0xFFFFFFFF}
"""  # noqa: S608


def _holder(instance: duckdb.DuckDBPyConnection) -> str:
    with instance.cursor() as asking:
        found = asking.execute(f"FROM postgres_query('{QUEUE}', {_quoted(_HOLDERS)})").fetchone()
    return f"PostgreSQL's process {found[0]} for a client on {found[1]}" if found else "another process"


def _not_our_turn(lake: Lake, holder: str) -> WarehouseLockedError:
    return WarehouseLockedError(
        f"{lake}: {holder} is writing to the warehouse; let it finish or end it, then run again: what was fetched is "
        "safe in the landing zone and will be loaded then"
    )


@contextmanager
def reporting(lake: Lake) -> Iterator[None]:
    """Turn the errors of the catalog and the store into words; a mistaken query stays DuckDB's own error."""
    try:
        yield
    except duckdb.Error as error:
        if explained := _explained(error, lake):
            raise explained from error
        raise


def is_conflict(error: BaseException) -> bool:
    """Whether a transaction failed because another one was committed meanwhile."""
    return isinstance(error, duckdb.Error) and bool(_CONFLICT.search(str(error)))


def _explained(error: duckdb.Error, lake: Lake) -> WarehouseError | None:
    text = masked(str(error).replace(lake.connects_by, lake.catalog))
    if "does not exist - and creating a new DuckLake is explicitly disabled" in text:
        return MissingLakeError(f"{lake}: {MISSING}")
    if is_conflict(error):
        return WarehouseConflictError(
            f"{lake}: others wrote at the same time ({_reason(text)}); run again: what was fetched is safe in the "
            "landing zone and will be loaded then"
        )
    ours = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException, duckdb.TransactionException)
    # the scanners raise errors without a kind
    if not isinstance(error, ours) and type(error) is not duckdb.Error and "data_path is not set" not in text:
        return None
    hint = next((hint for pattern, hint in _HINTS if re.search(pattern, text)), "mend that")
    return WarehouseError(
        f"{lake}: can't be used ({_reason(text)}); {hint}, then run again: what was fetched is safe in the landing "
        "zone and will be loaded then"
    )


def _reason(text: str) -> str:
    """The line that says most; DuckLake puts its own above those of what it asked."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines)[:500] if lines else "no reason given"


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]


def _quoted(text: str) -> str:
    """As a literal: ATTACH, LOAD and CREATE SECRET take no parameters."""
    return "'" + text.replace("'", "''") + "'"


Place = Path | Lake
"""A DuckDB file, or a lake."""
