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


def test_feeds_add_shows_all_feeds_of_a_site_and_takes_the_best(bare: Newsmill) -> None:
    def feed(title: str) -> Page:
        return Page(rss(Item()).replace(b"The Quay", title.encode(), 1), "application/rss+xml")

    links = ("kommentare", "gone", "news", "sport", "news")
    head = "".join(f'<link rel="alternate" type="application/rss+xml" href="/{name}.xml">' for name in links)
    pages = {
        "/": Page(f"<html><head>{head}</head></html>".encode(), "text/html"),
        "/kommentare.xml": feed("Kommentare zu: Der Kai"),
        "/news.xml": feed("Der Kai"),
        "/sport.xml": feed("Der Kai: Sport"),
    }
    with SiteServer(pages) as server:
        added = bare("feeds", "add", server.url("/"), "--id", "kai")
        assert added.returncode == 0, added.stderr
        lines = added.stdout.splitlines()
        assert lines[0] == f"added kai (Der Kai), {server.url('/news.xml')}, to feeds.toml"
        assert lines[-3:] == [
            f"1\tDer Kai\t{server.url('/news.xml')}",
            f"2\tDer Kai: Sport\t{server.url('/sport.xml')}",
            f"3\tKommentare zu: Der Kai\t{server.url('/kommentare.xml')}",
        ]
        facts = bare.facts("feeds", "add", server.url("/"), "--choose", "3", "--choose", "2")
        assert [feed["name"] for feed in facts["added"]] == ["Kommentare zu: Der Kai", "Der Kai: Sport"]
        assert len(facts["found"]) == 3
        assert "there is no number 4" in complaint(bare, "feeds", "add", server.url("/"), "--choose", "4")
    assert [feed["name"] for feed in bare.facts("feeds", "list")] == [
        "Der Kai",
        "Kommentare zu: Der Kai",
        "Der Kai: Sport",
    ]
