"""Finding a site's feeds in its pages. Nothing is fetched here."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import feedparser
from bs4 import BeautifulSoup, Tag
from bs4.filter import SoupStrainer

from tasks.text import urls
from tasks.text.plain import collapse

COMMON_PATHS = (
    "/feed",
    "/rss",
    "/feed.xml",
    "/rss.xml",
    "/atom.xml",
    "/index.xml",
    "/feed.json",
    "/feeds/posts/default",
    "/index.rdf",
    "/?feed=rss2",
)
"""Where feeds lie on sites whose pages don't name them; to be resolved against the site's address."""
MAX_HTML = 5_000_000
MAX_CANDIDATES = 20

_FEED_TYPES = frozenset(
    ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "application/json"]
)
_FEED_PATH = re.compile(
    r"(?:^|/)(?:feeds?|rss2?|atom)/?$|(?:^|/)(?:feed|rss2?|atom|index)\.(?:xml|rdf|rss|atom|json)$|\.(?:rss|rdf|atom)$",
    re.IGNORECASE,
)
_FEED_QUERY = re.compile(r"(?:^|&)(?:feed=\w+|(?:format|type|alt)=(?:rss|atom|feed))(?:&|$)", re.IGNORECASE)
_HEAD = 512_000
"""Bytes; a feed says what it is, and its title, at its beginning."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be a feed of the page's site."""

    url: str
    title: str
    media_type: str | None
    """As the page says; None for an anchor, which doesn't."""


def discover(html: bytes, url: str) -> list[Candidate]:
    """The feeds a page names, likeliest first; where it names none, the anchors that look as if they led to one.

    `url` is the page's own address. Feeds of comments, and JSON that need not be a feed, come last.
    """
    if b"<" not in html or (html.lstrip().startswith(b"<?xml") and b"<html" not in html[:_HEAD].lower()):
        return []  # no page: text, or XML that is no XHTML
    soup = BeautifulSoup(html[:MAX_HTML], "html.parser", parse_only=SoupStrainer(["base", "link", "a"]))
    base = next((urls.resolve(url, _attribute(tag, "href")) for tag in soup.find_all("base", href=True)), None) or url
    linked = list(_linked(soup, base))
    if linked:
        return _unique(sorted(linked, key=_doubt))
    host = _site(url)
    anchors = (found for found in _anchors(soup, base) if found.url != url)
    return _unique(sorted(anchors, key=lambda found: (_site(found.url) != host, _doubt(found))))


def looks_like_feed(data: bytes) -> str | None:
    """The feed's title ("" where it has none); None where the bytes are no feed."""
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        return None
    if start.startswith(b"{"):
        return _json_title(data)
    # as a stream: bytes that are a file's name would make feedparser open that file
    result = feedparser.parse(
        io.BytesIO(data[:_HEAD]),
        response_headers={"content-type": "application/xml"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not result.get("version"):
        return None
    title = str(result.feed.get("title") or "")
    return collapse(BeautifulSoup(title, "html.parser").get_text() if "<" in title else title)


def _linked(soup: BeautifulSoup, base: str) -> Iterator[Candidate]:
    for tag in soup.find_all("link", href=True):
        relations = _attribute(tag, "rel").lower().split()
        media_type = _attribute(tag, "type").partition(";")[0].strip().lower()
        address = urls.resolve(base, _attribute(tag, "href"))
        if "alternate" in relations and media_type in _FEED_TYPES and address and "/wp-json/" not in address:
            yield Candidate(address, collapse(_attribute(tag, "title")), media_type)


def _anchors(soup: BeautifulSoup, base: str) -> Iterator[Candidate]:
    for tag in soup.find_all("a", href=True):
        address = urls.resolve(base, _attribute(tag, "href"))
        if not address:
            continue
        parts = urlsplit(address)
        if _FEED_PATH.search(parts.path) or _FEED_QUERY.search(parts.query):
            yield Candidate(address, collapse(_attribute(tag, "title") or tag.get_text()), None)


def _attribute(tag: Tag, name: str) -> str:
    value = tag.get(name) or ""
    return value if isinstance(value, str) else " ".join(value)


def _doubt(candidate: Candidate) -> int:
    """0 for what is surely a feed of articles."""
    comments = "/comments" in candidate.url or re.search(r"\bcomments?\b|评论|評論", candidate.title, re.IGNORECASE)
    return (2 if comments else 0) + (candidate.media_type == "application/json")


def _site(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _unique(candidates: list[Candidate]) -> list[Candidate]:
    return list({found.url: found for found in reversed(candidates)}.values())[::-1][:MAX_CANDIDATES]


def _json_title(data: bytes) -> str | None:
    try:
        top = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(top, dict) or not isinstance(top.get("items"), list):
        return None
    if "jsonfeed.org/version/" not in str(top.get("version")):
        return None
    title = top.get("title")
    return collapse(title) if isinstance(title, str) else ""
