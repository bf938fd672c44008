from __future__ import annotations

from pathlib import Path

import pytest

from tasks.errors import FeedsFileError
from tasks.registry.pattern_import import feeds_of, import_patterns, list_patterns
from warehouse.records import Feed

FEEDS = [
    Feed("quay", "Quay", "https://feeds.example.net/quay", site_url="https://www.quay.example/"),
    Feed("sport", "Sport", "https://sport.quay.example/rss"),
    Feed("matou", "码头报", "https://matou.example/feed"),
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "patterns"
    folder.mkdir()
    files = {
        "quay.example.txt": "body: //div[@id='story']\nhttp_header(user-agent): x\n",
        ".quay.example.txt": "body: //main\nstrip: //p[\n",
        "elsewhere.example.txt": "strip: //aside\nhttp_header(cookie): x\ndissolve: //a\n",
        "nothing.example.txt": "tidy: no\nhttp_header(cookie): x\n",
        "LICENSE.txt": "free",
        "quay.example.md": "body: //div",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_what_is_imported_and_what_is_not(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "rules"
    result = import_patterns(source, target, FEEDS)
    names = [".quay.example.txt", "elsewhere.example.txt", "quay.example.txt"]
    assert result.files == dict.fromkeys(names, "new")
    assert sorted(path.name for path in target.iterdir()) == names
    assert result.skipped == {
        "LICENSE.txt": "its name is not a host's, such as example.org.txt",
        "nothing.example.txt": "it holds no rule that newsmill follows, only http_header",
    }
    (problem,) = result.problems
    assert problem.startswith('.quay.example.txt:2: strip holds "//p["')
    assert dict(result.unfollowed) == {"http_header": 3, "dissolve": 1}
    assert result.feeds == {".quay.example.txt": ["sport"], "quay.example.txt": ["quay"]}
    assert [pattern.host for pattern in list_patterns(target)] == [".quay.example", "elsewhere.example", "quay.example"]


def test_importing_again_keeps_what_was_edited_unless_told_to_replace_it(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "rules"
    import_patterns(source, target, FEEDS)
    edited = target / "quay.example.txt"
    edited.write_text("body: //mine\n", encoding="utf-8")
    assert import_patterns(source, target, FEEDS).files == {
        ".quay.example.txt": "the same",
        "elsewhere.example.txt": "the same",
        "quay.example.txt": "kept",
    }
    assert edited.read_text(encoding="utf-8") == "body: //mine\n"
    assert import_patterns(source, target, FEEDS, replace=True).files["quay.example.txt"] == "replaced"
    assert edited.read_bytes() == (source / "quay.example.txt").read_bytes()


def test_a_folder_without_patterns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedsFileError, match=r"has no HOST\.txt file"):
        import_patterns(tmp_path, tmp_path / "rules", FEEDS)
    with pytest.raises(FeedsFileError, match=r"can't be read"):
        import_patterns(tmp_path / "none", tmp_path / "rules", FEEDS)


def test_no_patterns_where_there_is_no_folder(tmp_path: Path) -> None:
    assert list(list_patterns(tmp_path / "none")) == []


def test_the_feeds_of_a_host() -> None:
    assert feeds_of("quay.example", FEEDS) == ["quay"]
    assert feeds_of(".quay.example", FEEDS) == ["sport"]
    assert feeds_of("example.net", FEEDS) == []
