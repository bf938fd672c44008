"""Publishing: a copy of the warehouse for analysts, built aside and swapped in.

An open reader keeps the copy it opened; the next one to open gets the new one. Nobody waits for anybody.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.connection import CATALOG, Warehouse, marts, migrations, reporting
from warehouse.search_index import index


@dataclass(frozen=True, slots=True)
class Published:
    path: Path
    bytes: int
    seconds: float
    indexed: int
    """Articles that were new to the search index."""


def publish(warehouse: Warehouse, target: Path) -> Published:
    """Write `clean.*`, `ops.*`, `marts.*` and `search.*` to `target`. A failure leaves the last good copy as it is."""
    started = time.monotonic()
    draft = target.with_name(f".{target.name}.{os.getpid()}.draft")
    _clear_drafts(target)
    try:
        with warehouse.reading() as connection, reporting(target):
            name = str(draft).replace("'", "''")  # ATTACH takes no parameters
            connection.execute(f"ATTACH '{name}' AS copy")
            connection.execute("USE copy")
            _fill(connection)
            connection.execute(f"USE {CATALOG}")
            connection.execute("DETACH copy")
        # no longer reading the warehouse: an index made anew takes minutes, and would keep writers out
        with reporting(target), duckdb.connect(str(draft)) as copy:
            indexed = index(copy, target)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
        draft.with_name(draft.name + ".wal").unlink(missing_ok=True)
    return Published(target, target.stat().st_size, time.monotonic() - started, indexed)


def _clear_drafts(target: Path) -> None:
    """Remove what killed processes left half done."""
    for draft in target.parent.glob(f".{target.name}.*.draft*"):
        pid = int(draft.name.removeprefix(f".{target.name}.").split(".")[0])
        if pid == os.getpid() or not _is_running(pid):
            draft.unlink(missing_ok=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    return True


def _fill(connection: duckdb.DuckDBPyConnection) -> None:
    for _, _, sql in migrations():
        connection.execute(sql)
    tables = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() "
        "WHERE database_name = 'copy' AND schema_name IN ('clean', 'ops')"
    ).fetchall()
    connection.execute("BEGIN")
    for schema, table in tables:
        connection.execute(f"INSERT INTO copy.{schema}.{table} SELECT * FROM {CATALOG}.{schema}.{table}")  # noqa: S608
    connection.execute("COMMIT")
    connection.execute("DROP SCHEMA raw CASCADE")
    connection.execute(marts()[1])
