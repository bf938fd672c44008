"""Saved feed files: copies of a feed that a cron job kept, say, in a folder or a zip, each with the time it is from."""

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

from tasks.backfill.files import moment_of, read_at_most
from tasks.backfill.finds import BackfillRequest, Find, Plan
from tasks.backfill.sites import Sites
from tasks.errors import BackfillError
from tasks.fetch.decoding import decode
from tasks.text.dates import parse_date
from warehouse.counting import counted
from warehouse.records import Feed

SUFFIXES = (".xml", ".rss", ".atom", ".rdf", ".json", ".feed")
COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".br": "br"}
MANIFESTS = ("manifest.json", "manifest.csv", "manifest.jsonl")
MAX_MANIFEST = 64_000_000
"""Bytes."""

# 20240514T062205Z, 2024-05-14_06-22-05, 20240514062205, 2024-05-14; with no further digit before or after
_STAMP = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
    r"(?:[T_\-. ]?([01]\d|2[0-3])[-_.:]?([0-5]\d)(?:[-_.:]?([0-5]\d))?)?(?!\d)"
)
_EPOCH = re.compile(r"(?<!\d)(1\d{9})(\d{3})?(?!\d)")


@dataclass(frozen=True, slots=True)
class _SavedFile:
    path: str
    """Relative to the folder or zip, with forward slashes."""
    size: int
    changed_at: datetime
    read: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Saved:
    """The saved feeds of a folder, a zip or a single file.

    A file's time is `fetched_at` in the manifest, else the time in its name, else its modification time. Its feed is
    the manifest's, else `BackfillRequest.feed`, else the registry's feed with the name of its folder, or with its own
    name without the time.
    """

    request: BackfillRequest
    registry: Sequence[Feed]
    max_bytes: int
    """Limit for one file, after decompression."""

    async def plan(self) -> Plan:
        files = await asyncio.to_thread(lambda: list(self._files()))
        return Plan(len(files), sum(file.size for file in files), says=(counted(len(files), "feed file"),))

    async def finds(self, after: str | None) -> AsyncIterator[Find]:
        files = await asyncio.to_thread(lambda: list(self._files()))
        manifest = await asyncio.to_thread(self._manifest)
        sites = Sites(self.registry, self.request)
        # in order of time, so that a text that was changed and changed back has its versions in that order
        timed = sorted(((self._time(file, manifest), file.path, file) for file in files), key=lambda item: item[:2])
        marks = [f"{moment.isoformat()} {path}" for moment, path, _ in timed]
        start = marks.index(after) + 1 if after in marks else 0
        for mark, (moment, path, file) in zip(marks[start:], timed[start:], strict=True):
            if self.request.covers(moment) and (feed := self._feed(file, manifest, sites)):
                url = str(manifest.get(path, {}).get("url") or feed.url or path)
                try:
                    data = self._read(file)
                except (OSError, ValueError, OverflowError, RuntimeError, zipfile.BadZipFile) as error:
                    yield Find(mark, feed, path, url, moment, error=f"can't be read: {error or type(error).__name__}")
                    continue
                kind = "application/json" if ".json" in path else "application/xml"
                yield Find(mark, feed, path, url, moment, data, headers={"content-type": kind, "file": path})
            await asyncio.sleep(0)

    def _read(self, file: _SavedFile) -> bytes:
        """The file's bytes, decompressed. Raises OSError, ValueError, BadZipFile, RuntimeError (encrypted zip)."""
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

    def _feed(self, file: _SavedFile, manifest: Mapping[str, Mapping[str, object]], sites: Sites) -> Feed | None:
        row = manifest.get(file.path, {})
        for feed in self.registry:
            if feed.id == row.get("feed") or (row.get("url") and feed.url == row["url"]):
                return feed if not self.request.sites or feed.id in self.request.sites else None
        untimed_name = _STAMP.sub("", _EPOCH.sub("", _stem(file.path))).strip("-_. ")
        feed_ids = {feed.id for feed in self.registry}
        feed_id = str(row.get("feed") or "") or (untimed_name if untimed_name in feed_ids else "")
        path = f"{feed_id}/x" if feed_id else file.path
        return sites.feed_of(path, lambda: {"site": untimed_name} if untimed_name else {})

    def _time(self, file: _SavedFile, manifest: Mapping[str, Mapping[str, object]]) -> datetime:
        row = manifest.get(file.path, {})
        now = datetime.now(UTC)
        stated = row.get("fetched_at") or row.get("time") or row.get("date")
        moment = parse_date(str(stated), now=now) if stated else None
        return min(moment or time_in_name(_stem(file.path)) or file.changed_at, now)

    def _manifest(self) -> dict[str, Mapping[str, object]]:
        """The manifests' rows (fetched_at, feed, url) by the path of their file. Raises BackfillError."""
        manifest: dict[str, Mapping[str, object]] = {}
        for path, read in self._members():
            if PurePosixPath(path).name not in MANIFESTS:
                continue
            folder = PurePosixPath(path).parent
            try:
                for row in _rows(PurePosixPath(path).suffix, read(MAX_MANIFEST).decode("utf-8-sig")):
                    manifest[str(folder / str(row["file"])).removeprefix("./")] = row
            except (ValueError, TypeError, KeyError, AttributeError, csv.Error) as error:
                raise BackfillError(
                    f"{path}: not a manifest ({error}); it lists objects with file, fetched_at and, if need be, "
                    "feed and url"
                ) from error
        return manifest

    def _files(self) -> Iterator[_SavedFile]:
        for path, read in self._members():
            name = PurePosixPath(path)
            uncompressed = name.with_suffix("") if name.suffix.lower() in COMPRESSED else name
            if uncompressed.suffix.lower() in SUFFIXES and name.name not in MANIFESTS:
                size, changed_at = self._size_and_time(path)
                yield _SavedFile(path, size, changed_at, read)

    def _size_and_time(self, path: str) -> tuple[int, datetime]:
        """A file's size and modification time; those of the zip for a file in it."""
        root = Path(self.request.where)
        if root.is_file() and zipfile.is_zipfile(root):
            info = root.stat()
        else:
            info = (root / path if root.is_dir() else root).stat()
        return info.st_size, moment_of(info.st_mtime)

    def _members(self) -> Iterator[tuple[str, Callable[[int], bytes]]]:
        """Every file's relative path and a function that reads at most so many of its bytes. Raises BackfillError."""
        root = Path(self.request.where)
        if root.is_dir():
            for parent, folders, names in os.walk(root):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in sorted(names):
                    path = Path(parent) / name
                    if stat.S_ISREG(path.lstat().st_mode):  # links may lead anywhere
                        relative = path.relative_to(root).as_posix().encode("utf-8", "replace").decode()
                        yield relative, lambda limit, path=path: read_at_most(path, limit)  # type: ignore[misc]
        elif root.is_file() and zipfile.is_zipfile(root):
            with zipfile.ZipFile(root) as archive:
                names = sorted(info.filename for info in archive.infolist() if not info.is_dir())
            for name in names:
                yield name, lambda limit, name=name: _read_zipped(root, name, limit)  # type: ignore[misc]
        elif root.is_file():
            yield root.name, lambda limit: read_at_most(root, limit)
        else:
            raise BackfillError(f"{root}: not there; give a folder, a zip or a file of saved feeds")


def time_in_name(name: str) -> datetime | None:
    """The time in a file's name, in UTC: 20240514T062205Z, 2024-05-14, seconds or milliseconds since the epoch."""
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
    """The file's name without its suffixes: feed.2024-05-14 of quay/feed.2024-05-14.xml.gz."""
    name = PurePosixPath(path).name
    for _ in range(2):
        stem, dot, suffix = name.rpartition(".")
        if dot and f".{suffix.lower()}" in (*SUFFIXES, *COMPRESSED):
            name = stem
    return name


def _rows(suffix: str, text: str) -> list[Mapping[str, object]]:
    """The rows of a manifest. In JSON, a list of them, or an object with a row by each file's name."""
    if suffix == ".csv":
        return list(csv.DictReader(io.StringIO(text)))
    if suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    rows = json.loads(text)
    return [{"file": file, **row} for file, row in rows.items()] if isinstance(rows, dict) else rows


def _read_zipped(root: Path, name: str, limit: int) -> bytes:
    with zipfile.ZipFile(root) as archive, archive.open(name) as file:
        return file.read(limit)
