"""Decoding HTTP content codings in steps of bounded size: 14 kB of brotli can become 1 GB."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli
import zstandard

STEP = 1 << 16
"""Bytes decoded at a time."""


def decode(data: bytes, encoding: str, max_bytes: int) -> bytes:
    """Undo one content coding. Raises OverflowError past `max_bytes`, ValueError for a broken or unknown coding."""
    match encoding:
        case "gzip" | "x-gzip":
            return _inflate(data, 16 + zlib.MAX_WBITS, max_bytes)
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
            raise ValueError("an encoding nobody asked for")


def _join_steps(step: Callable[[], bytes], max_bytes: int) -> bytes:
    """Call `step` until it returns no more bytes. Raises OverflowError past `max_bytes`."""
    out = bytearray()
    while piece := step():
        out += piece
        if len(out) > max_bytes:
            raise OverflowError
    return bytes(out)


def _inflate(data: bytes, wbits: int, max_bytes: int) -> bytes:
    decoder, rest = zlib.decompressobj(wbits), data

    def step() -> bytes:
        nonlocal decoder, rest
        while True:
            try:
                piece = decoder.decompress(rest, STEP)
            except zlib.error as error:
                raise ValueError(str(error)) from error
            if decoder.eof and decoder.unused_data[:2] == b"\x1f\x8b":  # the next member (RFC 1952 2.2)
                rest = decoder.unused_data
                decoder = zlib.decompressobj(wbits)
            else:  # bytes after the end are padding
                rest = b"" if decoder.eof else decoder.unconsumed_tail
            if piece or not rest:
                return piece

    out = _join_steps(step, max_bytes)
    if data and not decoder.eof:
        raise ValueError("it ends too early")
    return out


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
