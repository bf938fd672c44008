"""The commands feeds edit, remove, disable, enable and move; tests/tasks/registry/test_feeds_edit.py has the file."""

from __future__ import annotations

from tests.conftest import Newsmill
from tests.flows.cli.complaining import complaint
from tests.sites.sample import SampleSite
from tests.sites.server import Page, SiteServer
from tests.tasks.making import Item, rss


def test_a_feed_is_edited_disabled_enabled_and_removed(bare: Newsmill, site: SampleSite) -> None:
    bare.registry("# ours\n" + site.feeds_toml())
    edited = bare.facts("feeds", "edit", "harbour-zh", "--name", "海港", "--group", "", "--images", "lead")["feed"]
    assert (edited["name"], edited["group"], edited["images"]) == ("海港", None, "lead")
    policies = bare.facts("feeds", "edit", "harbour-zh", "--full-text", "always", "--keep-for", "52w")["feed"]
    assert (policies["full_text"], policies["keep_for"]) == ("always", "52w")
    assert bare("feeds", "disable", "harbour-zh").stdout.startswith("harbour-zh is not asked until ")
    assert not bare.facts("feeds", "list")[1]["enabled"]
    assert bare("feeds", "enable", "harbour-zh").returncode == 0
    assert bare.facts("feeds", "list")[1]["enabled"]
    removed = bare("feeds", "remove", "harbour-zh", "harbour-dead").stdout
    assert removed.endswith("feeds.toml; their articles stay\n")
    assert removed.startswith("removed harbour-zh, harbour-dead from ")
    assert [feed["id"] for feed in bare.facts("feeds", "list")] == ["harbour-en", "harbour-world", "harbour-brief"]
    assert (bare.folder / "feeds.toml").read_text("utf-8").startswith("# ours\n")


def test_nothing_to_edit(bare: Newsmill, site: SampleSite) -> None:
    bare.registry(site.feeds_toml())
    done = bare("feeds", "edit", "harbour-zh")
    assert done.returncode == 2
    assert "say what to change" in done.stderr
    assert 'there is no feed "harbor-zh"' in complaint(bare, "feeds", "remove", "harbor-zh")


def test_a_feed_moves_to_where_it_says_or_is_said_to_be(bare: Newsmill) -> None:
    feed = Page(rss(Item()), "application/rss+xml")
    with SiteServer({"/new": feed, "/newest": feed, "/": Page(b"<html>no feed</html>", "text/html")}) as server:
        server.pages["/old"] = Page(b"", "text/plain", 301, {"Location": server.url("/new")})
        bare.registry(f'[[feed]]\nid = "quay"\nname = "Quay"\nurl = "{server.url("/old")}" # for years\n')
        assert bare.facts("feeds", "move", "quay")["feed"]["url"] == server.url("/new")
        assert "states no new address" in complaint(bare, "feeds", "move", "quay")
        assert "is not a feed" in complaint(bare, "feeds", "move", "quay", server.url("/"))
        assert "404" in complaint(bare, "feeds", "move", "quay", server.url("/gone"))
        moved = bare("feeds", "move", "quay", server.url("/newest"))
        assert moved.stdout == f"quay is asked at {server.url('/newest')} from now on\n"
        line = f'url = "{server.url("/newest")}" # for years'
    assert line in (bare.folder / "feeds.toml").read_text("utf-8").splitlines()
