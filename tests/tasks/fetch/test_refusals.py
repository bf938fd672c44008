"""Hosts that asked to be left alone: not asked before their time, in this run and in later ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tasks.errors import FetchError, HostRefusedError
from tasks.fetch.http import open_client
from tasks.fetch.refusals import STOP, Refusals
from tasks.settings import Settings
from tests.sites.server import Page, SiteServer
from warehouse.records import HostRefusal


def refusal(status: int, wait: str | None = None) -> Page:
    return Page(b"", "text/plain", status=status, headers={"Retry-After": wait} if wait else {})


def ask(refusals: Refusals, addresses: Iterable[str], *, at_once: bool = False) -> list[Exception | None]:
    """What each address's request ends with, one after the other or all at once."""

    async def run() -> list[Exception | None]:
        async with open_client(Settings(allow_private_addresses=True), refusals=refusals) as client:

            async def get(address: str) -> Exception | None:
                try:
                    await client.get(address, max_bytes=1000)
                except FetchError as error:
                    return error
                return None

            if at_once:
                return await asyncio.gather(*map(get, addresses))
            return [await get(address) for address in addresses]

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "seconds"), [(refusal(429, "600"), 600), (refusal(503, "600"), 600), (refusal(429), STOP)]
)
def test_nothing_more_is_asked_of_a_host_that_refuses(answer: Page, seconds: float) -> None:
    refusals = Refusals()
    before = datetime.now(UTC)
    with SiteServer({"/busy": answer, "/other": Page(b"fine", "text/plain")}) as site:
        first, *later = ask(refusals, [site.url("/busy"), site.url("/busy"), site.url("/other")])
        assert [request.path for request in site.requests] == ["/busy"]
        (host,) = refusals.refused_hosts()
        assert site.url("/") == f"http://{host}/"
    assert isinstance(first, FetchError)
    assert not isinstance(first, HostRefusedError)
    assert all(isinstance(error, HostRefusedError) and error.status == answer.status for error in later)
    assert f"{site.url('/other')}: not asked, as {host} answered {answer.status}" in str(later[1])
    (new,) = refusals.take_new()
    assert before + timedelta(seconds=seconds) <= new.until <= datetime.now(UTC) + timedelta(seconds=seconds)
    assert refusals.take_new() == []


@pytest.mark.parametrize("answer", [refusal(503), refusal(500, "600"), refusal(404, "600"), refusal(429, "0")])
def test_other_failures_stop_no_host(answer: Page) -> None:
    refusals = Refusals()
    with SiteServer({"/busy": answer, "/other": Page(b"fine", "text/plain")}) as site:
        assert ask(refusals, [site.url("/busy"), site.url("/other")])[1] is None
    assert refusals.refused_hosts() == []


def test_forty_requests_at_once_are_no_more_than_the_host_has_lanes() -> None:
    """An image host that answered 429 with Retry-After: 600 was asked forty times."""
    with SiteServer({"/busy": refusal(429, "600")}) as site:
        errors = ask(Refusals(), [site.url(f"/busy?{number}") for number in range(40)], at_once=True)
        assert len(site.requests) <= Settings().per_host
    assert all(errors)


def test_a_refusal_of_an_earlier_run_counts_until_its_time() -> None:
    now = datetime.now(UTC)
    with SiteServer({"/": Page(b"fine", "text/plain")}) as site:
        host = httpx.URL(site.url("/")).netloc.decode()
        until = HostRefusal(host, now + timedelta(minutes=5), 429, now)
        assert isinstance(ask(Refusals([until]), [site.url("/")])[0], HostRefusedError)
        assert site.requests == []
        past = HostRefusal(host, now - timedelta(minutes=5), 429, now)
        assert ask(Refusals([past]), [site.url("/")]) == [None]


def test_a_refusal_stops_the_host_that_answered_and_not_the_one_that_led_there() -> None:
    refusals = Refusals()
    with SiteServer({"/busy": refusal(429, "600")}) as busy, SiteServer({}) as site:
        site.pages |= {
            "/away": Page(b"", "text/plain", status=302, headers={"Location": busy.url("/busy")}),
            "/": Page(b"fine", "text/plain"),
        }
        errors = ask(refusals, [site.url("/away"), site.url("/"), site.url("/away")])
        assert len(busy.requests) == 1
    assert [type(error) for error in errors] == [FetchError, type(None), HostRefusedError]


def test_a_host_in_another_script_is_named_as_addresses_write_it() -> None:
    now = datetime.now(UTC)
    refusals = Refusals([HostRefusal("港口.example", now + timedelta(minutes=5), 429, now)])
    assert refusals.refused_hosts() == ["港口.example", "港口.example".encode("idna").decode()]
