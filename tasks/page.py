"""Web pages: the article on a page that was captured, archived or fetched for a backfill."""

from __future__ import annotations

from tasks.parse import Parsed
from warehouse.errors import ParseError
from warehouse.records import Document, Feed


def parse_page(data: bytes, document: Document, feed: Feed) -> Parsed:
    """The page's article, as one entry. Raises ParseError where there is none."""
    raise ParseError("pages are not read yet")
