"""The command `feeds`: list, import and export."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from tests.conftest import Newsmill
from tests.sites.sample import SampleSite


def test_feeds_list(bare: Newsmill, site: SampleSite) -> None:
    bare.registry(site.feeds_toml())
    listed = {feed["id"]: feed for feed in bare.facts("feeds", "list")}
    assert set(listed) == {"harbour-en", "harbour-zh", "harbour-world", "harbour-brief", "harbour-dead"}
    assert listed["harbour-zh"]["name"] == "海港日报"
    assert listed["harbour-zh"]["timezone"] == "Asia/Shanghai"
    assert "5 feeds, 5 enabled, in feeds.toml" in bare("feeds", "list").stderr


def test_export_and_import_agree(bare: Newsmill, site: SampleSite, tmp_path: Path) -> None:
    bare.registry(site.feeds_toml())
    before = bare.facts("feeds", "list")
    assert bare("feeds", "export", "feeds.opml").stdout == "wrote feeds.opml\n"
    printed = bare("feeds", "export").stdout
    outlines = [o.get("xmlUrl") for o in ElementTree.fromstring(printed.encode()).iter("outline") if o.get("xmlUrl")]
    assert sorted(map(str, outlines)) == sorted(feed["url"] for feed in before)
    (bare.folder / "feeds.toml").unlink()
    assert bare("feeds", "import", "feeds.opml").stdout == "added 5 feeds to feeds.toml\n"
    after = bare.facts("feeds", "list")
    shown = ("id", "name", "url", "language")
    assert sorted([feed[key] for key in shown] for feed in after) == sorted(
        [feed[key] for key in shown] for feed in before
    )
    assert bare("feeds", "import", "feeds.opml").stdout == "added 0 feeds to feeds.toml\n"


def test_what_changed_as_json(bare: Newsmill, site: SampleSite) -> None:
    added = bare.facts("feeds", "add", site.url("/zh/feed.xml"), "--id", "quay")
    assert [(feed["id"], feed["name"]) for feed in added["added"]] == [("quay", "海港日报")]
    assert [feed["title"] for feed in added["found"]] == ["海港日报"]
    assert added["feeds_file"] == "feeds.toml"
    assert bare.facts("feeds", "export", "feeds.opml") == {"path": "feeds.opml", "feeds": 1}
    (bare.folder / "feeds.toml").unlink()
    imported = bare.facts("feeds", "import", "feeds.opml")
    assert [feed["id"] for feed in imported["added"]] == ["quay"]
    assert imported["notes"] == []
    assert bare.facts("feeds", "import", "feeds.opml")["added"] == []
