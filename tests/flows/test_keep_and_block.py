"""Keep and block rules from end to end: at the first load, and when they are added and removed afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.conftest import Newsmill
from tests.flows.observing import contents, rows
from tests.sites.pictures import picture
from tests.sites.server import Page, SiteServer
from tests.tasks.backfill.archives import article, write_archive
from tests.tasks.making import Item, rss

TEXT = "The north gate opens at eight, the harbour master says. "
ITEMS = [
    Item("Late ferry stays", f"<p>{TEXT}</p>", "https://quay.example/1", "1"),
    Item("Advertorial: new boats", f"<p>Buy. {TEXT}</p>", "https://quay.example/2", "2"),
    Item("Spring tide", f"<p>A tide. {TEXT}</p>", "https://quay.example/3", "3", "Fri, 20 Nov 2015 08:00:00 GMT"),
    Item("末班轮渡冬季照开", "<p>末班轮渡冬季照开，夜班工人不必再拼车。</p>", "https://quay.example/4", "4"),
    Item("Chess club", f"<p>The chess club meets. {TEXT}</p>", "https://quay.example/5", "5"),
]
RULES = """
keep = [{ words = ["ferry", "tide", "boats"], language = "en" }, { words = "轮渡" }]
block = [{ field = "title", words = ["advertorial"] }]
"""
SHARED = "block = [{ before = 2020-01-01 }]\n"
BLOCKED = "SELECT title, blocked_by FROM raw.entries WHERE article_id IS NULL ORDER BY title"


@pytest.fixture
def site() -> Iterator[SiteServer]:
    with SiteServer() as server:
        server.pages["/2.png"] = Page(picture("ferry-400.png"), "image/png")
        image = f'<img src="{server.url("/2.png")}"/>'
        items = [replace(each, text=image * (each.guid == "2") + each.text) for each in ITEMS]
        server.pages["/feed"] = Page(rss(*items), "application/rss+xml")
        yield server


def registry(site: SiteServer, rules: str = "", shared: str = "") -> str:
    return f'{shared}[[feed]]\nid = "quay"\nname = "The Quay"\nurl = "{site.url("/feed")}"\n{rules}'


def titles(newsmill: Newsmill) -> list[str]:
    return [title for (title,) in rows(newsmill.warehouse, "SELECT title FROM clean.articles ORDER BY title")]


def test_rules_at_the_first_load(newsmill: Newsmill, site: SiteServer) -> None:
    newsmill.registry(registry(site, RULES, SHARED))
    done = newsmill("ingest")
    assert "2 new, 0 changed, 0 seen again, 3 blocked" in done.stdout
    assert "3 blocked" in done.stdout.splitlines()[1], "the feed's line"
    assert titles(newsmill) == ["Late ferry stays", "末班轮渡冬季照开"]
    assert rows(newsmill.warehouse, BLOCKED) == [
        ("Advertorial: new boats", 'block: { field = "title", words = ["advertorial"] }'),
        ("Chess club", "keep: matches no rule"),
        ("Spring tide", "block of all feeds: { before = 2020-01-01 }"),
    ]
    assert rows(newsmill.warehouse, "SELECT counts ->> 'blocked', counts ->> 'new' FROM ops.runs") == [("3", "2")]
    assert rows(newsmill.warehouse, "SELECT count(*) FROM clean.images") == [(0,)]
    assert rows(newsmill.warehouse, "SELECT newest_at::DATE::VARCHAR FROM ops.feeds") == [("2026-11-20",)]


def test_a_blocked_entry_that_comes_again_is_seen_again(newsmill: Newsmill, site: SiteServer) -> None:
    newsmill.registry(registry(site, RULES))
    newsmill.facts("ingest")
    site.pages["/feed"] = Page(rss(*ITEMS[:4]), "application/rss+xml")
    again = newsmill.facts("ingest", "--force")
    # the advertisement's text changed: it has no image any more
    assert (again["new"], again["changed"], again["unchanged"], again["blocked"]) == (0, 0, 3, 1)


@pytest.mark.thorough
def test_loading_under_rules_is_reprocessing_under_them(newsmill: Newsmill, site: SiteServer) -> None:
    """Rules at the load, rules that are added afterwards, and rules that are removed: the same once reprocessed."""
    columns = "SELECT entry_id, article_id, blocked_by, published_at FROM raw.entries ORDER BY ALL"
    with_rules, without = registry(site, RULES, SHARED), registry(site)
    newsmill.registry(with_rules)
    newsmill.facts("ingest")
    loaded, entries = contents(newsmill.warehouse), rows(newsmill.warehouse, columns)
    done = newsmill.facts("reprocess")
    assert (done["new"], done["blocked"]) == (2, 3)
    assert contents(newsmill.warehouse) == loaded
    assert rows(newsmill.warehouse, columns) == entries

    newsmill.registry(without)
    assert newsmill.facts("reprocess")["new"] == 5
    assert len(titles(newsmill)) == 5
    assert rows(newsmill.warehouse, "SELECT count(blocked_by) FROM raw.entries") == [(0,)]
    newsmill.facts("images")
    stored = rows(newsmill.warehouse, "SELECT path FROM clean.images WHERE status = 'stored'")
    assert len(stored) == 1

    newsmill.registry(with_rules)
    newsmill.facts("reprocess")
    again = contents(newsmill.warehouse)
    assert {name: again[name] for name in again if name != "images"} == {
        name: loaded[name] for name in loaded if name != "images"
    }
    assert rows(newsmill.warehouse, columns) == entries
    # its file stays, as those that only earlier versions show do: a rule may be removed again
    assert rows(newsmill.warehouse, "SELECT path FROM clean.images WHERE status = 'stored'") == stored
    assert all(row[1] for row in rows(newsmill.warehouse, "SELECT name, passed FROM ops.checks"))


@pytest.mark.thorough
def test_a_rule_that_is_added_leaves_loaded_articles_until_they_are_reprocessed(
    newsmill: Newsmill, site: SiteServer
) -> None:
    newsmill.registry(registry(site))
    newsmill.facts("ingest")
    newsmill.registry(registry(site, RULES))
    site.pages["/feed"] = Page(rss(*ITEMS), "application/rss+xml")  # one entry is another now
    done = newsmill.facts("ingest", "--force")
    assert (done["new"], done["changed"], done["blocked"]) == (0, 0, 1)
    assert len(titles(newsmill)) == 5
    assert rows(newsmill.warehouse, BLOCKED) == [
        ("Advertorial: new boats", 'block: { field = "title", words = ["advertorial"] }')
    ]
    newsmill.facts("reprocess")
    assert titles(newsmill) == ["Late ferry stays", "Spring tide", "末班轮渡冬季照开"]


@pytest.mark.thorough
def test_rules_for_all_feeds_hold_for_sites_of_an_archive(newsmill: Newsmill) -> None:
    archive = write_archive(newsmill.folder / "archive", {"quay/1.md": article(1), "quay/2.md": article(2)})
    newsmill.registry('block = [{ field = "title", words = "泊位 2" }]\n')
    done = newsmill.facts("backfill", "archive", archive)
    assert (done["new"], done["blocked"]) == (1, 1)


@pytest.mark.thorough
def test_feeds_check_counts_what_is_blocked(newsmill: Newsmill, site: SiteServer) -> None:
    newsmill.registry(registry(site, RULES, SHARED))
    (checked,) = newsmill.facts("feeds", "check")
    assert (checked["entries"], checked["blocked"]) == (2, 3)
