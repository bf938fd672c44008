"""The source of a web page as text, and whether it is a page that can be read at all."""

from __future__ import annotations

import re

from tasks.errors import ParseError
from tasks.text.nesting import long_pieces
from tasks.text.page_encoding import decode_page
from warehouse.records import Document, Feed

MAX_TAGS = 60_000
"""Tags of a page, closing tags included. Time and memory grow with their number, and no article needs as many."""
MAX_WORDS = 20_000
"""Words in one tag. lexbor compares each attribute with all before it, so their time grows with the square."""
_MARKUP = re.compile(r"<(?:!doctype|[a-z][a-z0-9]*)[\s/>]", re.IGNORECASE)
_FEED = re.compile(r"(?>\s+|<\?[^>]*>|<!--.*?-->)*+<(?:rss|feed|rdf:rdf)\b", re.IGNORECASE | re.DOTALL)


def read_source(data: bytes, document: Document, feed: Feed) -> str:
    """The page's HTML. Raises ParseError if the document is no page, or one that would take too long."""
    if not data.strip():
        raise ParseError("the page is empty")
    html = decode_page(data, document.headers.get("content-type"), feed.language)
    if _FEED.match(html[:10_000]):
        raise ParseError("the document is a feed, not a web page")
    if not _MARKUP.search(html):
        raise ParseError("the document is no web page: it holds no HTML")
    if html.count("<") > MAX_TAGS:
        raise ParseError(f"the page has more than {MAX_TAGS:,} tags; no article needs as many")
    if _has_endless_tag(html):
        raise ParseError(f"a tag of the page has more than {MAX_WORDS:,} attributes")
    return html


def _has_endless_tag(html: str) -> bool:
    return any(len(piece.partition(">")[0].split()) > MAX_WORDS for piece in long_pieces(html, "<", MAX_WORDS))
