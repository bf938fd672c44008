"""Hosts that asked to be left alone, with 429 or 503: nothing of them is asked until the time they named."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import httpx

from tasks.errors import FetchError, HostRefusedError
from warehouse.records import HostRefusal

REFUSALS = frozenset({429, 503})
STOP = 900.0
"""Seconds a host is left alone after 429 without Retry-After."""


class Refusals:
    """The refusals that a run knows: those of earlier runs and its own. Not a dataclass: it grows."""

    def __init__(self, known: Iterable[HostRefusal] = ()) -> None:
        self._by_host = {refusal.host: refusal for refusal in known}
        self._new: dict[str, HostRefusal] = {}

    def check(self, address: httpx.URL, safe_url: str) -> None:
        """Raises HostRefusedError, which names `safe_url`, if the address's host is to be left alone."""
        refusal = self._by_host.get(_host(address))
        now = datetime.now(UTC)
        if refusal and refusal.until > now:
            raise HostRefusedError(
                f"{safe_url}: not asked, as {refusal.host} answered {refusal.status} and is left alone until "
                f"{refusal.until:%Y-%m-%d %H:%M} UTC",
                status=refusal.status,
                retry_after=(refusal.until - now).total_seconds(),
            )

    def note(self, address: httpx.URL, error: FetchError, unstated_wait: float) -> None:
        """Remember the refusal, if the error is one. `unstated_wait` seconds count after 429 without Retry-After."""
        if error.status not in REFUSALS:
            return
        wait = error.retry_after if error.retry_after is not None else unstated_wait * (error.status == 429)
        if wait:
            now = datetime.now(UTC)
            refusal = HostRefusal(_host(address), now + timedelta(seconds=wait), error.status, now)
            self._by_host[refusal.host] = self._new[refusal.host] = refusal

    def refused_hosts(self) -> list[str]:
        """The hosts to leave alone now, as addresses write them: in Unicode and, if that differs, in ASCII."""
        now = datetime.now(UTC)
        hosts = [refusal.host for refusal in self._by_host.values() if refusal.until > now]
        return [*hosts, *(ascii for host in hosts if (ascii := httpx.URL(f"http://{host}").netloc.decode()) != host)]

    def take_new(self) -> list[HostRefusal]:
        """The refusals since the last call."""
        new, self._new = self._new, {}
        return list(new.values())


def _host(address: httpx.URL) -> str:
    """The host, in Unicode, with a port that is not the scheme's own: another port may be another server."""
    return address.host if address.port is None else f"{address.host}:{address.port}"
