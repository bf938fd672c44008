from __future__ import annotations

from copy import deepcopy

import pytest
from feedparser.util import FeedParserDict

from tasks.parse.feed_dictionary import make_quick

make_quick()


def test_other_names_and_computed_values_stay() -> None:
    entry = FeedParserDict(
        title="The quay opens", summary="At eight.", links=[FeedParserDict(rel="enclosure", href="/a")]
    )
    entry["guid"] = "7"
    assert (entry["id"], entry.get("guid"), entry.id) == ("7", "7", "7")
    assert entry["description"] == entry.get("description") == "At eight."
    assert entry["enclosures"] == [{"href": "/a"}]
    assert "guid" in entry and "description" in entry and "published" not in entry


def test_a_plain_key() -> None:
    entry = FeedParserDict(title="The quay opens")
    assert entry["title"] == entry.get("title") == entry.title == "The quay opens"
    assert "title" in entry and "author" not in entry
    assert entry.get("author") is None and entry.get("author", "Ann") == "Ann"
    with pytest.raises(KeyError):
        entry["author"]
    assert entry.setdefault("author", "Ann") == entry["author"] == "Ann"


def test_a_copy_is_deep() -> None:
    entry = FeedParserDict(links=[FeedParserDict(href="/a")])
    entry["itself"] = entry
    copy = deepcopy(entry)
    copy["links"][0]["href"] = "/b"
    assert entry["links"] == [{"href": "/a"}]
    assert isinstance(copy, FeedParserDict) and isinstance(copy["links"][0], FeedParserDict)
    assert copy["itself"] is copy
