"""`newsmill backup`: all of an installation in one file, while runs go on.

A restored installation must load again whatever the backup's warehouse lacks, and have the bytes of whatever its
warehouse names. So the records of the landing zone are copied before the warehouse; those that have changed meanwhile
are copied again after it, as not yet loaded; the landed bytes and the images come last, as they are written before
anything names them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock, Timeout
from prefect.settings import PREFECT_API_URL

from flows.installation.backup_file import BackupError, BackupWriter, files_below
from flows.installation.places import (
    DEPLOYMENTS,
    FEEDS,
    IMAGES,
    LANDING,
    PREFECT,
    RULES,
    SETTINGS,
    WAREHOUSE,
    WAREHOUSE_LOG,
    Place,
    places,
)
from flows.prefect_server.local import running_server
from tasks.forget import lock_path
from tasks.settings import Settings, environment_variable
from warehouse.landing import is_draft, sync
from warehouse.masking import mask_passwords
from warehouse.store.connection import hold_file
from warehouse.store.lake import Lake

MARGIN = 60.0
"""Seconds by which the clock of the landing zone's file system may differ from this machine's."""
PRIVATE = 0o600
"""The mode of backups: they hold whatever secrets the installation's files and Prefect's blocks hold."""
WORK = ".newsmill-backup-"
"""Beginning of the names of folders in which backups are written."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What `newsmill backup` did. The names of its fields are keys of its --json."""

    backup: str
    files: int
    bytes: int
    parts: list[str]
    left_out: list[str]
    """What belongs to the installation and is not in the backup, and what to do about it."""


def back_up(settings: Settings, target: Path) -> BackedUp:
    """Write a backup to the file, or to a new file in the folder. Raises NewsmillError; a backup that fails or is
    killed leaves no file of that name."""
    target = target.absolute()
    now = datetime.now(UTC)
    if target.is_dir():
        target /= f"newsmill-{now:%Y%m%dT%H%M%SZ}.tar"
    if target.exists():
        raise BackupError(f"{target}: there already; name another file, or a folder")
    parts = places(settings)
    present = [SETTINGS] * Path(SETTINGS).exists() + [name for name, place in parts.items() if place.files]
    if not present:
        raise BackupError(f"{Path.cwd()}: nothing of newsmill's is here; run it in the folder of an installation")
    left_out = _left_out(settings)
    facts = {
        "newsmill": version("newsmill"),
        "prefect": version("prefect"),
        "made_at": now.isoformat(timespec="seconds"),
        "folder": str(Path.cwd()),
        "parts": present,
        "left_out": left_out,
    }
    try:
        with _work_folder(target.parent) as work:
            draft = work / "backup.tar"
            with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE), "wb") as file:
                writer = BackupWriter(file, facts)
                with _nothing_erased(settings):
                    _write(writer, parts, settings, work)
                writer.finish()
            draft.replace(target)
            sync(target.parent)
    except OSError as error:
        raise BackupError(
            f"{target}: can't be written ({error.strerror}); free space, or name another place"
        ) from error
    return BackedUp(str(target), writer.files, target.stat().st_size, present, left_out)


@contextmanager
def _nothing_erased(settings: Settings) -> Iterator[None]:
    """Keep `newsmill forget` and `maintain` from rewriting documents whose records are copied already."""
    if not settings.folder.is_dir():
        yield
        return
    try:
        with FileLock(lock_path(settings), timeout=settings.lock_timeout):
            yield
    except Timeout:
        raise BackupError(
            f"{settings.folder}: forgotten articles are just being removed from its files; make the backup afterwards"
        ) from None


def _write(writer: BackupWriter, parts: dict[str, Place], settings: Settings, work: Path) -> None:
    writer.add_path(SETTINGS, Path(SETTINGS))
    for name in (FEEDS, DEPLOYMENTS):
        writer.add_path(name, parts[name].path)
    writer.add_folder(RULES, parts[RULES].path)
    landing, began = parts[LANDING].path, time.time()
    for name in ("pending", "loaded"):  # in this order, as records move from the one to the other
        writer.add_folder(f"{LANDING}/{name}", landing / name, _is_final)
    if WAREHOUSE in parts and parts[WAREHOUSE].path.exists():
        with hold_file(parts[WAREHOUSE].path, settings.lock_timeout) as held:
            writer.add_file(WAREHOUSE, held.file)
            if held.log:
                writer.add_file(WAREHOUSE_LOG, held.log)
    for name in ("pending", "loaded"):
        for path in _changed_since(landing / name, began - MARGIN):
            writer.add_path(f"{LANDING}/pending/{path.name}", path)
    for folder in sorted(landing.iterdir()) if landing.is_dir() else ():
        if folder.name not in ("pending", "loaded"):
            writer.add_folder(f"{LANDING}/{folder.name}", folder, _is_final)
    writer.add_folder(IMAGES, parts[IMAGES].path, _is_final)
    if parts[PREFECT].path.exists():
        copy = work / PREFECT
        _copy_sqlite(parts[PREFECT].path, copy)
        writer.add_path(PREFECT, copy)


def _is_final(path: Path) -> bool:
    return not is_draft(path)


def _changed_since(folder: Path, moment: float) -> Iterator[Path]:
    """The records below the folder that were written or moved since then."""
    for path in files_below(folder):
        with suppress(FileNotFoundError):  # moved on; it is found there
            if path.stat().st_ctime >= moment and _is_final(path):
                yield path


def _copy_sqlite(source: Path, target: Path) -> None:
    """All at once: in parts, it would begin again with each write of the server. Raises BackupError."""
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=60)) as database,
            closing(sqlite3.connect(target)) as copy,
        ):
            database.backup(copy, pages=-1)
    except sqlite3.Error as error:
        raise BackupError(f"{source}: Prefect's database can't be copied ({error}); run again") from error


def _left_out(settings: Settings) -> list[str]:
    """What the backup lacks, in sentences."""
    notes = []
    if isinstance(settings.location, Lake):
        notes.append(
            f"{settings.location}: the lake is not in the backup. With no run under way, back up, and copy its catalog "
            "(with pg_dump, or SQLite's .backup) and its Parquet files; restore both together with the backup"
        )
    address, own_server = PREFECT_API_URL.value(), running_server(settings)
    if address and not (own_server and own_server.api_url == address):
        notes.append(
            f"{mask_passwords(address)}: this Prefect server's database is not in the backup; back it up where it runs"
        )
    if environment_variable("PREFECT_SERVER_DATABASE_CONNECTION_URL"):
        notes.append("Prefect's database has a place of its own, and is not in the backup; back it up there")
    if environment_variable("PREFECT_SERVER_ENCRYPTION_KEY") or environment_variable("ORION_ENCRYPTION_KEY"):
        notes.append(
            "PREFECT_SERVER_ENCRYPTION_KEY, with which Prefect's blocks are encrypted, is not in the backup; keep it, "
            "as they can't be read without it"
        )
    return notes


@contextmanager
def _work_folder(parent: Path) -> Iterator[Path]:
    """A new folder there for this process; those that killed processes left are removed."""
    for left in parent.glob(f"{WORK}*"):
        with suppress(OSError), (left / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left)
    folder = parent / f"{WORK}{os.getpid()}-{time.time_ns()}"
    folder.mkdir(mode=0o700)
    try:
        with (folder / "lock").open("x") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
