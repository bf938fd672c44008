"""Heads of responses that h11 refuses: what becomes of them, and that nothing else is touched."""

from __future__ import annotations

import asyncio
import queue
import socket
import ssl
import threading

import h11
import httpcore
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.errors import FetchError
from tasks.fetch.heads import MAX_HEAD, MendingStream, mend_head
from tasks.fetch.http import Response, open_client
from tasks.settings import Settings
from tests.trust.raw_server import Behaviour, raw_server

SETTINGS = Settings(allow_private_addresses="1", timeout=5, retries=0)


def read_by_h11(head: bytes) -> h11.Response | h11.InformationalResponse | None:
    """The head as h11 reads it; None if it refuses it."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "quay.example")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(head)
    try:
        event = connection.next_event()
    except h11.RemoteProtocolError:
        return None
    return event if isinstance(event, h11.Response | h11.InformationalResponse) else None


def answer(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK", end: bytes = b"\r\n") -> bytes:
    return b"".join(line + end for line in (status, *lines, b""))


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        (b"this is no header", []),
        (b"HTTP/1.1 200 OK", []),
        (b": no name", []),
        (b"X Served By: quay", []),
        ("Größe: 4".encode(), []),
        (b"(comment): x", []),
        (b"no header either\r\n that goes on", []),
        (b"Server : quay", [(b"server", b"quay")]),
        (b"Server\t:\tquay", [(b"server", b"quay")]),
        (b"Server: a\x00b", [(b"server", b"a b")]),
        (b"Server: a\rb\x0bc\x0c", [(b"server", b"a b c")]),
        (b"Server: a\x00\r\n b", [(b"server", b"a  b")]),
        (b"Server: quay\r", [(b"server", b"quay")]),
        (b"Transfer-Encoding: chunked\r\ntransfer-encoding: Chunked", [(b"transfer-encoding", b"chunked")]),
        (b"Transfer-Encoding:\x00chunked\r\nTransfer-Encoding: chunked", [(b"transfer-encoding", b"chunked")]),
        (b"Transfer-Encoding: chunked, chunked", [(b"transfer-encoding", b"chunked")]),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 4", [(b"transfer-encoding", b"chunked")]),
        (b"Transfer-Encoding: identity, chunked", [(b"transfer-encoding", b"chunked")]),
        (b"Transfer-Encoding: identity\r\nContent-Length: 4", [(b"content-length", b"4")]),
        (b"Transfer-Encoding : chunked", [(b"transfer-encoding", b"chunked")]),
    ],
)
@pytest.mark.parametrize("kept_alive", [b"Connection: keep-alive", b"Keep-Alive: timeout=5"])
def test_a_line_that_h11_refuses(line: bytes, becomes: list[tuple[bytes, bytes]], kept_alive: bytes) -> None:
    response = read_by_h11(mend_head(answer(b"Content-Type: text/xml", line, kept_alive)))
    assert response is not None
    assert [*response.headers] == [(b"content-type", b"text/xml"), *becomes, (b"connection", b"close")]


def test_a_first_header_with_a_space_before_it() -> None:
    response = read_by_h11(mend_head(answer(b" Server: quay")))
    assert response is not None
    assert [*response.headers] == [(b"server", b"quay"), (b"connection", b"close")]


@pytest.mark.parametrize(
    ("status", "code", "version"),
    [
        (b"HTTP/1.1  200 OK", 200, b"1.1"),
        (b"http/1.1 200 OK", 200, b"1.1"),
        (b"HTTP/1.1 200OK", 200, b"1.1"),
        (b"HTTP/1 404 Not\x00Found", 404, b"1.1"),
        (b"HTTP/2 200", 200, b"1.1"),
        (b"HTTP/1.0\t301 Moved", 301, b"1.0"),
    ],
)
def test_a_status_line_that_h11_refuses(status: bytes, code: int, version: bytes) -> None:
    response = read_by_h11(mend_head(answer(b"Server: quay", status=status)))
    assert response is not None
    assert (response.status_code, response.http_version) == (code, version)
    assert dict(response.headers)[b"connection"] == b"close"


@pytest.mark.parametrize(
    "lines",
    [
        [b"Content-Length: 4", b"Content-Length: 5"],
        [b"Content-Length: -1", b"junk"],
        [b"Content-Length: 4 bytes", b"junk"],
        [b"Content-Length: 1\x002", b"junk"],
        [b"Transfer-Encoding: gzip, chunked"],
        [b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked", b"junk"],
        [b"Transfer-Encoding: xchunked", b"junk"],
    ],
)
def test_a_body_whose_end_is_uncertain_stays_refused(lines: list[bytes]) -> None:
    """RFC 9112 6.3: of two lengths, or after a coding that is not known, nobody knows where the body ends."""
    assert read_by_h11(mend_head(answer(*lines))) is None


HEADERS = st.lists(
    st.sampled_from([b"Server", b"ETag", b"Content-Length", b"Transfer-Encoding", b"X y", b"", b" Z", "é".encode()])
    .flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.sampled_from([b":", b": ", b" : ", b""]),
            st.sampled_from([b"4", b"chunked", b"a\x00b", b"a\rb", b"\x0c", b"\xe9", b"", b"x\r\n y"])
            | st.binary(max_size=5),
        )
    )
    .map(b"".join),
    max_size=5,
)


@given(HEADERS, st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.0 304", b"HTTP/1.1 101 x", b"HTTP/1.1 103", b"\x16\x03"]))
@example([b"Content-Length: 4", b"Transfer-Encoding: chunked"], b"HTTP/1.1 200 OK")
def test_what_h11_reads_keeps_its_meaning(lines: list[bytes], status: bytes) -> None:
    head = answer(*(line.replace(b"\n\n", b"") for line in lines), status=status)
    if b"\n\r\n" in head[:-2]:
        return  # ends earlier
    mended = mend_head(head)
    assert mend_head(mended) == mended
    assert len(mended) < len(head) + 3 * len(lines) + 30
    before, after = read_by_h11(head), read_by_h11(mended)
    if before is not None:
        assert after is not None
        assert before.status_code == after.status_code
        if mended != head:  # chunked and a length
            assert (b"connection", b"close") in after.headers


def get(behaviour: Behaviour) -> Response:
    async def ask() -> Response:
        with raw_server(behaviour) as server:
            async with open_client(SETTINGS) as client:
                return await client.get(server.url, max_bytes=10_000)

    return asyncio.run(ask())


def in_pieces(data: bytes, size: int) -> Behaviour:
    def behave(connection: socket.socket, _over: threading.Event) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(data), size):
            connection.sendall(data[start : start + size])

    return behave


BODY = b"4\r\nquay\r\n0\r\n\r\n"
MENDABLE = answer(b"junk", b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked") + BODY


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("hint", [b"", answer(b"junk", b"Link: </a>", status=b"HTTP/1.1 103 Early Hints")])
def test_a_response_is_read_however_its_bytes_come(size: int, hint: bytes) -> None:
    assert get(in_pieces(hint + MENDABLE, size)).body == b"quay"
    assert get(in_pieces(answer(b"junk", end=b"\n") + b"quay", size)).body == b"quay"
    assert get(in_pieces(answer(b"X: 1", b"Content-Length: 4", end=b"\r\r\n") + b"quay", size)).body == b"quay"


def test_a_connection_with_a_mended_head_is_not_used_again() -> None:
    closed: queue.Queue[bytes] = queue.Queue()

    def behave(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(answer(b"Content-Length: 4", b"Connection: keep-alive", b"junk") + b"quay")
        closed.put(connection.recv(100))

    async def ask() -> None:
        with raw_server(behave) as server:
            async with open_client(SETTINGS) as client:
                for _ in range(2):
                    assert (await client.get(server.url, max_bytes=100)).body == b"quay"
                    assert await asyncio.to_thread(closed.get, timeout=10) == b""  # closed while the client is open
            assert server.connections == 2

    asyncio.run(ask())


def test_a_connection_with_nothing_to_mend_is_used_again() -> None:
    requests: list[bytes] = []

    def behave(connection: socket.socket, _over: threading.Event) -> None:
        for _ in range(2):
            connection.sendall(answer(b"Content-Length: 4") + b"quay")
            requests.append(connection.recv(10_000))

    async def ask() -> None:
        with raw_server(behave) as server:
            async with open_client(SETTINGS) as client:
                for _ in range(2):
                    assert (await client.get(server.url, max_bytes=100)).body == b"quay"
            assert server.connections == 1

    asyncio.run(ask())
    assert requests[0].startswith(b"GET / ")


@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_a_head_that_is_too_long_is_refused(end: bytes) -> None:
    head = answer(*(b"X-%d: %s" % (n, b"x" * 1000) for n in range(MAX_HEAD // 1000 + 1)))[:-2]
    with pytest.raises(FetchError, match="headers have more than"):
        get(in_pieces(head + b"junk: x\r\n" * 3000 + end, 10_000))


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200 O", b"SSH-2.0-quay\r\n", b"\x16\x03\x01\r\n\r\n", b"\r\n\r\n"])
def test_what_is_no_head_is_a_failure(data: bytes) -> None:
    with pytest.raises(FetchError, match="the connection failed"):
        get(in_pieces(data, 100))


class SecureStream(httpcore.AsyncNetworkStream):
    """A connection whose server chose the protocol when it was encrypted."""

    def __init__(self, protocol: str | None) -> None:
        self.protocol = protocol

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        return self

    def get_extra_info(self, info: str) -> object:
        return self

    def selected_alpn_protocol(self) -> str | None:
        return self.protocol


@pytest.mark.parametrize(("protocol", "mends"), [("h2", False), ("http/1.1", True), (None, True)])
def test_http2_has_no_heads_to_mend(protocol: str | None, mends: bool) -> None:
    stream = asyncio.run(MendingStream(SecureStream(protocol)).start_tls(ssl.create_default_context()))
    assert isinstance(stream, MendingStream) == mends
