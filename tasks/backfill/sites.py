"""Which feed an archived article belongs to, told by its folder's name or by the article itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tasks.backfill.finds import BackfillRequest
from tasks.registry.feed_ids import site_id
from warehouse.records import Feed

_NO_SITE = frozenset(["", ".", "_posts", "articles", "posts", "content", "source", "docs", "src", "data"])
"""Names of folders that are not the name of a site."""


class Sites:
    """Finds the feed of an article. Keeps the feeds it creates, as thousands of articles share one."""

    def __init__(self, registry: Sequence[Feed], request: BackfillRequest) -> None:
        self._request = request
        self._by_id = {feed.id: feed for feed in registry}
        self._by_name = {feed.name: feed for feed in registry}
        self._created: dict[str, Feed] = {}

    def feed_of(self, path: str, fields: Callable[[], Mapping[str, Any]] = dict) -> Feed | None:
        """The article's feed, or None if its site is not among those asked for. `fields` gives the front matter's
        fields and the url; it is called only if the path names no site."""
        name = self.name_of(path, fields) or "archive"
        if self._request.feed:
            feed = self._by_id.get(self._request.feed) or Feed(self._request.feed, self._request.feed, "")
        else:
            feed = self._by_id.get(name) or self._by_name.get(name) or self._created.get(name) or self._create(name)
        if self._request.sites and not {feed.id, feed.name, name} & set(self._request.sites):
            return None
        return feed

    def name_of(self, path: str, fields: Callable[[], Mapping[str, Any]] = dict) -> str | None:
        """The site's name: the nearest folder that names one, else the front matter's site or category, else the host
        of the article's address."""
        for part in reversed(path.split("/")[:-1]):
            if part not in _NO_SITE:
                return part
        folder = Path(self._request.where)
        if folder.is_dir() and not (folder / ".git").exists() and (root := folder.resolve().name) not in _NO_SITE:
            return root
        stated = fields()
        for name in ("site", "categories", "category"):
            value = stated.get(name)
            first = value[0] if isinstance(value, list) and value else value
            if first and isinstance(first, str):
                return first.strip()
        try:
            return urlsplit(str(stated.get("url") or "")).hostname
        except ValueError:
            return None

    def _create(self, name: str) -> Feed:
        """The feed for a site that the registry may not have."""
        feed_id = site_id(name)
        self._created[name] = self._by_id.get(feed_id) or Feed(feed_id, name, "")
        return self._created[name]
