"""Finding the feeds that a page links to. Nothing is fetched here."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import feedparser
from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.text import urls
from tasks.text.encodings import to_utf8
from tasks.text.markup import parse, parse_html
from tasks.text.mending import mend_xml
from tasks.text.page_encoding import decode_page
from tasks.text.plain import collapse

COMMON_PATHS = (
    *("/feed", "/rss", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml", "/feed.json", "/feeds/posts/default"),
    *("/index.rdf", "/?feed=rss2"),
)
"""Where sites whose pages link to no feed have one, relative to the site's address."""
MAX_CANDIDATES = 20

_FEED_TYPES = frozenset(
    ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "application/json"]
)
_FEED_PATH = re.compile(
    r"(?:^|/)(?:feeds?|rss2?|atom)/?$|(?:^|/)(?:feed|rss2?|atom|index)\.(?:xml|rdf|rss|atom|json)$|\.(?:rss|rdf|atom)$",
    re.IGNORECASE,
)
_FEED_QUERY = re.compile(r"(?:^|&)(?:feed=\w+|(?:format|type|alt)=(?:rss|atom|feed))(?:&|$)", re.IGNORECASE)
_START = 512_000
"""Bytes at the start of a document that contain a feed's type and title."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A link to what may be a feed."""

    url: str
    title: str
    media_type: str | None
    """As the page states it; None for an anchor, which states none."""


def discover(html: bytes, url: str) -> list[Candidate]:
    """The feeds in a page's <link> elements, likeliest first; without any, the anchors that look like links to a feed.

    `url` is the page's own address. Feeds of comments, and JSON that need not be a feed, come last.
    """
    if b"<" not in html or (html.lstrip().startswith(b"<?xml") and b"<html" not in html[:_START].lower()):
        return []  # not a page: plain text, or XML other than XHTML
    page = parse_html(decode_page(html))
    base = next((urls.resolve(url, _attribute(node, "href")) for node in page.css("base[href]")), None) or url
    linked = list(_linked_feeds(page, base))
    if linked:
        return _unique(sorted(linked, key=_doubt))
    host = urls.host_of(url)
    anchors = (candidate for candidate in _anchors(page, base) if candidate.url != url)
    return _unique(sorted(anchors, key=lambda candidate: (urls.host_of(candidate.url) != host, _doubt(candidate))))


def looks_like_feed(data: bytes) -> str | None:
    """The feed's title ("" if it has none); None if the bytes are not a feed."""
    start = to_utf8(data[:_START]).lstrip()
    if not start:
        return None
    if start.startswith(b"{"):
        return _json_title(data)
    try:
        # as a stream: feedparser would open a file if the bytes were its name
        result = feedparser.parse(
            io.BytesIO(mend_xml(start)),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception:  # whatever a page makes it raise: ValueError for &#xD800; for example
        return None
    if not result.get("version"):
        return None
    title = str(result.feed.get("title") or "")
    return collapse(parse(title).text() if "<" in title else title)


def _linked_feeds(page: LexborHTMLParser, base: str) -> Iterator[Candidate]:
    for node in page.css("link[href]"):
        relations = _attribute(node, "rel").lower().split()
        media_type = _attribute(node, "type").partition(";")[0].strip().lower()
        address = urls.resolve(base, _attribute(node, "href"))
        if "alternate" in relations and media_type in _FEED_TYPES and address and "/wp-json/" not in address:
            yield Candidate(address, collapse(_attribute(node, "title")), media_type)


def _anchors(page: LexborHTMLParser, base: str) -> Iterator[Candidate]:
    for node in page.css("a[href]"):
        address = urls.resolve(base, _attribute(node, "href"))
        if not address:
            continue
        parts = urlsplit(address)
        if _FEED_PATH.search(parts.path) or _FEED_QUERY.search(parts.query):
            yield Candidate(address, collapse(_attribute(node, "title") or node.text()), None)


def _attribute(node: LexborNode, name: str) -> str:
    return node.attributes.get(name) or ""


def _doubt(candidate: Candidate) -> int:
    """0 for what is surely a feed of articles, more for less likely ones."""
    comments = "/comments" in candidate.url or re.search(r"\bcomments?\b|评论|評論", candidate.title, re.IGNORECASE)
    return (2 if comments else 0) + (candidate.media_type == "application/json")


def _unique(candidates: list[Candidate]) -> list[Candidate]:
    first_by_url: dict[str, Candidate] = {}
    for candidate in candidates:
        first_by_url.setdefault(candidate.url, candidate)
    return list(first_by_url.values())[:MAX_CANDIDATES]


def _json_title(data: bytes) -> str | None:
    """The title of a JSON Feed ("" if it has none); None if the bytes are not one."""
    try:
        top = json.loads(to_utf8(data), strict=False)  # raw line breaks in texts
    except (ValueError, RecursionError):
        return None
    if not isinstance(top, dict) or not isinstance(top.get("items"), list):
        return None
    if "jsonfeed.org/version/" not in str(top.get("version")):
        return None
    title = top.get("title")
    return collapse(title) if isinstance(title, str) else ""
