"""Git repositories: a revision, every version, and clones that are kept."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest

from tasks.backfill.repository import clone_or_update, files
from tasks.errors import BackfillError
from tasks.networks import AllowedAddresses
from tests.tasks.backfill.archives import archive, article, commit, finds


@pytest.fixture
def repository(tmp_path: Path) -> pygit2.Repository:
    repository = pygit2.init_repository(str(tmp_path / "repository"))
    commit(repository, {"articles/quay/1.md": article(1), "articles/quay/2.md": article(2)}, 1_710_000_000)
    commit(repository, {"articles/quay/1.md": article(1, "改写过的消息。"), "README.md": "# list"}, 1_720_000_000)
    commit(repository, {"articles/quay/2.md": None}, 1_730_000_000)
    return repository


EVERYTHING = AllowedAddresses(everything=True)


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
    for number, mark in enumerate(marks, 1):
        assert [find.mark for find in finds(source, mark)] == marks[number:]


def test_an_address_is_cloned_once_and_then_updated(repository: pygit2.Repository, tmp_path: Path) -> None:
    folder = clone_or_update(f"file://{repository.workdir}", tmp_path / "clones", EVERYTHING)
    assert (folder / "HEAD").exists()
    commit(repository, {"articles/quay/3.md": article(3)}, 1_740_000_000)
    assert clone_or_update(f"file://{repository.workdir}", tmp_path / "clones", EVERYTHING) == folder
    newest = [file.path for file in files(folder, None, history=True)]
    assert newest[-1] == "articles/quay/3.md"
