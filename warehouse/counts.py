"""What a run did to the warehouse."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields


@dataclass(slots=True)
class Counts:
    """What a run did to the warehouse."""

    documents: int = 0
    entries: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    images: int = 0
    pages: int = 0
    """Pages that were read: they hold their articles' texts."""
    pages_without_text: int = 0
    """Pages that are no page of their article, or that are not there any more."""
    edited: int = 0
    """Articles whose page has changed."""
    blocked: Counter[str] = field(default_factory=Counter)
    """feed_id → entries that its keep and block rules left out, when they first came"""
    forgotten: int = 0
    """Entries that were left out, as their articles were forgotten."""
    by_feed: dict[str, tuple[int, int]] = field(default_factory=dict)
    """feed_id → (new, changed)"""

    def add(self, other: Counts) -> None:
        for name in (each.name for each in fields(self) if each.name != "by_feed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for feed_id, (new, changed) in other.by_feed.items():
            was_new, was_changed = self.by_feed.get(feed_id, (0, 0))
            self.by_feed[feed_id] = was_new + new, was_changed + changed
