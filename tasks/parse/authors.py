"""The authors of an item of a JSON Feed or of front matter, in whatever shape a producer writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MAX_DEPTH = 4
"""Lists and objects within each other that are looked into."""
_NAMES = ("name", "display_name", "displayName", "title", "nickname", "username", "login", "twitter", "email")
"""Members of an object that name its author; the first that is there counts."""


def read_authors(value: Any, depth: int = 0) -> Iterator[str]:
    """The names in a text, an object with a name, objects by an id of theirs, or a list of any of these."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int) and not isinstance(value, bool) and depth:
        yield str(value)
    elif depth < MAX_DEPTH and isinstance(value, list):
        for member in value:
            yield from read_authors(member, depth + 1)
    elif depth < MAX_DEPTH and isinstance(value, dict):
        name = next((value[key] for key in _NAMES if isinstance(value.get(key), str | int) and value[key]), None)
        # authors: {ana: {name: Ana Reis}} as jekyll-seo-tag's data files have it
        members = [name] if name else [member for member in value.values() if isinstance(member, dict | list)]
        for member in members:
            yield from read_authors(member, depth + 1)
