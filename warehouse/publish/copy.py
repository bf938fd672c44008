"""Publishing: a copy of the warehouse for analysts, made as a draft, checked and swapped in.

A reader keeps the copy it has open; the next one to open the file gets the new one. Nobody waits, except a second
publisher for the first. The last copy is brought up to date if that is less work than a full copy (draft.py).
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from warehouse.counting import counted
from warehouse.errors import WarehouseError, WarehouseLockedError
from warehouse.landing import sync
from warehouse.publish import search_index
from warehouse.publish.draft import Draft, FullCopyNeededError, Kind, make_full_copy, source_state, update_last_copy
from warehouse.store.connection import Warehouse, explaining_errors
from warehouse.store.folders import share_like
from warehouse.store.sql_files import marts, migrations

LOCK_TIMEOUT = 3600.0
"""Seconds to wait for another process that publishes the same copy."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did, and what it cost."""

    path: Path
    kind: Kind
    why: str
    """Why it was a full copy although there was a last one; "" otherwise."""
    bytes: int
    rows_copied: int
    rows_removed: int
    indexed: int
    """Articles that were new to the search index."""
    seconds: float
    seconds_reading: float
    """How long the warehouse was open, so that it could not be written."""

    def as_dict(self) -> dict[str, Any]:
        rounded = {name: round(getattr(self, name), 3) for name in ("seconds", "seconds_reading")}
        return asdict(self) | {"path": str(self.path)} | rounded

    @property
    def summary(self) -> str:
        """All but the path and the times, in words."""
        if self.kind == "unchanged":
            return f"published copy is up to date ({self.bytes:,} bytes)"
        reason = f"; {self.why}" if self.why else ""
        return (
            f"published ({self.kind}{reason}): {counted(self.rows_copied, 'row')} copied, "
            f"{self.rows_removed:,} removed, {counted(self.indexed, 'article')} new to search, {self.bytes:,} bytes"
        )

    def __str__(self) -> str:
        return f"{self.path}: {self.summary}"


def publish(warehouse: Warehouse, target: Path, *, lock_timeout: float = LOCK_TIMEOUT, anew: bool = False) -> Published:
    """Write `clean.*`, `ops.*`, `marts.*` and `search.*` to `target`. After a failure the last copy is still there.

    With `anew`, nothing is taken over from the last copy: its free space and its index hold words of deleted articles.
    Raises WarehouseError.
    """
    started = time.monotonic()
    with _publisher_lock(target, lock_timeout):
        _remove_drafts(target)
        path = target.with_name(f".{target.name}.{os.getpid()}.draft")
        draft = Draft(warehouse, target, path, path.with_name(path.name + ".scratch"), is_anew=anew)
        try:
            if not anew and _is_up_to_date(draft):
                draft.kind = "unchanged"
            else:
                _make(draft)
            if draft.kind != "unchanged":
                with draft.open() as copy:
                    search_index.store_row_numbers(copy)
                _check(draft)
                _swap_in(draft)
        finally:
            _remove_drafts(target)
    return Published(
        target,
        draft.kind,
        draft.why,
        target.stat().st_size,
        draft.rows_copied,
        draft.rows_removed,
        draft.indexed,
        time.monotonic() - started,
        draft.seconds_reading,
    )


@contextmanager
def _publisher_lock(target: Path, timeout: float) -> Iterator[None]:
    """Keep other publishers of the same copy waiting: the second reads the warehouse once the first has swapped in.

    Raises WarehouseError, also for any OSError in the `with` block.
    """
    lock = FileLock(target.with_name(f".{target.name}.lock"), timeout=timeout)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise WarehouseError(
            f"{target}: another process has been publishing it for {timeout:g} seconds; let it finish or end it, then "
            "run `newsmill publish`"
        ) from error
    except OSError as error:
        raise _unwritable_error(target, error) from error
    try:
        yield
    except OSError as error:
        raise _unwritable_error(target, error) from error
    finally:
        lock.release()


def _unwritable_error(target: Path, error: OSError) -> WarehouseError:
    return WarehouseError(
        f"{target}: can't be published ({error.strerror}); free space, fix the folder's rights or name another path "
        "with NEWSMILL_PUBLISHED, then run `newsmill publish`: the last copy stays as it is"
    )


def _remove_drafts(target: Path) -> None:
    """Remove unfinished drafts; the lock makes sure that no other process is writing one."""
    for leftover in target.parent.glob(f".{target.name}.*.draft*"):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink(missing_ok=True)


def _is_up_to_date(draft: Draft) -> bool:
    """Whether the last copy was made of the warehouse's file as it is now, by this newsmill."""
    state = source_state(draft.warehouse)
    if not state or not draft.target.exists():
        return False
    try:
        with duckdb.connect(str(draft.target), read_only=True) as last:
            row = last.execute(
                "SELECT source_state FROM ops.publications ORDER BY published_at DESC LIMIT 1"
            ).fetchone()
            versions = last.execute("SELECT version FROM ops.schema_migrations ORDER BY version").fetchall()
            digest = last.execute("SELECT name FROM ops.schema_migrations WHERE version = 0").fetchone()
            return (
                row == (state,)
                and versions == [(0,), *((number,) for number, _, _ in migrations())]
                and digest == (marts()[0],)
                and not search_index.is_rebuild_due(last)
            )
    except duckdb.Error:
        return False


def _make(draft: Draft) -> None:
    """Make the draft in the way that is less work; `draft.kind` is "unchanged" if there was nothing to do."""
    if draft.is_anew:
        draft.why = "articles were forgotten"
    elif draft.target.exists():
        try:
            with explaining_errors(draft.target):
                update_last_copy(draft)
        except FullCopyNeededError as reason:
            draft.why = str(reason)
        except WarehouseLockedError:
            raise
        except (duckdb.Error, WarehouseError) as error:
            # Either the last copy or the warehouse is broken; if it is the warehouse, the full copy will say so.
            draft.why = f"the last copy can't be used: {str(error).splitlines()[0]}"
            _log.warning("%s", draft.why)
        else:
            return
        _remove_drafts(draft.target)
    draft.kind, draft.rows_copied, draft.rows_removed = "full", 0, 0
    make_full_copy(draft)


def _swap_in(draft: Draft) -> None:
    sync(draft.path)
    # an unfinished write of somebody else into the last copy must not be replayed into this one
    draft.target.with_name(f"{draft.target.name}.wal").unlink(missing_ok=True)
    share_like(draft.path, draft.target)
    draft.path.replace(draft.target)
    sync(draft.target.parent)


def _check(draft: Draft) -> None:
    """Raises WarehouseError if the draft lacks rows, a view fails or search does: then the last copy stays."""
    try:
        with duckdb.connect(str(draft.path), read_only=True) as copy:
            problems = []
            for table, expected in (draft.counts or {}).items():
                ((count,),) = copy.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608
                if count != expected:
                    problems.append(f"{table} has {counted(count, 'row')} instead of {expected:,}")
            for (view,) in copy.execute(
                "SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE schema_name = 'marts'"
            ).fetchall():
                copy.execute(f"FROM {view} LIMIT 0")
            if misplaced := search_index.count_misplaced(copy):
                problems.append(f"search has {misplaced:,} articles in the wrong place")
            for (title,) in copy.execute(
                "SELECT title FROM clean.articles WHERE len(search_terms(title)) > 0 LIMIT 1"
            ).fetchall():
                if not copy.execute("SELECT article_id FROM search($1, n := 1)", [title]).fetchall():
                    problems.append(f"search finds no {title!r}")
    except duckdb.Error as error:
        problems = [str(error).splitlines()[0]]
    if problems:
        raise WarehouseError(
            f"{draft.target}: the new copy is not whole ({'; '.join(problems)}) and was not published; the last one "
            "stays. Run `newsmill publish` again; if that fails too, `newsmill reprocess` builds the warehouse anew"
        )
