"""The line of each key of feeds.toml, whatever stands in its strings and comments."""

from __future__ import annotations

from tasks.registry.line_numbers import line_numbers, line_of

TEXT = '''
title = "x" # [[feed]]
[[feed]]
id = """
[[feed]]
name = 1
"""
rules = { remove = ["]"] }

[[ feed ]]
url = '[feed.rules]'
[feed.rules]
content = "p"
[other]
key = 1
'''


def test_keys_are_found_outside_of_strings_and_comments() -> None:
    top, feeds = line_numbers(TEXT)
    assert top == {"title": 2, "other": 14, "other.key": 15}
    assert feeds == [{"": 3, "id": 4, "rules": 8}, {"": 10, "url": 11, "rules": 12, "rules.content": 13}]


LISTS = """
block = [{ words = ["[{"] },
  { words = [
    "a" ] }, # {
  # {
  { regex = '{' }
]
keep = []
[[keep]]
words = ["x"]

[[keep]]
[[feed]]
id = "a"
keep =
  [ { words = [{}] }, {}
  ]
[[feed.block]]
regex = "x"
[[feed.block]]
regex = "y"
"""


def test_tables_in_a_list_have_a_line_each() -> None:
    top, (feed,) = line_numbers(LISTS)
    assert [top[f"block.{index}"] for index in range(3)] == [2, 3, 6]
    assert [top["keep"], top["keep.0"], top["keep.0.words"], top["keep.1"]] == [8, 9, 10, 12]
    assert [feed[key] for key in ("keep", "keep.0", "keep.1")] == [15, 16, 16]
    assert [feed[key] for key in ("block.0", "block.0.regex", "block.1", "block.1.regex")] == [18, 19, 20, 21]
    assert "block.3" not in top


def test_a_missing_key_is_on_the_line_of_its_table() -> None:
    _, feeds = line_numbers(TEXT)
    assert line_of(feeds[1], "rules.content") == 13
    assert line_of(feeds[1], "rules.remove") == 12
    assert line_of(feeds[1], "name") == 10
