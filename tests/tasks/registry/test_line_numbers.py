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


def test_a_missing_key_is_on_the_line_of_its_table() -> None:
    _, feeds = line_numbers(TEXT)
    assert line_of(feeds[1], "rules.content") == 13
    assert line_of(feeds[1], "rules.remove") == 12
    assert line_of(feeds[1], "name") == 10
