"""Archives of article files: a folder, a zip, a tar, or a git repository at a revision or over its whole history."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import socket
import tarfile
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pygit2
from pygit2.enums import FetchPrune, ObjectType, SortMode

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
        where = self.wanted.where
        if _REMOTE.match(where):
            yield from self._of_repository(self._cloned(where))
            return
        path = Path(where)
        if not path.exists():
            raise BackfillError(f"{where}: not there; give an archive's folder, zip, tar or git repository")
        if path.is_dir():
            if self.wanted.revision or self.wanted.history:
                yield from self._of_repository(path)
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

    def _cloned(self, address: str) -> Path:
        """The repository's bare clone, made or brought up to date."""
        if not self.allow_private_addresses:
            _refuse_private(address)
        folder = self.clones / hashlib.sha256(address.encode()).hexdigest()[:24]
        try:
            if (folder / "HEAD").exists():
                pygit2.Repository(str(folder)).remotes["origin"].fetch(prune=FetchPrune.PRUNE)
                return folder
            draft = folder.with_suffix(".tmp")
            shutil.rmtree(draft, ignore_errors=True)
            draft.parent.mkdir(parents=True, exist_ok=True)
            pygit2.clone_repository(address, str(draft), bare=True)
            draft.replace(folder)
        except (pygit2.GitError, OSError, KeyError) as error:
            raise BackfillError(f"{_without_password(address)}: can't be cloned ({error})") from error
        return folder

    def _of_repository(self, path: Path) -> Iterator[File]:
        try:
            repository = pygit2.Repository(str(path))
            revision = self.wanted.revision or ("origin/HEAD" if _has(repository, "origin/HEAD") else "HEAD")
            commit = repository.revparse_single(revision).peel(ObjectType.COMMIT)
        except (pygit2.GitError, KeyError, ValueError) as error:
            raise BackfillError(
                f"{path}: no git repository with the revision {self.wanted.revision or 'HEAD'} ({error})"
            ) from error
        if self.wanted.history:
            yield from _over_history(repository, commit, path)
        else:
            yield from _in_tree(repository, commit, path)


def _refuse_private(address: str) -> None:
    host = urlsplit(address).hostname if "://" in address else address.partition(":")[0].rpartition("@")[2]
    try:
        found = {ip_address(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except (OSError, ValueError) as error:
        raise BackfillError(f"{_without_password(address)}: its host can't be found ({error})") from error
    if not all(address.is_global for address in found):
        raise BackfillError(
            f"{_without_password(address)}: leads to a private network address; NEWSMILL_ALLOW_PRIVATE_ADDRESSES=1 "
            "allows it"
        )


def _without_password(address: str) -> str:
    try:
        parts = urlsplit(address)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if parts.scheme else address
    except ValueError:
        return address


def _has(repository: Any, revision: str) -> bool:
    try:
        repository.revparse_single(revision)
    except (KeyError, ValueError):
        return False
    return True


def _is_article(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not any(p.startswith(".") and p != "." for p in name.split("/"))


def _moment(seconds: float) -> datetime:
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
    return File(name, name, info.st_size, _moment(info.st_mtime), lambda limit: _bounded(path, limit), name)


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
            if _is_article(entry.name) and entry.is_file(follow_symlinks=False):
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
            if info.is_dir() or not _is_article(info.filename):
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
                if not member.isfile() or not _is_article(member.name):
                    continue

                def read(limit: int, member: tarfile.TarInfo = member) -> bytes:
                    file = archive.extractfile(member)
                    return file.read(limit) if file else b""

                name = member.name.removeprefix("./").encode("utf-8", "replace").decode()
                yield File(name, f"{number} {name}", member.size, _moment(member.mtime), read, f"{path.name}:{name}")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BackfillError(f"{path}: the tar is broken ({error}); what came before is loaded") from error


def _in_tree(repository: Any, commit: Any, path: Path) -> Iterator[File]:
    """The files of one revision, by name."""
    waiting = [("", commit.tree)]
    saved_at = _moment(commit.commit_time)
    while waiting:
        prefix, tree = waiting.pop()
        folders = []
        for item in sorted(tree, key=lambda item: item.name or ""):
            name = f"{prefix}{item.name}"
            if item.type == ObjectType.TREE:
                folders.append((f"{name}/", item))
            elif item.type == ObjectType.BLOB and _is_article(name):
                yield _blob(repository, item.id, name, name, saved_at, f"{path.name}@{str(commit.id)[:12]}:{name}")
        waiting.extend(reversed(folders))


def _blob(repository: Any, oid: Any, name: str, mark: str, saved_at: datetime, location: str, **known: Any) -> File:
    def read(limit: int) -> bytes:
        blob = repository[oid]
        if blob.size >= limit:
            return b" " * limit  # too large, which is said of it; its bytes are not needed
        return bytes(blob.data)

    return File(name, mark, None, saved_at, read, location, **known)


def _over_history(repository: Any, commit: Any, path: Path) -> Iterator[File]:
    """Every version of every file, oldest commit first: a file that was rewritten or deleted has had others."""
    given: set[tuple[str, bytes]] = set()
    for each in repository.walk(commit.id, SortMode.TOPOLOGICAL | SortMode.TIME | SortMode.REVERSE):
        parent = each.parents[0].tree if each.parents else None
        difference = parent.diff_to_tree(each.tree) if parent else each.tree.diff_to_tree(swap=True)
        saved_at = _moment(each.commit_time)
        changed = [delta.new_file for delta in difference.deltas if delta.status_char() != "D"]
        for file in sorted(changed, key=lambda file: file.path or ""):
            name = file.path
            version = (name, file.id.raw)
            # a merge shows once more what its branches brought
            if not name or not _is_article(name) or version in given:
                continue
            given.add(version)
            place = f"{path.name}@{str(each.id)[:12]}:{name}"
            yield _blob(repository, file.id, name, f"{each.id} {name}", saved_at, place, version=True)
