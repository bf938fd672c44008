"""What `feeds add` finds at the address of a site without a feed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.conftest import Newsmill
from tests.flows.cli.complaining import complaint
from tests.sites.server import Page, SiteServer
from tests.tasks.backfill.sitemaps import SITEMAPS, XML, entry, index, urlset
from tests.tasks.parse.list_pages import EN, PAGES, each
from tests.tasks.parse.list_pages import page as html

LIST = Page(next(page for page in PAGES if page.name == "news and most read").html.encode(), "text/html")
EMPTY = Page(html('<div id="app"></div><script src="/app.js"></script>').encode(), "text/html")
API = {"data": {"posts": [{"headline": s.title, "path": s.path, "published_at": str(s.day)} for s in EN]}}


@pytest.fixture
def site() -> Iterator[SiteServer]:
    with SiteServer() as server:
        yield server


def news_sitemap(server: SiteServer) -> Page:
    listed = urlset(*(entry(server.url(s.path), published=f"{s.day}T08:00:00Z") for s in EN))
    return Page(listed.body.replace("渡口".encode(), b"The ferry"), XML)


def added(bare: Newsmill, *arguments: str) -> list[str]:
    done = bare("feeds", "add", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def feed(bare: Newsmill) -> tuple[str, str]:
    (one,) = bare.facts("feeds", "list")
    return one["kind"], one["url"]


def test_a_page_that_lists_articles_is_shown_and_added(bare: Newsmill, site: SiteServer) -> None:
    site.pages["/news/"] = LIST
    first, *shown, last, ingest = added(bare, site.url("/news/"), "--id", "quay")
    assert first == "no feed, but a page that lists 8 articles (ul > li.teaser):"
    assert shown == [f"  no date     {story.title}" for story in EN[:5]]
    assert last == f"added quay (The Quay), {site.url('/news/')}, to feeds.toml"
    assert ingest == "newsmill ingest quay"
    assert feed(bare) == ("page", site.url("/news/"))
    (checked,) = json.loads(bare("feeds", "check", "--json").stdout)
    assert (checked["entries"], checked["problem"]) == (8, None)


@pytest.mark.parametrize("where", ["/robots.txt", "/news-sitemap.xml"])
def test_a_front_page_s_news_sitemap_is_preferred_to_its_list(bare: Newsmill, site: SiteServer, where: str) -> None:
    site.pages |= {"/": LIST, "/other.xml" if "robots" in where else where: news_sitemap(site)}
    if "robots" in where:
        named = f"Sitemap: {site.url('/missing.xml')}\nSitemap: {site.url('/other.xml')}\n"
        site.pages["/robots.txt"] = Page(named.encode(), "text/plain")
    assert added(bare, site.url("/"))[0] == "no feed, but a news sitemap with 8 pages:"
    assert feed(bare) == ("sitemap", site.url("/other.xml" if "robots" in where else where))


def test_a_section_s_own_list_is_preferred_to_the_site_s_sitemap(bare: Newsmill, site: SiteServer) -> None:
    site.pages |= {"/news/": LIST, "/news-sitemap.xml": news_sitemap(site)}
    added(bare, site.url("/news/"))
    assert feed(bare) == ("page", site.url("/news/"))


def test_the_kind_can_be_chosen(bare: Newsmill, site: SiteServer) -> None:
    site.pages |= {"/news/": LIST, "/sitemap.xml": urlset(entry(site.url("/a"), "2026-11-19"))}
    assert added(bare, site.url("/news/"), "--kind", "sitemap")[0] == "a sitemap with 1 page:"
    assert feed(bare) == ("sitemap", site.url("/sitemap.xml"))
    error = complaint(bare, "feeds", "add", site.url("/news/"), "--kind", "feed")
    assert error.startswith(f"error: {site.url('/news/')}: no feed there")
    assert "no JSON" in complaint(bare, "feeds", "add", site.url("/news/"), "--kind", "json")


def test_a_page_that_scripts_fill_in_has_its_sitemap_for_a_feed(bare: Newsmill, site: SiteServer) -> None:
    site.pages |= {"/news/": EMPTY, "/sitemap.xml": urlset(entry(site.url("/a"), "2026-11-19"))}
    added(bare, site.url("/news/"))
    assert feed(bare) == ("sitemap", site.url("/sitemap.xml"))


def test_an_index_with_one_sitemap_of_news_stands_for_that_one(bare: Newsmill, site: SiteServer) -> None:
    listed = index(site.url("/posts.xml"), site.url("/news-1.xml"))
    site.pages |= {"/sitemap.xml": listed, "/news-1.xml": news_sitemap(site), "/": EMPTY}
    added(bare, site.url("/"))
    assert feed(bare) == ("sitemap", site.url("/news-1.xml"))


def test_an_index_is_followed_each_time(bare: Newsmill, site: SiteServer) -> None:
    site.pages |= {"/i.xml": index(site.url("/1.xml"), site.url("/2.xml"))}
    site.pages |= {f"/{n}.xml": urlset(entry(site.url(f"/a{n}"), f"2026-11-{n + 10}")) for n in (1, 2)}
    assert added(bare, site.url("/i.xml"))[0] == "no feed, but a sitemap with 2 pages:"
    assert feed(bare) == ("sitemap", site.url("/i.xml"))
    (checked,) = json.loads(bare("feeds", "check", "--json").stdout)
    assert checked["entries"] == 2


def test_an_api_s_list_is_added_with_its_paths(bare: Newsmill, site: SiteServer) -> None:
    site.pages["/api"] = Page(json.dumps(API).encode(), "application/json")
    lines = added(bare, site.url("/api"))
    assert lines[0] == "no feed, but a list of 8 articles in JSON:"
    assert lines[1] == f"  2026-11-19  {EN[0].title}"
    assert (
        lines[6] == "read by list = { items = 'data.posts', link = 'path', title = 'headline', date = 'published_at' }"
    )
    assert feed(bare) == ("json", site.url("/api"))
    assert bare("feeds", "check").returncode == 0


@pytest.mark.parametrize("top", [{"prices": [1, 2]}, {"a": [{"b": 1}]}, []])
def test_json_without_articles_says_what_to_write(bare: Newsmill, site: SiteServer, top: object) -> None:
    site.pages["/api"] = Page(json.dumps(top).encode(), "application/json")
    assert "with list = { items = " in complaint(bare, "feeds", "add", site.url("/api"))
    assert not (bare.folder / "feeds.toml").exists()


def test_robots_txt_keeps_a_page_from_being_read_as_a_list(bare: Newsmill, site: SiteServer) -> None:
    site.pages |= {"/news/": LIST, "/robots.txt": Page(b"User-agent: *\nDisallow: /news/\n", "text/plain")}
    assert "robots.txt keeps the page from newsmill" in complaint(bare, "feeds", "add", site.url("/news/"))


def test_nothing_found_says_what_was_looked_for(bare: Newsmill, site: SiteServer) -> None:
    site.pages |= {"/news/": EMPTY, "/sitemap.xml": Page(f"<urlset {SITEMAPS}/>".encode(), XML)}
    error = complaint(bare, "feeds", "add", site.url("/news/"))
    assert "scripts fill it in" in error
    assert "no feed there, none linked, none at the usual places, no sitemap either" in error
    assert not (bare.folder / "feeds.toml").exists()


def test_a_list_that_a_site_keeps_in_its_feed_is_that_feed(bare: Newsmill, site: SiteServer) -> None:
    rows = each(lambda n, s: f"<item><title>{s.title}</title><link>{site.url(s.path)}</link></item>", EN)
    rss = f'<rss version="2.0"><channel><title>Quay</title>{rows}</channel></rss>'
    linked = html("<ul></ul>", head='<link rel="alternate" type="application/rss+xml" href="/f.xml">')
    site.pages |= {"/news/": Page(linked.encode(), "text/html"), "/f.xml": Page(rss.encode(), "application/rss+xml")}
    assert added(bare, site.url("/news/"))[0].startswith("added ")
    assert feed(bare) == ("feed", site.url("/f.xml"))
