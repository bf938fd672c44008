"""A backfill's requests: at a pace, retried while the server is busy, and ended when it asks for a long wait."""

from __future__ import annotations

import asyncio
import time

import pytest

from tasks.backfill.polite import LONGEST_WAIT, Asker
from tasks.errors import FetchError, TransientFetchError
from tasks.fetch.http import open_client
from tasks.settings import Settings
from tests.sites.server import Page, RequestHandler, SiteServer

DONE = Page(b"done", "text/plain")


def ask(answers: list[Page], *, pause: float = 0, tries: int = 3, times: int = 1) -> tuple[bytes, int]:
    """The body that is had at last, and the number of requests that it took."""
    left = list(answers)

    def answer(handler: RequestHandler) -> None:
        handler.send_page(left.pop(0))

    async def run(address: str) -> tuple[bytes, int]:
        async with open_client(Settings(allow_private_addresses=True)) as client:
            asker = Asker(client, pause=pause, tries=tries, delay=0.001)
            for _ in range(times):
                response = await asker.get(address, max_bytes=1000)
            return response.body, asker.requests

    with SiteServer({"/": answer}) as site:
        return asyncio.run(run(site.url("/")))


def refusal(status: int, wait: str | None = None) -> Page:
    return Page(b"", "text/plain", status=status, headers={"Retry-After": wait} if wait else {})


@pytest.mark.parametrize("busy", [refusal(500), refusal(503), refusal(429), refusal(404, "1")])
def test_a_busy_server_is_asked_again(busy: Page) -> None:
    assert ask([busy, DONE]) == (b"done", 2)


def test_retry_after_is_waited_for() -> None:
    start = time.monotonic()
    ask([refusal(429, "1"), DONE])
    assert time.monotonic() - start >= 0.9


def test_so_many_tries_and_no_more() -> None:
    with pytest.raises(TransientFetchError, match="500"):
        ask([refusal(500)] * 3, tries=3)


@pytest.mark.parametrize("refused", [refusal(404), refusal(403), refusal(503, str(int(LONGEST_WAIT) + 1))])
def test_a_refusal_or_a_long_wait_ends_at_once(refused: Page) -> None:
    with pytest.raises(FetchError):
        ask([refused])  # a second request would find no answer


def test_requests_keep_their_distance() -> None:
    start = time.monotonic()
    assert ask([DONE] * 4, pause=0.1, times=4) == (b"done", 4)
    assert time.monotonic() - start >= 0.25


def test_a_host_that_wants_longer_pauses_gets_them_and_the_others_do_not() -> None:
    async def run(slow: str, quick: str) -> tuple[float, float]:
        async with open_client(Settings(allow_private_addresses=True)) as client:
            asker = Asker(client, pause=0, delay=0.001)
            asker.slow_down(f"{slow}robots.txt", 0.3)
            seconds = []
            for address in (slow, quick):
                start = time.monotonic()
                for _ in range(3):
                    await asker.get(address, max_bytes=1000)
                seconds.append(time.monotonic() - start)
            return seconds[0], seconds[1]

    with SiteServer({"/": DONE}) as slow, SiteServer({"/": DONE}) as quick:
        slowly, quickly = asyncio.run(run(slow.url("/"), quick.url("/")))
    assert slowly >= 0.55
    assert quickly < slowly
