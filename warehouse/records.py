"""The data that passes between steps: each kind is defined here and has the same name everywhere.

Classes whose objects come out of the milling processes by the thousand have no slots: with slots, pickling takes three
times as long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

from warehouse.digest import digest
from warehouse.feed import Feed as Feed
from warehouse.feed import FullText as FullText
from warehouse.feed import ImagePolicy as ImagePolicy
from warehouse.feed import Kind as Kind
from warehouse.feed_descriptions import About, Hints
from warehouse.page_request import PageReading as PageReading
from warehouse.page_request import PageRequest as PageRequest
from warehouse.rules import ListRules as ListRules
from warehouse.rules import PageRules as PageRules
from warehouse.rules import Rules as Rules

Source = str
"""How an article came: "feed", or what a row of tasks/backfill/sources.py says."""
Form = Literal[
    "feed",
    "article",
    "page",
    "pages",
    "list page",
    "sitemap",
    "sitemap index",
    "listed sitemap",
    "json list",
    "entries",
]
"""What a document is: a feed; one article of an archive; a web page with one article; several pages of one article; and
what stands in place of a feed: a page that lists articles, a sitemap, a sitemap that lists sitemaps, one of those, an
API's list in JSON; and the entries that were kept of a document of which others were forgotten."""


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
    request: PageRequest | None = None
    """Of an article's own page: what it was asked for."""

    @property
    def is_page(self) -> bool:
        return self.form in ("page", "pages")

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
    """Addresses of images outside the content, the widest first: enclosures, Media RSS', JSON Feed's image."""
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
    is_free: bool | None = None
    next_page: str | None = None
    plain_version: str | None = None
    lead_image: str | None = None
    """What its web page says: whether all may read it; the addresses of the page on which it goes on, of its AMP
    version, or the whole one that a rule names, and of its picture."""


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
    teaser: str | None = None
    """Why its text looks like a teaser of the article on its page; None if it looks whole."""

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
class Milled:
    """A document after parsing and cleaning."""

    document: Document
    entries: tuple[Entry, ...] = ()
    articles: tuple[Article, ...] = ()
    seen: tuple[str, ...] = ()
    """Ids of entries that the warehouse has already; they are not in `entries`."""
    rejects: tuple[Reject, ...] = ()
    blocked: Mapping[str, str] = field(default_factory=dict)
    """entry_id → the keep or block rule that makes no article of it."""
    blocked_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """entry_id → the keys that the article would have that a rule blocks"""
    hints: Hints = field(default_factory=Hints)
    about: About | None = None
    """None for a document that is no feed."""
    feed_name: str = ""
    """Its name in feeds.toml, or that of its site in an archive."""
    page: PageReading | None = None
    """Of an article's own page. `articles` then has one article that its keys find; its text is the page's if it was
    read, else empty."""

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
    listed: tuple[Document, ...] = ()
    """The sitemaps that the document, an index of sitemaps, lists, and that have changed."""

    @property
    def documents(self) -> tuple[Document, ...]:
        return (self.document, *self.listed) if self.document else self.listed


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server says of its answer, for the next conditional request (RFC 9110 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


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
    listed: Mapping[str, Validators] = field(default_factory=dict)
    """Of the sitemaps that were read, as its sitemap lists them, by their addresses."""

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
