"""The authors of an item of a JSON Feed or of front matter, in whatever shape a producer writes them; and those that
entries have from their feed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

MAX_DEPTH = 4
"""Lists and objects within each other that are looked into."""
_NAMES = ("name", "display_name", "displayName", "title", "nickname", "username", "login", "twitter", "email")
"""Members of an object that name its author; the first that is there counts."""
MAX_INHERITED, MAX_INHERITED_LENGTH = 50, 200
"""Authors of a feed that an entry without any has, and characters of each."""


def inherited(names: Iterable[str]) -> tuple[str, ...]:
    """The authors of a feed for its entries without any. Each entry repeats them: of 100 kB of names and as much
    of empty entries would come hundreds of megabytes."""
    return tuple(name[:MAX_INHERITED_LENGTH] for name in islice(names, MAX_INHERITED))


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
