"""Keep and block rules in feeds.toml: how they are read, and what is said of invalid ones."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import FeedsFileError
from tasks.registry.feeds_file import add_feed, read_feeds, read_registry
from tests.tasks.registry.feeds import feed, patterns, texts
from warehouse.filters import Filter, Filters
from warehouse.records import Feed


def registry(folder: Path, text: str) -> Path:
    path = folder / "feeds.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_rules_of_a_feed_and_of_all_feeds(tmp_path: Path) -> None:
    rules = """
        keep = [{ words = "ferry", language = "en" }]
        block = [
            { field = "title", words = ["advertorial", " 广告 "] },
            { field = "url", regex = '/live/\\d' },
            { before = 2020-01-01 }, # a day
            { after = 2030-01-01T08:00:00+08:00 },
        ]
    """
    path = registry(tmp_path, f"{feed(rules)}\n[[block]]\nwords = ['Anzeige']\n{feed(name='b')}")
    feeds, shared = read_registry(path)
    assert shared == Filters(block=(Filter(words=("Anzeige",)),))
    assert feeds[1].filters == Filters()
    assert feeds[0].filters == Filters(
        keep=(Filter(words=("ferry",), language=("en",)),),
        block=(
            Filter("title", ("advertorial", "广告")),
            Filter("url", regex=r"/live/\d"),
            Filter(before=datetime(2020, 1, 1, tzinfo=UTC)),
            Filter(after=datetime(2030, 1, 1, tzinfo=UTC)),
        ),
    )


@pytest.mark.parametrize(
    ("rules", "line", "says"),
    [
        ('keep = "ferry"', 5, 'keep must be a list (write keep = [{ words = ["…"] }])'),
        ('keep = ["ferry"]', 5, 'keep rule 1 must be a table (write { words = ["…"] })'),
        ("block = [{}]", 5, "block rule 1 needs one of words, regex, after, before and language"),
        (
            'block = [\n{ words = "x" },\n{ field = "url" }]',
            7,
            "block rule 2 needs words or a regex to look",
        ),
        ('block = [{ field = "titel" }]', 5, 'field of block rule 1 must be one of "any", "title", "text", "author"'),
        ('block = [\n\n{ word = "x" }]', 7, "unknown key word of block rule 1 (write words)"),
        ('block = [{ words = ["x", " "] }]', 5, "words of block rule 1 must be words in one line"),
        ("block = [{ words = 5 }]", 5, 'words of block rule 1 must be a list (write words = ["…"])'),
        ("block = [{ words = [] }]", 5, "words of block rule 1 must not be empty"),
        (
            "[[feed.keep]]\nwords = 'x'\n[[feed.keep]]\nregex = '('",
            8,
            "regex of keep rule 2 must be a regular",
        ),
        ("block = [{ regex = 5 }]", 5, "regex of block rule 1 must be text, not 5"),
        ('block = [{ before = "soon" }]', 5, "before of block rule 1 must be a day (write 2024-01-31, without quotes)"),
        ("block = [{ before = 08:30:00 }]", 5, "before of block rule 1 must be a day"),
        ("block = [{ before = 0001-01-01T00:00:00+08:00 }]", 5, "before of block rule 1 must be a day"),
        ("block = [{ after = 2020-01-02, before = 2020-01-01 }]", 5, "block rule 1 ends before it begins"),
        (
            'keep = [{ language = "zh-Hant" }]',
            5,
            "language of keep rule 1 must be a language without its region",
        ),
        ('keep = [{ language = ["en", "English"] }]', 5, 'as articles have it (write "en" or "zh", for example)'),
    ],
)
def test_an_invalid_rule_is_named_with_its_line(tmp_path: Path, rules: str, line: int, says: str) -> None:
    path = registry(tmp_path, feed(rules))
    with pytest.raises(FeedsFileError) as caught:
        read_feeds(path)
    (complaint,) = str(caught.value).splitlines()
    assert complaint.startswith(f'{path}:{line}: feed "a": ')
    assert says in complaint


rules = st.builds(
    Filter,
    field=st.sampled_from(["any", "title", "category", "url"]),
    words=st.lists(texts, min_size=1, max_size=3).map(tuple),
    regex=st.none() | patterns.filter(bool),
    after=st.none() | st.just(datetime(2000, 1, 1, tzinfo=UTC)),
    before=st.none() | st.datetimes(datetime(2011, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    language=st.sampled_from([(), ("zh",), ("en", "yue")]),
)


@settings(max_examples=50)
@given(st.lists(rules, max_size=3).map(tuple), st.lists(rules, max_size=2).map(tuple))
def test_rules_that_were_read_can_be_written(keep: tuple[Filter, ...], block: tuple[Filter, ...]) -> None:
    ours = Feed("a", "A", "https://example.org/a", group="quay", filters=Filters(keep, block))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "feeds.toml"
        add_feed(path, ours)
        assert read_feeds(path) == [ours]


def test_an_invalid_rule_for_all_feeds_is_named_with_its_line(tmp_path: Path) -> None:
    path = registry(tmp_path, f"block = [\n{{ words = 'x' }},\n{{ words = ['x'], in = 'title' }},\n]\n{feed()}")
    with pytest.raises(FeedsFileError) as caught:
        read_feeds(path)
    assert str(caught.value).startswith(f"{path}:3: unknown key in of block rule 2 (the keys are field, words, regex")
