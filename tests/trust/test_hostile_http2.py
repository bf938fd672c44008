"""Servers that mean harm over HTTP/2: resets, floods of frames, bombs of headers. Each costs its own request a bounded
time and memory, and is a failure with a reason."""

from __future__ import annotations

import asyncio
import itertools
import resource
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from tasks.errors import FetchError
from tasks.fetch.http import open_client
from tests.trust.http2_server import Behaviour, http2_server, make_certificate
from tests.trust.test_hostile_servers import ALLOWED, MEGABYTE, ask, settings_for

OK = Encoder().encode([(":status", "200"), ("content-type", "application/xml")])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certifi.where", lambda: str(certificate[0]))


def headers(stream: int, block: bytes = OK, *, end_headers: bool = True) -> bytes:
    frame = HeadersFrame(stream, data=block)
    if end_headers:
        frame.flags.add("END_HEADERS")
    return frame.serialize()


def data(stream: int, body: bytes, *, end: bool = False) -> bytes:
    return DataFrame(stream, body, flags=["END_STREAM"] if end else []).serialize()


def send(*make: Callable[[int], bytes]) -> Behaviour:
    """Answers each request with these frames."""

    def behave(connection: ssl.SSLSocket, stream: int, _over: threading.Event) -> None:
        for frame in make:
            connection.sendall(frame(stream))

    return behave


def send_for_ever(first: Callable[[int], bytes], frame: Callable[[int], bytes], pause: float = 0) -> Behaviour:
    def behave(connection: ssl.SSLSocket, stream: int, over: threading.Event) -> None:
        connection.sendall(first(stream))
        while not over.wait(pause):
            connection.sendall(frame(stream))

    return behave


def nothing(_stream: int) -> bytes:
    return b""


def bomb() -> bytes:
    """A header of 4 KB, put into the table once and then named by its number thousands of times: 16 MB of headers."""
    encoder = Encoder()
    return (
        encoder.encode([(":status", "200"), ("x-bomb", "b" * 4000)]) + encoder.encode([("x-bomb", "b" * 4000)]) * 4000
    )


FAILED = "the connection failed"
HOSTILE: dict[str, tuple[Behaviour, str]] = {
    "resets every stream": (send(lambda stream: RstStreamFrame(stream, 2).serialize()), FAILED),
    "resets within the body": (
        send(headers, lambda s: data(s, b"<rss>"), lambda s: RstStreamFrame(s, 2).serialize()),
        FAILED,
    ),
    "goes away": (send(lambda _: GoAwayFrame(0, last_stream_id=0, error_code=0).serialize()), FAILED),
    "says nothing": (send(), "no answer within 1 s"),
    "pings without end": (send_for_ever(nothing, lambda _: PingFrame(0, b"12345678").serialize()), "2 s"),
    "settings without end": (send_for_ever(nothing, lambda _: SettingsFrame(0).serialize()), "2 s"),
    "empty data without end": (send_for_ever(headers, lambda s: data(s, b"")), "2 s"),
    "unknown frames without end": (
        send_for_ever(nothing, lambda _: b"\0\0\4\xfa\0\0\0\0\0abcd"),
        "127.0.0.1",
    ),
    "headers that go on without end": (
        send_for_ever(
            lambda s: headers(s, OK, end_headers=False), lambda s: ContinuationFrame(s, data=b"\x88" * 8000).serialize()
        ),
        FAILED,
    ),
    "a bomb of headers": (send(lambda s: headers(s, bomb())), FAILED),
    "a drip": (send_for_ever(headers, lambda s: data(s, b"x"), pause=0.1), "not finished after 2 s"),
    "more than the window allows": (send_for_ever(headers, lambda s: data(s, b"x" * 16_384)), "127.0.0.1"),
    "a frame of 16 MB": (send(lambda _: b"\xff\xff\xff\0\0\0\0\0\1", lambda _: b"x" * 65_536), "no answer within 1 s"),
    "a push that nobody asked for": (
        send(lambda s: PushPromiseFrame(s, promised_stream_id=2, data=OK, flags=["END_HEADERS"]).serialize()),
        FAILED,
    ),
    "a window of more than 2 GB": (
        send(*[lambda s: WindowUpdateFrame(s, window_increment=2**31 - 1).serialize()] * 2),
        FAILED,
    ),
    "a padded lie": (send(headers, lambda s: b"\0\0\2\0\x08" + s.to_bytes(4, "big") + b"\xffx"), FAILED),
    "headers that are none": (send(lambda s: headers(s, b"\xff" * 64)), FAILED),
    "a redirect to itself": (
        send(
            lambda s: headers(s, Encoder().encode([(":status", "302"), ("location", "/")])),
            lambda s: data(s, b"", end=True),
        ),
        "in a circle",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_answer_is_a_failure_with_a_reason(kind: str, certificate: tuple[Path, Path]) -> None:
    behaviour, reason = HOSTILE[kind]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with http2_server(behaviour, certificate) as server, pytest.raises(FetchError) as caught:
        ask(server.url)
    assert reason in str(caught.value)
    assert server.url in str(caught.value), "it names the address"
    assert server.streams, "it was asked in HTTP/2"
    assert len(str(caught.value)) < 2000
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < ALLOWED


def test_a_reset_stream_harms_no_other_of_its_connection(certificate: tuple[Path, Path]) -> None:
    """All feeds of a host share one connection."""
    numbers = itertools.count()

    def behave(connection: ssl.SSLSocket, stream: int, _over: threading.Event) -> None:
        if next(numbers) % 2:
            connection.sendall(RstStreamFrame(stream, 2).serialize())
        else:
            connection.sendall(headers(stream) + data(stream, b"<rss/>", end=True))

    async def run(address: str) -> list[bytes | BaseException]:
        async with open_client(settings_for(per_host=8)) as client:
            requests = [client.get(f"{address}{n}", max_bytes=MEGABYTE) for n in range(8)]
            answers = await asyncio.gather(*requests, return_exceptions=True)
        return [answer if isinstance(answer, BaseException) else answer.body for answer in answers]

    with http2_server(behave, certificate) as server:
        answers = asyncio.run(run(server.url))
    assert answers.count(b"<rss/>") == 4
    assert sum(isinstance(answer, FetchError) for answer in answers) == 4


def test_frames_are_frames() -> None:
    """What the server sends as an unknown frame is one to a library that reads it."""
    frame, length = Frame.parse_frame_header(memoryview(b"\0\0\4\xfa\0\0\0\0\0"))
    assert (frame.type, length) == (0xFA, 4)
