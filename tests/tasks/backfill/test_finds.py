"""Finds are landed as one pack; those that can't be read or are loaded already are not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tasks.backfill.finds import BackfillRequest, Find, land_finds
from warehouse.landing import Landing
from warehouse.records import Feed, Reject

MOMENT = datetime(2024, 5, 14, tzinfo=UTC)
FIND = Find("1", Feed("quay", "The Quay", ""), "a.zip:1.md", "https://quay.example/1", MOMENT, b"one", "article")


def test_the_range_includes_its_start_and_excludes_its_end() -> None:
    request = BackfillRequest("a.zip", since=MOMENT, until=datetime(2024, 5, 15, tzinfo=UTC))
    assert request.covers(MOMENT)
    assert not request.covers(datetime(2024, 5, 15, tzinfo=UTC))
    assert not request.covers(datetime(2024, 5, 13, tzinfo=UTC))
    assert request.covers(None)
    assert BackfillRequest("a.zip").covers(MOMENT)


def test_finds_are_landed_as_one_pack(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    second = replace(FIND, mark="2", data=b"two", location="a.zip:2.md")
    broken = replace(FIND, mark="3", data=b"", error="larger than 3 bytes", location="a.zip:3.md")
    loaded = replace(FIND, mark="4", data=b"four")
    landed = asyncio.run(land_finds([FIND, broken, loaded, second], {loaded.key}, "archive", landing))
    assert [each.mark for each in landed] == ["1", "3", "4", "2"]
    assert [each.document is not None for each in landed] == [True, False, False, True]
    documents = [each.document for each in landed if each.document]
    assert [landing.read(document) for document in documents] == [b"one", b"two"]
    assert [(document.source, document.form, document.final_url) for document in documents] == [
        ("archive", "article", "a.zip:1.md"),
        ("archive", "article", "a.zip:2.md"),
    ]
    assert landed[1].reject == Reject("find", "larger than 3 bytes", "quay", None, "a.zip:3.md")
    assert len(list(tmp_path.rglob("packs/**/*.zst"))) == 1


def test_the_key_tells_text_feed_and_time_apart() -> None:
    others = [
        replace(FIND, data=b"two"),
        replace(FIND, feed=Feed("matou", "M", "")),
        replace(FIND, seen_at=datetime.now(UTC)),
    ]
    assert len({FIND.key, *(each.key for each in others)}) == 4
    assert replace(FIND, mark="2", url="x").key == FIND.key
