"""Saved feed files: their times, their feeds, and what can't be read."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import brotli
import pytest
import zstandard

from tasks.backfill.finds import BackfillRequest, Find
from tasks.backfill.saved import Saved, time_in_name
from tasks.errors import BackfillError
from tests.tasks.backfill.archives import write_archive
from tests.tasks.making import Item, rss
from warehouse.records import Feed

QUAY = Feed("quay", "The Quay", "https://quay.example/feed")
MATOU = Feed("matou", "码头报", "https://matou.example/feed")
FEED = rss(Item())


def finds(where: Path, after: str | None = None, *, max_bytes: int = 100_000, **wanted: object) -> list[Find]:
    async def gather() -> list[Find]:
        source = Saved(BackfillRequest(str(where), **wanted), [QUAY, MATOU], max_bytes)  # type: ignore[arg-type]
        plan = await source.plan()
        assert plan.items is not None
        return [find async for find in source.finds(after)]

    return asyncio.run(gather())


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("20240514T062205Z", datetime(2024, 5, 14, 6, 22, 5, tzinfo=UTC)),
        ("quay-2024-05-14_06-22-05", datetime(2024, 5, 14, 6, 22, 5, tzinfo=UTC)),
        ("20240514062205", datetime(2024, 5, 14, 6, 22, 5, tzinfo=UTC)),
        ("2024.05.14", datetime(2024, 5, 14, tzinfo=UTC)),
        ("quay.1715667725", datetime(2024, 5, 14, 6, 22, 5, tzinfo=UTC)),
        ("quay.1715667725000", datetime(2024, 5, 14, 6, 22, 5, tzinfo=UTC)),
        ("20240231", None),
        ("120240514", None),
        ("feed", None),
    ],
)
def test_times_in_names(name: str, moment: datetime | None) -> None:
    assert time_in_name(name) == moment


PACKED = {
    "2024-05-14.xml": FEED,
    "2024-05-13.xml.gz": gzip.compress(FEED),
    "2024-05-12.rss.zst": zstandard.compress(FEED),
    "2024-05-11.atom.BR": brotli.compress(FEED),
}


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_files_come_in_order_of_time_whatever_their_coding(tmp_path: Path, form: str) -> None:
    folder = write_archive(tmp_path / "saved", {f"quay/{name}": data for name, data in PACKED.items()})
    write_archive(folder, {"quay/notes.md": "no feed", ".hidden/2024-05-01.xml": FEED})
    (folder / "quay/2024-05-10.xml").symlink_to(folder / "quay/2024-05-14.xml")
    where = folder
    if form == "zip":
        where = tmp_path / "saved.zip"
        with zipfile.ZipFile(where, "w") as archive:
            for name in PACKED:
                archive.write(folder / "quay" / name, f"quay/{name}")
    found = finds(where)
    assert [find.seen_at.day for find in found] == [11, 12, 13, 14]
    assert {(find.feed.id, find.data, find.url, find.error) for find in found} == {("quay", FEED, QUAY.url, None)}
    marks = [find.mark for find in found]
    for number, mark in enumerate(marks, 1):
        assert [find.mark for find in finds(where, mark)] == marks[number:]
    assert [find.mark for find in finds(where, "gone")] == marks


def test_a_single_file_is_of_the_feed_in_its_name(tmp_path: Path) -> None:
    write_archive(tmp_path, {"matou-2024-05-14.xml": FEED})
    (found,) = finds(tmp_path / "matou-2024-05-14.xml")
    assert (found.feed, found.seen_at) == (MATOU, datetime(2024, 5, 14, tzinfo=UTC))


def test_a_file_without_a_time_in_its_name_has_its_own(tmp_path: Path) -> None:
    write_archive(tmp_path, {"quay/feed.xml": FEED})
    os.utime(tmp_path / "quay/feed.xml", (1_700_000_000, 1_700_000_000))
    (found,) = finds(tmp_path)
    assert found.seen_at == datetime.fromtimestamp(1_700_000_000, UTC)


ROW = {"fetched_at": "2023-01-02T03:04:05Z", "url": MATOU.url}
MANIFESTS = {
    "manifest.json": json.dumps([{"file": "a.xml", **ROW}]),
    "manifest.jsonl": json.dumps({"file": "a.xml", **ROW}) + "\n\n",
    "manifest.csv": f"file,fetched_at,url\na.xml,{ROW['fetched_at']},{ROW['url']}\n",
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_manifest_goes_before_names(tmp_path: Path, name: str) -> None:
    write_archive(tmp_path, {"quay/a.xml": FEED, f"quay/{name}": MANIFESTS[name]})
    (found,) = finds(tmp_path)
    assert (found.feed, found.url) == (MATOU, MATOU.url)
    assert found.seen_at == datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_manifest_by_file_name(tmp_path: Path) -> None:
    write_archive(tmp_path, {"a.xml": FEED, "manifest.json": json.dumps({"a.xml": ROW})})
    assert [find.feed for find in finds(tmp_path)] == [MATOU]


@pytest.mark.parametrize("text", ["{", "[1]", '[{"url": "x"}]'])
def test_an_invalid_manifest_is_an_error(tmp_path: Path, text: str) -> None:
    write_archive(tmp_path, {"a.xml": FEED, "manifest.json": text})
    with pytest.raises(BackfillError, match=r"manifest\.json: not a manifest"):
        finds(tmp_path)


def test_only_the_feeds_and_days_asked_for(tmp_path: Path) -> None:
    write_archive(tmp_path, {f"{feed}/2024-05-{day}.xml": FEED for feed in ("quay", "matou") for day in (10, 11, 12)})
    since, until = datetime(2024, 5, 11, tzinfo=UTC), datetime(2024, 5, 12, tzinfo=UTC)
    assert [find.location for find in finds(tmp_path, since=since, until=until)] == [
        "matou/2024-05-11.xml",
        "quay/2024-05-11.xml",
    ]
    assert {find.feed.id for find in finds(tmp_path, sites=("matou",))} == {"matou"}
    assert {find.feed.id for find in finds(tmp_path, feed="quay")} == {"quay"}


def test_unreadable_files_are_reported(tmp_path: Path) -> None:
    write_archive(
        tmp_path,
        {
            "quay/2024-05-10.xml": b"x" * 2000,
            "quay/2024-05-11.xml.gz": gzip.compress(bytes(2000)),
            "quay/2024-05-12.xml.gz": gzip.compress(FEED)[:-20],
            "quay/2024-05-13.xml.zst": b"no zstd",
            "quay/2024-05-14.xml": FEED,
        },
    )
    found = finds(tmp_path, max_bytes=1500)
    assert [find.data for find in found] == [b"", b"", b"", b"", FEED]
    reasons = [find.error or "" for find in found]
    assert reasons[0] == "can't be read: larger than 1,500 bytes"
    assert reasons[1] == "can't be read: larger than 1,500 bytes when decompressed"
    assert reasons[2] == "can't be read: it ends too early"
    assert reasons[3].startswith("can't be read: ")


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BackfillError, match="not there"):
        finds(tmp_path / "nowhere")
