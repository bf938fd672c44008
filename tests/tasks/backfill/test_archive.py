"""Archives: a folder, a zip, a tar; in order, with the site, resumed after any mark."""

from __future__ import annotations

import asyncio
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.backfill.archive import Archive
from tasks.backfill.finds import BackfillRequest
from tasks.errors import BackfillError
from tests.tasks.backfill.archives import archive, article, finds, write_archive

FILES: dict[str, str | bytes] = {
    "港口新闻/1.md": article(1),
    "quay/2_泊位.md": article(2),
    "quay/odd name [x] (y) 'z'.md": article(3),
    "quay/notes.txt": "no article",
    "quay/picture.jpg": b"\xff\xd8",
    ".git/config.md": "hidden",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_archive(tmp_path / "archive", FILES)


def packed(folder: Path, form: str) -> Path:
    path = folder.with_name(f"archive.{form}")
    if form == "zip":
        with zipfile.ZipFile(path, "w") as file:
            for each in sorted(folder.rglob("*")):
                file.write(each, each.relative_to(folder))
    else:
        with tarfile.open(path, "w:gz") as file:
            file.add(folder, ".")
    return path


@pytest.mark.parametrize("form", ["folder", "zip", "tar.gz"])
def test_every_article_file_is_found_once(folder: Path, tmp_path: Path, form: str) -> None:
    where = folder if form == "folder" else packed(folder, form)
    source = archive(where, tmp_path / "clones")
    found = finds(source)
    assert sorted((find.feed.id, find.headers["file"]) for find in found) == [
        ("harbour", "港口新闻/1.md"),
        ("quay", "quay/2_泊位.md"),
        ("quay", "quay/notes.txt"),
        ("quay", "quay/odd name [x] (y) 'z'.md"),
    ]
    assert asyncio.run(source.plan()).items == 4
    berth = next(find for find in found if "2_" in find.location)
    assert berth.seen_at == datetime.fromtimestamp(1_700_007_200, UTC)
    assert berth.url == "https://quay.example/berth/2"
    assert berth.data == article(2).encode()


@pytest.mark.parametrize("form", ["folder", "zip", "tar.gz"])
def test_it_continues_after_any_mark(folder: Path, tmp_path: Path, form: str) -> None:
    where = folder if form == "folder" else packed(folder, form)
    source = archive(where, tmp_path / "clones")
    marks = [find.mark for find in finds(source)]
    for number, mark in enumerate(marks, 1):
        assert [find.mark for find in finds(source, mark)] == marks[number:]
    assert [find.mark for find in finds(source, "gone.md")] == marks


def test_dates_and_sites(folder: Path, tmp_path: Path) -> None:
    since = datetime.fromtimestamp(1_700_007_200, UTC)
    until = datetime.fromtimestamp(1_700_010_800, UTC)
    dated = [find for find in finds(archive(folder, tmp_path, since=since, until=until)) if b"<!--" in find.data]
    assert [find.url for find in dated] == ["https://quay.example/berth/2"]
    assert {find.feed.id for find in finds(archive(folder, tmp_path, sites=("港口新闻",)))} == {"harbour"}
    assert {find.feed.id for find in finds(archive(folder, tmp_path, feed="harbour"))} == {"harbour"}


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text(article(9))
    (folder / "quay" / "link.md").symlink_to(tmp_path / "secret.md")
    (folder / "loop").symlink_to(folder)
    assert len(finds(archive(folder, tmp_path))) == 4


def test_a_file_too_large_is_a_reject(folder: Path, tmp_path: Path) -> None:
    (folder / "quay" / "large.md").write_text(article(5, "x" * 200_000))
    (large,) = [find for find in finds(archive(folder, tmp_path)) if find.error]
    assert large.location == "quay/large.md"
    assert "larger than 100,000 bytes" in str(large.error)


def test_a_missing_archive_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BackfillError, match="not there"):
        finds(archive(tmp_path / "nowhere", tmp_path))
    with pytest.raises(BackfillError, match="private network"):
        finds(Archive(BackfillRequest("https://127.0.0.1/x.git"), [], 1, tmp_path))
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    with pytest.raises(BackfillError, match="neither"):
        finds(archive(tmp_path / "x.pdf", tmp_path))
