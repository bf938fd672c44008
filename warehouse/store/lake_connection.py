"""Opening a lake: DuckDB with its extensions, the lake attached, and the locks held meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from warehouse.store.extensions import load_extension
from warehouse.store.folders import make_folder
from warehouse.store.lake import CATALOG, SCHEME, Bucket, Lake
from warehouse.store.lake_errors import NO_WAREHOUSE, MissingLakeError, explaining_lake_errors
from warehouse.store.lake_locks import reader_lock, writer_lock
from warehouse.store.quoting import literal
from warehouse.store.transactions import rolled_back

# A DuckDB instance with its extensions takes 0.3 s to make, most of it to check their signatures. So each lake's
# writing instance is kept; being open, it keeps nobody out.
_writers: dict[Lake, duckdb.DuckDBPyConnection] = {}
_writers_lock = threading.Lock()


def lake_exists(lake: Lake) -> bool:
    """Whether the lake was ever made. Raises WarehouseError if the catalog cannot be read."""
    try:
        with read_lake(lake):
            return True
    except MissingLakeError:
        return False


@contextmanager
def read_lake(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection with its own DuckDB instance. Raises WarehouseError."""
    if lake.kind == "sqlite" and not Path(lake.catalog).exists():
        raise MissingLakeError(f"{lake}: {NO_WAREHOUSE}")
    connection = _make_instance(lake)
    try:
        with reader_lock(lake), explaining_lake_errors(lake), rolled_back(connection):
            _attach(connection, lake, read_only=True)
            yield connection
    finally:
        connection.close()


@contextmanager
def write_lake(lake: Lake, lock_timeout: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that can write, with the writer lock held.

    Raises WarehouseLockedError if another process holds the lock for `lock_timeout` seconds, and WarehouseError.
    """
    instance = _writing_instance(lake)
    try:
        with (
            writer_lock(lake, instance, lock_timeout),
            explaining_lake_errors(lake),
            instance.cursor() as connection,
            rolled_back(connection),
        ):
            _attach(connection, lake, read_only=False)
            yield connection
    except BaseException:
        _forget_instance(lake, instance)  # its state is unknown now; the next writer makes a new one
        raise


def _writing_instance(lake: Lake) -> duckdb.DuckDBPyConnection:
    with _writers_lock:
        if lake not in _writers:
            _writers[lake] = _make_instance(lake)
        return _writers[lake]


def _forget_instance(lake: Lake, instance: duckdb.DuckDBPyConnection) -> None:
    with _writers_lock:
        if _writers.get(lake) is instance:
            del _writers[lake]


def _make_instance(lake: Lake) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    try:
        # never download an extension that is not installed
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET autoload_known_extensions = false")
        connection.execute("SET enable_progress_bar = false")
        for name in ("ducklake", f"{lake.kind}_scanner", *(("httpfs",) if lake.is_remote else ())):
            load_extension(connection, name)
        if lake.kind == "postgres":
            # The default is 4, and a query over several tables of the catalog may need a fifth: it would wait 30 s.
            connection.execute("SET pg_pool_max_connections = 64")
        if lake.is_remote:
            _create_secret(connection, lake.bucket)
    except BaseException:
        connection.close()
        raise
    return connection


def _create_secret(connection: duckdb.DuckDBPyConnection, bucket: Bucket) -> None:
    options = {"TYPE": "s3", "REGION": literal(bucket.region), "USE_SSL": str(bucket.tls).lower()}
    if bucket.key and bucket.secret:
        options |= {"KEY_ID": literal(bucket.key), "SECRET": literal(bucket.secret)}
    if bucket.endpoint:
        options |= {"ENDPOINT": literal(bucket.endpoint), "URL_STYLE": "'path'"}
    connection.execute(f"CREATE SECRET newsmill ({', '.join(f'{name} {value}' for name, value in options.items())})")


def _attach(connection: duckdb.DuckDBPyConnection, lake: Lake, *, read_only: bool) -> None:
    options = ["READ_ONLY"] if read_only else []
    data = lake.data
    if lake.kind == "sqlite":
        options.append("META_BUSY_TIMEOUT 10000")
        if not read_only:
            options.append("META_JOURNAL_MODE 'WAL'")  # so that a reader's snapshot does not block a writer's commit
            make_folder(Path(lake.catalog).parent)
        if not Path(lake.catalog).exists():
            data = data or f"{lake.catalog}.files/"
    if data:
        options.append(f"DATA_PATH {literal(data)}")
    suffix = f" ({', '.join(options)})" if options else ""
    address = literal(f"{SCHEME}{lake.kind}:{lake.connection_string}")
    connection.execute(f"ATTACH IF NOT EXISTS {address} AS {CATALOG}{suffix}")
