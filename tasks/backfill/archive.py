"""Archives of article files: a folder, a zip, a tar, or a git repository at a revision or over its whole history."""

from __future__ import annotations

import asyncio
import os
import re
import tarfile
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.article_file import decode, stated_time, take_apart
from tasks.backfill.finds import Find, Plan, Wanted
from tasks.backfill.sites import Sites
from warehouse.errors import BackfillError, ParseError
from warehouse.records import Feed, Source

SUFFIXES = (".md", ".markdown", ".txt")
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz")
MAX_FILES = 5_000_000
_REMOTE = re.compile(r"^(https?|git|ssh)://|^[\w.-]+@[\w.-]+:")


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


@dataclass(frozen=True, slots=True)
class Archive:
    """The articles of an archive. Raises BackfillError where there is none."""

    wanted: Wanted
    registry: Sequence[Feed]
    max_bytes: int
    """Of one file."""
    clones: Path
    """Where repositories given by address are kept between runs."""
    allow_private_addresses: bool = False
    source: Source = "archive"

    async def plan(self) -> Plan:
        count, size, sites = 0, 0, set()
        sorter = Sites(self.registry, self.wanted)
        for file in await asyncio.to_thread(self._listed):
            count += 1
            size += file.size or 0
            sites.add(sorter.name_of(file.path) or "?")
            if count % 1000 == 0:
                await asyncio.sleep(0)
        shown = ", ".join(sorted(sites)[:12]) + (" …" if len(sites) > 12 else "")
        return Plan(count, size or None, says=(f"{count:,} article files; sites: {shown}",))

    def _listed(self) -> list[File]:
        return list(self.files())

    async def finds(self, after: str | None) -> AsyncIterator[Find]:
        waiting = after is not None
        sorter = Sites(self.registry, self.wanted)
        if waiting and not await asyncio.to_thread(lambda: any(file.mark == after for file in self.files())):
            waiting = False  # the archive has changed: everything again, which loads nothing twice
        for number, file in enumerate(self.files()):
            if waiting:
                waiting = file.mark != after
                continue
            if find := self._find(file, sorter):
                yield find
            if number % 100 == 0:
                await asyncio.sleep(0)

    def _find(self, file: File, sorter: Sites) -> Find | None:
        """The file as a find; None where it isn't asked for."""

        def found(**known: Any) -> Find:
            return Find(mark=file.mark, location=file.location, form="article", headers={"file": file.path}, **known)

        try:
            data = file.read(self.max_bytes + 1)
        except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
            feed = sorter.feed_of(file.path)
            if not feed:
                return None
            return found(feed=feed, url="", seen_at=file.saved_at, error=f"can't be read: {error}")
        moment, url = None, ""
        try:
            article = take_apart(decode(data[: self.max_bytes]))
            url = article.url
        except ParseError:
            article = None  # milling says why
        feed = sorter.feed_of(file.path, lambda: {**article.fields, "url": url} if article else {})
        if feed is None:
            return None
        if article:
            moment = stated_time(article, feed.timezone)
        if len(data) > self.max_bytes:
            return found(feed=feed, url=url, seen_at=file.saved_at, error=f"larger than {self.max_bytes:,} bytes")
        if not self.wanted.covers(moment or file.saved_at):
            return None
        now = datetime.now(UTC)
        seen_at = file.saved_at if file.version else min(moment or file.saved_at, now)
        return found(feed=feed, url=url or file.location, seen_at=seen_at, data=data)

    def files(self) -> Iterator[File]:
        """Every article file, in an order that stays the same. Raises BackfillError."""
        where, revision, history = self.wanted.where, self.wanted.revision, self.wanted.history
        if _REMOTE.match(where):
            from tasks.backfill import repository  # libgit2 takes ten megabytes

            clone = repository.cloned(where, self.clones, self.allow_private_addresses)
            yield from repository.files(clone, revision, history)
            return
        path = Path(where)
        if not path.exists():
            raise BackfillError(f"{where}: not there; give an archive's folder, zip, tar or git repository")
        if path.is_dir():
            if revision or history:
                from tasks.backfill import repository

                yield from repository.files(path, revision, history)
            else:
                yield from _in_folder(path)
        elif zipfile.is_zipfile(path):
            yield from _in_zip(path)
        elif path.name.lower().endswith(TARS):
            yield from _in_tar(path)
        elif path.suffix.lower() in SUFFIXES:
            yield _file(path, path.name, path.stat())
        else:
            raise BackfillError(f"{where}: neither a folder, a zip, a tar nor an article file")


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


def _file(path: str | Path, name: str, info: os.stat_result) -> File:
    name = name.encode("utf-8", "replace").decode()  # a name need not be Unicode
    return File(name, name, info.st_size, moment_of(info.st_mtime), lambda limit: _bounded(path, limit), name)


def _in_folder(root: Path) -> Iterator[File]:
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
                yield _file(entry.path, prefix + entry.name, entry.stat(follow_symlinks=False))
        waiting += [f"{prefix}{e.name}/" for e in reversed(entries) if _is_folder(e)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)


def _in_zip(path: Path) -> Iterator[File]:
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


def _in_tar(path: Path) -> Iterator[File]:
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
