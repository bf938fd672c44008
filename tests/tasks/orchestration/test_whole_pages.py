"""Articles that go on on further pages, fetched from a server."""

from __future__ import annotations

import asyncio

import pytest

from tasks.fetch.http import open_client
from tasks.fetch.robots import Robots
from tasks.orchestration.whole_pages import fetch_whole
from tasks.parse.page_bundle import unbundle
from tasks.parse.page_join import MAX_PAGES
from tasks.settings import Settings
from tests.sites.server import Page, SiteServer
from warehouse.page_answers import PageAnswer, PendingPage
from warehouse.records import PageRequest

HTML = "text/html; charset=utf-8"


def part(text: str, following: str | None) -> Page:
    link = f'<a rel="next" href="{following}">Next page</a>' if following else ""
    return Page(f"<html><body><h1>The gate</h1><p>{text}</p>{link}</body></html>".encode(), HTML)


@pytest.fixture
def site() -> SiteServer:
    return SiteServer(
        {
            "/gate": part("One", "/gate?page=2"),
            "/gate?page=2": part("Two", "/gate?page=3"),
            "/gate?page=3": part("Three", "/gate?page=4"),
        }
    )


def fetch(site: SiteServer) -> PageAnswer | None:
    async def run() -> PageAnswer | None:
        settings = Settings(allow_private_addresses=True, retry_delay=0)
        async with open_client(settings) as client:
            pending = PendingPage("a", "quay", PageRequest(site.url("/gate"), "The gate"))
            return await fetch_whole(pending, client, Robots(client), {})

    with site:
        return asyncio.run(run())


def paths(answer: PageAnswer | None, site: SiteServer) -> list[str]:
    assert answer and answer.document
    assert answer.document.form == "pages"
    assert answer.document.request and answer.document.request.url == site.url("/gate")
    return [url.removeprefix(site.url("")) for url, _, _ in unbundle(answer.data)]


def test_all_pages_are_one_document(site: SiteServer) -> None:
    site.pages["/gate?page=4"] = part("Four", None)
    assert paths(fetch(site), site) == ["/gate", "/gate?page=2", "/gate?page=3", "/gate?page=4"]


def test_pages_in_a_circle_end(site: SiteServer) -> None:
    site.pages["/gate?page=4"] = Page(b"", HTML, 302, {"Location": "/gate?page=3"})
    assert len(paths(fetch(site), site)) <= 5


def test_endless_pages_are_bounded(site: SiteServer) -> None:
    for number in range(2, 60):
        site.pages[f"/gate?page={number}"] = part(str(number), f"/gate?page={number + 1}")
    assert len(paths(fetch(site), site)) == MAX_PAGES


def test_a_missing_page_ends_the_article_there(site: SiteServer) -> None:
    site.pages["/gate?page=4"] = Page(b"Not found", HTML, 404)
    assert paths(fetch(site), site) == ["/gate", "/gate?page=2", "/gate?page=3"]


def test_a_site_that_answers_too_high_a_number_with_the_first_page(site: SiteServer) -> None:
    assert paths(fetch(site), site) == ["/gate", "/gate?page=2", "/gate?page=3"]


def test_a_page_that_fails_for_now_fails_the_whole(site: SiteServer) -> None:
    site.pages["/gate?page=3"] = Page(b"", HTML, 500)
    answer = fetch(site)
    assert answer and answer.outcome == "failed" and answer.document is None
    assert answer.pending.request.url == site.url("/gate")


def test_a_page_that_robots_txt_forbids_is_not_asked_for(site: SiteServer) -> None:
    site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /*page=3", "text/plain")
    assert paths(fetch(site), site) == ["/gate", "/gate?page=2"]
    assert "/gate?page=3" not in [request.path for request in site.requests]
