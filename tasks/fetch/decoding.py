"""Decoding HTTP content codings in steps of bounded size: 14 kB of brotli can become 1 GB."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

import brotli
import zstandard

STEP = 1 << 16
"""Bytes decoded at a time."""
SLICE = 1 << 12
"""Bytes of a gzip or deflate body given to zlib at a time."""
MAX_MEMBERS = 100_000
"""Of a gzip body. Servers that flush send some thousands; each takes microseconds, however little it holds."""


GZIP = b"\x1f\x8b"
"""The first bytes of gzip data (RFC 1952 2.3.1)."""
_UNCODED = re.compile(rb"(?:\xef\xbb\xbf)?\s*[<{]")
"""How feeds and pages begin."""


def decode(data: bytes, encoding: str, max_bytes: int) -> bytes:
    """Undo one content coding. Raises OverflowError past `max_bytes`, ValueError for a broken coding.

    The bytes stay as they are where the coding is none (servers send `none` and `UTF-8`), or where they are not in it:
    some servers announce it twice, or leave it to a proxy that has undone it. Of another coding they are gzip.
    """
    if encoding in ("gzip", "x-gzip"):
        return _inflate(data, 16 + zlib.MAX_WBITS, max_bytes) if data.startswith(GZIP) else data
    try:
        return _decode(data, encoding, max_bytes)
    except ValueError:
        if data.startswith(GZIP):
            return _inflate(data, 16 + zlib.MAX_WBITS, max_bytes)
        if _UNCODED.match(data):
            return data
        raise


def _decode(data: bytes, encoding: str, max_bytes: int) -> bytes:
    match encoding:
        case "deflate":
            try:
                return _inflate(data, zlib.MAX_WBITS, max_bytes)
            except ValueError:
                return _inflate(data, -zlib.MAX_WBITS, max_bytes)  # some servers leave the zlib wrapper out
        case "br":
            return _unbrotli(data, max_bytes)
        case "zstd":
            return _unzstd(data, max_bytes)
        case _:
            return data


def _join_steps(step: Callable[[], bytes], max_bytes: int) -> bytes:
    """Call `step` until it returns no more bytes. Raises OverflowError past `max_bytes`."""
    out = bytearray()
    while piece := step():
        out += piece
        if len(out) > max_bytes:
            raise OverflowError
    return bytes(out)


def _inflate(data: bytes, wbits: int, max_bytes: int) -> bytes:
    """Decode in slices: zlib copies what it leaves of its input, so all of it at once would take the square of its
    length, for 32 MB of empty members half an hour."""
    decoder = zlib.decompressobj(wbits)
    out, position, members = bytearray(), 0, 1
    while not decoder.eof:
        piece = data[position : position + SLICE]
        try:
            decoded = decoder.decompress(piece, STEP)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        out += decoded
        if len(out) > max_bytes:
            raise OverflowError
        position += len(piece) - len(decoder.unused_data if decoder.eof else decoder.unconsumed_tail)
        if decoder.eof and data[position : position + 2] == GZIP:  # the next member (RFC 1952 2.2)
            decoder, members = zlib.decompressobj(wbits), members + 1
            if members > MAX_MEMBERS:
                raise ValueError(f"more than {MAX_MEMBERS:,} gzip members")
        elif not decoder.eof and not piece and not decoded:
            break
    if data and not decoder.eof:  # bytes after the end are padding
        raise ValueError("it ends too early")
    return bytes(out)


def _unbrotli(data: bytes, max_bytes: int) -> bytes:
    decoder, started = brotli.Decompressor(), False

    def step() -> bytes:
        nonlocal started
        try:
            piece = decoder.process(b"" if started else data, output_buffer_limit=STEP)
        except brotli.error as error:
            raise ValueError(str(error)) from error
        started = True
        return bytes(piece)

    out = _join_steps(step, max_bytes)
    if not decoder.is_finished():
        raise ValueError("it ends too early")
    return out


def _unzstd(data: bytes, max_bytes: int) -> bytes:
    out = bytearray()
    decoder = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    try:
        # Four bytes can become 128 kB (an RLE block): small slices bound the output of one step.
        for start in range(0, len(data), 256):
            piece = data[start : start + 256]
            while piece:
                out += decoder.decompress(piece)
                if len(out) > max_bytes:
                    raise OverflowError
                piece = decoder.unused_data if decoder.eof else b""
                if piece:  # the next frame (RFC 8878 3.1)
                    decoder = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error
    if not decoder.eof:
        raise ValueError("it ends too early")
    return bytes(out)
