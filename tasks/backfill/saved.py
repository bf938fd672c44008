"""Saved feed files: what somebody's cron job kept of a feed, in a folder or a zip, each with its time."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import stat
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import zstandard

from tasks.backfill.finds import Find, Plan, Wanted
from tasks.backfill.sites import Sites
from tasks.errors import BackfillError
from tasks.fetch.decoding import decode
from tasks.text.dates import parse_date
from warehouse.records import Feed, Source

SUFFIXES = (".xml", ".rss", ".atom", ".rdf", ".json", ".feed")
COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".br": "br"}
MANIFESTS = ("manifest.json", "manifest.csv", "manifest.jsonl")
MAX_MANIFEST = 64_000_000
"""Bytes."""

# 20240514T062205Z, 2024-05-14_06-22-05, 20240514062205, 2024-05-14: alone among the name's digits
_STAMP = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
    r"(?:[T_\-. ]?([01]\d|2[0-3])[-_.:]?([0-5]\d)(?:[-_.:]?([0-5]\d))?)?(?!\d)"
)
_EPOCH = re.compile(r"(?<!\d)(1\d{9})(\d{3})?(?!\d)")


@dataclass(frozen=True, slots=True)
class _Saved:
    path: str
    """Relative, with forward slashes."""
    size: int
    changed_at: datetime
    read: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Saved:
    """The saved feeds of a folder, a zip or a single file.

    A feed file's time is its manifest's (`fetched_at`), else that in its name, else that of the file. Its feed is the
    manifest's, else `Wanted.feed`, else the registry's feed of its folder's name (or of its own name without the time).
    """

    wanted: Wanted
    registry: Sequence[Feed]
    max_bytes: int
    """Of one feed, after decompression."""
    source: Source = "feed"

    async def plan(self) -> Plan:
        files = await asyncio.to_thread(lambda: list(self._files()))
        return Plan(len(files), sum(file.size for file in files), says=(f"{len(files):,} feed files",))

    async def finds(self, after: str | None) -> AsyncIterator[Find]:
        files = await asyncio.to_thread(lambda: list(self._files()))
        manifest = await asyncio.to_thread(self._manifest)
        sorter = Sites(self.registry, self.wanted)
        # in order of time, so that a text that was changed and changed back is seen so
        timed = sorted(((self._time(file, manifest), file.path, file) for file in files), key=lambda each: each[:2])
        marks = [f"{moment.isoformat()} {path}" for moment, path, _ in timed]
        start = marks.index(after) + 1 if after in marks else 0
        for mark, (moment, path, file) in zip(marks[start:], timed[start:], strict=True):
            if self.wanted.covers(moment) and (feed := self._feed(file, manifest, sorter)):
                said = manifest.get(path, {})
                url = str(said.get("url") or feed.url or path)
                try:
                    data = self._data(file)
                except (OSError, ValueError, OverflowError, RuntimeError, zipfile.BadZipFile) as error:
                    yield Find(mark, feed, path, url, moment, error=f"can't be read: {error or type(error).__name__}")
                    continue
                kind = "application/json" if ".json" in path else "application/xml"
                yield Find(mark, feed, path, url, moment, data, headers={"content-type": kind, "file": path})
            await asyncio.sleep(0)

    def _data(self, file: _Saved) -> bytes:
        data = file.read(self.max_bytes + 1)
        if len(data) > self.max_bytes:
            raise ValueError(f"larger than {self.max_bytes:,} bytes")
        if coding := COMPRESSED.get(PurePosixPath(file.path).suffix.lower()):
            try:
                return decode(data, coding, self.max_bytes)
            except OverflowError:
                raise ValueError(f"larger than {self.max_bytes:,} bytes when decompressed") from None
            except zstandard.ZstdError as error:
                raise ValueError(str(error)) from error
        return data

    def _feed(self, file: _Saved, manifest: Mapping[str, Mapping[str, object]], sorter: Sites) -> Feed | None:
        said = manifest.get(file.path, {})
        for feed in self.registry:
            if feed.id == said.get("feed") or (said.get("url") and feed.url == said["url"]):
                return feed if not self.wanted.sites or feed.id in self.wanted.sites else None
        own = _STAMP.sub("", _EPOCH.sub("", _stem(file.path))).strip("-_. ")
        known = {feed.id for feed in self.registry}
        name = str(said.get("feed") or "") or (own if own in known else "")
        return sorter.feed_of(f"{name}/x" if name else file.path, lambda: {"site": own} if own else {})

    def _time(self, file: _Saved, manifest: Mapping[str, Mapping[str, object]]) -> datetime:
        said = manifest.get(file.path, {})
        now = datetime.now(UTC)
        stated = said.get("fetched_at") or said.get("time") or said.get("date")
        moment = parse_date(str(stated), now=now) if stated else None
        return min(moment or time_in_name(_stem(file.path)) or file.changed_at, now)

    def _manifest(self) -> dict[str, Mapping[str, object]]:
        """file → what the manifest says of it: fetched_at, feed, url. Raises BackfillError."""
        found: dict[str, Mapping[str, object]] = {}
        for path, read in self._members():
            if PurePosixPath(path).name not in MANIFESTS:
                continue
            folder = PurePosixPath(path).parent
            try:
                for row in _rows(PurePosixPath(path).suffix, read(MAX_MANIFEST).decode("utf-8-sig")):
                    found[str(folder / str(row["file"])).removeprefix("./")] = row
            except (ValueError, TypeError, KeyError, AttributeError, csv.Error) as error:
                raise BackfillError(
                    f"{path}: not a manifest ({error}); it lists objects with file, fetched_at and, if need be, "
                    "feed and url"
                ) from error
        return found

    def _files(self) -> Iterator[_Saved]:
        for path, read in self._members():
            name = PurePosixPath(path)
            plain = name.with_suffix("") if name.suffix.lower() in COMPRESSED else name
            if plain.suffix.lower() in SUFFIXES and name.name not in MANIFESTS:
                size, changed_at = self._facts(path)
                yield _Saved(path, size, changed_at, read)

    def _facts(self, path: str) -> tuple[int, datetime]:
        root = Path(self.wanted.where)
        if root.is_file() and zipfile.is_zipfile(root):
            info = root.stat()
        else:
            info = (root / path if root.is_dir() else root).stat()
        return info.st_size, min(datetime.fromtimestamp(info.st_mtime, UTC), datetime.now(UTC))

    def _members(self) -> Iterator[tuple[str, Callable[[int], bytes]]]:
        """(relative path, how to read it) of every file, by name. Raises BackfillError."""
        root = Path(self.wanted.where)
        if root.is_dir():
            for parent, folders, names in os.walk(root):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in sorted(names):
                    path = Path(parent) / name
                    if stat.S_ISREG(path.lstat().st_mode):  # links may lead anywhere
                        shown = path.relative_to(root).as_posix().encode("utf-8", "replace").decode()
                        yield shown, lambda limit, path=path: _bounded(path, limit)  # type: ignore[misc]
        elif root.is_file() and zipfile.is_zipfile(root):
            with zipfile.ZipFile(root) as archive:
                names = sorted(info.filename for info in archive.infolist() if not info.is_dir())
            for name in names:
                yield name, lambda limit, name=name: _zipped(root, name, limit)  # type: ignore[misc]
        elif root.is_file():
            yield root.name, lambda limit: _bounded(root, limit)
        else:
            raise BackfillError(f"{root}: not there; give a folder, a zip or a file of saved feeds")


def time_in_name(name: str) -> datetime | None:
    """The time a file's name holds, in UTC: 20240514T062205Z, 2024-05-14, seconds or milliseconds since the epoch."""
    if match := _STAMP.search(name):
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        try:
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:  # the 31st of February
            return None
    if match := _EPOCH.search(name):
        return datetime.fromtimestamp(int(match[1]), UTC)
    return None


def _stem(path: str) -> str:
    name = PurePosixPath(path).name
    for _ in range(2):
        stem, dot, suffix = name.rpartition(".")
        if dot and f".{suffix.lower()}" in (*SUFFIXES, *COMPRESSED):
            name = stem
    return name


def _rows(suffix: str, text: str) -> list[Mapping[str, object]]:
    if suffix == ".csv":
        return list(csv.DictReader(io.StringIO(text)))
    if suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    rows = json.loads(text)
    return [{"file": file, **said} for file, said in rows.items()] if isinstance(rows, dict) else rows


def _bounded(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit)


def _zipped(root: Path, name: str, limit: int) -> bytes:
    with zipfile.ZipFile(root) as archive, archive.open(name) as file:
        return file.read(limit)
