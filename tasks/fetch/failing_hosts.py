"""Hosts whose images fail: a run names those that fail many times, and leaves a host alone that only ever fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from urllib.parse import urlsplit

from warehouse.counting import counted
from warehouse.records import Image, PendingImage

IN_A_ROW = 10
"""Failures in a row after which a run asks a host for no more images. Images come in no order, so so many failures in a
row mean that nearly all of the host's images are gone, or that the host is."""
MANY = 5
"""Failures of a host from which on the run's log and summary name it."""


class FailingHosts:
    """The failures of one run. Not a dataclass: it changes."""

    def __init__(self) -> None:
        self._failed: Counter[str] = Counter()
        self._in_a_row: Counter[str] = Counter()
        self._left_alone: set[str] = set()
        self._errors: dict[str, str] = {}

    def note(self, pending: PendingImage, image: Image) -> None:
        host = host_of(pending)
        if image.status == "stored":
            self._in_a_row[host] = 0
            return
        self._failed[host] += 1
        self._in_a_row[host] += 1
        self._errors[host] = image.error or ""
        if self._in_a_row[host] >= IN_A_ROW:
            self._left_alone.add(host)

    def leaves_alone(self, pending: PendingImage) -> bool:
        return not pending.proxy_url and host_of(pending) in self._left_alone

    def left_alone(self) -> list[str]:
        return sorted(self._left_alone)

    def counts(self) -> dict[str, int]:
        """The hosts that failed many times, and how often, the worst first."""
        return {host: count for host, count in self._failed.most_common() if count >= MANY}

    def explain(self) -> Iterable[str]:
        """A sentence for each of them."""
        for host, count in self.counts().items():
            alone = ""
            if host in self._left_alone:
                alone = f", {IN_A_ROW} in a row: its other images wait for a later run"
            yield f"{host}: {counted(count, 'image')} failed{alone}; the last: {self._errors[host]}"


def host_of(pending: PendingImage) -> str:
    """The host and port as the address has them, as queries/pending_images.sql compares them."""
    return urlsplit(pending.url).netloc.rpartition("@")[2].lower()
