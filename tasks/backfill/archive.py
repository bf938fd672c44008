"""Archives of article files: a folder, a zip, a tar, or a git repository at a revision or over its whole history."""

from __future__ import annotations

import asyncio
import re
import tarfile
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.backfill.files import SUFFIXES, TARS, File, file_at, files_in_folder, files_in_tar, files_in_zip
from tasks.backfill.finds import Find, Plan, Wanted
from tasks.backfill.sites import Sites
from tasks.errors import BackfillError, ParseError
from tasks.parse.article_file import decode, stated_time, take_apart
from warehouse.records import Feed, Source

_REMOTE = re.compile(r"^(https?|git|ssh)://|^[\w.-]+@[\w.-]+:")


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
                yield from files_in_folder(path)
        elif zipfile.is_zipfile(path):
            yield from files_in_zip(path)
        elif path.name.lower().endswith(TARS):
            yield from files_in_tar(path)
        elif path.suffix.lower() in SUFFIXES:
            yield file_at(path, path.name, path.stat())
        else:
            raise BackfillError(f"{where}: neither a folder, a zip, a tar nor an article file")
