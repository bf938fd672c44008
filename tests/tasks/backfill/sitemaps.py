"""Sitemaps for the tests."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.sax.saxutils import escape

from tests.sites.server import Page

XML = "application/xml"

SITEMAPS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'

NEWS = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def day(number: int) -> datetime:
    return datetime(2024, 3, number, 9, tzinfo=UTC)


def entry(address: str, changed: str | None = None, published: str | None = None) -> str:
    """A <url>; with a publication date that of a news sitemap."""
    lastmod = f"<lastmod>{changed}</lastmod>" if changed else ""
    news = (
        "<news:news><news:publication><news:name>码头报</news:name><news:language>zh</news:language></news:publication>"
        f"<news:publication_date>{published}</news:publication_date><news:title>渡口</news:title></news:news>"
    )
    return f"<url><loc>{escape(address)}</loc>{lastmod}{news if published else ''}</url>"


def urlset(*entries: str) -> Page:
    return Page(
        f'<?xml version="1.0" encoding="UTF-8"?><urlset {SITEMAPS} {NEWS}>{"".join(entries)}</urlset>'.encode(), XML
    )


def index(*addresses: str) -> Page:
    named = "".join(f"<sitemap><loc>{escape(address)}</loc></sitemap>" for address in addresses)
    return Page(f'<?xml version="1.0" encoding="UTF-8"?><sitemapindex {SITEMAPS}>{named}</sitemapindex>'.encode(), XML)
