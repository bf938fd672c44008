"""Sample feeds: items, the RSS around them, their documents, and what milling makes of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from tasks.mill.document import mill_bytes
from warehouse.records import Document, Entry, Feed, Milled, Source

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FEED = Feed("quay", "The Quay", "https://quay.example/feed.xml", site_url="https://quay.example/", language="en")


@dataclass(frozen=True)
class Item:
    """An RSS item. Elements whose value is None are left out."""

    title: str | None = "The gate is open"
    text: str = "<p>The north gate opens at eight, the harbour master says.</p>"
    link: str | None = "https://quay.example/gate"
    guid: str | None = "gate"
    date: str | None = "Fri, 20 Nov 2026 08:00:00 GMT"
    extra: str = ""
    """More elements, as XML."""

    def xml(self) -> str:
        parts = {"title": self.title, "link": self.link, "guid": self.guid, "pubDate": self.date}
        elements = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts.items() if value is not None)
        return f"<item>{elements}<description>{escape(self.text)}</description>{self.extra}</item>\n"


def rss(*items: Item, encoding: str = "utf-8") -> bytes:
    """An RSS 2.0 feed."""
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<rss version="2.0"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">'
        "<channel><title>The Quay</title><link>https://quay.example/</link><description>News</description>\n"
        f"{''.join(item.xml() for item in items)}</channel></rss>\n"
    ).encode(encoding)


def document(
    data: bytes,
    *,
    feed: Feed = FEED,
    at: datetime = NOW,
    content_type: str = "application/xml",
    source: Source = "feed",
) -> Document:
    """A landed document with these bytes."""
    name = hashlib.sha256(data).hexdigest()
    headers = {"content-type": content_type}
    return Document(name, feed.id, feed.url, feed.url, at, 200, headers, len(data), f"blobs/{name}.zst", source)


def milled(
    *items: Item, feed: Feed = FEED, at: datetime = NOW, known: frozenset[str] = frozenset(), source: Source = "feed"
) -> Milled:
    """What milling makes of a feed with these items, fetched at `at`."""
    data = rss(*items)
    return mill_bytes(data, document(data, feed=feed, at=at, source=source), feed, known)


def entry(
    *,
    title: str = "The gate is open",
    link: str | None = "https://quay.example/gate",
    guid: str | None = "gate",
    content: str = "<p>The north gate opens at eight.</p>",
    content_type: str = "text/html",
    summary: str = "",
    base_url: str = "https://quay.example/",
    enclosures: tuple[str, ...] = (),
    feed_id: str = "quay",
) -> Entry:
    """An entry as parsers make it."""
    return Entry(
        entry_id="e1",
        feed_id=feed_id,
        document_id="d1",
        position=0,
        guid=guid,
        link=link,
        title=title,
        author=None,
        published_at=None,
        updated_at=None,
        language=None,
        categories=(),
        content_html=content,
        content_type=content_type,
        summary_html=summary,
        base_url=base_url,
        enclosures=enclosures,
        parsed="{}",
    )
