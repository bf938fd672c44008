"""Sites without a feed: their lists go the way of a feed, from fetching to reprocessing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Newsmill
from tests.flows.observing import rows, tables
from tests.sites.feedless import FeedlessSite
from tests.sites.server import Page
from tests.tasks.backfill.sitemaps import entry, index, urlset

JSON_LIST = '{ items = "data.posts", link = "url", title = "title", date = "date", content = "body", id = "id" }'


def table(site: FeedlessSite, name: str, path: str, kind: str, more: str = "") -> str:
    return f'[[feed]]\nid = "{name}"\nname = "{name}"\nurl = "{site.url(path)}"\nkind = "{kind}"\n{more}\n'


def outcomes(newsmill: Newsmill) -> list[Any]:
    newest = "SELECT max(started_at) FROM ops.runs"
    query = f"SELECT feed_id, outcome, status FROM ops.fetches WHERE started_at >= ({newest}) ORDER BY ALL"
    return rows(newsmill.warehouse, query)


@pytest.mark.parametrize(
    ("path", "kind", "more"),
    [
        ("/news/", "page", ""),
        pytest.param(
            "/news/", "page", 'list = { items = ".notice", date = ".date", summary = "p" }', marks=pytest.mark.thorough
        ),
        ("/news.xml", "sitemap", ""),
        ("/api/notices", "json", f"list = {JSON_LIST}"),
    ],
)
def test_a_list_goes_the_way_of_a_feed(newsmill: Newsmill, path: str, kind: str, more: str) -> None:
    with FeedlessSite() as site:
        newsmill.registry(table(site, "pilots", path, kind, more))
        first = newsmill.facts("ingest", "--no-images")
        assert (first["new"], first["rejected"], first["checks_failed"]) == (6, 0, [])
        found = rows(newsmill.published, "SELECT url, title, published_at, published_known FROM clean.articles")
        expected = {(site.url(each.path), each.title, each.day.date(), True) for each in site.notices}
        assert {(url, title, at.date(), known) for url, title, at, known in found} == expected
        newsmill.facts("ingest", "--no-images")
        assert outcomes(newsmill) == [("pilots", "not-modified", 304)]
        site.publish("A seal sleeps on the pilots' landing stage", "It is to be left alone until the tide comes.")
        assert newsmill.facts("ingest", "--no-images")["new"] == 1
        before = tables(newsmill.warehouse, "clean")
        newsmill.facts("reprocess")
        assert tables(newsmill.warehouse, "clean") == before


@pytest.mark.thorough
def test_reprocess_reads_what_has_landed_with_the_selectors_that_hold_then(newsmill: Newsmill) -> None:
    with FeedlessSite() as site:
        newsmill.registry(table(site, "pilots", "/news/", "page", 'list = { items = ".notice", title = ".date" }'))
        newsmill.facts("ingest", "--no-images")
        newsmill.registry(table(site, "pilots", "/news/", "page", 'list = { items = ".notice", title = "a" }'))
        newsmill.facts("reprocess")
        titles = {title for (title,) in rows(newsmill.warehouse, "SELECT title FROM clean.articles")}
        assert titles == {each.title for each in site.notices}


@pytest.mark.thorough
def test_the_sitemaps_of_an_index_are_asked_for_conditionally(newsmill: Newsmill) -> None:
    with FeedlessSite() as site:
        newsmill.registry(table(site, "pilots", "/i.xml", "sitemap"))
        site.pages["/i.xml"] = index(site.url("/1.xml"), site.url("/2.xml"))
        site.pages |= {f"/{n}.xml": urlset(entry(site.url(f"/a/{n}"), f"2026-11-{n + 10}")) for n in (1, 2)}
        assert newsmill.facts("ingest", "--no-images")["new"] == 2
        site.requests.clear()
        again = newsmill.facts("ingest", "--no-images")
        assert (again["new"], again["checks_failed"]) == (0, [])
        assert [(each.path, each.status) for each in site.requests] == [
            ("/i.xml", 200),
            ("/2.xml", 304),
            ("/1.xml", 304),
        ]
        before = tables(newsmill.warehouse, "clean")
        newsmill.facts("reprocess")
        assert tables(newsmill.warehouse, "clean") == before


def test_a_page_without_its_list_is_a_failure_that_says_why(newsmill: Newsmill) -> None:
    with FeedlessSite() as site:
        newsmill.registry(table(site, "pilots", "/news/", "page") + table(site, "sitemap", "/news.xml", "sitemap"))
        newsmill.facts("ingest", "--no-images")
        site.pages["/news/"] = Page(b'<html><div id="app"></div><script src="/app.js"></script></html>', "text/html")
        failed = newsmill("ingest", "--no-images")
        assert "scripts fill it in" in " ".join(failed.stdout.split())
        health = "SELECT feed_id, health FROM marts.feed_health ORDER BY feed_id"
        assert rows(newsmill.published, health) == [("pilots", "shaky"), ("sitemap", "healthy")]


def test_robots_txt_is_asked_about_a_list_page_and_about_nothing_that_is_made_for_programs(newsmill: Newsmill) -> None:
    """`feeds add` refused such a page, and an ingest asked for it."""
    with FeedlessSite() as site:
        site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /*.xml$\nDisallow: /news/$\n", "text/plain")
        newsmill.registry(table(site, "pilots", "/news/", "page") + table(site, "sitemap", "/news.xml", "sitemap"))
        refused = newsmill("ingest", "--no-images")
        assert "the robots.txt of its host keeps it from newsmill" in " ".join(refused.stdout.split())
        assert outcomes(newsmill) == [("pilots", "failed", None), ("sitemap", "fetched", 200)]
        checked = newsmill("feeds", "check")
        assert "the robots.txt of its host keeps it from newsmill" in " ".join(checked.stdout.split())
        assert "/news/" not in {each.path for each in site.requests}
        site.requests.clear()
        site.pages["/robots.txt"] = Page(b"", "text/plain")
        newsmill("ingest", "--no-images", "--force")
        assert "/robots.txt" not in {each.path for each in site.requests}, "it counts for a day"
