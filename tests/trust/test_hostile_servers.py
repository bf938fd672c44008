"""Servers that mean harm: each costs its own request a bounded time and memory, and is a failure with a reason."""

from __future__ import annotations

import asyncio
import itertools
import resource
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tasks.errors import FetchError
from tasks.fetch.http import open_client
from tasks.settings import Settings
from tests.trust.raw_server import Behaviour, raw_server

MEGABYTE = 1_000_000
ALLOWED = 100 * MEGABYTE
"""Memory that one answer may cost."""


def settings_for(**settings: Any) -> Settings:
    return Settings(**{"allow_private_addresses": "127.0.0.1", "timeout": 1, "deadline": 2, **settings})


def ask(address: str, **settings: object) -> bytes:
    async def run() -> bytes:
        async with open_client(settings_for(**settings)) as client:
            return (await client.get(address, max_bytes=MEGABYTE)).body

    return asyncio.run(run())


def send(*pieces: bytes) -> Behaviour:
    def behave(connection: socket.socket, _over: threading.Event) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return behave


def send_for_ever(head: bytes, piece: bytes, pause: float = 0) -> Behaviour:
    def behave(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        while not over.wait(pause):
            connection.sendall(piece)

    return behave


OK = b"HTTP/1.1 200 OK\r\n"
HOSTILE: dict[str, tuple[Behaviour, str]] = {
    "says nothing": (lambda _connection, over: (over.wait(30), None)[1], "no answer within 1 s"),
    "drips headers": (send_for_ever(OK, b"x", 0.1), "not finished after 2 s"),
    "drips a body": (send_for_ever(OK + b"Content-Length: 900000\r\n\r\n", b"x", 0.1), "not finished after 2 s"),
    "never ends": (send_for_ever(OK + b"\r\n", b"x" * 65_536), "larger than 1,000,000 bytes"),
    "never ends, in chunks": (
        send_for_ever(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
        "larger than 1,000,000 bytes",
    ),
    "a chunk of 16 exabytes": (
        send(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", b"x" * 65_536),
        "the connection failed",
    ),
    "a length that is too long": (send(OK + b"Content-Length: 5000\r\n\r\nshort"), "the connection failed"),
    "a length of 100 digits": (send(OK + b"Content-Length: " + b"9" * 100 + b"\r\n\r\nshort"), "the connection failed"),
    "a negative length": (send(OK + b"Content-Length: -1\r\n\r\nshort"), "the connection failed"),
    "two lengths": (send(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nshort"), "the connection failed"),
    "a flood of headers": (
        send(OK, *(b"X-%d: %s\r\n" % (number, b"y" * 60_000) for number in range(200))),
        "the connection failed",
    ),
    "headers that never end": (send_for_ever(OK, b"X-Y: z\r\n"), "the connection failed"),
    "one endless header": (send_for_ever(OK + b"X-Y: ", b"z" * 65_536), "the connection failed"),
    "no HTTP": (send(b"SSH-2.0-OpenSSH_9.9\r\n" * 100), "the connection failed"),
    "HTTP/2 unasked": (send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 5000), "the connection failed"),
    "a status of 999999": (send(b"HTTP/1.1 999999 Much\r\n\r\n"), "the connection failed"),
    "interim answers without end": (send_for_ever(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), "127.0.0.1"),
    "a redirect to itself": (send(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), "in a circle"),
    "a redirect of a megabyte": (
        send(b"HTTP/1.1 302 Found\r\nLocation: /" + b"a" * MEGABYTE + b"\r\n\r\n"),
        "the connection failed",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_answer_is_a_failure_with_a_reason(kind: str) -> None:
    behaviour, reason = HOSTILE[kind]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with raw_server(behaviour) as server, pytest.raises(FetchError) as caught:
        ask(server.url)
    assert reason in str(caught.value)
    assert server.url in str(caught.value), "it names the address"
    assert len(str(caught.value)) < 2000
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < ALLOWED


PRIVATE = (
    "http://127.0.0.2:{port}/",
    "http://127.2:{port}/",
    "http://2130706434:{port}/",
    "http://0x7f000002:{port}/",
    "http://0177.0.0.2:{port}/",
    "http://0x7f.0.0.2:{port}/",
    "http://127.0.0.2.:{port}/",
    "http://[::ffff:127.0.0.2]:{port}/",
    "http://[::ffff:7f00:2]:{port}/",
    "http://[::127.0.0.2]:{port}/",
    "http://[64:ff9b::7f00:2]:{port}/",
    "http://[2002:7f00:2::]:{port}/",
    "http://[::1]:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0:{port}/",
    "http://[::]:{port}/",
    "http://１２７.０.０.２:{port}/",
    "http://①②⑦.⓪.⓪.②:{port}/",
    "http://user:pass@127.0.0.2:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[fe80::1%25lo]/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "//127.0.0.2:{port}/",
    "\\\\127.0.0.2:{port}\\",
)


@pytest.mark.parametrize("target", PRIVATE)
def test_no_redirect_leads_into_a_private_network(target: str) -> None:
    with raw_server(send(OK + b"\r\nsecret"), "127.0.0.2") as inside:
        location = target.format(port=inside.port).encode()
        redirect = b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
        with raw_server(send(redirect)) as outside, pytest.raises(FetchError):
            ask(outside.url)
        assert outside.requests, "it was asked, and led there"
        assert inside.requests == []


def test_a_name_that_leads_elsewhere_the_second_time_leads_to_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the check sees an address that may be asked, the connection would go to another one."""
    real: Callable[..., Any] = socket.getaddrinfo
    resolved: list[str] = []

    def rebinding(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        if host in ("rebinding.example", b"rebinding.example"):
            host = next(answers)
            resolved.append(host)
        return real(host, port, *arguments, **options)

    public, secret = (OK + b"Content-Length: 6\r\n\r\n" + word for word in (b"public", b"secret"))
    answers = itertools.chain(["127.0.0.1"], itertools.repeat("127.0.0.2"))
    with (
        raw_server(send(public)) as outside,
        raw_server(send(secret), "127.0.0.2", outside.port) as inside,
        monkeypatch.context() as patch,
    ):
        patch.setattr(socket, "getaddrinfo", rebinding)
        try:
            body = ask(f"http://rebinding.example:{outside.port}/")
        except FetchError:
            body = b""
        assert body != b"secret"
        assert inside.requests == []
    assert resolved, "the name was looked up"
