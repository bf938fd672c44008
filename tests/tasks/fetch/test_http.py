"""The HTTP client: limits, waits the server asks for, private addresses, requests at once."""

from __future__ import annotations

import asyncio
import gzip
import re
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import brotli
import httpcore
import pytest

from tasks.errors import FetchError, TransientFetchError
from tasks.fetch.feed import failed_fetch
from tasks.fetch.http import Response, open_client, parse_retry_after
from tasks.settings import Settings
from tests.sites.faults import FaultySite
from tests.sites.server import Page, RequestHandler, SiteServer
from tests.tasks.fetch.packing import PACKED, PLENTY, TEXT
from tests.tasks.making import FEED, NOW

# --- Retry-After ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("999999999", 86_400.0),
        ("inf", 86_400.0),
        ("", None),
        (None, None),
        ("soon", None),
        ("Fri, 99 Nov 2024 03:36:16 GMT", None),
        ("Fri, 15 Nov 2024 03:36:16 GMT", 0.0),
        ("Fri, 01 Jan 2199 00:00:00 GMT", 86_400.0),
        ("Fri, 01 Jan 2199 00:99999999999999999999:00 GMT", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value) == seconds


def test_retry_after_as_a_date() -> None:
    wait = parse_retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True))
    assert wait is not None
    assert 290 < wait <= 300


def test_retry_after_that_is_not_a_number_is_none() -> None:
    assert parse_retry_after("nan") is None


# --- the client -----------------------------------------------------------------------------------------------------


def ask(settings: Settings, *addresses: str, max_bytes: int = PLENTY) -> list[Response]:
    """The answers to all the addresses, asked at once."""

    async def run() -> list[Response]:
        async with open_client(settings) as client:
            return await asyncio.gather(*(client.get(address, max_bytes=max_bytes) for address in addresses))

    return asyncio.run(run())


def local(**others: Any) -> Settings:
    return Settings(**{"allow_private_addresses": True, "timeout": 5, **others})


def test_answer_is_decoded_whatever_its_coding() -> None:
    pages = {
        f"/{number}": Page(data, "text/plain", headers={"Content-Encoding": encoding})
        for number, (encoding, data) in enumerate(PACKED.values())
    }
    twice = gzip.compress(brotli.compress(TEXT), mtime=0)
    pages["/twice"] = Page(twice, "text/plain", headers={"Content-Encoding": "br, gzip"})
    pages["/identity"] = Page(TEXT, "text/plain", headers={"Content-Encoding": "identity"})
    with SiteServer(pages) as site:
        answers = ask(local(), *(site.url(path) for path in pages))
        assert {len(answer.body) for answer in answers} == {len(TEXT)}
        assert site.requests[0].headers["accept-encoding"] == "gzip, deflate, br, zstd"
        assert site.requests[0].headers["user-agent"].startswith("newsmill/")


def test_too_many_codings_are_refused() -> None:
    page = Page(TEXT, "text/plain", headers={"Content-Encoding": "gzip, gzip, gzip, gzip"})
    with SiteServer({"/": page}) as site, pytest.raises(FetchError, match="encoded 4 times"):
        ask(local(), site.url("/"))


@pytest.mark.parametrize("path", ["/gzip-bomb", "/br-bomb", "/zstd-bomb", "/huge"])
def test_too_large_an_answer_is_refused(path: str) -> None:
    with FaultySite() as site, pytest.raises(FetchError, match="larger than 1,000,000 bytes"):
        ask(local(), site.url(path), max_bytes=1_000_000)


def test_too_large_a_content_length_is_refused_before_a_byte_is_read() -> None:
    def boasting(handler: RequestHandler) -> None:
        handler.send_head(200, {"Content-Length": "5000001"})
        handler.site.closing.wait(30)

    with SiteServer({"/": boasting}) as site, pytest.raises(FetchError, match="larger than 5,000,000 bytes"):
        ask(local(), site.url("/"), max_bytes=5_000_000)


def test_permanent_redirects_are_told_from_temporary_ones() -> None:
    def to(path: str, status: int) -> Page:
        return Page(b"", "text/plain", status=status, headers={"Location": path})

    pages = {
        "/end": Page(b"here", "text/plain"),
        "/301": to("/end", 301),
        "/308": to("/301", 308),
        "/302": to("/end", 302),
        "/301-then-302": to("/302", 301),
        "/307": to("/301", 307),
    }
    with SiteServer(pages) as site:
        answers = ask(local(), *(site.url(path) for path in pages))
        end = site.url("/end")
    assert [answer.moved_to for answer in answers] == [None, end, end, None, None, None]
    assert {answer.url for answer in answers} == {end}


@pytest.mark.parametrize(
    ("status", "transient"),
    [(404, False), (403, False), (410, False), (408, True), (500, True), (502, True), (503, True), (504, True)],
)
def test_statuses_worth_a_retry(status: int, transient: bool) -> None:
    with (
        SiteServer({"/": Page(b"", "text/plain", status=status)}) as site,
        pytest.raises(FetchError, match=f"answered {status}") as caught,
    ):
        ask(local(), site.url("/"))
    assert isinstance(caught.value, TransientFetchError) == transient
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("status", "headers", "wait", "transient"),
    [
        (429, {}, 900, False),
        (503, {}, 900, True),  # it may be better in a moment; when it isn't, it is left alone
        (429, {"retry-after": "60"}, 60, False),
        (503, {"retry-after": "60"}, 60, False),
        (500, {"retry-after": "60"}, 60, False),
        (404, {"retry-after": "60"}, 60, False),
        (500, {"retry-after": "0"}, 0, True),
    ],
)
def test_busy_server_is_left_alone(status: int, headers: dict[str, str], wait: float, transient: bool) -> None:
    page = Page(b"", "text/plain", status=status, headers=headers)
    with SiteServer({"/": page}) as site, pytest.raises(FetchError) as caught:
        ask(local(), site.url("/"))
    assert isinstance(caught.value, TransientFetchError) == transient
    assert failed_fetch(FEED, caught.value, started_at=NOW).retry_after == wait


def test_a_refused_connection_is_worth_a_retry() -> None:
    with SiteServer() as site:
        address = site.url("/")
    with pytest.raises(TransientFetchError, match="the connection failed"):
        ask(local(), address)


@pytest.mark.parametrize("address", ["ftp://example.org/feed", "file:///etc/passwd", "not an address", "http://"])
def test_addresses_that_are_not_of_the_web(address: str) -> None:
    with pytest.raises(FetchError, match="not http or https"):
        ask(local(), address)


# --- private addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://2130706433:{port}/",
        "http://0.0.0.0:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://169.254.169.254/latest/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
    ],
)
def test_private_address_is_refused(address: str) -> None:
    with SiteServer({"/": Page(b"secret", "text/plain")}) as site:
        port = site.authority.rpartition(":")[2]
        with pytest.raises(FetchError, match="private network address") as caught:
            ask(Settings(timeout=5), address.format(port=port))
        assert "NEWSMILL_ALLOW_PRIVATE_ADDRESSES=1" in str(caught.value)
        assert not isinstance(caught.value, TransientFetchError), "asking again helps nobody"
        assert site.requests == []


def test_redirect_from_a_public_address_to_a_private_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with SiteServer({"/": Page(b"secret", "text/plain")}) as secret, SiteServer() as site:
        site.pages["/"] = Page(b"", "text/plain", status=302, headers={"Location": secret.url("/")})
        port = int(site.authority.rpartition(":")[2])
        connect = httpcore.AnyIOBackend.connect_tcp

        # 93.184.215.14 is public; here its connections end at the site
        async def divert(self: httpcore.AnyIOBackend, host: str, *arguments: object, **named: object) -> object:
            if host == "93.184.215.14":
                return await connect(self, "127.0.0.1", port)
            return await connect(self, host, *arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", divert)
        with pytest.raises(FetchError, match="private network address"):
            ask(Settings(timeout=5), "http://93.184.215.14/")
        assert len(site.requests) == 1, "the public address was asked"
        assert secret.requests == []


# --- requests at once -----------------------------------------------------------------------------------------------


class Crowd:
    """A page that counts how many are asking for it at once, and lets them go when `size` are there."""

    def __init__(self, size: int) -> None:
        self.size, self.now, self.most = size, 0, 0
        self.changed = threading.Condition()

    def __call__(self, handler: RequestHandler) -> None:
        with self.changed:
            self.now += 1
            self.most = max(self.most, self.now)
            self.changed.notify_all()
            # long enough for one too many to come, were it let through
            self.changed.wait_for(lambda: self.now > self.size, timeout=0.2)
            self.now -= 1
        handler.send_page(Page(b"", "text/plain"))


@pytest.mark.parametrize("limit", [1, 3])
def test_requests_to_one_host_at_once_are_limited(limit: int) -> None:
    crowd = Crowd(limit)
    with SiteServer({f"/{number}": crowd for number in range(8)}) as site:
        answers = ask(local(per_host=limit, timeout=20), *(site.url(f"/{number}") for number in range(8)))
    assert len(answers) == 8
    assert crowd.most == limit


def test_environment_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with SiteServer({"/": Page(b"direct", "text/plain")}) as site, SiteServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url("/"))
        (answer,) = ask(local(), site.url("/"))
        assert answer.body == b"direct"
        assert proxy.requests == []


# --- redirects and limits -------------------------------------------------------------------------------------------


def test_a_redirect_takes_a_lane_of_the_host_that_it_leads_to() -> None:
    """Twenty hosts that redirect to one: it is asked no more often at once than the limit allows."""
    waiting, most = 0, 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal waiting, most
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        host = re.search(r"(?im)^host: ([\d.]+)", head)
        assert host
        if host[1] == "127.0.0.1":
            waiting += 1
            most = max(most, waiting)
            await asyncio.sleep(0.05)  # long enough for all twenty to be there, were they let in
            waiting -= 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfeed")
        else:
            port = writer.get_extra_info("sockname")[1]
            location = f"http://127.0.0.1:{port}/feed"
            writer.write(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def ask_all() -> list[Response]:
        server = await asyncio.start_server(answer, "0.0.0.0", 0)
        async with server, open_client(local(per_host=2)) as client:
            port = server.sockets[0].getsockname()[1]
            addresses = [f"http://127.0.0.{number}:{port}/" for number in range(2, 22)]
            return await asyncio.gather(*(client.get(address, max_bytes=100) for address in addresses))

    responses = asyncio.run(ask_all())
    assert [response.body for response in responses] == [b"feed"] * 20
    assert most == 2


def test_what_a_redirect_may_lead_to_is_checked() -> None:
    with SiteServer() as site:
        for location in ("http://1.2.3.456/", "http://[::1", "javascript:alert(1)", "http://xn--a.com/"):
            site.pages["/"] = Page(b"", "text/plain", status=302, headers={"Location": location})
            with pytest.raises(FetchError, match="leads to an address that is not http or https") as caught:
                ask(local(), site.url("/"))
            assert str(caught.value).startswith(site.url("/"))
            assert not isinstance(caught.value, TransientFetchError)
