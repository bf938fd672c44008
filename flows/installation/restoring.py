"""`newsmill restore`: an installation made of a backup.

Everything is written beside its place and checked first, then put into place: a restore that fails before that leaves
nothing, and what a killed one left is removed by the next one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from flows.installation.backup_file import BLOCK, BackupError, Readable, first_file, read_backup
from flows.installation.places import SETTINGS, WAREHOUSE, WAREHOUSE_LOG, Place, places
from flows.prefect_server.local import running_server
from tasks.errors import ServerError
from tasks.settings import Settings, load_settings
from warehouse.errors import NewsmillError, WarehouseError, WarehouseLockedError
from warehouse.store.connection import hold_file
from warehouse.store.folders import make_folder
from warehouse.store.sql_files import migrations

LOCK_TIMEOUT = 10.0
"""Seconds to wait for whatever uses a warehouse that is to be replaced."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did, or what a backup holds. The names of its fields are keys of its --json."""

    backup: str
    folder: str | None
    """None: the backup was only checked."""
    made_by: str
    made_at: str
    files: int
    parts: list[str]
    left_out: list[str]
    moved_aside: list[str]
    """What was there before, where it is now."""


def check_backup(path: Path) -> Restored:
    """Read the whole backup and compare its checksums. Raises BackupError."""
    facts: dict[str, Any] = {}
    files = read_backup(path, lambda name, modified, content: None, facts.update)
    return _restored(path, None, facts, files, [])


def restore(backup: Path, folder: Path, *, replace: bool, **flags: Any) -> Restored:
    """Make the installation in the folder, which becomes the current one. Raises NewsmillError, for one that is there
    already and isn't to be replaced, or that is being served."""
    backup = backup.absolute()
    with _current_folder(folder.absolute()), _settings_of(backup):
        settings = load_settings(**flags)
        # where a link leads, such as from landing/ to a larger disk: the restored folder goes there, too
        parts = {name: replaced(place, path=place.path.resolve()) for name, place in places(settings).items()}
        with _not_served(settings):
            _check_places(parts, settings, replace=replace)
            with _new_folders_removed_on_failure(*(place.path.parent for place in parts.values())):
                return _restore(backup, parts)


@contextmanager
def _new_folders_removed_on_failure(*folders: Path) -> Iterator[None]:
    """If what is done inside fails, remove those of the folders, and of those above them, that weren't there before."""
    new = {each for folder in folders for each in (folder, *folder.parents) if not each.exists()}
    try:
        yield
    except BaseException:
        for each in sorted(new, key=lambda each: len(each.parts), reverse=True):
            with suppress(OSError):  # it wasn't made, or another process has put something there
                each.rmdir()
        raise


@contextmanager
def _current_folder(folder: Path) -> Iterator[None]:
    """Make the folder the current one, and leave it if what is done inside fails."""
    before = Path.cwd()
    with _new_folders_removed_on_failure(folder):
        make_folder(folder)
        os.chdir(folder)
        try:
            yield
        except BaseException:
            os.chdir(before)
            raise


@contextmanager
def _settings_of(backup: Path) -> Iterator[None]:
    """Write the backup's newsmill.toml, which says where the rest goes, unless there is one."""
    text = None if Path(SETTINGS).exists() else first_file(backup, SETTINGS)
    if text is None:
        yield
        return
    try:
        Path(SETTINGS).write_bytes(text)
        yield
    except BaseException:
        Path(SETTINGS).unlink(missing_ok=True)
        raise


@contextmanager
def _not_served(settings: Settings) -> Iterator[None]:
    """Raises ServerError if a Prefect server or `newsmill serve` runs; keeps another from being started."""
    home = settings.home / "prefect"
    try:
        with _new_folders_removed_on_failure(home):
            home.mkdir(parents=True, exist_ok=True)
            with _held(home / "serve.lock"), _held(home / "start.lock"):
                if server := running_server(settings):
                    raise ServerError(
                        f"{server.url}: this installation's Prefect server runs; stop it with `newsmill server stop`"
                    )
                yield
    except Timeout:
        raise ServerError(
            f"{home}: `newsmill serve` runs there, or Prefect's server is just being started; stop it first"
        ) from None


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    """Hold the lock. If what is done inside fails, its file is removed, if it is new: FileLock leaves it. Who waits for
    it meanwhile makes it again, as FileLock takes no lock of a removed file. Raises Timeout."""
    is_new = not lock.exists()
    with FileLock(lock, timeout=0):
        try:
            yield
        except BaseException:
            if is_new:
                lock.unlink()
            raise


def _check_places(parts: dict[str, Place], settings: Settings, *, replace: bool) -> None:
    """Raises NewsmillError if something is there and isn't to be replaced, or is in use."""
    there = [str(path) for place in parts.values() for path in place.files]
    if there and not replace:
        raise BackupError(
            f"there is an installation already: {', '.join(there)}; restore into another folder, or use --replace, "
            "which moves what is there aside"
        )
    if WAREHOUSE in parts and parts[WAREHOUSE].path.exists():
        try:
            with hold_file(parts[WAREHOUSE].path, min(settings.lock_timeout, LOCK_TIMEOUT)):
                pass
        except WarehouseLockedError:
            raise  # a run is using it
        except WarehouseError:
            pass  # it is broken, and may well be why there is a restore


def _restore(backup: Path, parts: dict[str, Place]) -> Restored:
    stamp = f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    staging = _Staging(parts)
    facts: dict[str, Any] = {}
    for place in parts.values():
        make_folder(place.path.parent)
    try:
        staging.clear()
        files = read_backup(backup, staging.receive, facts.update)
        staging.check_schema(backup, facts)
        os.sync()
        moved = []
        for place in parts.values():
            draft = staging.draft(place)
            if not draft.exists():
                continue
            for path in place.files:
                aside = path.with_name(f"{path.name}.{stamp}")
                path.rename(aside)
                moved.append(str(aside))
            staging.put(place)
    except OSError as error:
        raise BackupError(
            f"{error.filename or backup}: can't be restored ({error.strerror}); fix that, then run again"
        ) from error
    finally:
        staging.clear()
    return _restored(backup, Path.cwd(), facts, files, moved)


def _restored(backup: Path, folder: Path | None, facts: dict[str, Any], files: int, moved: list[str]) -> Restored:
    return Restored(
        backup=str(backup.absolute()),
        folder=str(folder) if folder else None,
        made_by=f"newsmill {facts.get('newsmill')}",
        made_at=str(facts.get("made_at")),
        files=files,
        parts=list(facts.get("parts", ())),
        left_out=list(facts.get("left_out", ())),
        moved_aside=moved,
    )


@dataclass
class _Staging:
    """The drafts of the parts, each beside its place, so that it is put there by a rename."""

    parts: dict[str, Place]
    folders: set[Path] = field(default_factory=set)
    """That were made."""

    def draft(self, place: Place) -> Path:
        return place.path.with_name(f".{place.path.name}.restoring")

    def receive(self, name: str, modified: int, content: Readable) -> None:
        """Write a file of the backup to its draft. Raises BackupError for a name that no backup has."""
        path = self._path(name)
        if path is None:
            return
        if path.parent not in self.folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.folders.add(path.parent)
        with path.open("wb") as file:
            shutil.copyfileobj(content, file, BLOCK)
        os.utime(path, (modified, modified))

    def _path(self, name: str) -> Path | None:
        """Where the file of that name goes; None for newsmill.toml, which is there already."""
        if name == SETTINGS:
            return None
        if name == WAREHOUSE_LOG and WAREHOUSE in self.parts:
            draft = self.draft(self.parts[WAREHOUSE])
            return draft.with_name(f"{draft.name}.wal")
        first, *rest = PurePosixPath(name).parts or ("",)
        place = self.parts.get(first)
        if place is None or place.is_folder != bool(rest) or ".." in rest:
            raise BackupError(f"{name!r} is in the backup, and there is no place for it here; use the same --warehouse")
        return self.draft(place).joinpath(*rest)

    def check_schema(self, backup: Path, facts: dict[str, Any]) -> None:
        """Raises NewsmillError if the warehouse was made by a newer newsmill, or can't be opened."""
        if WAREHOUSE not in self.parts or not (draft := self.draft(self.parts[WAREHOUSE])).exists():
            return
        newest = migrations()[-1][0]
        with hold_file(draft) as held:
            schema = held.schema
        if schema > newest:
            raise NewsmillError(
                f"{backup}: made by newsmill {facts.get('newsmill')}, whose warehouse has schema {schema}; this is "
                f"newsmill {version('newsmill')}, which knows up to {newest}; install that one, or use an older backup"
            )

    def put(self, place: Place) -> None:
        draft = self.draft(place)
        log = draft.with_name(f"{draft.name}.wal")
        if place.name == WAREHOUSE and log.exists():
            log.rename(place.path.with_name(f"{place.path.name}.wal"))
        if place.is_folder and place.path.is_dir():
            place.path.rmdir()  # it is empty
        draft.rename(place.path)

    def clear(self) -> None:
        for place in self.parts.values():
            draft = self.draft(place)
            draft.with_name(f"{draft.name}.wal").unlink(missing_ok=True)
            if draft.is_dir():
                shutil.rmtree(draft)
            else:
                draft.unlink(missing_ok=True)
