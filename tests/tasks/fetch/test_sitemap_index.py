"""A sitemap that lists sitemaps: the newest are asked for, each conditionally."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.errors import FetchError
from tasks.fetch.feed import fetch, judge_by_content
from tasks.fetch.http import open_client
from tasks.fetch.sitemap_index import MAX_LISTED, listed_sitemaps, newest
from tasks.mill.process import mill_document
from tasks.settings import Settings
from tests.sites.server import Page, SiteServer
from tests.tasks.backfill.sitemaps import SITEMAPS, XML, entry, index, urlset
from warehouse.landing import Landing
from warehouse.records import Feed, FeedState, Fetch, Validators

AT = "https://quay.example"


def day(number: int) -> datetime:
    return datetime(2026, 11, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("names", "changed", "expected"),
    [
        (["a", "b", "c"], {"a": 3, "b": 9, "c": 6}, ["b", "c", "a"]),
        (["a", "b", "c"], {"b": 9}, ["b", "a", "c"]),
        (["2026-09", "2026-11", "2026-10"], {}, ["2026-11", "2026-10", "2026-09"]),
        (["s?d=20261118", "s?d=20261119"], {}, ["s?d=20261119", "s?d=20261118"]),
        (["post-1", "post-2", "post-3", "post-4"], {}, ["post-4", "post-1", "post-3", "post-2"]),
        (["posts", "news-1", "category"], {"posts": 9}, ["news-1"]),
        (["post-sitemap", "category-sitemap", "page-sitemap", "author"], {}, ["post-sitemap"]),
        (["image-sitemap", "video"], {}, ["video", "image-sitemap"]),
    ],
)
def test_the_newest_come_first(names: list[str], changed: dict[str, int], expected: list[str]) -> None:
    dates = {f"{AT}/{name}.xml": day(number) for name, number in changed.items()}
    found = newest([f"{AT}/{name}.xml" for name in names], dates)
    assert [address.removeprefix(f"{AT}/").removesuffix(".xml") for address in found] == expected


def test_no_more_than_a_few_are_read() -> None:
    body = index(*(f"{AT}/{n}.xml" for n in range(1000)), "javascript:x").body
    assert len(listed_sitemaps(body, f"{AT}/index.xml")) == MAX_LISTED


class Site:
    """A site with an index of two sitemaps, and a feed that reads it."""

    def __init__(self, server: SiteServer, folder: Path) -> None:
        self.server, self.landing = server, Landing(folder)
        self.feed = Feed("quay", "The Quay", server.url("/index.xml"), kind="sitemap")
        self.state = FeedState("quay", self.feed.url)
        server.pages |= {
            "/index.xml": index(server.url("/1.xml"), server.url("/2.xml")),
            "/1.xml": urlset(entry(server.url("/a"))),
            "/2.xml": Page(gzip.compress(urlset(entry(server.url("/b"))).body), "application/gzip"),
        }

    def fetch(self) -> Fetch:
        async def run() -> Fetch:
            async with open_client(Settings(allow_private_addresses=True, timeout=5)) as client:
                return await fetch(self.feed, self.state, client, self.landing)

        done = asyncio.run(run())
        found = {each.url: Validators(each.headers.get("etag")) for each in done.listed}
        self.state = replace(self.state, listed={**self.state.listed, **found})
        return done

    def links(self, done: Fetch) -> list[str]:
        milled = [mill_document(self.landing.root, each, self.feed) for each in done.documents]
        assert judge_by_content(done, milled) == done
        return sorted((entry.link or "")[-2:] for each in milled for entry in each.entries)


def test_the_sitemaps_of_an_index_are_landed_and_then_asked_for_conditionally(tmp_path: Path) -> None:
    with SiteServer() as server:
        site = Site(server, tmp_path)
        first = site.fetch()
        assert [each.form for each in first.documents] == ["sitemap index", "listed sitemap", "listed sitemap"]
        assert site.landing.pending() == sorted(first.documents, key=lambda each: each.fetched_at)
        assert site.links(first) == ["/a", "/b"]
        second = site.fetch()
        assert [each.form for each in second.documents] == ["sitemap index"]
        assert [request.status for request in server.requests[-3:]] == [200, 304, 304]
        server.pages["/1.xml"] = urlset(entry(server.url("/a")), entry(server.url("/c")))
        assert site.links(site.fetch()) == ["/a", "/c"]


def test_one_sitemap_that_fails_is_named_and_costs_not_the_others(tmp_path: Path) -> None:
    with SiteServer() as server:
        site = Site(server, tmp_path)
        del server.pages["/1.xml"]
        done = site.fetch()
        assert (done.outcome, site.links(done)) == ("fetched", ["/b"])
        assert done.error == f"{server.url('/1.xml')}: the server answered 404 Not Found"
        del server.pages["/2.xml"]
        with pytest.raises(FetchError, match="404"):
            site.fetch()


def test_a_feed_whose_sitemaps_are_all_unreadable_has_failed(tmp_path: Path) -> None:
    with SiteServer() as server:
        site = Site(server, tmp_path)
        server.pages |= dict.fromkeys(("/1.xml", "/2.xml"), Page(b"<html><p>Sorry</p></html>", "text/html"))
        done = site.fetch()
        judged = judge_by_content(done, [mill_document(tmp_path, each, site.feed) for each in done.documents])
        assert judged.outcome == "failed"
        assert "is not a sitemap" in (judged.error or "")


def test_a_sitemap_with_pages_is_a_document_by_itself(tmp_path: Path) -> None:
    with SiteServer() as server:
        site = Site(server, tmp_path)
        server.pages["/index.xml"] = urlset(entry(server.url("/a")))
        done = site.fetch()
        assert [each.form for each in done.documents] == ["sitemap"]
        assert len(server.requests) == 1
        assert "application/xml" in server.requests[0].headers["accept"]
        server.pages["/index.xml"] = Page(f"<sitemapindex {SITEMAPS}/>".encode(), XML)
        assert [each.form for each in site.fetch().documents] == ["sitemap index"]
