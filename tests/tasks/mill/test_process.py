"""What runs in a milling process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tasks.mill.document import mill_bytes
from tasks.mill.process import mill_document, mill_documents
from tests.tasks.making import FEED, NOW, Item, rss
from warehouse.landing import Landing

ITEMS = (Item(), Item("The ferry is late", link="https://quay.example/ferry", guid="ferry"))


def test_documents_are_read_from_the_landing_zone(tmp_path: Path) -> None:
    landed = Landing(tmp_path).land(
        rss(*ITEMS), feed_id=FEED.id, url=FEED.url, final_url=FEED.url, fetched_at=NOW, status=200, headers={}
    )
    result = mill_document(tmp_path, landed, FEED)
    assert result == mill_bytes(rss(*ITEMS), landed, FEED)
    other = replace(FEED, id="other")
    assert mill_documents(tmp_path, [(landed, FEED, frozenset()), (landed, other, frozenset())]) == [
        result,
        mill_bytes(rss(*ITEMS), landed, other),
    ]
