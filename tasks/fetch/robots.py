"""robots.txt: which addresses of a host may be fetched (RFC 9309). protego parses the rules."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Protocol
from urllib.parse import urljoin

from protego import Protego

from tasks.errors import FetchError, ForbiddenFetchError
from tasks.fetch.http import Response
from warehouse.masking import mask

USER_AGENT = "newsmill"
MAX_HOSTS = 100
LONGEST_DELAY = 900.0
"""Seconds between two requests; a host that wants more is not asked at all."""
MAX_ROBOTS = 512_000
"""Bytes; RFC 9309 2.5 requires at least 500 KiB."""


class Fetcher(Protocol):
    """Sends the requests: the run's HTTP client, or the slower one of a backfill."""

    def get(self, url: str, *, max_bytes: int) -> Awaitable[Response]: ...

    def slow_down(self, address: str, pause: float) -> None:
        """Ask the address's host only once in `pause` seconds from now on."""


class Rules:
    """The rules of one host."""

    def __init__(self, text: str) -> None:
        self._rules = Protego.parse(text)

    def allow(self, address: str) -> bool:
        return bool(self._rules.can_fetch(address, USER_AGENT))

    @property
    def sitemaps(self) -> list[str]:
        """The addresses in its Sitemap lines, in their order."""
        return list(self._rules.sitemaps)

    @property
    def crawl_delay(self) -> float | None:
        """Seconds that the host wants between two requests; None if it does not say."""
        delay = self._rules.crawl_delay(USER_AGENT)
        return None if delay is None else float(delay)


class Robots:
    """The robots.txt of each host; each is fetched once."""

    def __init__(self, fetcher: Fetcher, *, max_hosts: int = MAX_HOSTS) -> None:
        self.fetcher = fetcher
        self.max_hosts = max_hosts
        self.rules: dict[str, Rules | FetchError] = {}
        self._known: dict[str, str] = {}
        self._fetching: dict[str, asyncio.Future[Rules | FetchError]] = {}
        self._new: dict[str, str] = {}

    def know(self, texts: Mapping[str, str]) -> None:
        """Take over robots.txt files that were fetched before: address → text."""
        self._known |= texts

    async def rules_for(self, address: str) -> Rules | FetchError:
        """The rules of the address's host, or the error if they can't be fetched: then no address of the host may be
        fetched (RFC 9309 2.3.1.4)."""
        robots = urljoin(address, "/robots.txt")
        if robots not in self.rules:
            if len(self.rules) >= self.max_hosts:
                return FetchError(f"{robots}: not asked for: it is of more than {self.max_hosts} hosts")
            if robots not in self._fetching:
                self._fetching[robots] = asyncio.ensure_future(self._read(robots))
            self.rules[robots] = await asyncio.shield(self._fetching[robots])
        return self.rules[robots]

    def take_new(self) -> dict[str, str]:
        """Those that were fetched since the last call: address → text."""
        new, self._new = self._new, {}
        return new

    async def allow(self, address: str) -> bool | FetchError:
        rules = await self.rules_for(address)
        return rules if isinstance(rules, FetchError) else rules.allow(address)

    async def require(self, address: str) -> None:
        """Raises ForbiddenFetchError if the address must not be fetched; FetchError if that can't be found out."""
        allowed = await self.allow(address)
        if isinstance(allowed, FetchError):
            raise allowed
        if not allowed:
            raise ForbiddenFetchError(f"{mask(address)}: the robots.txt of its host keeps it from newsmill")

    async def names_sitemap(self, sitemap: str, page: str) -> bool:
        """Whether the robots.txt of the page's host names the sitemap, which may then list the host's pages."""
        rules = await self.rules_for(page)
        return not isinstance(rules, FetchError) and sitemap in rules.sitemaps

    async def _read(self, robots: str) -> Rules | FetchError:
        text = self._known.get(robots)
        if text is None:
            try:
                response = await self.fetcher.get(robots, max_bytes=MAX_ROBOTS)
            except FetchError as error:
                if error.status is None or not 400 <= error.status < 500 or error.status == 429:
                    return error
                text = ""  # no robots.txt: everything is allowed (RFC 9309 2.3.1.3)
            else:
                text = response.body.decode("utf-8-sig", "replace")
            self._new[robots] = text
        rules = Rules(text)
        if delay := rules.crawl_delay:
            if delay > LONGEST_DELAY:
                return FetchError(f"{robots}: wants {delay:g} s between two requests; its host is not asked")
            self.fetcher.slow_down(robots, delay)
        return rules
