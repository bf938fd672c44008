"""A text in every content coding, for the tests."""

from __future__ import annotations

import gzip
import zlib

import brotli
import zstandard

TEXT = b"The slipway is closed for painting. " * 10_000
PLENTY = 10_000_000


def deflated(data: bytes, wbits: int) -> bytes:
    packer = zlib.compressobj(wbits=wbits)
    return packer.compress(data) + packer.flush()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


PACKED = {
    "gzip": ("gzip", gzip.compress(TEXT, mtime=0)),
    "x-gzip": ("x-gzip", gzip.compress(TEXT, mtime=0)),
    "gzip of three members": ("gzip", b"".join(gzip.compress(TEXT[i::3], mtime=0) for i in range(3))),
    "deflate": ("deflate", deflated(TEXT, zlib.MAX_WBITS)),
    "deflate without its wrapper": ("deflate", deflated(TEXT, -zlib.MAX_WBITS)),
    "br": ("br", brotli.compress(TEXT)),
    "zstd": ("zstd", zstd(TEXT)),
    "zstd of two frames": ("zstd", zstd(TEXT[:1000]) + zstd(TEXT[1000:])),
    "zstd that doesn't say its size": ("zstd", zstandard.ZstdCompressor(write_content_size=False).compress(TEXT)),
}
