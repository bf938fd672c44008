"""Archives: a folder, a zip, a tar, a git repository; in order, with the site, resumed after any mark."""

from __future__ import annotations

import asyncio
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pygit2
import pytest

from tasks.backfill.archive import Archive
from tasks.backfill.finds import Find, Wanted
from tasks.backfill.repository import cloned, files
from tasks.errors import BackfillError
from tests.tasks.backfill.archives import article, commit, write_archive
from warehouse.records import Feed

HARBOUR = Feed("harbour", "港口新闻", "https://harbour.example/feed")


def archive(where: Path | str, clones: Path, **wanted: object) -> Archive:
    return Archive(Wanted(str(where), **wanted), [HARBOUR], 100_000, clones, True)  # type: ignore[arg-type]


def finds(source: Archive, after: str | None = None) -> list[Find]:
    async def gather() -> list[Find]:
        return [find async for find in source.finds(after)]

    return asyncio.run(gather())


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
def test_it_goes_on_after_any_mark(folder: Path, tmp_path: Path, form: str) -> None:
    where = folder if form == "folder" else packed(folder, form)
    source = archive(where, tmp_path / "clones")
    marks = [find.mark for find in finds(source)]
    for place, mark in enumerate(marks, 1):
        assert [find.mark for find in finds(source, mark)] == marks[place:]
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


@pytest.fixture
def repository(tmp_path: Path) -> pygit2.Repository:
    made = pygit2.init_repository(str(tmp_path / "repository"))
    commit(made, {"articles/quay/1.md": article(1), "articles/quay/2.md": article(2)}, 1_710_000_000)
    commit(made, {"articles/quay/1.md": article(1, "改写过的消息。"), "README.md": "# list"}, 1_720_000_000)
    commit(made, {"articles/quay/2.md": None}, 1_730_000_000)
    return made


def test_a_revision(repository: pygit2.Repository, tmp_path: Path) -> None:
    source = archive(repository.workdir, tmp_path, revision="HEAD~1")
    assert [find.headers["file"] for find in finds(source)] == ["README.md", "articles/quay/1.md", "articles/quay/2.md"]
    assert "改写过的消息" in finds(source)[1].data.decode()
    with pytest.raises(BackfillError, match="revision nowhere"):
        finds(archive(repository.workdir, tmp_path, revision="nowhere"))


def test_history_gives_every_version_with_its_date(repository: pygit2.Repository, tmp_path: Path) -> None:
    source = archive(repository.workdir, tmp_path, history=True)
    found = [(find.headers["file"], int(find.seen_at.timestamp())) for find in finds(source)]
    assert found == [
        ("articles/quay/1.md", 1_710_000_000),
        ("articles/quay/2.md", 1_710_000_000),
        ("README.md", 1_720_000_000),
        ("articles/quay/1.md", 1_720_000_000),
    ]
    marks = [find.mark for find in finds(source)]
    for place, mark in enumerate(marks, 1):
        assert [find.mark for find in finds(source, mark)] == marks[place:]


def test_an_address_is_cloned_once_and_then_brought_up_to_date(repository: pygit2.Repository, tmp_path: Path) -> None:
    folder = cloned(f"file://{repository.workdir}", tmp_path / "clones", True)
    assert (folder / "HEAD").exists()
    commit(repository, {"articles/quay/3.md": article(3)}, 1_740_000_000)
    assert cloned(f"file://{repository.workdir}", tmp_path / "clones", True) == folder
    newest = [file.path for file in files(folder, None, history=True)]
    assert newest[-1] == "articles/quay/3.md"


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BackfillError, match="not there"):
        finds(archive(tmp_path / "nowhere", tmp_path))
    with pytest.raises(BackfillError, match="private network"):
        finds(Archive(Wanted("https://127.0.0.1/x.git"), [], 1, tmp_path))
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    with pytest.raises(BackfillError, match="neither"):
        finds(archive(tmp_path / "x.pdf", tmp_path))
