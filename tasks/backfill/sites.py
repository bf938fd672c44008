"""Which feed an archived article belongs to, where only a folder's name or the article itself tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tasks.backfill.finds import Wanted
from tasks.registry.feed_table import slug
from warehouse.records import Feed, digest

_NO_SITE = frozenset(["", ".", "_posts", "articles", "posts", "content", "source", "docs", "src", "data"])
"""Folders that hold articles of many sites, or name none."""


class Sites:
    """Finds the feed of an article; remembers those it made, as thousands of articles share one."""

    def __init__(self, registry: Sequence[Feed], wanted: Wanted) -> None:
        self._wanted = wanted
        self._by_id = {feed.id: feed for feed in registry}
        self._by_name = {feed.name: feed for feed in registry}
        self._made: dict[str, Feed] = {}

    def feed_of(self, path: str, fields: Callable[[], Mapping[str, Any]] = dict) -> Feed | None:
        """The feed, or None where the archivist wants other sites. `fields` are the front matter's, and url; they are
        asked for only where the path tells nothing."""
        name = self.name_of(path, fields) or "archive"
        if self._wanted.feed:
            feed = self._by_id.get(self._wanted.feed) or Feed(self._wanted.feed, self._wanted.feed, "")
        else:
            feed = self._by_id.get(name) or self._by_name.get(name) or self._made.get(name) or self._make(name)
        if self._wanted.sites and not {feed.id, feed.name, name} & set(self._wanted.sites):
            return None
        return feed

    def name_of(self, path: str, fields: Callable[[], Mapping[str, Any]] = dict) -> str | None:
        """The site: the nearest folder that names one, else the front matter's category, else the address's host."""
        for part in reversed(path.split("/")[:-1]):
            if part not in _NO_SITE:
                return part
        folder = Path(self._wanted.where)
        if folder.is_dir() and not (folder / ".git").exists() and (root := folder.resolve().name) not in _NO_SITE:
            return root
        said = fields()
        for name in ("site", "categories", "category"):
            value = said.get(name)
            first = value[0] if isinstance(value, list) and value else value
            if first and isinstance(first, str):
                return first.strip()
        try:
            return urlsplit(str(said.get("url") or "")).hostname
        except ValueError:
            return None

    def _make(self, name: str) -> Feed:
        readable = slug(name, ())
        # a name without Latin letters has no slug of its own
        feed_id = readable if readable != "feed" or name == "feed" else f"site-{digest('site', name)[:10]}"
        known = self._by_id.get(feed_id)
        self._made[name] = known or Feed(feed_id, name, "")
        return self._made[name]
