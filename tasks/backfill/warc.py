"""Web archives: the pages and feeds of WARC and ARC files (ISO 28500), gzipped or not, one file or a folder of them.

warc_records reads the records; here it is decided which of them are pages or feeds, and of which feed they are.
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

from tasks.backfill.finds import BackfillRequest, Find, Plan
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
from tasks.registry.feed_ids import slug
from tasks.text import urls
from warehouse.counting import counted
from warehouse.records import Feed, Form

SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz")
MAX_FILES = 1_000_000
HEAD = 4_096
"""Bytes at the start of a payload that are searched for signs of a feed or a page."""
_FEED = re.compile(
    rb"(?>\s+|<\?[^>]{0,1000}>|<!--.{0,2000}?-->|<!doctype[^>]{0,500}>){0,20}+<(?:\w{1,20}:)?(?:rss|feed)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_RDF = re.compile(rb"<(?:\w{1,20}:)?rdf\b[^>]*(?:purl\.org/rss/|netscape\.com/rdf/)", re.IGNORECASE)
_JSON_FEED = re.compile(rb"\s*\{.{0,2000}?jsonfeed\.org\\?/version", re.DOTALL)
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n")
_WARC_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d:\d\d)(:\d\d)?(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?)?)?)?")
_KEPT_HEADERS = ("content-type", "content-language", "last-modified", "etag")
"""HTTP headers to keep with the document. Those of its codings are not: they are undone."""


@dataclass(frozen=True, slots=True)
class Warc:
    """The pages and feeds in WARC files."""

    request: BackfillRequest
    registry: Sequence[Feed]
    max_bytes: int
    """Limit for a record's payload, decoded."""

    async def plan(self) -> Plan:
        """Read every file through, as there is no other way to count its pages. Raises BackfillError."""
        return await asyncio.to_thread(self._plan)

    def _plan(self) -> Plan:
        files, size = 0, 0
        counts, sites = Counter[str](), Counter[str]()
        feeds = _FeedIndex(self.registry, self.request)
        for name, path in self._files():
            files += 1
            for find in self._finds_in_file(name, path, feeds, None, counts):
                if find:
                    size += len(find.data)
                    counts["error" if find.error else find.form] += 1
                    sites[find.feed.id] += 1
        largest = ", ".join(f"{site} ({count:,})" for site, count in sites.most_common(12))
        lines = [
            f"{counted(files, 'file')}: {counted(counts['page'], 'page')}, {counted(counts['feed'], 'feed')}, "
            f"{counts['error']:,} unreadable",
            f"sites: {largest}{' …' if len(sites) > 12 else ''}",
        ]
        if counts["revisit"]:
            lines.append(f"{counts['revisit']:,} revisits are left out: their text is that of an earlier capture")
        return Plan(counts["page"] + counts["feed"] + counts["error"], size, says=tuple(lines))

    async def finds(self, after: str | None) -> AsyncIterator[Find]:
        """The finds after the mark, by file and offset. A file that has changed since is read again from its start.

        A damaged file yields the finds before the damage, and one find with an error. Raises BackfillError.
        """
        done = _parse_mark(after) if after is not None else None
        feeds = _FeedIndex(self.registry, self.request)
        for name, path in self._files():
            last = None
            if done and name <= done.name:
                if name < done.name:
                    continue
                if done.size == _size(path):
                    last = done.offset
                    if last is None:
                        continue
            for number, find in enumerate(self._finds_in_file(name, path, feeds, last, Counter())):
                if find:
                    yield find
                if find or number % 100 == 0:
                    await asyncio.sleep(0)

    def _files(self) -> list[tuple[str, Path]]:
        """Each file's relative path and path, sorted. Links are not followed, as they may lead anywhere."""
        root = Path(self.request.where)
        if root.is_file():
            return [(root.name, root)]
        if not root.is_dir():
            raise BackfillError(f"{root}: no such file or folder; give a WARC file, or a folder of them")
        files = []

        def fail(error: OSError) -> None:
            raise BackfillError(f"{error.filename}: can't be read ({error.strerror})") from error

        for parent, _, names in os.walk(root, onerror=fail):
            for name in names:
                path = Path(parent) / name
                if name.lower().endswith(SUFFIXES) and stat.S_ISREG(path.lstat().st_mode):
                    files.append((path.relative_to(root).as_posix(), path))
            if len(files) > MAX_FILES:
                raise BackfillError(f"{root}: more than {MAX_FILES:,} files; give a part of it")
        if not files:
            raise BackfillError(f"{root}: holds no WARC file ({', '.join(SUFFIXES)})")
        return sorted(files)

    def _finds_in_file(
        self, name: str, path: Path, feeds: _FeedIndex, last: int | None, counts: Counter[str]
    ) -> Iterator[Find | None]:
        """The file's finds after the one at offset `last`; None for each record that is not a find."""
        size = _size(path)
        printable_name = printable(name)

        def position(offset: int, uri: str = "") -> dict[str, Any]:
            location = f"{printable_name}@{offset} {uri}".rstrip()
            return {"mark": _Mark(name, offset, size).as_text(), "location": location}

        try:
            with path.open("rb") as file:
                for record in read_records(file, last or 0, self.max_bytes + self.max_bytes // 4 + STEP):
                    counts["revisit"] += record.kind == "revisit"
                    is_done = last is not None and record.offset <= last
                    yield None if is_done else self._find(record, feeds, position(record.offset, record.uri), path)
        except (BrokenFileError, OSError) as error:
            offset = error.offset if isinstance(error, BrokenFileError) else 0
            yield Find(
                **(position(offset) | {"mark": _Mark(name, None, size).as_text()}),
                feed=feeds.default(),
                url="",
                seen_at=self._saved_at(path),
                error=f"{printable_name} can't be read from byte {offset:,} on: {error}",
            )

    def _find(self, record: Record, feeds: _FeedIndex, position: dict[str, Any], path: Path) -> Find | None:
        """The record as a find; None if it is neither page nor feed, or its site or its time is not asked for."""
        media_type = record.media_type
        if not record.is_candidate():
            return None
        uri = urls.resolve(None, record.uri)
        feed = feeds.feed_of(uri) if uri else feeds.default()
        if uri and not feeds.is_wanted(feed, uri):
            return None
        moment = _moment(record.date)
        if moment and not self.request.covers(moment):
            return None
        body, error = b"", record.error
        if not error:
            try:
                body = _body(record, self.max_bytes)
            except OverflowError:
                error = f"larger than {self.max_bytes:,} bytes"
            except ValueError as reason:
                error = str(reason)
        form = _form(media_type, record.payload if error else body)
        if form is None and error and record.is_coded():
            form = "feed"  # it might be one, so that it is rejected with its error rather than left out
        if form is None:
            return None
        if uri is None:
            error = f"it has no valid web address: {printable(record.uri)[:200]}"
        elif moment is None:
            error = f"its WARC-Date is not a date: {printable(record.date)[:100] or 'there is none'}"
        return Find(
            **position,
            feed=feed,
            url=uri or "",
            seen_at=moment or self._saved_at(path),
            data=b"" if error else body,
            form=form,
            headers={name: printable(record.headers[name])[:1000] for name in _KEPT_HEADERS if name in record.headers},
            error=error or None,
        )

    def _saved_at(self, path: Path) -> datetime:
        """The file's modification time, moved into the range asked for: unreadable records have no time of their own,
        and must be reported whatever the range."""
        try:
            moment = min(datetime.fromtimestamp(path.stat().st_mtime, UTC), datetime.now(UTC))
        except (OSError, ValueError, OverflowError):
            moment = datetime.now(UTC)
        if self.request.since and moment < self.request.since:
            return self.request.since
        if self.request.until and moment >= self.request.until:
            return self.request.until - timedelta(microseconds=1)
        return moment


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    offset: int | None
    """The record's offset; None after the end of the file."""
    size: int
    """The file's size: if it differs, the file has changed."""

    def as_text(self) -> str:
        return json.dumps([self.name, self.offset, self.size])


def _parse_mark(text: str) -> _Mark:
    try:
        name, offset, size = json.loads(text)
        return _Mark(str(name), None if offset is None else int(offset), int(size))
    except (ValueError, TypeError) as error:
        raise BackfillError(f"{text[:100]}: not a mark of a WARC backfill; start it again") from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _bare(address: str) -> str:
    return urls.strip_www(re.sub(r"^https?://", "", urls.normalize(address)))


class _FeedIndex:
    """Finds the feed that an address belongs to. Not a dataclass: it builds an index of the registry."""

    def __init__(self, registry: Sequence[Feed], request: BackfillRequest) -> None:
        self._request = request
        self._sites = {site.lower() for site in request.sites}
        self._by_id = {feed.id: feed for feed in registry}
        self._by_address: dict[str, Feed] = {}
        self._by_site: dict[str, list[tuple[str, Feed]]] = {}
        self._by_host: dict[str, list[tuple[str, Feed]]] = {}
        for feed in registry:
            self._by_address.setdefault(_bare(feed.url), feed)
            self._by_host.setdefault(urls.host_of(feed.url), []).append(("", feed))
            if feed.site_url:
                site_feeds = self._by_site.setdefault(urls.host_of(feed.site_url), [])
                site_feeds.append((urlsplit(feed.site_url).path.rstrip("/"), feed))

    def feed_of(self, uri: str) -> Feed:
        """The feed with that address, else the feed of its site (with the longest matching path), else the feed asked
        for, else a new feed for its host."""
        if feed := self._by_address.get(_bare(uri)):
            return feed
        host = urls.host_of(uri)
        path = urlsplit(uri).path
        if candidates := self._by_site.get(host) or self._by_host.get(host):

            def match_length(candidate: tuple[str, Feed]) -> tuple[bool, int]:
                prefix, feed = candidate
                return feed.id == self._request.feed, len(prefix) if f"{path}/".startswith(f"{prefix}/") else -1

            return max(candidates, key=match_length)[1]
        if self._request.feed:
            return self.default()
        feed_id = slug(host, ())
        address = f"https://[{host}]/" if ":" in host else f"https://{host}/"
        return self._by_id.get(feed_id) or Feed(feed_id, host, address)

    def default(self) -> Feed:
        """The feed asked for, else a feed named "warc", for records without an address."""
        feed_id = self._request.feed or "warc"
        return self._by_id.get(feed_id) or Feed(feed_id, feed_id, "")

    def is_wanted(self, feed: Feed, uri: str) -> bool:
        host = urls.host_of(uri)
        return not self._sites or bool({feed.id, feed.name.lower(), host, f"www.{host}"} & self._sites)


def _form(media_type: str, body: bytes) -> Form | None:
    """Whether a payload of that media type is a page or a feed; None if it is neither."""
    head = body[:HEAD].removeprefix(b"\xef\xbb\xbf")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head[2:].replace(b"\0", b"")  # UTF-16; tags are ASCII
    if _FEED.match(head) or _RDF.search(head) or _JSON_FEED.match(head):
        return "feed"
    if media_type in FEED_TYPES:
        return "feed"
    if media_type in PAGE_TYPES or (media_type in NO_TYPES and _HTML.match(head)):
        return "page"
    return None


def _moment(text: str) -> datetime | None:
    """The time of a WARC-Date (W3C's profile of ISO 8601, at least the year) or of an ARC's fourteen digits; UTC if no
    zone is given. None for an invalid date, or one more than a day in the future."""
    text = text.strip()
    try:
        if re.fullmatch(r"\d{14}", text):
            moment = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        elif match := _WARC_DATE.fullmatch(text):
            year, month, day, clock, seconds, fraction, zone = match.groups()
            iso = f"{year}-{month or '01'}-{day or '01'}T{clock or '00:00'}{seconds or ':00'}{(fraction or '')[:7]}"
            if fraction:
                iso = iso.ljust(26, "0")
            moment = datetime.fromisoformat(iso + (zone or "Z")).astimezone(UTC)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return moment if moment < datetime.now(UTC) + timedelta(days=1) else None


def _body(record: Record, max_bytes: int) -> bytes:
    """The payload without its transfer and content codings.

    Some crawlers undo a coding but keep its header: a payload that isn't coded is taken as it is.
    Raises OverflowError past `max_bytes`, ValueError for a broken coding.
    """
    data, headers = record.payload, record.headers
    if "chunked" in headers.get("transfer-encoding", "").lower() and _CHUNK.match(data):
        data = _decode_chunks(data, whole=record.size <= len(data))
    if record.size > len(record.payload):
        raise OverflowError
    codings = [name.strip().lower() for name in headers.get("content-encoding", "").split(",") if name.strip()]
    if len(codings) > 3:
        raise ValueError(f"encoded {len(codings)} times; no honest server does that")
    for coding in reversed(codings):
        if coding == "identity":
            continue
        try:
            data = decode(data, coding, max_bytes)
        except ValueError as error:
            raise ValueError(f"its {printable(coding)[:40]} encoding is broken ({error})") from error
    if len(data) > max_bytes:
        raise OverflowError
    return data


def _decode_chunks(data: bytes, *, whole: bool) -> bytes:
    """Undo chunked transfer (RFC 9112 7.1), without trailers. Raises ValueError if a `whole` body ends in a chunk.

    Some servers end after the last byte, without the chunk of length 0.
    """
    out, position, is_cut_off = bytearray(), 0, False
    while match := _CHUNK.match(data, position):
        size, start = int(match[1], 16), match.end()
        if size == 0:
            return bytes(out)
        out += data[start : start + size]
        position = start + size
        if position > len(data):
            is_cut_off = True
            break
        position += 2 if data[position : position + 2] == b"\r\n" else 1
    if whole and (is_cut_off or data[position:].strip()):
        raise ValueError("its chunked transfer breaks off")
    return bytes(out)
