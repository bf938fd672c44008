"""The article files of a folder, a zip or a tar."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tasks.errors import BackfillError

SUFFIXES = (".md", ".markdown", ".txt")
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz")
MAX_FILES = 5_000_000


@dataclass(frozen=True, slots=True)
class File:
    """An article file of the archive."""

    path: str
    """Relative to the archive, with forward slashes."""
    mark: str
    """Identifies the file within the archive; a backfill continues after it."""
    size: int | None
    """Bytes; None if unknown until it is read."""
    saved_at: datetime
    read: Callable[[int], bytes]
    """Given a limit: the file's first bytes, at most that many. Works until the next file is asked for."""
    location: str
    """Where a person finds the file again."""
    version: bool = False
    """Whether `saved_at` is the date of this version of the text: a commit's date is, a file's own time is not."""


def is_article(name: str) -> bool:
    """Whether the path is that of an article file, and no part of it is hidden."""
    is_hidden = any(part.startswith(".") and part != "." for part in name.split("/"))
    return name.lower().endswith(SUFFIXES) and not is_hidden


def moment_of(seconds: float) -> datetime:
    """Seconds since the epoch as a moment, now at the latest; 1970 if they are out of range."""
    try:
        return min(datetime.fromtimestamp(seconds, UTC), datetime.now(UTC))
    except (OverflowError, ValueError, OSError):
        return datetime(1970, 1, 1, tzinfo=UTC)


def read_at_most(path: str | Path, limit: int) -> bytes:
    """The file's first bytes, at most `limit`. Raises OSError."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - making a Path takes longer than opening the file
        # read(limit) would allocate the whole limit first, which takes longer than reading a small file
        return file.read(min(limit, os.fstat(file.fileno()).st_size + 1))


def file_at(path: str | Path, name: str, info: os.stat_result) -> File:
    """The File for a path on disk, with its name in the archive."""
    name = name.encode("utf-8", "replace").decode()  # a name need not be Unicode
    return File(name, name, info.st_size, moment_of(info.st_mtime), lambda limit: read_at_most(path, limit), name)


def files_in_folder(root: Path) -> Iterator[File]:
    """A folder's own files before those of its subfolders, each sorted by name.

    Links are not followed, as they may lead anywhere, or in a circle. Folders that may not be listed are left out.
    """
    count = 0
    folders = [""]
    while folders:
        prefix = folders.pop()
        try:
            with os.scandir(root / prefix) as iterator:
                entries = sorted(iterator, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if is_article(entry.name) and entry.is_file(follow_symlinks=False):
                count += 1
                if count > MAX_FILES:
                    raise BackfillError(f"{root}: more than {MAX_FILES:,} files")
                yield file_at(entry.path, prefix + entry.name, entry.stat(follow_symlinks=False))
        folders += [f"{prefix}{entry.name}/" for entry in reversed(entries) if _is_visible_folder(entry)]


def _is_visible_folder(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)


def files_in_zip(path: Path) -> Iterator[File]:
    """The article files of a zip, sorted by name."""
    with zipfile.ZipFile(path) as archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if info.is_dir() or not is_article(info.filename):
                continue

            def read(limit: int, info: zipfile.ZipInfo = info) -> bytes:
                with archive.open(info) as file:
                    return file.read(limit)

            saved_at = _zip_time(info)
            yield File(info.filename, info.filename, info.file_size, saved_at, read, f"{path.name}:{info.filename}")


def _zip_time(info: zipfile.ZipInfo) -> datetime:
    try:
        return min(datetime(*info.date_time, tzinfo=UTC), datetime.now(UTC))
    except ValueError:
        return datetime(1980, 1, 1, tzinfo=UTC)


def files_in_tar(path: Path) -> Iterator[File]:
    """The article files in the tar's own order, as a compressed tar can only be read from its beginning.

    Raises BackfillError for a damaged tar, after the files before the damage.
    """
    try:
        with tarfile.open(path, "r|*", errors="replace") as archive:
            for number, member in enumerate(archive):
                if not member.isfile() or not is_article(member.name):
                    continue

                def read(limit: int, member: tarfile.TarInfo = member) -> bytes:
                    file = archive.extractfile(member)
                    return file.read(limit) if file else b""

                name = member.name.removeprefix("./").encode("utf-8", "replace").decode()
                yield File(name, f"{number} {name}", member.size, moment_of(member.mtime), read, f"{path.name}:{name}")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BackfillError(f"{path}: the tar is damaged ({error}); the files before the damage are loaded") from error
