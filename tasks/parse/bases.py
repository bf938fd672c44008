"""What a document's relative addresses are relative to (RFC 3986 5.1), when it does not say so with xml:base."""

from __future__ import annotations

import re

from tasks.text import urls
from warehouse.records import Document, Feed

_HOST = re.compile(r"(?:[\w-]+\.)+([^\W\d_]{2,})(?::\d{1,5})?(?=[/?#]|$)")
_PAGE_SUFFIXES = frozenset(
    [
        *("html", "htm", "xhtml", "shtml", "php", "phtml", "asp", "aspx", "jsp", "jspx", "cgi", "pl", "cfm", "do"),
        *("xml", "rss", "rdf", "atom", "json", "txt", "md", "pdf"),
    ]
)
"""What a relative address ends with more often than a host."""


def feed_base(stated: object, document: Document, feed: Feed) -> str:
    """The base of a feed's entries: the address of its site as the feed states it, else the document's own.

    Feeds state it relative (`/blog/`), without its scheme (`quay.example`), or as an id that is no address (`urn:…`).
    """
    base = document_base(document, feed)
    address = stated.strip() if isinstance(stated, str) else ""
    if (host := _HOST.match(address)) and host[1].lower() not in _PAGE_SUFFIXES:
        address = f"//{address}"
    return urls.resolve(base, address) or base


def document_base(document: Document, feed: Feed) -> str:
    """Where the document was fetched, or where its Content-Location says that it lies; "" if it has no address.

    A document of another host than the feed's site (FeedBurner, a mirror) is about the site: then `site_url` counts.
    """
    fetched = urls.resolve(None, document.final_url)
    located = urls.resolve(fetched, document.headers.get("content-location"))
    if located and (not fetched or _may_lead_to(urls.host_of(located), urls.host_of(fetched))):
        fetched = located
    site = urls.resolve(None, feed.site_url)
    if site and (not fetched or urls.site_of(site) != urls.site_of(fetched)):
        return site
    return fetched or urls.resolve(None, feed.url) or ""


def _may_lead_to(host: str, fetched_host: str) -> bool:
    """Whether a Content-Location on this host counts. IIS states the address that it has within its own network."""
    return host == fetched_host or ("." in host and host[-1].isalpha() and not host.endswith((".local", ".internal")))
