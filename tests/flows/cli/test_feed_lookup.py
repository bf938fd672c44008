"""Adding and checking feeds over the network."""

from __future__ import annotations

import json

from tests.conftest import Newsmill
from tests.flows.cli.complaining import complaint
from tests.sites.sample import SampleSite
from tests.sites.server import Page, SiteServer
from tests.tasks.making import Item, rss


def test_feeds_check(bare: Newsmill, site: SampleSite) -> None:
    bare.registry(site.feeds_toml())
    done = bare("feeds", "check", "--json")
    assert done.returncode == 1, "one of them is dead"
    checked = {row["feed"]: row for row in json.loads(done.stdout)}
    assert checked["harbour-dead"]["problem"].endswith("the server answered 404 Not Found")
    expected = {"harbour-en": 6, "harbour-zh": 6, "harbour-world": 4, "harbour-brief": 4}
    for feed, entries in expected.items():
        assert (checked[feed]["entries"], checked[feed]["problem"]) == (entries, None)
    assert bare("feeds", "check", "harbour-en").returncode == 0
    assert not bare.warehouse.exists(), "nothing is stored"


def test_feeds_check_shows_an_address_that_a_feed_states(bare: Newsmill) -> None:
    stated = b"<itunes:new-feed-url>https://new.example/feed</itunes:new-feed-url>"
    feed = rss(Item()).replace(b"<item>", stated + b"<item>")
    with SiteServer({"/feed": Page(feed, "application/rss+xml")}) as server:
        bare.registry(f'[[feed]]\nid = "quay"\nname = "The Quay"\nurl = "{server.url("/feed")}"\n')
        (checked,) = json.loads(bare("feeds", "check", "--json").stdout)
        assert len(server.requests) == 1
    assert checked["problem"] == (
        "states that it has moved to https://new.example/feed: change its url, if the feed is there"
    )


def test_feeds_add_names_a_second_feed_of_a_host_by_its_title(bare: Newsmill) -> None:
    feeds = {
        f"/{name}": Page(rss(Item()).replace(b"<title>", b"<title>%b & " % name.encode(), 1), "text/xml")
        for name in ("a", "b")
    }
    with SiteServer(feeds) as server:
        for path in feeds:
            assert bare("feeds", "add", server.url(path)).returncode == 0
    assert [feed["id"] for feed in bare.facts("feeds", "list")] == ["127-0-0-1", "b-the-quay"]


def test_feeds_add_discovers_the_feed_of_a_front_page(bare: Newsmill, site: SampleSite) -> None:
    added = bare("feeds", "add", site.url("/"), "--id", "harbour", "--language", "en")
    assert added.returncode == 0, added.stderr
    assert added.stdout.splitlines()[0] == (
        f"added harbour (The Harbour Post), {site.url('/en/feed.xml')}, to feeds.toml"
    )
    (feed,) = bare.facts("feeds", "list")
    assert (feed["id"], feed["url"], feed["site_url"], feed["language"]) == (
        "harbour",
        site.url("/en/feed.xml"),
        site.url("/"),
        "en",
    )
    assert "is there already" in complaint(bare, "feeds", "add", site.url("/en/feed.xml"))


def test_feeds_add_takes_a_feeds_own_address(bare: Newsmill, site: SampleSite) -> None:
    added = bare("feeds", "add", site.url("/brief.json"))
    assert added.returncode == 0, added.stderr
    (feed,) = bare.facts("feeds", "list")
    assert (feed["name"], feed["url"]) == ("The Harbour Post in Brief", site.url("/brief.json"))


def test_feeds_add_says_when_there_is_none(bare: Newsmill, site: SampleSite) -> None:
    image = site.url("/pixel.gif")
    assert complaint(bare, "feeds", "add", image).startswith(f"error: {image}: no feed there")
    assert not (bare.folder / "feeds.toml").exists()
