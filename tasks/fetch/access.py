"""Access to a feed's own site: its headers, cookies and proxy, looked up for each request by where that goes.

Own is the host of the feed's `url`, and that of its `site_url`: this name, not those above or below it, on this port,
and only encrypted if the feed's address is. A redirect is a request like any other, so nothing follows it elsewhere.

A request that is made for a feed (its document, the images of its articles) has this feed's access, or none; one that
is made for none in particular has that of the first feed in feeds.toml whose own site it goes to.
"""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

import httpx

from tasks.errors import FetchError
from tasks.networks import AllowedAddresses
from tasks.references import REFERENCE, resolve_references, resolve_value
from warehouse.access import NO_ACCESS, Access
from warehouse.masking import remember_secret
from warehouse.records import Feed

LONG = 16
"""Characters from which the value of a header or a cookie that has no digit is taken for a secret."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An access whose references are resolved."""

    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    proxy: str | None = field(repr=False)


class AccessTable:
    """The access of each feed. Not a dataclass: it remembers what it has resolved."""

    def __init__(self, feeds: Iterable[Feed] = ()) -> None:
        self._feeds = {feed.id: feed for feed in feeds if feed.access != NO_ACCESS}
        self._sites = {id: list(_sites(feed)) for id, feed in self._feeds.items()}
        self._opened: dict[Access, Opened] = {}

    def find(self, address: httpx.URL, feed_id: str | None) -> Feed | None:
        """The feed whose access a request for this address has; None if it has none."""
        ids = self._feeds if feed_id is None else (feed_id,)
        return next((self._feeds[id] for id in ids if id in self._feeds and self._is_own(id, address)), None)

    def _is_own(self, feed_id: str, address: httpx.URL) -> bool:
        if address.scheme == "http" and self._feeds[feed_id].url.startswith("https:"):
            return False
        return any(_is_at(address, site) for site in self._sites[feed_id])

    async def open(self, feed: Feed) -> Opened:
        """The feed's access with its secrets; each is read once. Raises FetchError if one has no value."""
        if feed.access not in self._opened:
            self._opened[feed.access] = await asyncio.to_thread(_open, feed)
        return self._opened[feed.access]


def _sites(feed: Feed) -> Iterator[httpx.URL]:
    for address in (REFERENCE.sub("x", feed.url), feed.site_url):
        try:
            if address:
                yield httpx.URL(address)
        except httpx.InvalidURL:
            continue  # asking for it says what is wrong


def _is_at(address: httpx.URL, site: httpx.URL) -> bool:
    if address.raw_host.lower() != site.raw_host.lower():
        return False
    is_upgrade = (site.scheme, address.scheme) == ("http", "https") and site.port is None and address.port is None
    return is_upgrade or (address.scheme, address.port) == (site.scheme, site.port)


def _open(feed: Feed) -> Opened:
    """Raises FetchError."""
    access = feed.access
    for secret in literal_secrets(access):
        remember_secret(secret)
    headers = dict(access.headers)
    if access.user_agent:
        headers["user-agent"] = access.user_agent
    if access.cookies:
        headers["cookie"] = "; ".join(f"{name}={value}" for name, value in access.cookies)
    headers = {name: _value(value, f"{feed.id}: {name}") for name, value in headers.items()}
    if access.token:
        headers["authorization"] = f"Bearer {_value(access.token, f'{feed.id}: auth')}"
    if access.user and access.password:
        user, password = (resolve_value(text, f"{feed.id}: auth") for text in (access.user, access.password))
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
        remember_secret(encoded)
        headers["authorization"] = f"Basic {encoded}"
    return Opened(headers, access.proxy and _proxy(access.proxy, feed.id))


def _value(text: str, whose: str) -> str:
    """Raises FetchError for a secret that no header can hold: with line ends, it could add headers of its own."""
    value = resolve_value(text, whose)
    if not value.isascii() or not value.isprintable():
        raise FetchError(
            f"{whose}: what its reference names is not one line of ASCII characters; store it so", retry_after=0
        )
    return value


def _proxy(text: str, feed_id: str) -> str:
    whose = f"{feed_id}: proxy"
    address = resolve_value(text, whose) if REFERENCE.fullmatch(text) else resolve_references(text)
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise FetchError(f"{whose}: what its reference names is not an http:// or https:// address", retry_after=0)
    if url.password:
        remember_secret(url.password)
    return address


def literal_secrets(access: Access) -> list[str]:
    """The secrets that feeds.toml holds itself, not by reference."""
    values = [value for _, value in (*access.headers, *access.cookies) if _looks_secret(value)]
    values += [value.rpartition(" ")[2] for value in values if " " in value]  # Bearer …
    values += [value for value in (access.password, access.token) if value]
    if access.proxy and (password := httpx.URL(REFERENCE.sub("", access.proxy)).password):
        values.append(password)
    return [value for value in values if not REFERENCE.search(value)]


def _looks_secret(value: str) -> bool:
    """Not a language, or the name of a program: what is taken for a secret is masked wherever it occurs."""
    return "://" not in value and (len(value) >= LONG or any(map(str.isdigit, value)))


async def refuse_private(address: httpx.URL, allowed: AllowedAddresses, safe_url: str) -> None:
    """Raises FetchError if the address's host is in a private network, as far as this machine can tell.

    For a request through a proxy, which resolves the name itself.
    """
    host, found = address.host, [address.host]
    try:
        ip_address(host)
    except ValueError:
        try:
            rows = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found = [str(row[4][0]) for row in rows]
        except OSError:
            found = []  # only the proxy may know it
    if not all(allowed.allow(host, ip_address(each.partition("%")[0])) for each in found):
        raise private(safe_url, host)


def private(safe_url: str, host: str) -> FetchError:
    return FetchError(
        f"{safe_url}: leads to a private network address ({host}); if that is meant, set "
        f"NEWSMILL_ALLOW_PRIVATE_ADDRESSES={host}, or NEWSMILL_ALLOW_PRIVATE_ADDRESSES=1 for all",
        retry_after=0,  # we refused, not the server: no reason to leave it alone
    )
