"""The HTTP client, with limits on size, time, redirects and connections to a host.

httpx decodes a body before its size can be checked: 14 kB of brotli become 1 GB in one step. So bodies are read raw and
decoded by `tasks.fetch.decoding`, in steps of bounded size.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial

import httpx
from h2.exceptions import H2Error
from httpx_secure import SSRFProtectionError

from tasks.errors import FetchError, HostRefusedError, TransientFetchError
from tasks.fetch.access import private
from tasks.fetch.addresses import parse_address
from tasks.fetch.decoding import decode
from tasks.fetch.lanes import Lanes, Pace
from tasks.fetch.referer import referer
from tasks.fetch.refusals import STOP, Refusals
from tasks.fetch.sessions import Sessions, open_sessions
from tasks.settings import Settings
from warehouse.masking import mask
from warehouse.records import Feed

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
TRANSIENT = frozenset({408, 425, *range(500, 600)})
"""Statuses after which a retry may help, unless the answer says how long to wait (Retry-After)."""
Turn = Callable[[str], AbstractAsyncContextManager[None]]
"""Given a host: the context in which to send requests to it, such as a slot of a limit shared with other machines."""

Permit = Callable[[str], Awaitable[None]]
"""Given an address: raises FetchError if it must not be asked for."""


async def permit_all(_address: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, read and decoded."""

    url: str
    """The address that answered, after redirects."""
    status: int
    headers: Mapping[str, str]
    body: bytes
    moved_to: str | None = None
    """The new address, if every redirect on the way was permanent."""


class Client:
    """The HTTP client of a run, with its limit for each host."""

    def __init__(self, sessions: Sessions, settings: Settings, turn: Turn, refusals: Refusals) -> None:
        self.sessions = sessions
        self.settings = settings
        self.turn = turn
        self.refusals = refusals
        self.hosts: dict[str, Lanes] = {}
        self._paces: dict[str, Pace] = {}

    def slow_down(self, address: str, pause: float) -> None:
        """Ask the address's host only once in `pause` seconds, as its robots.txt wants (Crawl-delay)."""
        self._paces[httpx.URL(address).netloc.decode()] = Pace(pause)

    async def get(
        self,
        url: str,
        *,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        article: str | None = None,
        permit: Permit = permit_all,
        unstated_wait: float = STOP,
        feed: str | None = None,
    ) -> Response:
        """GET, following redirects. Raises FetchError, or TransientFetchError if a retry may help.

        Each host on the way is asked in a lane of its own limit, and none is waited for while another is held. A host
        that answered 429 or 503 is not asked until the time it named; `unstated_wait` seconds after 429 if it named
        none. The Referer is made of `article`, if there is one. `permit` is asked about each address that a redirect
        leads to; it raises FetchError for those that must not be asked. `feed` is the id of the feed that it is asked
        for: on its own site, the request has its access (tasks/fetch/access.py).
        """
        safe_url, address = mask(url), parse_address(url)
        left = self.settings.deadline
        permanent = True
        had_access = False
        for redirects in range(self.settings.max_redirects + 1):
            pace = await self._wait_for_turn(address, safe_url)
            async with self._lanes(address.host).enter():
                if pace:
                    await pace.keep_distance()
                self.refusals.check(address, safe_url)
                clock = time.monotonic()
                try:
                    async with asyncio.timeout(left):
                        session = await self.sessions.find(address, feed, safe_url)
                        sent = {**_with_referer(headers, article, address), **session.headers}
                        answer = await self._ask(session.httpx, address, safe_url, max_bytes, sent)
                except TimeoutError as error:
                    raise TransientFetchError(
                        f"{safe_url}: not finished after {self.settings.deadline:g} s; the server is too slow, or down"
                    ) from error
                except _FAILURES as error:
                    raise self._explain(error, safe_url) from error
                except FetchError as error:
                    self.refusals.note(address, error, unstated_wait)
                    if error.status in (401, 403) and had_access and not session.has_access:
                        raise FetchError(f"{error}; {_LOST_ACCESS}", status=error.status) from error
                    raise
                left -= time.monotonic() - clock
            if isinstance(answer, Response):
                moved = str(address) if redirects and permanent else None
                return replace(answer, moved_to=moved)
            permanent = permanent and answer.status in PERMANENT
            had_access = had_access or session.has_access
            address = answer.target
            await permit(str(address))
        raise FetchError(f"{safe_url}: redirected more than {self.settings.max_redirects} times; it leads in a circle")

    async def _wait_for_turn(self, address: httpx.URL, safe_url: str) -> Pace | None:
        """The pace that the host wants. Raises HostRefusedError if its turn is too far away: then a later run asks."""
        pace = self._paces.get(address.netloc.decode())
        if pace and not await pace.wait():
            raise HostRefusedError(
                f"{safe_url}: not asked, as {address.host} wants {pace.pause:g} s between two requests, and others "
                "wait before this one"
            )
        return pace

    def _lanes(self, host: str) -> Lanes:
        if host not in self.hosts:
            self.hosts[host] = Lanes(self.settings.per_host, partial(self.turn, host))
        return self.hosts[host]

    async def _ask(
        self, client: httpx.AsyncClient, address: httpx.URL, safe_url: str, max_bytes: int, headers: Mapping[str, str]
    ) -> Response | _Redirect:
        """One request. `safe_url` is what messages name. Raises FetchError, and what httpx raises."""
        async with client.stream("GET", address, headers=headers) as answer:
            status = answer.status_code
            if status in REDIRECTS and (location := answer.headers.get("location")):
                return _Redirect(status, _target(address, location, safe_url))
            if status != 304 and not 200 <= status < 300:
                raise _refusal(safe_url, answer)
            body = b"" if status == 304 else await _read_body(answer, safe_url, max_bytes)
            return Response(url=str(answer.url), status=status, headers=dict(answer.headers), body=body)

    def _explain(self, error: Exception, url: str) -> FetchError:
        if isinstance(error, SSRFProtectionError):
            return private(url, error.hostname)
        if isinstance(error, httpx.ProxyError):
            return TransientFetchError(f"{url}: the proxy of its feed does not connect ({error})")
        # httpx looks at where a redirect leads, even if it does not follow it
        breaks_http2 = isinstance(error, H2Error) or any(isinstance(arg, H2Error) for arg in _cause(error).args)
        leads_nowhere = isinstance(error, httpx.RemoteProtocolError) and "location header" in str(error)
        not_of_the_web = httpx.UnsupportedProtocol | httpx.InvalidURL | httpx.LocalProtocolError | UnicodeError
        if leads_nowhere or (isinstance(error, not_of_the_web) and not breaks_http2):
            return FetchError(f"{url}: leads to an address that is not http or https ({error})")
        if isinstance(error, httpx.TimeoutException):
            return TransientFetchError(f"{url}: no answer within {self.settings.timeout:g} s ({type(error).__name__})")
        return TransientFetchError(f"{url}: the connection failed ({error or type(error).__name__})")


_FAILURES = (httpx.RequestError, httpx.InvalidURL, UnicodeError, H2Error)
"""What httpx raises of a request: idna's errors are UnicodeErrors, and those of a body in HTTP/2 come as they are."""


_LOST_ACCESS = (
    "it redirects away from the feed's own site, where the feed's headers, cookies and auth are not sent; write the "
    "address that answers as its url or site_url"
)


def _cause(error: Exception) -> BaseException:
    """What httpx's error was made of: for a server that breaks HTTP/2, a LocalProtocolError of h2's error."""
    return error.__cause__ or error


def _with_referer(headers: Mapping[str, str] | None, article: str | None, address: httpx.URL) -> Mapping[str, str]:
    """The headers of a request; its Referer depends on where a redirect has led."""
    stated = referer(article, str(address)) if article else None
    return {**(headers or {}), "referer": stated} if stated else headers or {}


@dataclass(frozen=True, slots=True)
class _Redirect:
    status: int
    target: httpx.URL


def _target(address: httpx.URL, location: str, safe_url: str) -> httpx.URL:
    """Where a redirect leads (RFC 9110 10.2.2). Raises FetchError that names `safe_url`."""
    try:
        joined = str(address.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(f"{safe_url}: leads to an address that is not http or https ({error})") from error
    return parse_address(joined, redirected_from=safe_url)


def _unlimited(_host: str) -> AbstractAsyncContextManager[None]:
    return nullcontext()


@asynccontextmanager
async def open_client(
    settings: Settings, turn: Turn = _unlimited, refusals: Refusals | None = None, feeds: Iterable[Feed] = ()
) -> AsyncIterator[Client]:
    """One client for a whole run: HTTP/2, gzip, brotli and zstd, private addresses refused unless allowed.

    `refusals` are those of earlier runs; `feeds` those whose own sites are asked with their access.
    """
    async with open_sessions(settings, feeds) as sessions:
        client = Client(sessions, settings, turn, refusals or Refusals())
        try:
            yield client
        finally:
            for lanes in client.hosts.values():
                await lanes.wait_closed()


def _refusal(url: str, answer: httpx.Response) -> FetchError:
    status, wait = answer.status_code, parse_retry_after(answer.headers.get("retry-after"))
    message = f"{url}: the server answered {status} {answer.reason_phrase}".rstrip()
    if status == 429 or wait:
        return FetchError(f"{message}; it is left alone for a while", status=status, retry_after=wait)
    kind = TransientFetchError if status in TRANSIENT else FetchError
    return kind(message, status=status, retry_after=wait)


def parse_retry_after(value: str | None) -> float | None:
    """The seconds to wait, from a Retry-After header in either form (RFC 9110 10.2.3); at most a day."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), 86_400.0) if not math.isnan(seconds) else None


async def _read_body(answer: httpx.Response, url: str, max_bytes: int) -> bytes:
    """The decoded body; never more than `max_bytes` are in memory. Raises FetchError."""
    too_large = FetchError(
        f"{url}: larger than {max_bytes:,} bytes; NEWSMILL_MAX_FEED_BYTES, NEWSMILL_MAX_PAGE_BYTES and "
        "NEWSMILL_MAX_IMAGE_BYTES set the limits",
        status=answer.status_code,
    )
    length = answer.headers.get("content-length", "")
    if re.fullmatch("[0-9]{1,20}", length) and int(length) > max_bytes:
        raise too_large
    stated = answer.headers.get("content-encoding", "")
    encodings = [name.strip().lower() for name in stated.split(",") if name.strip()]
    raw = bytearray()
    async for chunk in answer.aiter_raw():
        raw += chunk
        if len(raw) > max_bytes:
            raise too_large
    body = bytes(raw)
    if len(encodings) > 3:
        raise FetchError(f"{url}: encoded {len(encodings)} times; no honest server does that")
    for encoding in reversed(encodings):
        if encoding == "identity":
            continue
        try:
            body = await asyncio.to_thread(decode, body, encoding, max_bytes)
        except OverflowError:
            raise too_large from None
        except ValueError as error:
            raise FetchError(f"{url}: its {encoding} encoding is broken ({error})") from error
    return body
