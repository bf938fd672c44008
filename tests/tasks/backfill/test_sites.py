"""The feed of an archived article, told by its folder, its front matter or its address."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tasks.backfill.finds import BackfillRequest
from tasks.backfill.sites import Sites
from warehouse.records import Feed

HARBOUR = Feed("harbour", "港口新闻", "https://harbour.example/feed")


def sites(where: str = "archive.zip", **wanted: object) -> Sites:
    return Sites([HARBOUR], BackfillRequest(where, **wanted))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "fields", "name"),
    [
        ("quay/2024/1.md", {}, "2024"),
        ("quay/posts/1.md", {}, "quay"),
        ("content/posts/1.md", {"site": "quay", "url": "https://matou.example/1"}, "quay"),
        ("1.md", {"categories": ["Harbour", "News"]}, "Harbour"),
        ("1.md", {"category": " quay "}, "quay"),
        ("1.md", {"categories": [7], "url": "https://matou.example/1"}, "matou.example"),
        ("1.md", {"url": "http://["}, None),
        ("1.md", {}, None),
    ],
)
def test_the_site_of_an_article(path: str, fields: Mapping[str, object], name: str | None) -> None:
    assert sites().name_of(path, lambda: fields) == name


def test_the_archives_own_folder_names_the_site_unless_it_is_a_repository(tmp_path: Path) -> None:
    folder = tmp_path / "quay"
    folder.mkdir()
    assert sites(str(folder)).name_of("1.md") == "quay"
    (folder / ".git").mkdir()
    assert sites(str(folder)).name_of("1.md") is None


def test_the_registrys_feed_by_id_or_name_else_a_new_one() -> None:
    subject = sites()
    assert subject.feed_of("harbour/1.md") is HARBOUR
    assert subject.feed_of("港口新闻/1.md") is HARBOUR
    assert subject.feed_of("The Quay/1.md") == Feed("the-quay", "The Quay", "")
    assert subject.feed_of("The Quay/2.md") is subject.feed_of("The Quay/1.md")
    assert subject.feed_of("1.md") == Feed("archive", "archive", "")


def test_names_without_latin_letters_get_different_ids() -> None:
    subject = sites()
    ids = {feed.id for name in ("码头报", "朝日", "feed") if (feed := subject.feed_of(f"{name}/1.md"))}
    assert len(ids) == 3
    assert "feed" in ids


def test_only_the_sites_asked_for_by_id_or_name() -> None:
    for name in ("harbour", "港口新闻"):
        assert sites(sites=(name,)).feed_of("harbour/1.md") is HARBOUR
        assert sites(sites=(name,)).feed_of("quay/1.md") is None


def test_the_feed_asked_for_takes_everything() -> None:
    assert sites(feed="harbour").feed_of("quay/1.md") is HARBOUR
    assert sites(feed="old").feed_of("quay/1.md") == Feed("old", "old", "")
