"""Requests with a feed's access, as servers see them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import FetchError
from tasks.fetch.http import Response, open_client
from tasks.settings import Settings
from tests.sites.server import Page, RequestHandler, SiteServer
from tests.trust.http2_server import make_certificate
from warehouse.access import Access
from warehouse.records import Feed

PAGE = Page(b"here", "text/plain")
ACCESS = Access(
    headers=(("x-api-key", "key-0123456789"),),
    cookies=(("session", "cookie-0123456789"),),
    user_agent="Reader/1",
    token="token-0123456789",
)
SENT = {
    "x-api-key": "key-0123456789",
    "cookie": "session=cookie-0123456789",
    "user-agent": "Reader/1",
    "authorization": "Bearer token-0123456789",
}


def feed(site: SiteServer, access: Access, *, id: str = "quay") -> Feed:
    return Feed(id, "The Quay", site.url("/feed"), access=access)


def ask(feeds: Sequence[Feed], *requests: tuple[str, str | None], **settings: Any) -> list[Response]:
    """The answers to requests for an address and a feed, one after the other."""
    ours = Settings(**{"allow_private_addresses": True, "timeout": 5, **settings})

    async def run() -> list[Response]:
        async with open_client(ours, feeds=feeds) as client:
            return [await client.get(address, max_bytes=1000, feed=feed) for address, feed in requests]

    return asyncio.run(run())


def sent(site: SiteServer, path: str) -> dict[str, str]:
    """The headers of the request for a path, those that an access may have set."""
    (request,) = [request for request in site.requests if request.path == path]
    return {name: value for name, value in request.headers.items() if name in SENT}


def test_everything_of_an_access_is_sent_to_the_feeds_site() -> None:
    with SiteServer({"/feed": PAGE, "/1.png": PAGE}) as site:
        ask([feed(site, ACCESS)], (site.url("/feed"), "quay"), (site.url("/1.png"), None))
        assert sent(site, "/feed") == SENT
        assert sent(site, "/1.png") == SENT


def test_nothing_of_it_is_sent_elsewhere() -> None:
    with SiteServer({"/1.png": PAGE}) as other, SiteServer({"/back": PAGE}) as site:
        away = Page(b"", "text/plain", status=302, headers={"Location": other.url("/away")})
        site.pages["/feed"] = away
        other.pages["/away"] = Page(b"", "text/plain", status=302, headers={"Location": site.url("/back")})
        ask([feed(site, ACCESS)], (site.url("/feed"), "quay"), (other.url("/1.png"), "quay"))
        assert sent(site, "/feed") == SENT
        assert sent(site, "/back") == SENT
        for path in ("/away", "/1.png"):
            assert set(sent(other, path)) == {"user-agent"}
            assert sent(other, path)["user-agent"].startswith("newsmill/")
        assert not any("0123456789" in value for request in other.requests for value in request.headers.values())


def test_another_name_of_the_same_server_is_another_site() -> None:
    with SiteServer({"/1": PAGE}) as site:
        ask([feed(site, ACCESS)], (site.url("/1").replace("127.0.0.1", "localhost"), "quay"))
        assert set(sent(site, "/1")) == {"user-agent"}


def test_a_redirect_that_loses_the_access_says_so() -> None:
    with SiteServer({"/": Page(b"", "text/plain", status=401)}) as other, SiteServer() as site:
        site.pages["/feed"] = Page(b"", "text/plain", status=301, headers={"Location": other.url("/")})
        with pytest.raises(FetchError, match="401 Unauthorized; it redirects away from the feed's own site"):
            ask([feed(site, ACCESS)], (site.url("/feed"), "quay"))


def test_two_feeds_of_one_site_have_each_their_own() -> None:
    with SiteServer({f"/{number}": PAGE for number in range(5)}) as site:
        feeds = [
            feed(site, Access(), id="free"),
            feed(site, Access(token="token-of-the-first"), id="first"),
            feed(site, Access(user="second", password="pw-0123456789"), id="second"),
        ]
        for number, id in enumerate(("free", "first", "second", None, "gone")):
            ask(feeds, (site.url(f"/{number}"), id))
        basic = "Basic c2Vjb25kOnB3LTAxMjM0NTY3ODk="
        expected = [None, "Bearer token-of-the-first", basic, "Bearer token-of-the-first", None]
        assert [sent(site, f"/{number}").get("authorization") for number in range(5)] == expected


def test_cookies_that_a_site_sets_stay_with_the_feed() -> None:
    setting = Page(b"", "text/plain", headers={"Set-Cookie": "visit=77"})
    with SiteServer({"/feed": setting, "/own": PAGE, "/free": PAGE, "/other": PAGE}) as site:
        feeds = [feed(site, Access(token="token-0123456789")), feed(site, Access(user_agent="Other"), id="other")]
        requests = [("/feed", "quay"), ("/own", "quay"), ("/free", "free"), ("/other", "other")]
        ask(feeds, *((site.url(path), id) for path, id in requests))
        assert sent(site, "/own")["cookie"] == "visit=77"
        assert "cookie" not in sent(site, "/free")
        assert "cookie" not in sent(site, "/other")


def test_a_feeds_site_is_asked_through_its_proxy_and_nothing_else_is() -> None:
    with SiteServer({"/1.png": PAGE}) as other, SiteServer({"/feed": PAGE}) as proxy, SiteServer() as site:
        address = f"http://quay:proxy-pw-17@{proxy.authority}"
        ours = feed(site, Access(proxy=address, token="token-0123456789"))
        (answer, _) = ask([ours], (site.url("/feed"), "quay"), (other.url("/1.png"), "quay"))
        assert answer.body == b"here"
        (request,) = proxy.requests
        assert request.path == site.url("/feed"), "the whole address, as proxies are asked (RFC 9112 3.2.2)"
        assert request.headers["proxy-authorization"] == "Basic cXVheTpwcm94eS1wdy0xNw=="
        assert request.headers["authorization"] == "Bearer token-0123456789"
        assert not site.requests
        assert [request.path for request in other.requests] == ["/1.png"]
        assert not other.requests[0].headers.keys() & {"proxy-authorization", "authorization"}


def tunnel(proxy: RequestHandler) -> None:
    """CONNECT (RFC 9110 9.3.6): from here on, bytes go both ways as they come."""
    host, _, port = proxy.path.partition(":")
    with socket.create_connection((host, int(port))) as site:
        proxy.send_head(200, {})
        back = threading.Thread(target=pump, args=(site, proxy.connection))
        back.start()
        pump(proxy.connection, site)
        site.shutdown(socket.SHUT_RDWR)
        back.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)


def test_an_encrypted_site_is_asked_through_a_tunnel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy sees the site's name, and nothing of what is sent to it."""
    public, private = make_certificate(tmp_path)
    monkeypatch.setattr("certifi.where", lambda: str(public))
    monkeypatch.setattr(RequestHandler, "do_CONNECT", tunnel, raising=False)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(public, private)
    with SiteServer({"/feed": PAGE}) as site, SiteServer() as proxy:
        site._server.socket = tls.wrap_socket(site._server.socket, server_side=True)
        address = site.url("/feed").replace("http:", "https:")
        access = Access(proxy=f"http://quay:proxy-pw-17@{proxy.authority}", token="token-0123456789")
        (answer,) = ask([Feed("quay", "The Quay", address, access=access)], (address, "quay"))
        assert answer.body == b"here"
        (request,) = proxy.requests
        assert (request.method, request.path) == ("CONNECT", site.authority)
        assert request.headers["proxy-authorization"] == "Basic cXVheTpwcm94eS1wdy0xNw=="
        assert "authorization" not in request.headers
        assert sent(site, "/feed")["authorization"] == "Bearer token-0123456789"
        assert "proxy-authorization" not in site.requests[0].headers


def test_a_proxy_opens_no_private_address() -> None:
    """The proxy may lie in a private network, the site may not."""
    with SiteServer({"/feed": PAGE}) as proxy, SiteServer() as site:
        ours = feed(site, Access(proxy=f"http://{proxy.authority}"))
        with pytest.raises(FetchError, match=r"leads to a private network address \(127.0.0.1\)"):
            ask([ours], (ours.url, "quay"), allow_private_addresses=False)
        assert not proxy.requests
        public = Feed("quay", "The Quay", "http://quay.invalid/feed", access=ours.access)
        (answer,) = ask([public], (public.url, "quay"), allow_private_addresses=False)
        assert answer.body == b"here"


def test_a_proxy_that_does_not_connect_is_named() -> None:
    refusing = Page(b"", "text/plain", status=403)
    with SiteServer({"": refusing}) as proxy:
        ours = Feed("quay", "The Quay", "https://quay.invalid/feed", access=Access(proxy=proxy.url("/")))
        with pytest.raises(FetchError, match=r"https://quay.invalid/feed: the proxy of its feed does not connect \("):
            ask([ours], (ours.url, "quay"), retries=0)
