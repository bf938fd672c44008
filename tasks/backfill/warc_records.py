"""The records of WARC and ARC files, one by one (ISO 28500)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from warcio.bufferedreaders import BufferedReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeadersParserException

MAX_LINE = 65_536
"""Bytes of a header line."""
MAX_HEAD = 1_000_000
"""Bytes of all of a record's headers."""
MAX_MEMBER = 1 << 34
"""Bytes a gzip member may come to: reading on to its end takes a minute or two."""
STEP = 1 << 16
RECOMPRESS = "its records are compressed all in one; `warcio recompress OLD.warc.gz NEW.warc.gz` mends that"

_CUT_OFF = "it breaks off in the middle of a record"
_WRONG_LENGTH = "a record is longer than it says, or what follows it is none"
_GZIP = b"\x1f\x8b"
_BEGINS = re.compile(rb"WARC/\d|[^\r\n]+ [0-9A-Fa-f.:]+ \d{14} \S+ \d+\s*$")
"""The first line of a record: a WARC's, or an ARC's."""
_UNREADABLE = (ArchiveLoadFailed, StatusAndHeadersParserException, EOFError, ValueError)
PAGE_TYPES = frozenset(["text/html", "application/xhtml+xml"])
FEED_TYPES = frozenset(["application/rss+xml", "application/atom+xml", "application/feed+json"])
NO_TYPES = frozenset(["", "unk", "no-type"])
_MAYBE = frozenset(
    [
        *("text/xml", "application/xml", "application/rdf+xml", "application/json", "text/plain", "text/rss+xml"),
        *("application/octet-stream", "application/x-rss+xml", "text/rss", "text/json"),
    ]
)
"""Types under which feeds are served too; their first bytes tell."""
_CANDIDATES = PAGE_TYPES | FEED_TYPES | NO_TYPES | _MAYBE
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of a record."""

    offset: int
    kind: str
    """WARC-Type; an ARC's are responses."""
    uri: str
    date: str
    status: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """HTTP's, by lower-case name; of a resource its own content-type."""
    payload: bytes = b""
    """As it was sent, bounded; `size` is how long it is in full."""
    size: int = 0
    error: str = ""
    """Why the payload isn't whole, where the record says so."""

    def of_interest(self) -> bool:
        """Whether it may hold a page or a feed, as far as its headers tell."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        is_web = self.uri.lower().startswith(("http:", "https:"))
        return self.kind in ("response", "resource") and is_web and self.status == "200" and kind in _CANDIDATES

    def is_coded(self) -> bool:
        return bool(self.headers.get("content-encoding") or self.headers.get("transfer-encoding"))


def printable(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text)


class BrokenFileError(Exception):
    """The file can't be read from this offset on."""

    def __init__(self, offset: int, reason: object) -> None:
        super().__init__(reason)
        self.offset = offset


class _Reader(BufferedReader):  # type: ignore[misc]
    """warcio's reader of lines, which reads lines of any length, bounded."""

    def __init__(self, stream: object) -> None:
        super().__init__(stream, block_size=STEP)
        self.head = 0

    def readline(self, length: int | None = None) -> bytes:
        line: bytes = super().readline(min(length or MAX_LINE, MAX_LINE))
        self.head += len(line)
        if self.head > MAX_HEAD or (len(line) >= MAX_LINE and not line.endswith(b"\n")):
            raise ArchiveLoadFailed("a record's headers are too long, or it is no WARC file")
        return line


class _Member:
    """One gzip member (RFC 1952 2.2) as a stream: read to its end, its checksum has been found right."""

    def __init__(self, file: BinaryIO, begun: bytes) -> None:
        self.file = file
        self.pending = begun
        self.decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self.total = 0

    def read(self, size: int = -1) -> bytes:
        while not self.decoder.eof:
            data = self.pending or self.file.read(STEP)
            if not data:
                raise ArchiveLoadFailed(_CUT_OFF)
            try:
                piece = self.decoder.decompress(data, STEP)
            except zlib.error as error:
                raise ArchiveLoadFailed(f"its gzip is damaged ({error})") from error
            self.pending = self.decoder.unconsumed_tail
            self.total += len(piece)
            if self.total > MAX_MEMBER:
                raise ArchiveLoadFailed(f"a record of more than {MAX_MEMBER:,} bytes")
            if piece:
                return piece
        return b""


def read_records(file: BinaryIO, start: int, limit: int) -> Iterator[Record]:
    """The records from the offset on; payloads of interest up to `limit` bytes. Raises BrokenFileError."""
    file.seek(start)
    magic = file.read(4)
    file.seek(start)
    if not magic:
        raise BrokenFileError(start, "the file is empty")
    if magic == b"\x28\xb5\x2f\xfd":
        raise BrokenFileError(start, "it is compressed with zstd, which warcio doesn't read; unpack it with `zstd -d`")
    yield from (_packed if magic[:2] == _GZIP else _plain)(file, limit)


def _packed(file: BinaryIO, limit: int) -> Iterator[Record]:
    """A record to a gzip member, as WARC 1.1 Annex D wants it."""
    loader, known, rest = ArcWarcRecordLoader(verify_http=False, arc2warc=False), None, b""
    while True:
        rest = rest if len(rest) > 1 else rest + file.read(STEP)
        offset = file.tell() - len(rest)
        if not rest.strip(b"\0"):  # padding
            if not (rest := file.read(STEP)):
                return
            continue
        if not rest.startswith(_GZIP):
            raise BrokenFileError(offset, "after the last record comes something that is no gzip")
        member = _Member(file, rest)
        reader = _Reader(member)
        try:
            line, _ = _next_line(reader)
            if line:
                record, known = _read(loader, reader, line, known, offset, limit)
                line, _ = _next_line(reader)
                if line:
                    raise ArchiveLoadFailed(RECOMPRESS if _BEGINS.match(line) else _WRONG_LENGTH)
                yield record
        except _UNREADABLE as error:
            raise BrokenFileError(offset, str(error) or _CUT_OFF) from error
        rest = member.decoder.unused_data


def _plain(file: BinaryIO, limit: int) -> Iterator[Record]:
    loader, known = ArcWarcRecordLoader(verify_http=False, arc2warc=False), None
    reader = _Reader(file)
    offset = file.tell()
    try:
        line, _ = _next_line(reader)
        while line:
            offset = file.tell() - reader.rem_length() - len(line)
            record, known = _read(loader, reader, line, known, offset, limit)
            line, apart = _next_line(reader)
            if line and not apart and not _BEGINS.match(line):
                raise ArchiveLoadFailed(_WRONG_LENGTH)
            yield record
    except _UNREADABLE as error:
        raise BrokenFileError(offset, str(error) or _CUT_OFF) from error


def _next_line(reader: _Reader) -> tuple[bytes, bool]:
    """The first line that isn't blank (empty at the end), and whether a blank one comes before it."""
    reader.head, apart = 0, False
    while (line := reader.readline()) and not line.strip():
        apart = True
    return line, apart


def _read(
    loader: ArcWarcRecordLoader, reader: _Reader, line: bytes, known: str | None, offset: int, limit: int
) -> tuple[Record, str]:
    """The record that begins with this line, read to its end, and whether it is a WARC's or an ARC's."""
    if not _BEGINS.match(line):
        raise ArchiveLoadFailed("it is no WARC file, or is damaged here" if line.endswith(b"\n") else _CUT_OFF)
    found = loader.parse_record_stream(reader, line, known, no_record_parse=True)
    head = found.rec_headers
    arc = found.format == "arc"
    length = (head.get_header("length" if arc else "Content-Length") or "").strip()
    if not (length.isascii() and length.isdigit()):
        raise ArchiveLoadFailed("a record without a length, or its headers break off")
    stream = found.raw_stream
    record = Record(
        offset=offset,
        kind=found.rec_type or "",
        uri=(head.get_header("uri" if arc else "WARC-Target-URI") or "").strip(),
        date=head.get_header("archive-date" if arc else "WARC-Date") or "",
    )
    if record.kind == "resource":
        record = replace(record, status="200", headers={"content-type": head.get_header("Content-Type") or ""})
    elif record.kind == "response" and record.uri.lower().startswith(("http:", "https:")):
        record = _with_http(record, loader, stream)
    if head.get_header("WARC-Segment-Number"):
        record = replace(record, error="split over several records (WARC-Segment-Number), which are not joined")
    elif cut := head.get_header("WARC-Truncated"):
        record = replace(record, error=f"the crawler cut it off (WARC-Truncated: {printable(cut)[:40]})")
    if record.of_interest():
        size = stream.limit
        record = replace(record, payload=stream.read(limit), size=size)
    while stream.limit:
        if not stream.read(STEP):
            raise ArchiveLoadFailed(_CUT_OFF)
    return record, found.format


def _with_http(record: Record, loader: ArcWarcRecordLoader, stream: Any) -> Record:
    try:
        http = loader.http_parser.parse(stream)
    except EOFError:
        return record
    headers = {str(name).strip().lower(): str(value).strip() for name, value in reversed(http.headers)}
    return replace(record, status=http.get_statuscode() or "", headers=headers)
