"""The article files of a folder, a zip or a tar: which, in which order, and how much of them is read."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.backfill.files import files_in_folder, files_in_tar, files_in_zip, is_article, moment_of, read_at_most
from tasks.errors import BackfillError
from tests.tasks.backfill.archives import write_archive


@pytest.mark.parametrize("limit", [0, 1, 5, 6, 7, 1_000_000])
def test_no_more_is_read_than_asked_for(tmp_path: Path, limit: int) -> None:
    (tmp_path / "a.md").write_bytes(b"abcdef")
    assert read_at_most(tmp_path / "a.md", limit) == b"abcdef"[:limit]
    with pytest.raises(OSError, match=r"b\.md"):
        read_at_most(tmp_path / "b.md", limit)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.md", True),
        ("quay/2024/A.MARKDOWN", True),
        ("./quay/a.txt", True),
        ("a.md.bak", False),
        ("quay/.a.md", False),
        (".git/a.md", False),
    ],
)
def test_article_files_are_known_by_their_names(name: str, expected: bool) -> None:
    assert is_article(name) == expected


def test_times_out_of_range_do_no_harm() -> None:
    assert moment_of(1_700_000_000) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert moment_of(1e20) == datetime(1970, 1, 1, tzinfo=UTC)
    assert moment_of(4e9) <= datetime.now(UTC), "no file is from the future"


def test_a_folders_files_come_before_those_of_its_subfolders(tmp_path: Path) -> None:
    write_archive(tmp_path, {"b/2.md": "", "b/1.md": "", "a/c/1.md": "", "z.md": "", "a/d.md": "", ".hidden/1.md": ""})
    (tmp_path / "link.md").symlink_to(tmp_path / "z.md")
    assert [file.path for file in files_in_folder(tmp_path)] == ["z.md", "a/d.md", "a/c/1.md", "b/1.md", "b/2.md"]


def test_a_name_that_is_not_unicode_is_made_so(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.md")).write_bytes(b"text")
    (found,) = files_in_folder(tmp_path)
    assert found.path == "?.md"
    assert found.read(10) == b"text"


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_archive(tmp_path, {f"{number}.md": "" for number in range(3)})
    monkeypatch.setattr("tasks.backfill.files.MAX_FILES", 2)
    with pytest.raises(BackfillError, match="more than 2 files"):
        list(files_in_folder(tmp_path))


def test_a_zip_is_read_by_name_and_a_wrong_date_does_no_harm(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("b.md", (2024, 2, 31, 0, 0, 0)), "second")
        archive.writestr(zipfile.ZipInfo("a.md", (2024, 5, 14, 6, 22, 0)), "first")
    with zipfile.ZipFile(tmp_path / "a.zip", "a") as archive:
        archive.writestr("c/", "")
    files = files_in_zip(tmp_path / "a.zip")
    first = next(files)
    assert (first.path, first.location, first.size) == ("a.md", "a.zip:a.md", 5)
    assert (first.read(3), first.saved_at) == (b"fir", datetime(2024, 5, 14, 6, 22, tzinfo=UTC))
    assert [file.saved_at for file in files] == [datetime(1980, 1, 1, tzinfo=UTC)]


def test_a_damaged_tar_yields_the_files_before_the_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("./a.md", "./b.md", "./c.md"):
            info = tarfile.TarInfo(name)
            info.size = 2000
            archive.addfile(info, io.BytesIO(bytes(2000)))
    path.write_bytes(path.read_bytes()[:4000])
    paths = []
    with pytest.raises(BackfillError, match="the tar is damaged"):
        for file in files_in_tar(path):
            paths.append(file.path)
    assert paths[0] == "a.md"
    assert "c.md" not in paths
