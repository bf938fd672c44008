"""robots.txt is read as RFC 9309 has it: the longest rule wins, * and $ are patterns, our own group goes before *."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from tasks.errors import FetchError
from tasks.fetch.http import Response
from tasks.fetch.robots import LONGEST_DELAY, MAX_HOSTS, Robots, Rules

SITE = "https://quay.example"


@pytest.mark.parametrize(
    ("lines", "allowed", "forbidden"),
    [
        # Python's own parser takes the first rule that matches, so it allows all of this site
        (["Allow: /", "Disallow: /private/"], ["/", "/news/1"], ["/private/", "/private/letters"]),
        (["Disallow: /private/", "Allow: /private/press"], ["/private/press/1"], ["/private/letters"]),
        # … and it takes * and $ for letters of the path
        (["Disallow: /*.pdf$"], ["/report", "/report.pdf.html"], ["/report.pdf", "/港口/报告.pdf"]),
        (["Disallow: /*?print="], ["/story/1"], ["/story/1?print=1"]),
        (["Disallow: /archiv/übersicht"], ["/archiv/"], ["/archiv/übersicht/2"]),
        (["Disallow:"], ["/", "/anything"], []),
        (["Disallow: /"], [], ["/", "/anything"]),
        ([], ["/"], []),
    ],
)
def test_which_addresses_may_be_fetched(lines: list[str], allowed: list[str], forbidden: list[str]) -> None:
    rules = Rules("\n".join(["User-agent: *", *lines]))
    assert [path for path in allowed if not rules.allow(SITE + path)] == []
    assert [path for path in forbidden if rules.allow(SITE + path)] == []


def test_the_group_of_newsmill_goes_before_that_of_all() -> None:
    rules = Rules("User-agent: *\nDisallow: /\n\nUser-agent: Newsmill\nDisallow: /drafts/\nCrawl-delay: 2.5\n")
    assert rules.allow(f"{SITE}/news/1")
    assert not rules.allow(f"{SITE}/drafts/1")
    assert rules.crawl_delay == 2.5


def test_rules_that_are_missing() -> None:
    assert Rules("User-agent: *\nDisallow: /a").crawl_delay is None
    assert Rules("no robots.txt at all: <html>").allow(f"{SITE}/")


def test_sitemaps_are_listed_whatever_the_group() -> None:
    rules = Rules(f"Sitemap: {SITE}/b.xml\nUser-agent: other\nDisallow: /\nSITEMAP: {SITE}/a.xml\n")
    assert rules.sitemaps == [f"{SITE}/b.xml", f"{SITE}/a.xml"]


@dataclass
class Server:
    """What a host answers to a request for its robots.txt; and how often it was asked."""

    answer: str | FetchError
    asked: list[str] = field(default_factory=list)
    pauses: dict[str, float] = field(default_factory=dict)

    async def get(self, url: str, *, max_bytes: int) -> Response:
        self.asked.append(url)
        if isinstance(self.answer, FetchError):
            raise self.answer
        return Response(url, 200, {}, self.answer.encode())

    def slow_down(self, address: str, pause: float) -> None:
        self.pauses[address] = pause


def test_each_host_is_asked_once() -> None:
    server = Server("\ufeffUser-agent: *\nDisallow: /drafts/")
    robots = Robots(server)

    async def ask() -> list[bool | FetchError]:
        paths = ["https://a.example/drafts/1", "https://a.example/1", "https://b.example/1"]
        return [await robots.allow(path) for path in paths]

    assert asyncio.run(ask()) == [False, True, True]
    assert server.asked == ["https://a.example/robots.txt", "https://b.example/robots.txt"]


@pytest.mark.parametrize(("status", "open_to_all"), [(404, True), (403, True), (429, False), (503, False)])
def test_a_robots_txt_that_is_refused(status: int, open_to_all: bool) -> None:
    """RFC 9309 2.3.1.3 and 2.3.1.4: one that is not there allows everything, one that fails forbids it."""
    refusal = FetchError("refused", status=status)
    answer = asyncio.run(Robots(Server(refusal)).allow(f"{SITE}/"))
    assert answer is (True if open_to_all else refusal)


def test_the_number_of_hosts_is_limited() -> None:
    server = Server("")
    robots = Robots(server)

    async def ask() -> bool | FetchError:
        for number in range(MAX_HOSTS):
            await robots.allow(f"https://{number}.example/")
        return await robots.allow("https://one-more.example/")

    assert isinstance(asyncio.run(ask()), FetchError)
    assert len(server.asked) == MAX_HOSTS


def test_a_crawl_delay_is_kept() -> None:
    server = Server("User-agent: *\nCrawl-delay: 7")
    assert asyncio.run(Robots(server).allow(f"{SITE}/")) is True
    assert server.pauses == {f"{SITE}/robots.txt": 7}


def test_a_host_that_wants_hours_between_requests_is_not_asked() -> None:
    server = Server(f"User-agent: *\nCrawl-delay: {LONGEST_DELAY + 1}")
    assert isinstance(asyncio.run(Robots(server).allow(f"{SITE}/")), FetchError)
    assert server.pauses == {}


def test_what_robots_txt_forbids_is_an_error_where_it_is_required() -> None:
    robots = Robots(Server("User-agent: *\nDisallow: /drafts/"))
    asyncio.run(robots.require(f"{SITE}/1"))
    with pytest.raises(FetchError, match=r"robots\.txt"):
        asyncio.run(robots.require(f"{SITE}/drafts/1"))
