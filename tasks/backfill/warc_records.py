"""The records of WARC and ARC files, one by one (ISO 28500).

warcio parses the records. Gzip members are decompressed here and handed to it one by one: warcio itself takes a member
that is truncated or damaged for the end of the file, without an error.
"""

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

from warehouse.characters import UNPRINTABLE_IN_LINES

MAX_LINE = 65_536
"""Longest header line, in bytes."""
MAX_HEAD = 1_000_000
"""Largest size of all headers of a record, in bytes."""
MAX_MEMBER = 1 << 34
"""Largest size of a gzip member, in bytes decompressed: reading that much takes a minute or two."""
STEP = 1 << 16
RECOMPRESS = "its records are compressed all in one; `warcio recompress OLD.warc.gz NEW.warc.gz` fixes that"

_CUT_OFF = "it breaks off in the middle of a record"
_WRONG_LENGTH = "a record is longer than it says, or is followed by something that is not a record"
_GZIP = b"\x1f\x8b"
_FIRST_LINE = re.compile(rb"WARC/\d|[^\r\n]+ [0-9A-Fa-f.:]+ \d{14} \S+ \d+\s*$")
"""The first line of a record: a WARC's, or an ARC's."""
_UNREADABLE = (ArchiveLoadFailed, StatusAndHeadersParserException, EOFError, ValueError)
PAGE_TYPES = frozenset(["text/html", "application/xhtml+xml"])
FEED_TYPES = frozenset(["application/rss+xml", "application/atom+xml", "application/feed+json"])
NO_TYPES = frozenset(["", "unk", "no-type"])
_AMBIGUOUS_TYPES = frozenset(
    [
        *("text/xml", "application/xml", "application/rdf+xml", "application/json", "text/plain", "text/rss+xml"),
        *("application/octet-stream", "application/x-rss+xml", "text/rss", "text/json"),
    ]
)
"""Types under which feeds are served, too; their first bytes decide."""
_CANDIDATE_TYPES = PAGE_TYPES | FEED_TYPES | NO_TYPES | _AMBIGUOUS_TYPES


@dataclass(frozen=True, slots=True)
class Record:
    """A record, as far as it is used."""

    offset: int
    kind: str
    """WARC-Type; "response" in an ARC file."""
    uri: str
    date: str
    status: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """HTTP headers by lower-case name; for a resource, its own content-type."""
    payload: bytes = b""
    """The body as it was sent, up to a limit."""
    size: int = 0
    """The full length of the body."""
    error: str = ""
    """Why the payload isn't whole, if the record says so."""

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def is_candidate(self) -> bool:
        """Whether it may be a page or a feed, judging by its headers."""
        if self.kind not in ("response", "resource") or self.status != "200":
            return False
        return self.uri.lower().startswith(("http:", "https:")) and self.media_type in _CANDIDATE_TYPES

    def is_coded(self) -> bool:
        return bool(self.headers.get("content-encoding") or self.headers.get("transfer-encoding"))


def printable(text: str) -> str:
    """The text on one line, with U+FFFD for each control character."""
    return UNPRINTABLE_IN_LINES.sub("\ufffd", text)


class BrokenFileError(Exception):
    """The file can't be read from this offset on."""

    def __init__(self, offset: int, reason: object) -> None:
        super().__init__(reason)
        self.offset = offset


class _Reader(BufferedReader):  # type: ignore[misc]
    """warcio's reader, with limits: it would read a line of any length."""

    def __init__(self, stream: object) -> None:
        super().__init__(stream, block_size=STEP)
        self.header_bytes = 0

    def readline(self, length: int | None = None) -> bytes:
        line: bytes = super().readline(min(length or MAX_LINE, MAX_LINE))
        self.header_bytes += len(line)
        if self.header_bytes > MAX_HEAD or (len(line) >= MAX_LINE and not line.endswith(b"\n")):
            raise ArchiveLoadFailed("a record's headers are too long, or it is not a WARC file")
        return line


class _Member:
    """One gzip member (RFC 1952 2.2) as a stream of decompressed bytes; the checksum is verified at its end.

    `start` are the member's first bytes, already read from the file.
    """

    def __init__(self, file: BinaryIO, start: bytes) -> None:
        self.file = file
        self.pending = start
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
    """The records from offset `start` on, with at most `limit` bytes of each candidate's payload.

    Raises BrokenFileError.
    """
    file.seek(start)
    magic = file.read(4)
    file.seek(start)
    if not magic:
        raise BrokenFileError(start, "the file is empty")
    if magic == b"\x28\xb5\x2f\xfd":
        raise BrokenFileError(start, "it is compressed with zstd, which warcio can't read; unpack it with `zstd -d`")
    yield from (_records_in_gzip if magic[:2] == _GZIP else _records_in_plain_file)(file, limit)


def _records_in_gzip(file: BinaryIO, limit: int) -> Iterator[Record]:
    """Each record is a gzip member of its own, as WARC 1.1 Annex D requires."""
    loader, file_format, rest = ArcWarcRecordLoader(verify_http=False, arc2warc=False), None, b""
    while True:
        rest = rest if len(rest) > 1 else rest + file.read(STEP)
        offset = file.tell() - len(rest)
        if not rest.strip(b"\0"):  # padding
            if not (rest := file.read(STEP)):
                return
            continue
        if not rest.startswith(_GZIP):
            raise BrokenFileError(offset, "after the last record comes something that is not gzip")
        member = _Member(file, rest)
        reader = _Reader(member)
        try:
            line, _ = _next_line(reader)
            if line:
                record, file_format = _read_record(loader, reader, line, file_format, offset, limit)
                line, _ = _next_line(reader)
                if line:
                    raise ArchiveLoadFailed(RECOMPRESS if _FIRST_LINE.match(line) else _WRONG_LENGTH)
                yield record
        except _UNREADABLE as error:
            raise BrokenFileError(offset, str(error) or _CUT_OFF) from error
        rest = member.decoder.unused_data


def _records_in_plain_file(file: BinaryIO, limit: int) -> Iterator[Record]:
    loader, file_format = ArcWarcRecordLoader(verify_http=False, arc2warc=False), None
    reader = _Reader(file)
    offset = file.tell()
    try:
        line, _ = _next_line(reader)
        while line:
            offset = file.tell() - reader.rem_length() - len(line)
            record, file_format = _read_record(loader, reader, line, file_format, offset, limit)
            line, after_blank = _next_line(reader)
            if line and not after_blank and not _FIRST_LINE.match(line):
                raise ArchiveLoadFailed(_WRONG_LENGTH)
            yield record
    except _UNREADABLE as error:
        raise BrokenFileError(offset, str(error) or _CUT_OFF) from error


def _next_line(reader: _Reader) -> tuple[bytes, bool]:
    """The next line that isn't blank (empty at the end), and whether a blank line comes before it."""
    reader.header_bytes, after_blank = 0, False
    while (line := reader.readline()) and not line.strip():
        after_blank = True
    return line, after_blank


def _read_record(
    loader: ArcWarcRecordLoader, reader: _Reader, line: bytes, file_format: str | None, offset: int, limit: int
) -> tuple[Record, str]:
    """Read the record that starts with this line to its end; returns it and the file's format, "warc" or "arc"."""
    if not _FIRST_LINE.match(line):
        raise ArchiveLoadFailed("it is not a WARC file, or is damaged here" if line.endswith(b"\n") else _CUT_OFF)
    parsed = loader.parse_record_stream(reader, line, file_format, no_record_parse=True)
    headers = parsed.rec_headers
    is_arc = parsed.format == "arc"
    length = (headers.get_header("length" if is_arc else "Content-Length") or "").strip()
    if not (length.isascii() and length.isdigit()):
        raise ArchiveLoadFailed("a record without a length, or its headers break off")
    stream = parsed.raw_stream
    record = Record(
        offset=offset,
        kind=parsed.rec_type or "",
        uri=(headers.get_header("uri" if is_arc else "WARC-Target-URI") or "").strip(),
        date=headers.get_header("archive-date" if is_arc else "WARC-Date") or "",
    )
    if record.kind == "resource":
        record = replace(record, status="200", headers={"content-type": headers.get_header("Content-Type") or ""})
    elif record.kind == "response" and record.uri.lower().startswith(("http:", "https:")):
        record = _with_http_head(record, loader, stream)
    if headers.get_header("WARC-Segment-Number"):
        record = replace(record, error="split over several records (WARC-Segment-Number), which are not joined")
    elif reason := headers.get_header("WARC-Truncated"):
        record = replace(record, error=f"the crawler cut it off (WARC-Truncated: {printable(reason)[:40]})")
    if record.is_candidate():
        size = stream.limit
        record = replace(record, payload=stream.read(limit), size=size)
    while stream.limit:
        if not stream.read(STEP):
            raise ArchiveLoadFailed(_CUT_OFF)
    return record, parsed.format


def _with_http_head(record: Record, loader: ArcWarcRecordLoader, stream: Any) -> Record:
    """The record with the status and headers of the HTTP response in it, which are read from the stream."""
    try:
        http = loader.http_parser.parse(stream)
    except EOFError:
        return record
    headers = {str(name).strip().lower(): str(value).strip() for name, value in reversed(http.headers)}
    return replace(record, status=http.get_statuscode() or "", headers=headers)
