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
    """A file of the archive; `read` gives its bytes, at the most the number asked for."""

    path: str
    """Relative to the archive, with forward slashes."""
    mark: str
    size: int | None
    saved_at: datetime
    read: Callable[[int], bytes]
    location: str
    version: bool = False
    """Whether `saved_at` says when the text was so: a commit's date does, a file's own time doesn't."""


def is_article(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not any(p.startswith(".") and p != "." for p in name.split("/"))


def moment_of(seconds: float) -> datetime:
    try:
        return min(datetime.fromtimestamp(seconds, UTC), datetime.now(UTC))
    except (OverflowError, ValueError, OSError):
        return datetime(1970, 1, 1, tzinfo=UTC)


def _bounded(path: str | Path, limit: int) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path takes longer to make than the file to open
        # room for all of the limit would be made and given back, which takes longer than reading
        return file.read(min(limit, os.fstat(file.fileno()).st_size + 1))


def file_at(path: str | Path, name: str, info: os.stat_result) -> File:
    name = name.encode("utf-8", "replace").decode()  # a name need not be Unicode
    return File(name, name, info.st_size, moment_of(info.st_mtime), lambda limit: _bounded(path, limit), name)


def files_in_folder(root: Path) -> Iterator[File]:
    """A folder's files before those of its folders, each by name. Links are not followed: they may lead anywhere, or in
    a circle. What may not be listed is passed over."""
    count = 0
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            with os.scandir(root / prefix) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if is_article(entry.name) and entry.is_file(follow_symlinks=False):
                count += 1
                if count > MAX_FILES:
                    raise BackfillError(f"{root}: more than {MAX_FILES:,} files")
                yield file_at(entry.path, prefix + entry.name, entry.stat(follow_symlinks=False))
        waiting += [f"{prefix}{e.name}/" for e in reversed(entries) if _is_folder(e)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)


def files_in_zip(path: Path) -> Iterator[File]:
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
    """In the order of the tar: a compressed one can only be read from its beginning."""
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
        raise BackfillError(f"{path}: the tar is broken ({error}); what came before is loaded") from error
