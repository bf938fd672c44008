"""Whole articles of a feed of teasers, from their own pages; what is edited and taken down afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.sites.server import Page, SiteServer
from tests.sites.teasers import HTML, STORIES, TeaserSite, story_page
from tests.tasks.making import Item, rss

BRIDGE, LIBRARY, TEA, COMET, FERRY, BUDGET, MINUTES = STORIES
OPEN = [story for story in STORIES if story is not MINUTES]
"""Those that robots.txt leaves open."""
TABLES = {
    "articles": "FROM clean.articles ORDER BY ALL",
    "versions": "FROM clean.article_versions ORDER BY ALL",
    "keys": "FROM clean.article_keys ORDER BY ALL",
    "pages": "SELECT * EXCLUDE (attempts, next_try_at) FROM clean.pages ORDER BY ALL",
    "enclosures": "FROM clean.enclosures ORDER BY ALL",
    "removed": "FROM marts.removed_articles ORDER BY ALL",
}


def eager(newsmill: Newsmill) -> Newsmill:
    """Pages are asked again once, right after they were read; what is then missing twice is gone."""
    return newsmill.setting(full_text="auto", page_checks="0.001s 1h", gone_after="0.001s")


def let_an_hour_pass(newsmill: Newsmill) -> None:
    """All pages that were read are due again."""
    with duckdb.connect(str(newsmill.warehouse)) as connection:
        connection.execute("UPDATE clean.pages SET next_try_at = now() WHERE next_try_at IS NOT NULL")


def texts(newsmill: Newsmill) -> dict[str, tuple[str, str]]:
    """Path → where its text is from, and the text."""
    found = rows(newsmill.warehouse, "SELECT url, text_source, content_text FROM clean.articles")
    return {"/" + url.partition("//")[2].partition("/")[2]: (source, text) for url, source, text in found}


def state(newsmill: Newsmill) -> dict[str, list[Any]]:
    return {name: rows(newsmill.warehouse, sql) for name, sql in TABLES.items()}


@pytest.fixture(scope="module")
def story(
    newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Newsmill, TeaserSite, list[dict[str, Any]]]]:
    """A first ingest; then a page is edited and four are taken down; two more ingests. And what each of them says."""
    newsmill = eager(newsmill_in(tmp_path_factory.mktemp("story")))
    with TeaserSite() as site:
        newsmill.registry(site.registry())
        facts = [newsmill.facts("ingest")]
        first = texts(newsmill)
        site.edit(BRIDGE.path, "until spring", "until summer")
        for path, how in ((COMET.path, "404"), (LIBRARY.path, "410"), (FERRY.path, "front"), (TEA.path, "soft")):
            site.take_down(path, how)
        for _ in range(2):
            let_an_hour_pass(newsmill)
            facts.append(newsmill.facts("ingest"))
        facts[0]["texts"] = first
        yield newsmill, site, facts


Story = tuple[Newsmill, TeaserSite, list[dict[str, Any]]]


def test_one_ingest_gives_whole_articles(story: Story) -> None:
    newsmill, _, (first, *_) = story
    assert (first["new"], first["changed"]) == (7, 0)
    assert (first["pages_read"], first["pages_failed"], first["edited"], first["gone"]) == (6, 1, 0, 0)
    for each in OPEN:
        assert first["texts"][each.path] == ("page", "\n\n".join(each.paragraphs))
    assert first["texts"][MINUTES.path] == ("feed", MINUTES.teaser)
    access = rows(newsmill.warehouse, "SELECT url, is_free FROM clean.pages WHERE NOT is_free")
    assert [url.partition("/2026")[2] for url, _ in access] == ["/budget"]


def test_later_ones_give_the_edit_and_the_removals(story: Story) -> None:
    newsmill, site, (_, second, third) = story
    assert (second["new"], second["edited"], second["gone"]) == (0, 1, 0)
    assert (third["new"], third["edited"], third["gone"]) == (0, 0, 4)
    edits = rows(newsmill.warehouse, "SELECT title, is_silent, title_changed FROM marts.edited_articles")
    assert edits == [(BRIDGE.title, True, False)]
    removed = rows(newsmill.warehouse, "SELECT url, gone_reason, word_count FROM marts.removed_articles")
    reasons = {url.removeprefix(site.url("")): reason for url, reason, _ in removed}
    assert set(reasons) == {COMET.path, LIBRARY.path, FERRY.path, TEA.path}
    assert "404" in reasons[COMET.path]
    assert "410" in reasons[LIBRARY.path]
    assert "front page" in reasons[FERRY.path]
    assert "error page" in reasons[TEA.path]
    assert all(words > 40 for *_, words in removed), "their texts stay"
    assert rows(newsmill.warehouse, "SELECT count(*) FROM clean.article_versions") == [(8,)]
    assert rows(newsmill.warehouse, "FROM ops.rejects") == []


def test_what_was_asked_for(story: Story) -> None:
    """Counted at the server: each page once in a run, robots.txt once in a day, nothing that it forbids."""
    _, site, _ = story
    asked = Counter(request.path for request in site.requests)
    assert asked.pop("/robots.txt") == 1
    assert asked.pop("/feed.xml") == 3
    assert asked.pop("/") == 2, "where the ferry's address leads"
    assert asked == {each.path: 3 for each in OPEN}
    conditional = [r.status for r in site.requests if r.path == BUDGET.path]
    assert conditional == [200, 304, 304]


def test_the_edit_is_shown(story: Story) -> None:
    newsmill, *_ = story
    ((article_id,),) = rows(newsmill.warehouse, "SELECT article_id FROM clean.articles WHERE version = 2")
    shown = newsmill("diff", article_id)
    assert shown.returncode == 0, shown.stderr
    assert "summer" in shown.stdout
    assert "spring" in shown.stdout


def test_reprocess_gives_the_same_rows(story: Story) -> None:
    newsmill, site, _ = story
    before, requests = state(newsmill), len(site.requests)
    newsmill.facts("reprocess")
    after = state(newsmill)
    for name in before:
        assert after[name] == before[name], name
    assert len(site.requests) == requests
    newsmill.facts("ingest", "--no-publish")
    assert state(newsmill)["pages"] == before["pages"], "and no page is asked for too soon"
    assert len(site.requests) == requests + 1, "the feed"


# --- what can be asked of it ----------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_the_flags(newsmill: Newsmill) -> None:
    newsmill = newsmill.setting(full_text="auto")
    with TeaserSite() as site, TeaserSite() as other:
        newsmill.registry(site.registry() + other.registry(id="other", full_text="never"))
        newsmill.facts("ingest", "--no-pages", "--no-publish")
        assert {request.path for request in site.requests} == {"/feed.xml"}
        unknown = newsmill("pages", "nowhere")
        assert unknown.returncode == 1
        assert "nowhere" in unknown.stderr
        assert newsmill.facts("pages", "other", "--no-publish")["pages_read"] == 0
        assert newsmill.facts("pages", "ridge", "--limit", "2", "--no-publish")["pages_read"] <= 2
        assert len(site.requests) <= 1 + 1 + 2
        with duckdb.connect(str(newsmill.warehouse)) as connection:
            connection.execute("UPDATE clean.articles SET first_seen_at = first_seen_at - INTERVAL 10 DAY")
            connection.execute("DELETE FROM clean.pages WHERE status = 'pending'")
        before = len(site.requests)
        newsmill.facts("pages", "--days", "9", "--no-publish")
        assert len(site.requests) == before
        newsmill.facts("pages", "--days", "11", "--no-publish")
        assert {story.path for story in OPEN} <= {request.path for request in site.requests}
        assert {request.path for request in other.requests} == {"/feed.xml"}
        shown = newsmill("ingest", "ridge", "--no-publish")
        assert "pages read" not in shown.stdout, "none is due"


@pytest.mark.thorough
def test_a_host_s_part_of_a_run_is_bounded(newsmill: Newsmill) -> None:
    newsmill = newsmill.setting(full_text="auto", pages_per_host=2)
    with TeaserSite(robots="") as site:
        newsmill.registry(site.registry())
        assert newsmill.facts("ingest", "--no-publish")["pages_read"] == 2
        assert newsmill.facts("pages", "--no-publish")["pages_read"] == 2
        assert sum(request.path.startswith("/2026/") for request in site.requests) == 4


def test_what_is_no_page_costs_the_run_nothing_else(newsmill: Newsmill) -> None:
    newsmill = newsmill.setting(full_text="auto", max_page_bytes=200_000, retries=0)
    with TeaserSite() as site:
        site.pages[BRIDGE.path] = Page(b"%PDF-1.7\n" + b"x" * 5000, "application/pdf")
        site.pages[LIBRARY.path] = Page(b"<p>" + b"x" * 500_000, HTML)
        site.pages[COMET.path] = Page(b"<title>Just a moment...</title><p>Enable JavaScript and cookies", HTML)
        site.pages[FERRY.path] = Page(b"", HTML, 500)
        newsmill.registry(site.registry())
        facts = newsmill.facts("ingest", "--no-images")
        assert (facts["new"], facts["pages_read"], facts["pages_failed"], facts["rejected"]) == (7, 2, 5, 0)
        found = rows(newsmill.warehouse, "SELECT url, status, error, next_try_at IS NULL FROM clean.pages")
        states = {url.removeprefix(site.url("")): (status, final) for url, status, _, final in found}
        assert states[BRIDGE.path] == ("skipped", True)
        assert states[LIBRARY.path] == ("failed", True)
        assert states[COMET.path][0] == "forbidden"
        assert states[FERRY.path] == ("failed", False)
        assert states[MINUTES.path] == ("forbidden", True)
        assert all((error is None) == (status == "stored") for _, status, error, _ in found)
        files = rows(newsmill.published, "SELECT url, media_type FROM clean.enclosures")
        assert files == [(site.url(BRIDGE.path), "application/pdf")]


SITEMAP = (
    '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{}</loc></url></urlset>'
)


@pytest.mark.thorough
@pytest.mark.parametrize("full_text", ["never", "auto"])
def test_a_backfilled_page_is_not_hidden_by_its_feed_s_summary(newsmill: Newsmill, full_text: str) -> None:
    """Pages that `backfill sitemap` had read became versions 1 behind summaries of nine words."""
    newsmill = newsmill.setting(full_text=full_text, backfill_pause=0)
    with TeaserSite((BRIDGE,)) as site:
        site.pages["/sitemap.xml"] = Page(SITEMAP.format(site.url(BRIDGE.path)).encode(), "application/xml")
        newsmill.registry(site.registry())
        assert newsmill.facts("backfill", "sitemap", site.url(), "--no-publish")["new"] == 1
        newsmill.facts("ingest", "--no-publish")
        found = rows(newsmill.warehouse, "SELECT version, text_source, content_text FROM clean.articles")
        assert found == [(1, "page", "\n\n".join(BRIDGE.paragraphs))]


@pytest.mark.thorough
def test_a_feed_that_turns_to_whole_texts_is_its_articles(newsmill: Newsmill) -> None:
    newsmill = newsmill.setting(full_text="auto")
    whole = Item(BRIDGE.title, "".join(f"<p>{text}</p>" for text in (*BRIDGE.paragraphs, *FERRY.paragraphs)), guid="1")
    with SiteServer() as site:
        newsmill.registry(f'[[feed]]\nid = "ridge"\nname = "Ridge"\nurl = "{site.url("/feed.xml")}"\n')
        address = site.url("/bridge")
        site.pages["/bridge"] = story_page(BRIDGE, address)
        date = f"{datetime.now(UTC):%a, %d %b %Y 08:00:00 GMT}"
        for text in ("A teaser …", whole.text):
            item = Item(BRIDGE.title, text, address, "1", date)
            site.pages["/feed.xml"] = Page(rss(item), "application/rss+xml")
            newsmill.facts("ingest", "--no-publish")
        found = rows(newsmill.warehouse, "SELECT version, text_source, teaser FROM clean.articles")
        assert found == [(1, "feed", None)]
