"""The data that passes between steps: each kind is defined here and has the same name everywhere.

Classes whose objects come out of the milling processes by the thousand have no slots: with slots, pickling takes three
times as long.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

Source = str
"""How an article came: "feed", or what a row of tasks/backfill/sources.py says."""
Form = Literal["feed", "article", "page"]
"""What a document is: a feed; one article of an archive; a web page with one article."""
ImagePolicy = Literal["all", "lead", "none"]


def digest(*parts: str | None) -> str:
    """A key of 32 hex digits. None and "" differ, and so do ("ab", "c") and ("a", "bc")."""
    pieces: list[bytes] = []
    for part in parts:
        data = b"\xff" if part is None else part.encode("utf-8", "surrogatepass")
        pieces += (len(data).to_bytes(8, "big"), data)
    return hashlib.sha256(b"".join(pieces)).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Rules:
    """A site's own cleaning rules, applied besides the general ones."""

    content: str | None = None
    """CSS selector of the element with the article, for feeds that ship more than that."""
    remove: tuple[str, ...] = ()
    """CSS selectors of elements to remove."""
    drop_after: str | None = None
    """Regular expression: the first block whose text matches is removed, with all blocks after it."""


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
class Enclosure:
    """A file that an entry encloses; columns of clean.enclosures."""

    url: str
    media_type: str | None = None
    bytes: int | None = None
    duration: int | None = None
    """Seconds."""
    title: str | None = None
    episode: int | None = None
    season: int | None = None
    image: str | None = None
    """The address of its picture."""


@dataclass(frozen=True)
class Entry:
    """One entry as the feed has it."""

    entry_id: str
    feed_id: str
    document_id: str
    position: int
    guid: str | None
    link: str | None
    title: str
    author: str | None
    """All of them, joined by commas."""
    published_at: datetime | None
    updated_at: datetime | None
    language: str | None
    categories: tuple[str, ...]
    content_html: str
    content_type: str
    """text/html or text/plain."""
    summary_html: str
    base_url: str
    """What the link is relative to."""
    enclosures: tuple[str, ...]
    """Addresses of images outside the content, the widest first: enclosures, media:content, media:thumbnail, JSON
    Feed's image."""
    parsed: str
    """Everything that was parsed, as JSON."""
    content_base: str | None = None
    """What the content's addresses are relative to, where the document says so (xml:base); else it is the link."""
    title_is_plain: bool = False
    """Whether the feed says that the title is plain text, as Atom and JSON Feed do; in others it may be HTML."""
    authors: tuple[str, ...] = ()
    """Each as the feed names it, perhaps with an address of e-mail."""
    files: tuple[Enclosure, ...] = ()
    """Everything that it encloses, with addresses as the feed has them."""


@dataclass(frozen=True, slots=True)
class HostRefusal:
    """A host that asked to be left alone."""

    host: str
    """Its name, with a port that is not the scheme's own."""
    until: datetime
    status: int
    refused_at: datetime


@dataclass(frozen=True)
class ImageRef:
    """An image in an article."""

    url: str
    """The original address, without an image proxy's."""
    proxy_url: str | None = None
    alt: str | None = None
    caption: str | None = None
    may_lead: bool = True
    """Whether it may stand for the article: not an avatar, an icon or an advert."""

    @cached_property
    def image_id(self) -> str:
        return digest("image", self.url)


@dataclass(frozen=True)
class Article:
    """One entry after cleaning."""

    entry_id: str
    feed_id: str
    keys: tuple[str, ...]
    """The keys that identify it, strongest first; see `tasks.clean.identity`."""
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
    authors: tuple[str, ...] = ()
    """The persons and organisations of `author`, one by one."""
    language_confidence: float | None = None
    """0 to 1; None if the language is the feed's own."""
    enclosures: tuple[Enclosure, ...] = ()

    @cached_property
    def lead_image(self) -> ImageRef | None:
        """The first of its images that may stand for it."""
        return next((image for image in self.images if image.may_lead), None)


@dataclass(frozen=True)
class Reject:
    """Something that could not be parsed, cleaned or loaded, and why."""

    step: str
    error: str
    feed_id: str | None = None
    document_id: str | None = None
    location: str | None = None
    """Where in the document: an entry's position and guid."""


CUT_OFF = "the document is cut off; its last entry is left out until it comes whole"
"""The error of a document that must be fetched again although entries of it were loaded."""


@dataclass(frozen=True)
class Hints:
    """How often a feed publishes, as it states itself; columns of ops.feeds."""

    ttl_seconds: int | None = None
    update_seconds: int | None = None
    """From sy:updatePeriod and sy:updateFrequency."""
    skip_hours: tuple[int, ...] = ()
    """UTC."""
    skip_days: tuple[str, ...] = ()
    """In English."""


@dataclass(frozen=True)
class About:
    """What a feed says of itself; columns of ops.feeds."""

    title: str | None = None
    description: str | None = None
    link: str | None = None
    """The address of its site."""
    icon: str | None = None
    language: str | None = None
    """BCP 47."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a feed publishes, measured on its articles and as it states itself. Seconds."""

    newest_at: datetime | None = None
    gap: float | None = None
    """Median between its articles."""
    turnover: float | None = None
    """How long it took to publish the newer half of its document's entries."""
    ttl: float | None = None
    update: float | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()


@dataclass(frozen=True)
class Milled:
    """A document after parsing and cleaning."""

    document: Document
    entries: tuple[Entry, ...] = ()
    articles: tuple[Article, ...] = ()
    seen: tuple[str, ...] = ()
    """Ids of entries that the warehouse has already; they are not in `entries`."""
    rejects: tuple[Reject, ...] = ()
    hints: Hints = Hints()
    about: About | None = None
    """None for a document that is no feed."""
    feed_name: str = ""
    """Its name in feeds.toml, or that of its site in an archive."""

    @property
    def is_unreadable(self) -> bool:
        """Whether nothing of it could be read."""
        return bool(self.rejects) and not self.entries and not self.seen


@dataclass(frozen=True, slots=True)
class Fetch:
    """The outcome of fetching one feed."""

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
    """Seconds that the server asks to wait."""
    etag: str | None = None
    last_modified: str | None = None
    """The answer's validators; those of 304 replace the ones that were asked with (RFC 9111 4.3.4)."""
    moved_to: str | None = None
    """The feed's new address, if all redirects were permanent."""
    max_age: float | None = None
    """Seconds for which the response is fresh, according to the server."""
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed's state between runs."""

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
    """Responses with status 404 since the last success."""
    missing_since: datetime | None = None

    @property
    def is_conditional(self) -> bool:
        """Whether the next fetch can be a conditional GET."""
        return bool(self.etag or self.last_modified)


@dataclass(frozen=True, slots=True)
class PendingImage:
    """An image to fetch."""

    image_id: str
    url: str
    proxy_url: str | None
    attempts: int
    feed_id: str | None = None
    """The feed of an article that has it."""
    article_url: str | None = None
    """The address of an article that has it."""


@dataclass(frozen=True, slots=True)
class Image:
    """The outcome of fetching an image; columns of clean.images."""

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
    """How far a backfill of a source's range has come."""

    source: str
    location: str
    parameters: str
    """The range and the options, as JSON."""
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
