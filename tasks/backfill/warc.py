"""Web archives: the pages and feeds of WARC and ARC files (ISO 28500), gzipped or not, one file or a folder of them.

warcio reads the records. Gzip members are unpacked here, and handed to it one by one: by itself it takes a member that
is cut off or damaged for the end of the file, and says nothing of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import stat
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tasks.backfill.finds import Find, Plan, Wanted
from tasks.backfill.warc_records import (
    FEED_TYPES,
    NO_TYPES,
    PAGE_TYPES,
    STEP,
    BrokenFileError,
    Record,
    printable,
    read_records,
)
from tasks.errors import BackfillError
from tasks.fetch.decoding import decode
from tasks.registry.feed_table import same_address, slug
from tasks.text import urls
from warehouse.records import Feed, Form, Source

SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz")
MAX_FILES = 1_000_000
HEAD = 4_096
"""Bytes at a payload's beginning that tell what it is."""
_FEED = re.compile(
    rb"(?>\s+|<\?[^>]{0,1000}>|<!--.{0,2000}?-->|<!doctype[^>]{0,500}>){0,20}+<(?:\w{1,20}:)?(?:rss|feed)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_RDF = re.compile(rb"<(?:\w{1,20}:)?rdf\b[^>]*(?:purl\.org/rss/|netscape\.com/rdf/)", re.IGNORECASE)
_JSON_FEED = re.compile(rb"\s*\{.{0,2000}?jsonfeed\.org\\?/version", re.DOTALL)
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_PLAIN = re.compile(rb"(?:\xef\xbb\xbf)?\s*[<{]")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n")
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d:\d\d)(:\d\d)?(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?)?)?)?")
_KEPT = ("content-type", "content-language", "last-modified", "etag")
"""Headers that go on with the document; its codings are undone."""


@dataclass(frozen=True, slots=True)
class Warc:
    """The pages and feeds in WARC files."""

    wanted: Wanted
    registry: Sequence[Feed]
    max_bytes: int
    """Of a record's payload, unpacked."""
    source: Source = "warc"

    async def plan(self) -> Plan:
        """Every file is read through: only that tells what is in it. Raises BackfillError."""
        return await asyncio.to_thread(self._planned)

    def _planned(self) -> Plan:
        files, size = 0, 0
        counts, sites = Counter[str](), Counter[str]()
        feeds = _Feeds(self.registry, self.wanted)
        for name, path in self._files():
            files += 1
            for find in self._in_file(name, path, feeds, None, counts):
                if find:
                    size += len(find.data)
                    counts["error" if find.error else find.form] += 1
                    sites[find.feed.id] += 1
        shown = ", ".join(f"{site} ({count:,})" for site, count in sites.most_common(12))
        says = [
            f"{files:,} files: {counts['page']:,} pages, {counts['feed']:,} feeds, {counts['error']:,} unreadable",
            f"sites: {shown}{' …' if len(sites) > 12 else ''}",
        ]
        if counts["revisit"]:
            says.append(f"{counts['revisit']:,} revisits are passed over: the text is that of an earlier capture")
        return Plan(counts["page"] + counts["feed"] + counts["error"], size, says=tuple(says))

    async def finds(self, after: str | None) -> AsyncIterator[Find]:
        """The finds after the mark, by file and offset. A file that has changed since is read again from its beginning.

        A file that breaks off gives what comes before, and one find with an error. Raises BackfillError.
        """
        done = _read_mark(after) if after is not None else None
        feeds = _Feeds(self.registry, self.wanted)
        for name, path in self._files():
            last = None
            if done and name <= done.name:
                if name < done.name:
                    continue
                if done.size == _size(path):
                    last = done.offset
                    if last is None:
                        continue
            for number, find in enumerate(self._in_file(name, path, feeds, last, Counter())):
                if find:
                    yield find
                if find or number % 100 == 0:
                    await asyncio.sleep(0)

    def _files(self) -> list[tuple[str, Path]]:
        """(relative path, path) of each, in order. Links are not followed: they may lead anywhere."""
        root = Path(self.wanted.where)
        if root.is_file():
            return [(root.name, root)]
        if not root.is_dir():
            raise BackfillError(f"{root}: no such file or folder; give a WARC file, or a folder of them")
        found = []

        def fail(error: OSError) -> None:
            raise BackfillError(f"{error.filename}: can't be read ({error.strerror})") from error

        for parent, _, names in os.walk(root, onerror=fail):
            for name in names:
                path = Path(parent) / name
                if name.lower().endswith(SUFFIXES) and stat.S_ISREG(path.lstat().st_mode):
                    found.append((path.relative_to(root).as_posix(), path))
            if len(found) > MAX_FILES:
                raise BackfillError(f"{root}: more than {MAX_FILES:,} files; give a part of it")
        if not found:
            raise BackfillError(f"{root}: holds no WARC file ({', '.join(SUFFIXES)})")
        return sorted(found)

    def _in_file(
        self, name: str, path: Path, feeds: _Feeds, last: int | None, counts: Counter[str]
    ) -> Iterator[Find | None]:
        """The file's finds after the one at offset `last`; None for each record that is passed over."""
        size = _size(path)
        shown = printable(name)

        def located(offset: int, uri: str = "") -> dict[str, Any]:
            return {"mark": _Mark(name, offset, size).written(), "location": f"{shown}@{offset} {uri}".rstrip()}

        try:
            with path.open("rb") as file:
                for record in read_records(file, last or 0, self.max_bytes + self.max_bytes // 4 + STEP):
                    counts["revisit"] += record.kind == "revisit"
                    passed = last is not None and record.offset <= last
                    yield None if passed else self._find(record, feeds, located(record.offset, record.uri), path)
        except (BrokenFileError, OSError) as error:
            offset = error.offset if isinstance(error, BrokenFileError) else 0
            yield Find(
                **(located(offset) | {"mark": _Mark(name, None, size).written()}),
                feed=feeds.default(),
                url="",
                seen_at=self._saved_at(path),
                error=f"{shown} can't be read from byte {offset:,} on: {error}",
            )

    def _find(self, record: Record, feeds: _Feeds, located: dict[str, Any], path: Path) -> Find | None:
        kind = record.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not record.of_interest():
            return None
        uri = urls.resolve(None, record.uri)
        feed = feeds.of(uri) if uri else feeds.default()
        if uri and not feeds.is_wanted(feed, uri):
            return None
        moment = _moment(record.date)
        if moment and not self.wanted.covers(moment):
            return None
        body, error = b"", record.error
        if not error:
            try:
                body = _body(record, self.max_bytes)
            except OverflowError:
                error = f"larger than {self.max_bytes:,} bytes"
            except ValueError as reason:
                error = str(reason)
        form = _form(kind, record.payload if error else body)
        if form is None and error and record.is_coded():
            form = "feed"  # what can't be decoded can't be told from a feed: it is named rather than passed over
        if form is None:
            return None
        if uri is None:
            error = f"its address is none of the web: {printable(record.uri)[:200]}"
        elif moment is None:
            error = f"its WARC-Date is no date: {printable(record.date)[:100] or 'there is none'}"
        return Find(
            **located,
            feed=feed,
            url=uri or "",
            seen_at=moment or self._saved_at(path),
            data=b"" if error else body,
            form=form,
            headers={name: printable(record.headers[name])[:1000] for name in _KEPT if name in record.headers},
            error=error or None,
        )

    def _saved_at(self, path: Path) -> datetime:
        """When the file was saved, moved into what was asked for: what can't be read has no time of its own, and is
        to be named whatever was asked for."""
        try:
            moment = min(datetime.fromtimestamp(path.stat().st_mtime, UTC), datetime.now(UTC))
        except (OSError, ValueError, OverflowError):
            moment = datetime.now(UTC)
        if self.wanted.since and moment < self.wanted.since:
            return self.wanted.since
        if self.wanted.until and moment >= self.wanted.until:
            return self.wanted.until - timedelta(microseconds=1)
        return moment


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    offset: int | None
    """Of the record; None where the file is done with."""
    size: int
    """The file's: one of another size is another file."""

    def written(self) -> str:
        return json.dumps([self.name, self.offset, self.size])


def _read_mark(text: str) -> _Mark:
    try:
        name, offset, size = json.loads(text)
        return _Mark(str(name), None if offset is None else int(offset), int(size))
    except (ValueError, TypeError) as error:
        raise BackfillError(f"{text[:100]}: no mark of a WARC backfill; begin it anew") from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


# --- whose it is ----------------------------------------------------------------------------------------------------
def _host(address: str) -> str:
    try:
        return re.sub(r"^www\d?\.(?=.+\.)", "", (urlsplit(address).hostname or "").lower().rstrip("."))
    except ValueError:
        return ""


def _bare(address: str) -> str:
    return re.sub(r"^https?://(www\d?\.)?", "", same_address(address))


class _Feeds:
    """Finds the feed of an address. Not a dataclass: it is an index of the registry."""

    def __init__(self, registry: Sequence[Feed], wanted: Wanted) -> None:
        self._wanted = wanted
        self._sites = {site.lower() for site in wanted.sites}
        self._by_id = {feed.id: feed for feed in registry}
        self._by_address: dict[str, Feed] = {}
        self._by_site: dict[str, list[tuple[str, Feed]]] = {}
        self._by_host: dict[str, list[tuple[str, Feed]]] = {}
        for feed in registry:
            self._by_address.setdefault(_bare(feed.url), feed)
            self._by_host.setdefault(_host(feed.url), []).append(("", feed))
            if feed.site_url:
                place = self._by_site.setdefault(_host(feed.site_url), [])
                place.append((urlsplit(feed.site_url).path.rstrip("/"), feed))

    def of(self, uri: str) -> Feed:
        """The feed of that address; else of its site, the most of whose path it has; else the feed asked for."""
        if feed := self._by_address.get(_bare(uri)):
            return feed
        host = _host(uri)
        path = urlsplit(uri).path
        if candidates := self._by_site.get(host) or self._by_host.get(host):

            def likeness(candidate: tuple[str, Feed]) -> tuple[bool, int]:
                place, feed = candidate
                return feed.id == self._wanted.feed, len(place) if f"{path}/".startswith(f"{place}/") else -1

            return max(candidates, key=likeness)[1]
        if self._wanted.feed:
            return self.default()
        feed_id = slug(host, ())
        address = f"https://[{host}]/" if ":" in host else f"https://{host}/"
        return self._by_id.get(feed_id) or Feed(feed_id, host, address)

    def default(self) -> Feed:
        """The feed asked for; that of what has no address where none is."""
        name = self._wanted.feed or "warc"
        return self._by_id.get(name) or Feed(name, name, "")

    def is_wanted(self, feed: Feed, uri: str) -> bool:
        host = _host(uri)
        return not self._sites or bool({feed.id, feed.name.lower(), host, f"www.{host}"} & self._sites)


# --- what it is -----------------------------------------------------------------------------------------------------
def _form(kind: str, body: bytes) -> Form | None:
    """What a payload of that media type holds; None for what is neither page nor feed."""
    head = body[:HEAD].removeprefix(b"\xef\xbb\xbf")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head[2:].replace(b"\0", b"")  # UTF-16, as far as tags go
    if _FEED.match(head) or _RDF.search(head) or _JSON_FEED.match(head):
        return "feed"
    if kind in FEED_TYPES:
        return "feed"
    if kind in PAGE_TYPES or (kind in NO_TYPES and _HTML.match(head)):
        return "page"
    return None


def _moment(text: str) -> datetime | None:
    """Of a WARC-Date (W3C's profile of ISO 8601, from the year on) or an ARC's fourteen digits; UTC where it says no
    zone. None for what is no date, or lies more than a day ahead."""
    text = text.strip()
    try:
        if re.fullmatch(r"\d{14}", text):
            moment = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        elif match := _DATE.fullmatch(text):
            year, month, day, clock, seconds, fraction, zone = match.groups()
            written = f"{year}-{month or '01'}-{day or '01'}T{clock or '00:00'}{seconds or ':00'}{(fraction or '')[:7]}"
            if fraction:
                written = written.ljust(26, "0")
            moment = datetime.fromisoformat(written + (zone or "Z")).astimezone(UTC)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return moment if moment < datetime.now(UTC) + timedelta(days=1) else None


def _body(record: Record, max_bytes: int) -> bytes:
    """The payload without its transfer and content codings. Raises OverflowError past `max_bytes`, ValueError.

    Some crawlers undo a coding and leave the header that names it: what isn't coded that way is taken as it is.
    """
    data, headers = record.payload, record.headers
    if "chunked" in headers.get("transfer-encoding", "").lower() and _CHUNK.match(data):
        data = _unchunked(data, whole=record.size <= len(data))
    if record.size > len(record.payload):
        raise OverflowError
    codings = [each.strip().lower() for each in headers.get("content-encoding", "").split(",") if each.strip()]
    if len(codings) > 3:
        raise ValueError(f"encoded {len(codings)} times; no honest server does that")
    for coding in reversed(codings):
        if coding == "identity":
            continue
        try:
            data = decode(data, coding, max_bytes)
        except ValueError as error:
            if _PLAIN.match(data):
                break
            raise ValueError(f"its {printable(coding)[:40]} encoding is broken ({error})") from error
    if len(data) > max_bytes:
        raise OverflowError
    return data


def _unchunked(data: bytes, *, whole: bool) -> bytes:
    """RFC 9112 7.1, trailers left out. Raises ValueError for a body that breaks off, unless it isn't `whole` anyway."""
    out, place = bytearray(), 0
    while match := _CHUNK.match(data, place):
        size, start = int(match[1], 16), match.end()
        if size == 0:
            return bytes(out)
        out += data[start : start + size]
        place = start + size
        place += 2 if data[place : place + 2] == b"\r\n" else 1
    if whole:
        raise ValueError("its chunked transfer breaks off")
    return bytes(out)
