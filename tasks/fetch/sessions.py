"""The connections of a run's client: one session for everything, and one for each feed that has access to its site.

A session keeps what others must not have: the connections through a feed's proxy, and the cookies that a site sets.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
from httpx_secure import httpx_ssrf_protection

from tasks.fetch.access import AccessTable, refuse_private
from tasks.fetch.heads import mend_heads
from tasks.settings import Settings
from warehouse.access import Access
from warehouse.records import Feed


@dataclass(frozen=True, slots=True)
class Session:
    """What a request is sent with."""

    httpx: httpx.AsyncClient
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    has_access: bool = False


class Sessions:
    """The sessions of a run. Not a dataclass: they open as they are needed."""

    def __init__(self, settings: Settings, feeds: Iterable[Feed], stack: AsyncExitStack) -> None:
        self.settings = settings
        self.table = AccessTable(feeds)
        self._tls = httpx.create_ssl_context(trust_env=False)
        self._stack = stack
        self._public = Session(self._connect(None))
        self._by_access: dict[Access, Session] = {}

    @property
    def public(self) -> Session:
        """The session for addresses that are no feed's."""
        return self._public

    async def find(self, address: httpx.URL, feed_id: str | None, safe_url: str) -> Session:
        """The session for a request, made for the feed if one is named. Raises FetchError that names `safe_url` if it
        must not be sent, or if a secret has no value."""
        feed = self.table.find(address, feed_id)
        if feed is None:
            return self._public
        opened = await self.table.open(feed)
        if opened.proxy:
            await refuse_private(address, self.settings.allowed_addresses, safe_url)
        if feed.access not in self._by_access:
            self._by_access[feed.access] = Session(self._connect(opened.proxy), opened.headers, has_access=True)
        return self._by_access[feed.access]

    def _connect(self, proxy: str | None) -> httpx.AsyncClient:
        settings, allowed = self.settings, self.settings.allowed_addresses
        client = httpx.AsyncClient(
            http2=True,
            verify=self._tls,
            follow_redirects=False,  # Client.get does, as each host has its own limit
            timeout=httpx.Timeout(settings.timeout, pool=None),
            limits=httpx.Limits(max_connections=settings.concurrency, max_keepalive_connections=settings.concurrency),
            headers={"user-agent": settings.user_agent, "accept-encoding": "gzip, deflate, br, zstd"},
            trust_env=False,  # a proxy would connect for us, and so bypass the check for private addresses
            proxy=proxy,
        )
        if not proxy and not allowed.everything:
            httpx_ssrf_protection(client, check_globally_reachable=False, custom_validator=allowed.allow)
        mend_heads(client)
        self._stack.push_async_exit(client)
        return client


@asynccontextmanager
async def open_sessions(settings: Settings, feeds: Iterable[Feed]) -> AsyncIterator[Sessions]:
    async with AsyncExitStack() as stack:
        yield Sessions(settings, feeds, stack)
