"""feedparser's dictionary, made quick: it looks up each key under up to three names, and few keys have more than one.

feedparser asks it for a key eleven times for each element of a feed, mostly for the type of the text that it reads.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from feedparser.util import FeedParserDict

_COMPUTED = frozenset([*FeedParserDict.keymap, "category", "enclosures", "license", "updated", "updated_parsed"])
"""The keys for which feedparser has other names, or makes the value of others. The rest are a plain dictionary's."""
_slow_getitem = FeedParserDict.__getitem__
_slow_contains = FeedParserDict.__contains__
_slow_get = FeedParserDict.get


def _getitem(self: Any, key: str) -> Any:
    return _slow_getitem(self, key) if key in _COMPUTED else dict.__getitem__(self, key)


def _contains(self: Any, key: str) -> bool:
    return bool(_slow_contains(self, key) if key in _COMPUTED else dict.__contains__(self, key))


def _get(self: Any, key: str, default: Any = None) -> Any:
    return _slow_get(self, key, default) if key in _COMPUTED else dict.get(self, key, default)


def _deepcopy(self: Any, memo: dict[int, Any]) -> Any:
    """A deep copy without the way through `__reduce_ex__`; feedparser copies what it knows of each text."""
    copy = memo[id(self)] = FeedParserDict()
    dict.update(copy, {key: deepcopy(value, memo) for key, value in self.items()})
    return copy


def make_quick() -> None:
    """Change feedparser's class."""
    FeedParserDict.__getitem__ = _getitem
    FeedParserDict.__contains__ = _contains
    FeedParserDict.get = _get
    FeedParserDict.__deepcopy__ = _deepcopy
