"""Which article an entry belongs to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.tasks.making import Item, milled
from tests.warehouse.load.making import GATE, SHORT, SHUT, WIRE, articles, at, load_batch, rows, versions
from warehouse.store.transactions import Connection


@pytest.mark.parametrize(
    "changed",
    [
        replace(GATE, guid="another"),
        replace(GATE, guid=None),
        replace(GATE, link="http://quay.example/gate"),
        replace(GATE, link="https://www.quay.example/gate/"),
        replace(GATE, link="https://quay.example/gate?utm_source=rss&utm_medium=feed"),
        replace(GATE, link="https://quay.example/elsewhere"),  # its guid and title stay
        replace(GATE, guid="another", title="Another title", text=SHUT),
    ],
)
def test_an_article_keeps_its_id(connection: Connection, changed: Item) -> None:
    load_batch(connection, milled(GATE))
    (before,) = articles(connection)
    assert load_batch(connection, milled(changed, at=at(1))).new == 0
    (after,) = articles(connection)
    assert after["article_id"] == before["article_id"]
    assert (after["guid"], after["last_seen_at"]) == (changed.guid, at(1))
    # what it is called now leads to it as well
    last = replace(changed, title="A third title", text=SHORT, date=None)
    assert load_batch(connection, milled(last, at=at(2))).new == 0
    assert len(articles(connection)) == 1


def test_one_address_in_two_feeds_is_one_article_of_two_raw_entries(connection: Connection) -> None:
    load_batch(connection, milled(GATE), milled(replace(GATE, guid="w1"), feed=WIRE))
    assert len(articles(connection)) == 1
    entries = rows(connection, "FROM raw.entries ORDER BY feed_id")
    assert [e["feed_id"] for e in entries] == ["quay", "wire"]
    assert len({e["article_id"] for e in entries}) == 1


def test_guids_of_different_feeds_are_different(connection: Connection) -> None:
    load_batch(connection, milled(replace(GATE, link=None)), milled(replace(GATE, link=None), feed=WIRE))
    assert len(articles(connection)) == 2


@pytest.mark.parametrize(
    "changes", [{"guid": "0"}, {"link": "https://quay.example/news"}, {"link": None}, {"guid": None}]
)
def test_what_all_items_share_does_not_merge_them(connection: Connection, changes: dict[str, Any]) -> None:
    items = [
        replace(Item(f"Title {n}", f"<p>Text of {n}</p>", f"https://quay.example/{n}", f"g{n}"), **changes)
        for n in range(4)
    ]
    load_batch(connection, milled(*items))
    load_batch(connection, milled(*items[1:], at=at(1)))
    assert [(a["title"], a["content_text"]) for a in articles(connection)] == [
        (f"Title {n}", f"Text of {n}") for n in range(4)
    ]
    assert len(versions(connection)) == 4


@pytest.mark.parametrize("shared", ["guid", "both"])
def test_a_constant_guid_does_not_merge_what_comes_one_at_a_time(connection: Connection, shared: str) -> None:
    """A feed of one item, always under the same guid."""
    for n in range(3):
        link = "https://quay.example/" if shared == "both" else f"https://quay.example/{n}"
        item = Item(f"Title {n}", f"<p>Text of {n}</p>", link, "0", date=f"Fri, 20 Nov 2026 0{n}:00:00 GMT")
        load_batch(connection, milled(item, at=at(n)))
    if shared == "guid":
        assert [a["title"] for a in articles(connection)] == ["Title 0", "Title 1", "Title 2"]
    else:
        assert [v["title"] for v in versions(connection)] == ["Title 0", "Title 1", "Title 2"]
