"""Replacing the warehouse by a rebuilt one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from filelock import FileLock, Timeout

from warehouse.counting import counted
from warehouse.errors import ForgottenMeanwhileError, WarehouseError, WarehouseLockedError
from warehouse.landing import Landing
from warehouse.records import Document
from warehouse.store.connection import Warehouse
from warehouse.store.folders import make_folder, remove_database
from warehouse.store.lake import Lake
from warehouse.store.migrating import migrate
from warehouse.store.quoting import literal
from warehouse.store.sql_files import query
from warehouse.store.staging import stage
from warehouse.store.transactions import Connection, transaction

Key = tuple[str, str, datetime]
"""document_id, feed_id, fetched_at."""
LOOK = 5.0
"""Seconds to wait for a process that only looks whether another rebuilds."""


@contextmanager
def rebuilding_alone(rebuilt: Path) -> Iterator[None]:
    """Raises WarehouseLockedError if another process rebuilds the same warehouse: each would remove the other's."""
    make_folder(rebuilt.parent)
    lock = FileLock(_lock_path(rebuilt), timeout=LOOK)
    try:
        lock.acquire()
    except Timeout:
        raise WarehouseLockedError(
            f"{rebuilt}: another `newsmill reprocess` is at work there; let it finish, then run again if need be"
        ) from None
    try:
        yield
    finally:
        lock.release()


def is_being_rebuilt(rebuilt: Path) -> bool:
    """Whether a process, on this machine, builds the warehouse again there."""
    if not _lock_path(rebuilt).exists():
        return False
    try:
        with FileLock(_lock_path(rebuilt), timeout=0):
            return False
    except Timeout:
        return True


def _lock_path(rebuilt: Path) -> Path:
    return rebuilt.with_name(f"{rebuilt.name}.lock")


def begin(old: Warehouse, rebuilt: Warehouse) -> None:
    """Make the warehouse that is to take the old one's place, in place of what a killed `reprocess` left. It is told
    what was forgotten before anything is loaded into it."""
    remove_database(rebuilt.path)
    marks = None
    if old.exists():
        with old.writing() as connection:
            marks = connection.execute("SELECT mark, forgotten_at FROM ops.forgotten").to_arrow_table()
    with rebuilt.writing() as connection:
        if marks and marks.num_rows:  # with keep_for they may be millions: no rows of Python's
            with stage(connection, "stage_marks", marks):
                connection.execute(query("insert_marks"))


def remove_stale(rebuilt: Warehouse, marks: int) -> None:
    """Remove what a killed `reprocess` left, if it was begun before all these marks: it may hold what is forgotten.

    One that still runs then begins again: see `check_present`, and `swap`.
    """
    if not rebuilt.path.exists():
        return
    try:
        with rebuilt.reading() as connection:
            ((known,),) = connection.execute("SELECT count(*) FROM ops.forgotten").fetchall()
    except WarehouseError:
        known = 0  # it was never whole
    if known < marks:
        remove_database(rebuilt.path)


def check_present(rebuilt: Warehouse) -> None:
    """Raises ForgottenMeanwhileError if `remove_stale` has removed it: what is loaded from now on would be in vain."""
    if not rebuilt.path.exists():
        raise _forgotten_meanwhile()


def _check_marks(connection: Connection) -> None:
    """Raises ForgottenMeanwhileError if something was forgotten since the rebuilding began."""
    ((missing,),) = connection.execute(
        "SELECT count(*) FROM newsmill.ops.forgotten f ANTI JOIN rebuilt.ops.forgotten r ON r.mark = f.mark"
    ).fetchall()
    if missing:
        raise _forgotten_meanwhile()


def _forgotten_meanwhile() -> ForgottenMeanwhileError:
    return ForgottenMeanwhileError(
        "articles were forgotten while the warehouse was built again, and the new one may hold them: the old one "
        "stays; run `newsmill reprocess` again"
    )


def swap(old: Warehouse, rebuilt: Warehouse, landing: Landing, done: dict[Key, str]) -> list[Document]:
    """Replace the old warehouse by the rebuilt one, which is a file, while the old one is locked.

    What cannot be rebuilt from documents (runs, fetches, feed states, fetched images) is copied over first. `done`:
    the documents that were loaded, each with its landing_path. If there are others, they are returned and nothing is
    replaced: load them and call again. What was loaded and isn't landed any more, or lies elsewhere by now, is dropped
    from the rebuilt one and from `done`. Nobody may rewrite documents meanwhile.

    Raises WarehouseError if a lake has documents that were landed elsewhere, and ForgottenMeanwhileError.
    """
    with old.writing() as connection:
        landed = {document.key: document for document in landing.documents()}
        late = [document for key, document in landed.items() if done.get(key) != document.landing_path]
        dropped = [key for key, path in done.items() if key not in landed or landed[key].landing_path != path]
        if dropped:
            _drop(rebuilt, dropped, late)
            for key in dropped:
                del done[key]
        if late:
            return late
        if isinstance(old.location, Lake):
            _check_all_landed_here(connection, old.location, landing, done)
        connection.execute(f"ATTACH {literal(rebuilt.path)} AS rebuilt")
        connection.execute("USE rebuilt")
        migrate(connection, rebuilt.path)  # perhaps nothing was ever loaded into it
        connection.execute("USE newsmill")
        _check_marks(connection)
        with transaction(connection):
            connection.execute(query("carry_over"))
        connection.execute("CHECKPOINT rebuilt")
        if isinstance(old.location, Lake):
            with transaction(connection):
                _refill(connection)
        connection.execute("DETACH rebuilt")
        if not isinstance(old.location, Lake):
            connection.execute("CHECKPOINT newsmill")
            rebuilt.path.replace(old.path)
    return []


def _drop(rebuilt: Warehouse, dropped: Collection[Key], late: Collection[Document]) -> None:
    """Remove the rows of documents that were rewritten or moved after they were loaded, or perhaps just before they
    were to be read: an ingest rewrites a feed's document that brought a forgotten article again."""
    kept: dict[tuple[str, datetime], set[str]] = defaultdict(set)
    for document in late:
        if document.form == "entries":
            kept[document.feed_id, document.fetched_at].add(document.document_id)
    # of documents of a backfill several may be of the same second; which of them was kept as what can't be told then
    ids = [next(iter(found)) if len(found := kept[key[1:]]) == 1 else None for key in dropped]
    rows = _keys(dropped).append_column("now_id", pa.array(ids, pa.string()))
    with rebuilt.writing() as connection, stage(connection, "stage_dropped", rows), transaction(connection):
        connection.execute(query("drop_documents"))


def _keys(keys: Collection[Key]) -> pa.Table:
    return pa.table(
        {
            "document_id": pa.array([key[0] for key in keys], pa.string()),
            "feed_id": pa.array([key[1] for key in keys], pa.string()),
            "fetched_at": pa.array([key[2] for key in keys], pa.timestamp("us", tz="UTC")),
        }
    )


def _check_all_landed_here(connection: Connection, lake: Lake, landing: Landing, done: Collection[Key]) -> None:
    """Raises WarehouseError for documents that other machines landed: they are not in our landing zone and would be
    lost."""
    with stage(connection, "stage_done", _keys(done)):
        missing, example = connection.execute(query("landed_elsewhere")).fetchall()[0]
    if missing:
        raise WarehouseError(
            f"{lake}: {counted(missing, 'document')} landed elsewhere ({example}): rebuilt from {landing.root} alone, "
            "the lake would lose them; bring the landing zones of all machines together in one folder, name it in "
            "NEWSMILL_LANDING and run again"
        )


def _refill(connection: Connection) -> None:
    """Replace the rows of every table; readers see the old ones until the transaction commits."""
    connection.execute(query("take_turn"))
    tables = connection.execute(query("rebuilt_tables")).fetchall()
    for schema, table in tables:
        connection.execute(f"DELETE FROM newsmill.{schema}.{table}")  # noqa: S608
        connection.execute(f"INSERT INTO newsmill.{schema}.{table} BY NAME FROM rebuilt.{schema}.{table}")
