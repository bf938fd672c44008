"""robots.txt: which addresses of a host may be fetched (RFC 9309). protego parses the rules."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol
from urllib.parse import urljoin

from protego import Protego

from tasks.errors import FetchError
from tasks.fetch.http import Response

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

    def __init__(self, fetcher: Fetcher) -> None:
        self.fetcher = fetcher
        self.rules: dict[str, Rules | FetchError] = {}

    async def rules_for(self, address: str) -> Rules | FetchError:
        """The rules of the address's host, or the error if they can't be fetched: then no address of the host may be
        fetched (RFC 9309 2.3.1.4)."""
        robots = urljoin(address, "/robots.txt")
        if robots not in self.rules:
            if len(self.rules) >= MAX_HOSTS:
                return FetchError(f"{robots}: the sitemaps list pages of more than {MAX_HOSTS} hosts")
            self.rules[robots] = await self._fetch(robots)
        return self.rules[robots]

    async def allow(self, address: str) -> bool | FetchError:
        rules = await self.rules_for(address)
        return rules if isinstance(rules, FetchError) else rules.allow(address)

    async def require(self, address: str) -> None:
        """Raises FetchError if the address must not be fetched."""
        allowed = await self.allow(address)
        if isinstance(allowed, FetchError):
            raise allowed
        if not allowed:
            raise FetchError(f"{address}: the robots.txt of its host keeps it from newsmill")

    async def names_sitemap(self, sitemap: str, page: str) -> bool:
        """Whether the robots.txt of the page's host names the sitemap, which may then list the host's pages."""
        rules = await self.rules_for(page)
        return not isinstance(rules, FetchError) and sitemap in rules.sitemaps

    async def _fetch(self, robots: str) -> Rules | FetchError:
        try:
            response = await self.fetcher.get(robots, max_bytes=MAX_ROBOTS)
        except FetchError as error:
            if error.status is None or not 400 <= error.status < 500 or error.status == 429:
                return error
            return Rules("")  # no robots.txt: everything is allowed (RFC 9309 2.3.1.3)
        rules = Rules(response.body.decode("utf-8-sig", "replace"))
        if delay := rules.crawl_delay:
            if delay > LONGEST_DELAY:
                return FetchError(f"{robots}: wants {delay:g} s between two requests; its host is not asked")
            self.fetcher.slow_down(robots, delay)
        return rules
