"""Changing and removing feeds in feeds.toml, comments kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tasks.errors import FeedsFileError
from tasks.registry.feeds_edit import edit_feed, remove_feeds
from tasks.registry.feeds_file import read_feeds

TEXT = """\
# Our feeds.  ## kept as they are

# the dailies
[[feed]]
id = "quay"   # never change
name = "The Quay"      # as they call it
url = "https://quay.example/feed"
# on trial until May
language = "en"

# 周报 – the weeklies
[[feed]]
id = "harbour"
name = 'The "Harbour"'
url = "https://harbour.example/feed" # moved in 2024
enabled = false
[feed.rules]
remove = [
    "div.ad",  # the big one
    # not: "div.story"
]

[[feed]]
id="pier"
name="Pier"
url="https://pier.example/feed"
# the end
"""


@pytest.fixture(params=["\n", "\r\n"], ids=["lf", "crlf"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / "feeds.toml"
    path.write_bytes(TEXT.replace("\n", request.param).encode())
    return path


def text_of(path: Path) -> str:
    data = path.read_bytes().decode()
    assert ("\r" in data) == ("\r\n" in data)
    if "\r\n" in data:
        assert "\n" not in data.replace("\r\n", ""), "line ends stay of one kind"
    return data.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("feed", "values", "old", "new"),
    [
        ("quay", {"name": "Quay & Pier"}, 'name = "The Quay"  ', 'name = "Quay & Pier"  '),
        ("quay", {"language": None}, 'language = "en"\n', ""),
        ("quay", {"group": "dailies"}, 'language = "en"\n', 'language = "en"\ngroup = "dailies"\n'),
        ("harbour", {"enabled": None}, "enabled = false\n", ""),
        ("harbour", {"url": "https://new.example/"}, "https://harbour.example/feed", "https://new.example/"),
        ("harbour", {"timezone": "Asia/Shanghai"}, "[feed.rules]", 'timezone = "Asia/Shanghai"\n\n[feed.rules]'),
        ("pier", {"name": "码头"}, 'name="Pier"', 'name="码头"'),
        ("pier", {"enabled": False}, "# the end", "enabled = false\n# the end"),
    ],
)
def test_only_the_key_changes(
    path: Path, feed: str, values: Mapping[str, str | bool | None], old: str, new: str
) -> None:
    changed = edit_feed(path, feed, values)
    assert changed in read_feeds(path)
    assert text_of(path) == TEXT.replace(old, new, 1)


def test_a_removed_feed_leaves_the_comments_around_it(path: Path) -> None:
    remove_feeds(path, ["harbour"])
    assert [feed.id for feed in read_feeds(path)] == ["quay", "pier"]
    table = TEXT[TEXT.index('[[feed]]\nid = "harbour"') : TEXT.index('\n[[feed]]\nid="pier"')]
    assert text_of(path) == TEXT.replace(table, "")


def test_all_feeds_may_be_removed(path: Path) -> None:
    remove_feeds(path, ["pier", "quay", "harbour"])
    assert read_feeds(path) == []
    for comment in ("# Our feeds.", "# the dailies", "# 周报", "# the end"):
        assert comment in text_of(path)


@pytest.mark.parametrize(
    ("feed", "values", "message"),
    [
        ("quey", {"name": "x"}, 'there is no feed "quey"; did you mean "quay"?'),
        ("quay", {"language": "english!"}, "language must be a BCP 47 language tag"),
        ("quay", {"url": "https://pier.example/feed"}, "url is that of the feed on line"),
        ("quay", {"name": None}, "name is missing"),
    ],
)
def test_what_is_wrong_is_not_written(path: Path, feed: str, values: Mapping[str, str | None], message: str) -> None:
    before = path.read_bytes()
    with pytest.raises(FeedsFileError, match=message.replace("?", r"\?")):
        edit_feed(path, feed, values)
    assert path.read_bytes() == before


def test_the_file_keeps_its_mark_its_permissions_and_its_link(tmp_path: Path) -> None:
    target, path = tmp_path / "elsewhere.toml", tmp_path / "feeds.toml"
    target.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    target.chmod(0o640)
    path.symlink_to(target)
    edit_feed(path, "quay", {"group": "dailies"})
    assert path.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert target.read_bytes().startswith(b"\xef\xbb\xbf# Our feeds.")


def test_feeds_as_a_list_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text('feed = [{ id = "a", name = "A", url = "https://a.example/" }]\n')
    with pytest.raises(FeedsFileError, match=r"write each feed as a \[\[feed\]\] table"):
        edit_feed(path, "a", {"name": "B"})
