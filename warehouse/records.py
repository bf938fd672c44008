"""The data that passes between steps. Each has one home, here, and one name everywhere.

What comes out of the milling processes by the thousand has no slots: pickling those takes three times as long.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

Source = Literal["feed", "archive", "wayback", "paged-feed", "warc", "sitemap"]
Form = Literal["feed", "article", "page"]
"""What a document holds: a feed; one article of an archive; one web page with an article on it."""
ImagePolicy = Literal["all", "lead", "none"]


def digest(*parts: str | None) -> str:
    """A key of 32 hex digits over the parts; None and "" differ, and no two lists of parts collide by joining."""
    said: list[bytes] = []
    for part in parts:
        data = b"\xff" if part is None else part.encode("utf-8", "surrogatepass")
        said += (len(data).to_bytes(8, "big"), data)
    return hashlib.sha256(b"".join(said)).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a site needs beyond the general cleaning."""

    content: str | None = None
    """CSS selector of the element that holds the article, where the feed ships more than that."""
    remove: tuple[str, ...] = ()
    """CSS selectors of elements to leave out."""
    drop_after: str | None = None
    """Regular expression; the first block whose text matches, and all after it, is left out."""


@dataclass(frozen=True, slots=True)
class Feed:
    id: str
    name: str
    url: str
    site_url: str | None = None
    language: str | None = None
    timezone: str = "UTC"
    group: str | None = None
    images: ImagePolicy = "all"
    enabled: bool = True
    rules: Rules = Rules()


@dataclass(frozen=True)
class Document:
    """Bytes that were fetched or backfilled, landed at `landing_path`."""

    document_id: str
    """sha256 of the bytes, in hex."""
    feed_id: str
    url: str
    final_url: str
    fetched_at: datetime
    status: int
    headers: Mapping[str, str]
    size: int
    landing_path: str
    """Relative to the landing zone."""
    source: Source = "feed"
    form: Form = "feed"

    @property
    def key(self) -> tuple[str, str, datetime]:
        return self.document_id, self.feed_id, self.fetched_at


@dataclass(frozen=True)
class Entry:
    """One entry as the feed gave it."""

    entry_id: str
    feed_id: str
    document_id: str
    position: int
    guid: str | None
    link: str | None
    title: str
    author: str | None
    published_at: datetime | None
    updated_at: datetime | None
    language: str | None
    categories: tuple[str, ...]
    content_html: str
    content_type: str
    """text/html or text/plain."""
    summary_html: str
    base_url: str
    enclosures: tuple[str, ...]
    """Image addresses given beside the content: enclosures, media:content, media:thumbnail, JSON Feed's image."""
    parsed: str
    """Everything that was parsed, as JSON."""


@dataclass(frozen=True)
class ImageRef:
    """An image an article shows."""

    url: str
    """The origin, proxy unwrapped."""
    proxy_url: str | None = None
    alt: str | None = None
    caption: str | None = None

    @cached_property
    def image_id(self) -> str:
        return digest("image", self.url)


@dataclass(frozen=True)
class Article:
    """One entry as cleaned."""

    entry_id: str
    feed_id: str
    keys: tuple[str, ...]
    """What identifies it, strongest first; see `tasks.clean.identity`."""
    guid: str | None
    url: str | None
    canonical_url: str | None
    title: str
    author: str | None
    published_at: datetime | None
    updated_at: datetime | None
    language: str | None
    summary: str
    content_html: str
    content_text: str
    word_count: int
    categories: tuple[str, ...]
    images: tuple[ImageRef, ...]
    content_hash: str
    fetch_images: ImagePolicy = "all"


@dataclass(frozen=True)
class Reject:
    """What could not be parsed, cleaned or loaded, and why."""

    step: str
    error: str
    feed_id: str | None = None
    document_id: str | None = None
    location: str | None = None
    """Where in the document it lies: an entry's position and guid."""


CUT_OFF = "the document is cut off; its last entry is left out until it comes whole"
"""The reject of a document that is to be asked for again, although entries of it were loaded."""


@dataclass(frozen=True)
class Hints:
    """What a document says of its own rhythm; the columns of ops.feeds."""

    ttl_seconds: int | None = None
    update_seconds: int | None = None
    """Of sy:updatePeriod and sy:updateFrequency."""
    skip_hours: tuple[int, ...] = ()
    """UTC."""
    skip_days: tuple[str, ...] = ()
    """In English."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a feed publishes, as its articles show and as it says itself. Seconds."""

    newest_at: datetime | None = None
    gap: float | None = None
    """Median between its articles."""
    turnover: float | None = None
    """In how long half of what its document holds was published."""
    ttl: float | None = None
    update: float | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()


@dataclass(frozen=True)
class Milled:
    """A document after parsing and cleaning. `seen` are entries that were known and are here again."""

    document: Document
    entries: tuple[Entry, ...] = ()
    articles: tuple[Article, ...] = ()
    seen: tuple[str, ...] = ()
    rejects: tuple[Reject, ...] = ()
    hints: Hints = Hints()


@dataclass(frozen=True, slots=True)
class Fetch:
    """How asking for one feed went."""

    feed_id: str
    url: str
    started_at: datetime
    seconds: float
    outcome: Literal["fetched", "not-modified", "failed", "skipped"]
    status: int | None = None
    bytes: int = 0
    attempts: int = 1
    error: str | None = None
    retry_after: float | None = None
    """Seconds the server asked to be left alone."""
    moved_to: str | None = None
    """Where every redirect on the way was permanent: the feed's new address."""
    max_age: float | None = None
    """Seconds for which the server says the answer stays fresh."""
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is remembered of a feed between runs."""

    feed_id: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str | None = None
    next_fetch_at: datetime | None = None
    consecutive_failures: int = 0
    disabled_reason: str | None = None
    max_age_seconds: float | None = None
    due_at: datetime | None = None
    interval_seconds: float | None = None
    interval_reason: str | None = None
    missing_count: int = 0
    """Answers of 404 since the last success."""
    missing_since: datetime | None = None

    @property
    def is_conditional(self) -> bool:
        """Whether the feed is asked for what has changed; else it sends all it has."""
        return bool(self.etag or self.last_modified)


@dataclass(frozen=True, slots=True)
class PendingImage:
    """An image that is wanted and not there yet."""

    image_id: str
    url: str
    proxy_url: str | None
    attempts: int
    feed_id: str | None = None
    """Of an article that shows it."""


@dataclass(frozen=True, slots=True)
class Image:
    """How fetching an image went."""

    image_id: str
    status: Literal["stored", "failed"]
    attempts: int
    fetched_at: datetime
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    sha256: str | None = None
    path: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far a backfill has come: a source with its range."""

    source: str
    location: str
    parameters: str
    """What was asked for, as JSON."""
    mark: str | None
    documents: int
    started_at: datetime
    finished_at: datetime | None = None

    @property
    def watermark_id(self) -> str:
        return digest("watermark", self.source, self.location, self.parameters)


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
    by_feed: dict[str, tuple[int, int]] = field(default_factory=dict)
    """feed_id → (new, changed)"""

    def add(self, other: Counts) -> None:
        for name in ("documents", "entries", "new", "changed", "unchanged", "rejected", "images"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for feed_id, (new, changed) in other.by_feed.items():
            was_new, was_changed = self.by_feed.get(feed_id, (0, 0))
            self.by_feed[feed_id] = was_new + new, was_changed + changed
