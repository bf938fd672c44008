"""The new address that a podcast's feed states: when it is followed, and when it stays a proposal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.fetch.feed import fetch, next_state
from tasks.fetch.http import open_client
from tasks.fetch.moves import _are_same, follow_move, stated_move
from tasks.rhythm import Bounds
from tasks.settings import Settings
from tests.sites.server import Page, SiteServer
from tests.tasks.making import Item, rss
from warehouse.landing import Landing
from warehouse.records import Feed, FeedState, Fetch

SETTINGS = Settings(allow_private_addresses="1", timeout=5)
ASKED = "https://quay.example/feed"
ITEMS = [Item(f"Notice {n}", link=f"https://quay.example/{n}", guid=f"notice-{n}") for n in range(4)]


def element(address: str) -> str:
    return f"<itunes:new-feed-url>{address}</itunes:new-feed-url>"


def feed_with(channel: str, *items: Item) -> bytes:
    """A feed with these elements before its items."""
    return rss(*(items or ITEMS)).replace(b"<item>", f"{channel}<item>".encode(), 1)


@pytest.mark.parametrize(
    ("channel", "stated"),
    [
        (element("https://new.example/feed"), "https://new.example/feed"),
        (element("\n https://new.example/feed?a=1&amp;b=2\n"), "https://new.example/feed?a=1&b=2"),
        (element("<![CDATA[https://new.example/feed?a=1&b=2]]>"), "https://new.example/feed?a=1&b=2"),
        ('<itunes:new-feed-url xmlns:x="y">https://new.example/</itunes:new-feed-url>', "https://new.example/"),
        ("", None),
        (element(""), None),
        (element(ASKED), None),
        (element("HTTPS://quay.EXAMPLE/feed"), None),
        (element("/feed2"), None),
        (element("file:///etc/passwd"), None),
        (element("javascript:alert(1)"), None),
        (element("https://"), None),
        (element("https://new.example/<b>x</b>"), None),
        (element("https://new.example/ https://other.example/"), None),
        (f"<!-- {element('https://new.example/')} -->", None),
        (f"<description><![CDATA[{element('https://new.example/')}]]></description>", None),
        (
            "<description>&lt;itunes:new-feed-url&gt;https://new.example/&lt;/itunes:new-feed-url&gt;</description>",
            None,
        ),
        (f"<item><title>x</title>{element('https://new.example/')}</item>", None),
        ("<description>" + "x" * 200_000 + "</description>" + element("https://new.example/"), None),
    ],
)
def test_what_a_feed_states(channel: str, stated: str | None) -> None:
    assert stated_move(feed_with(channel), ASKED) == stated


def test_a_long_row_of_openings_is_read_once() -> None:
    for piece in (b"<itunes:new-feed-url>", b"<!--", b"<![CDATA[", b"<itunes:new-feed-url x"):
        assert stated_move(b"<itunes:new-feed-url>" + piece * 500_000, ASKED) is None


def fetched(url: str, landing: Path) -> Fetch:
    async def run() -> Fetch:
        async with open_client(SETTINGS) as client:
            feed = Feed("quay", "The Quay", url)
            return await fetch(feed, FeedState(feed.id, feed.url), client, Landing(landing))

    return asyncio.run(run())


def test_a_feed_is_asked_at_its_new_address_once_the_same_feed_is_there(tmp_path: Path) -> None:
    with SiteServer({}) as site:
        old = feed_with(element(site.url("/new")))
        site.pages["/old"] = Page(old, "application/rss+xml")
        assert fetched(site.url("/old"), tmp_path).moved_to is None  # nothing is there yet
        site.pages["/new"] = Page(feed_with(element(site.url("/new")), *ITEMS[:3]), "application/rss+xml")
        done = fetched(site.url("/old"), tmp_path)
        assert done.moved_to == site.url("/new")
        assert done.document is not None
        assert Landing(tmp_path).read(done.document) == old  # what it holds is not lost with the move
        state = next_state(FeedState("quay", site.url("/old")), done, Bounds())
        assert state.moved_to == site.url("/new")
        failed = replace(done, outcome="failed", document=None)
        assert next_state(state, failed, Bounds()).moved_to == site.url("/new")
        assert next_state(replace(state, consecutive_failures=2), failed, Bounds()).moved_to is None


def test_guids_are_compared_without_their_cdata_and_space() -> None:
    plain = rss(*ITEMS)
    wrapped = plain.replace(b"<guid>", b"<guid isPermaLink='false'>\n<![CDATA[ ").replace(b"</guid>", b" ]]></guid>")
    assert _are_same(plain, wrapped)
    assert not _are_same(plain, wrapped.replace(b"notice-", b"other-"))
    assert not _are_same(plain, b"<guid>" + b" " * 1_000_000)


@pytest.mark.parametrize(
    "there",
    [
        rss(),
        rss(*(replace(item, guid=f"{item.guid}-x") for item in ITEMS)),
        rss(ITEMS[0], *(replace(item, guid=f"{item.guid}-x") for item in ITEMS[1:])),
        feed_with(element("https://elsewhere.example/feed")),
        b"<html>parked</html>",
    ],
    ids=["empty", "another feed", "mostly another feed", "names another address", "no feed"],
)
def test_another_feed_at_the_new_address_is_not_followed(tmp_path: Path, there: bytes) -> None:
    with SiteServer({}) as site:
        site.pages["/old"] = Page(feed_with(element(site.url("/new"))), "application/rss+xml")
        site.pages["/new"] = Page(there, "application/rss+xml")
        done = fetched(site.url("/old"), tmp_path)
        assert (done.outcome, done.moved_to) == ("fetched", None)
        assert [request.path for request in site.requests] == ["/old", "/new"]


@pytest.mark.parametrize(
    ("asked", "stated", "follows"),
    [
        ("http://quay.example/feed", "/new", True),
        (ASKED, "/new", False),  # from https to http
        ("http://quay.example/feed?token=f3a9c1e7b2d84f60", "/new", False),
        ("http://ann:secret@quay.example/feed", "/new", False),
        ("http://quay.example/feed", "/new?token=f3a9c1e7b2d84f60", False),
    ],
)
def test_a_move_that_would_cost_safety_is_not_followed(asked: str, stated: str, follows: bool) -> None:
    async def follow(new: str) -> str | None:
        async with open_client(SETTINGS) as client:
            return await follow_move(feed_with(element(new)), asked, client, "*/*")

    with SiteServer({"/new": Page(rss(*ITEMS), "application/rss+xml")}) as site:
        new = site.url(stated)
        assert asyncio.run(follow(new)) == (new if follows else None)
        assert bool(site.requests) == follows


def test_a_move_to_a_private_address_is_refused() -> None:
    async def follow(new: str) -> str | None:
        async with open_client(Settings(timeout=5)) as client:
            return await follow_move(feed_with(element(new)), "http://quay.example/feed", client, "*/*")

    with SiteServer({"/new": Page(rss(*ITEMS), "application/rss+xml")}) as site:
        assert asyncio.run(follow(site.url("/new"))) is None
        assert site.requests == []
