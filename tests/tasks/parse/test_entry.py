from __future__ import annotations

import json

from tests.sites.faults import INSTANT
from tests.tasks.making import Item, rss
from tests.tasks.parse.feeds import (
    ATOM,
    JSON_ITEM,
    SHANGHAI,
    json_feed,
    parse_data,
    parse_single_entry,
)
from warehouse.records import Feed


def test_the_language_of_an_entry_wins_over_the_feeds() -> None:
    assert parse_single_entry(ATOM).language == "en"
    assert parse_single_entry(ATOM.replace("<entry>", '<entry xml:lang="zh">')).language == "zh"
    assert parse_single_entry(json_feed(JSON_ITEM | {"language": "zh"}, language="en")).language == "zh"
    assert parse_single_entry(json_feed(JSON_ITEM, language="en")).language == "en"


def test_the_feeds_time_zone() -> None:
    for written in ("2024-11-15T11:36:16", "2024-11-15 11:36:16", "Fri, 15 Nov 2024 11:36:16"):
        assert parse_single_entry(rss(Item(date=written)), SHANGHAI).published_at == INSTANT
        assert parse_single_entry(rss(Item(date=written))).published_at == INSTANT.replace(hour=11)
        assert parse_single_entry(json_feed({"id": 1, "date_published": written}), SHANGHAI).published_at == INSTANT


def test_everything_that_was_parsed_is_stored() -> None:
    extra = (
        '<enclosure url="https://quay.example/a.mp3" length="1234" type="audio/mpeg"/>'
        '<media:content url="https://quay.example/b.jpg" medium="image" width="800"/>'
        '<media:thumbnail url="https://quay.example/t.jpg"/>'
        "<itunes:duration>12:34</itunes:duration><dc:creator>Oda Brandt</dc:creator><dc:subject>harbour</dc:subject>"
    )
    entry = parse_single_entry(rss(Item(extra=extra)))
    parsed = json.loads(entry.parsed)
    assert (
        parsed["links"][-1] | {"rel": "enclosure", "href": "https://quay.example/a.mp3", "length": "1234"}
        == parsed["links"][-1]
    )
    assert parsed["media_content"] == [{"url": "https://quay.example/b.jpg", "medium": "image", "width": "800"}]
    assert parsed["media_thumbnail"] == [{"url": "https://quay.example/t.jpg"}]
    assert parsed["itunes_duration"] == "12:34"
    assert parsed["author"] == "Oda Brandt"
    assert [tag["term"] for tag in parsed["tags"]] == ["harbour"]
    assert entry.enclosures == ("https://quay.example/b.jpg", "https://quay.example/t.jpg")
    parsed = json.loads(parse_single_entry(json_feed(JSON_ITEM | {"_quay": {"tide": 3.5, "open": True}})).parsed)
    assert parsed["_quay"] == {"tide": 3.5, "open": True}


def test_an_entrys_id_depends_on_its_content_alone() -> None:
    first = parse_single_entry(rss(Item()))
    assert parse_data(rss(Item(title="Other", guid="o"), Item())).entries[1].entry_id == first.entry_id
    for changed in (
        Item(title="x"),
        Item(text="x"),
        Item(link="https://quay.example/x"),
        Item(guid="x"),
        Item(date=None),
    ):
        assert parse_single_entry(rss(changed)).entry_id != first.entry_id
    assert (
        parse_single_entry(rss(Item()), Feed("wire", "Wire", "https://quay.example/feed.xml")).entry_id
        != first.entry_id
    )
