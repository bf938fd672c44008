"""Hosts whose images fail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from tasks.fetch.failing_hosts import IN_A_ROW, MANY, FailingHosts
from warehouse.records import Image, PendingImage

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def note(hosts: FailingHosts, url: str, status: Literal["stored", "failed"], times: int = 1) -> None:
    for number in range(times):
        pending = PendingImage(str(number), f"{url}/{number}.jpg", None, 0)
        error = "the server answered 404" if status == "failed" else None
        hosts.note(pending, Image(str(number), status, 1, NOW, error=error))


def test_a_host_that_only_fails_is_left_alone_for_the_rest_of_the_run() -> None:
    hosts, image = FailingHosts(), PendingImage("x", "https://User@Gone.example:8443/x.jpg", None, 0)
    note(hosts, "https://gone.example:8443", "failed", IN_A_ROW - 1)
    assert not hosts.leaves_alone(image)
    note(hosts, "https://gone.example:8443", "failed")
    assert hosts.leaves_alone(image)
    assert not hosts.leaves_alone(PendingImage("x", "https://gone.example/x.jpg", None, 0)), "another port"
    by_proxy = PendingImage("x", image.url, "https://proxy.example/x.jpg", 0)
    assert not hosts.leaves_alone(by_proxy), "the proxy may have it"
    assert hosts.left_alone() == ["gone.example:8443"]
    assert list(hosts.explain()) == [
        f"gone.example:8443: {IN_A_ROW} images failed, {IN_A_ROW} in a row: its other images wait for a later run; "
        "the last: the server answered 404"
    ]


def test_a_host_that_fails_now_and_then_is_named_and_asked_on() -> None:
    hosts = FailingHosts()
    for _ in range(3):
        note(hosts, "https://港.example", "failed", IN_A_ROW - 1)
        note(hosts, "https://港.example", "stored")
    note(hosts, "https://once.example", "failed", MANY - 1)
    assert hosts.left_alone() == []
    assert hosts.counts() == {"港.example": 3 * (IN_A_ROW - 1)}
