"""Archives of article files: a folder, a zip, a tar, or a git repository at a revision or over its whole history."""

from __future__ import annotations

import asyncio
import tarfile
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.backfill.files import SUFFIXES, TARS, File, file_at, files_in_folder, files_in_tar, files_in_zip
from tasks.backfill.finds import BackfillRequest, Find, Plan, is_remote
from tasks.backfill.sites import Sites
from tasks.errors import BackfillError, ParseError
from tasks.networks import NONE_BESIDES_PUBLIC, AllowedAddresses
from tasks.parse.article_file import decode, split_article_file, stated_time
from warehouse.counting import counted
from warehouse.records import Feed


@dataclass(frozen=True, slots=True)
class Archive:
    """The articles of an archive. Its methods raise BackfillError if there is no such archive."""

    request: BackfillRequest
    registry: Sequence[Feed]
    max_bytes: int
    """Limit for one file."""
    clones: Path
    """The folder that keeps the clones of remote repositories between runs."""
    allowed: AllowedAddresses = NONE_BESIDES_PUBLIC
    """For the hosts of repositories."""

    async def plan(self) -> Plan:
        count, size, names = 0, 0, set()
        sites = Sites(self.registry, self.request)
        for file in await asyncio.to_thread(lambda: list(self.files())):
            count += 1
            size += file.size or 0
            names.add(sites.name_of(file.path) or "?")
            if count % 1000 == 0:
                await asyncio.sleep(0)
        first_names = ", ".join(sorted(names)[:12]) + (" …" if len(names) > 12 else "")
        return Plan(count, size or None, says=(f"{counted(count, 'article file')}; sites: {first_names}",))

    async def finds(self, after: str | None) -> AsyncIterator[Find]:
        skipping = after is not None
        sites = Sites(self.registry, self.request)
        if skipping and not await asyncio.to_thread(lambda: any(file.mark == after for file in self.files())):
            skipping = False  # the archive has changed: start again; nothing is loaded twice
        for number, file in enumerate(self.files()):
            if skipping:
                skipping = file.mark != after
                continue
            if find := self._find(file, sites):
                yield find
            if number % 100 == 0:
                await asyncio.sleep(0)

    def _find(self, file: File, sites: Sites) -> Find | None:
        """The file as a find; None if its site or its date is not asked for."""

        def make_find(**details: Any) -> Find:
            return Find(mark=file.mark, location=file.location, form="article", headers={"file": file.path}, **details)

        try:
            data = file.read(self.max_bytes + 1)
        except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
            feed = sites.feed_of(file.path)
            if not feed:
                return None
            return make_find(feed=feed, url="", seen_at=file.saved_at, error=f"can't be read: {error}")
        published, url = None, ""
        try:
            article = split_article_file(decode(data[: self.max_bytes]))
            url = article.url
        except ParseError:
            article = None  # milling reports why
        feed = sites.feed_of(file.path, lambda: {**article.fields, "url": url} if article else {})
        if feed is None:
            return None
        if article:
            published = stated_time(article, feed.timezone)
        if len(data) > self.max_bytes:
            return make_find(feed=feed, url=url, seen_at=file.saved_at, error=f"larger than {self.max_bytes:,} bytes")
        if not self.request.covers(published or file.saved_at):
            return None
        now = datetime.now(UTC)
        seen_at = file.saved_at if file.version else min(published or file.saved_at, now)
        return make_find(feed=feed, url=url or file.location, seen_at=seen_at, data=data)

    def files(self) -> Iterator[File]:
        """Every article file, in an order that is the same in every run. Raises BackfillError."""
        where, revision, history = self.request.where, self.request.revision, self.request.history
        if is_remote(where):
            from tasks.backfill import repository  # libgit2 takes ten megabytes of memory

            clone = repository.clone_or_update(where, self.clones, self.allowed)
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
