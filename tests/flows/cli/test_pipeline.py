"""The command `publish`, which runs no flow. Those that run one are tested with their flows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Newsmill
from tests.flows.cli.complaining import complaint
from tests.tasks.backfill.archives import article, write_archive


def test_publish_makes_the_copy_anew(filled: Newsmill) -> None:
    filled.published.unlink()
    facts = filled.facts("publish")
    assert facts["path"] == str(filled.published)
    assert facts["bytes"] == filled.published.stat().st_size
    assert filled.facts("sql", "SELECT count(*) AS n FROM clean.articles") == [{"n": 18}]


@pytest.mark.parametrize("source", ["archive", "feeds", "warc"])
def test_a_folder_that_is_not_there_is_said_before_a_server_is_started(
    bare: Newsmill, source: str, tmp_path: Path
) -> None:
    elsewhere = bare.setting(home=tmp_path / "home")
    assert "/gone: not there; give a" in complaint(elsewhere, "backfill", source, tmp_path / "gone")
    assert not (tmp_path / "home").exists()


def test_an_archive_needs_no_feeds_file(newsmill: Newsmill, tmp_path: Path) -> None:
    write_archive(tmp_path / "archive", {"quay/1.md": article(1)})
    assert newsmill.facts("backfill", "archive", tmp_path / "archive")["new"] == 1
    assert not (newsmill.folder / "feeds.toml").exists()
    assert "there is no such file" in complaint(newsmill, "backfill", "paged", "quay")
