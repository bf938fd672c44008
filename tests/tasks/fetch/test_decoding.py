"""Content codings are decoded in bounded steps; broken and oversized ones are refused."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from tasks.fetch.decoding import SLICE, STEP, decode
from tests.sites import faults
from tests.tasks.fetch.packing import PACKED, PLENTY, TEXT, deflated


@pytest.mark.parametrize("name", PACKED)
def test_every_coding_is_decoded(name: str) -> None:
    encoding, data = PACKED[name]
    expected = b"".join(TEXT[i::3] for i in range(3)) if "three" in name else TEXT
    assert decode(data, encoding, PLENTY) == expected


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_the_limit_is_allowed_and_one_byte_more_is_refused(encoding: str) -> None:
    _, data = PACKED[encoding]
    assert len(decode(data, encoding, len(TEXT))) == len(TEXT)
    with pytest.raises(OverflowError):
        decode(data, encoding, len(TEXT) - 1)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_truncated_bytes_are_refused(encoding: str) -> None:
    _, data = PACKED[encoding]
    with pytest.raises(ValueError, match=r"\w"):
        decode(data[: len(data) // 2], encoding, PLENTY)


def test_many_empty_gzip_members_take_time_by_their_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given all that is left each time, zlib copied it for each member: 80,000 took 4 s, and the limit allows 1.6
    million. So what zlib is given is counted, not how long it takes."""
    given = 0
    make = zlib.decompressobj

    class Counting:
        def __init__(self, wbits: int) -> None:
            self.decoder = make(wbits)

        def decompress(self, data: bytes, max_length: int) -> bytes:
            nonlocal given
            given += len(data)
            return self.decoder.decompress(data, max_length)

        def __getattr__(self, name: str) -> object:
            return getattr(self.decoder, name)

    monkeypatch.setattr("tasks.fetch.decoding.zlib.decompressobj", Counting)
    members = 2_000
    data = gzip.compress(b"", mtime=0) * members + gzip.compress(TEXT, mtime=0)
    assert decode(data, "gzip", PLENTY) == TEXT
    assert given <= (members + len(data) // SLICE + 10) * SLICE


def test_more_gzip_members_than_any_server_sends_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.fetch.decoding.MAX_MEMBERS", 10)
    data = gzip.compress(b"x", mtime=0)
    assert decode(data * 10, "gzip", PLENTY) == b"x" * 10
    with pytest.raises(ValueError, match="more than 10 gzip members"):
        decode(data * 11, "gzip", PLENTY)


def test_gzip_with_a_truncated_second_member_is_refused() -> None:
    data = gzip.compress(TEXT, mtime=0)
    with pytest.raises(ValueError, match="ends too early"):
        decode(data + data[:-20], "gzip", PLENTY)


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd"])
def test_bytes_without_the_coding_are_refused_unless_they_are_text_or_gzip(encoding: str) -> None:
    for text in (b"<rss>plain</rss>", b'\xef\xbb\xbf\n{"items": []}'):
        assert decode(text, encoding, PLENTY) == text
        assert decode(gzip.compress(text), encoding, PLENTY) == text
    for data in (b"\x89PNG\r\n", b"\xff" * 100, gzip.compress(TEXT)[:-20]):
        with pytest.raises(ValueError, match=r"\w"):
            decode(data, encoding, PLENTY)


def test_gzip_with_a_wrong_checksum_is_refused() -> None:
    data = bytearray(gzip.compress(TEXT, mtime=0))
    data[-5] ^= 1
    data[-8] ^= 1
    with pytest.raises(ValueError, match="incorrect"):
        decode(bytes(data), "gzip", PLENTY)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("rest", [b"\0" * 512, b"\n", b"<!-- served by cache 3 -->"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_bytes_after_the_end_are_left_out(encoding: str, rest: bytes) -> None:
    """Padding, a line end, a proxy's comment: it must neither count nor keep the decoder busy for ever."""
    _, data = PACKED[encoding]
    assert decode(data + rest, encoding, PLENTY) == TEXT


@pytest.mark.parametrize("encoding", ["none", "utf-8", "compress", "gzip", "x-gzip"])
def test_bytes_stay_where_the_coding_is_none_or_was_undone(encoding: str) -> None:
    """Servers send `Content-Encoding: none` and `UTF-8`; others announce gzip twice and pack once."""
    assert decode(TEXT, encoding, PLENTY) == TEXT


BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: b"".join(faults._gzip_bomb_chunks()),
    "br": lambda: faults._BR_HEAD + faults._BR_FILLING * 1100 + faults._BR_TAIL,
    "deflate": lambda: deflated(b" " * 300_000_000, zlib.MAX_WBITS),
}


@pytest.mark.parametrize("encoding", BOMBS)
def test_bomb_stays_within_the_limit(encoding: str) -> None:
    data, cap = BOMBS[encoding](), 4_000_000
    tracemalloc.start()
    try:
        with pytest.raises(OverflowError):
            decode(data, encoding, cap)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # the cap, a bytearray's growth, a step or two, and what is left of the packed bytes
    assert peak < 2 * cap + 4 * STEP + 2 * len(data)
