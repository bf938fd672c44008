"""From an address to something that can be asked for, or to the reason why not: for feeds, images, pages and backfills.

An address may come from anybody: a feed, an <img>, a redirect, a sitemap. Whether its host lies in a private network
shows only when it is connected to: `tasks.networks` has those rules, and `open_client` applies them.
"""

from __future__ import annotations

import httpx

from tasks.errors import FetchError
from warehouse.masking import mask

MAX_HOST = 253
"""Characters of a host's name (RFC 1035 2.3.4, without the final dot)."""


def parse_address(address: str, redirected_from: str | None = None) -> httpx.URL:
    """The address of a request. Raises FetchError, with the reason, for what can't be asked for.

    `redirected_from` is the address that was asked for first, which the message then names.
    """
    try:
        url = httpx.URL(address)
        host = url.raw_host.decode("ascii")
        _ = url.host  # decodes IDNA, which not every name survives: xn--a.com
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:  # idna raises its own UnicodeErrors
        raise _refusal(address, redirected_from, str(error)) from error
    if url.scheme not in ("http", "https"):
        raise _refusal(address, redirected_from, f"its scheme is {url.scheme[:20]!r}")
    if not host.strip(".") or len(host) > MAX_HOST or "%" in host or " " in host:
        raise _refusal(address, redirected_from, "it has no host name")
    if url.port is not None and not 0 < url.port < 65536:
        raise _refusal(address, redirected_from, "there is no such port")
    return url


def _refusal(address: str, redirected_from: str | None, reason: str) -> FetchError:
    if redirected_from:
        return FetchError(f"{mask(redirected_from)[:500]}: leads to an address that is not http or https ({reason})")
    return FetchError(f"{mask(address)[:500]}: is not http or https, or not a valid address ({reason})")
