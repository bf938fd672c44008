"""Parsing a sitemap as a live feed: each page that it lists is an entry, with what Google's tags say of it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from tasks.errors import ParseError
from tasks.parse.about import about_sitemap
from tasks.parse.entry import EntryFields, ParsedDocument, clean_text, make_entry, unique
from tasks.text import urls
from tasks.text.sitemaps import SitemapEntry, read_sitemap
from warehouse.records import CUT_OFF, Document, Feed, Reject

MAX_ENTRIES = 1_000
"""Pages of a sitemap that are entries, the newest; `backfill sitemap` loads the others."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,2}")
_LONGEST_AGO = datetime.min.replace(tzinfo=UTC)


def parse_sitemap(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    """The newest pages that the sitemap lists. Raises ParseError if it is no sitemap."""
    contents = read_sitemap(
        data,
        document.final_url,
        content_type=document.headers.get("content-type", ""),
        timezone=feed.timezone,
        now=document.fetched_at,
    )
    if contents.problems and not contents.pages and not contents.sitemaps:
        raise ParseError(f"the document {contents.problems[0]}; `newsmill feeds add` finds a site's sitemap")
    if contents.sitemaps and document.form == "listed sitemap":
        raise ParseError("the sitemap lists only sitemaps again; give the address of one of these that lists pages")
    rejects = [
        Reject("parse", CUT_OFF if "cut off" in problem else f"the sitemap {problem}", feed.id, document.document_id)
        for problem in contents.problems
    ]
    pages = [page for page in contents.pages if urlsplit(page.url).path.strip("/") or urlsplit(page.url).query]
    pages = _newest(pages)
    changes = {page.changed for page in pages}
    says_when = len(changes) > 1 or len(pages) == 1  # else all is of the moment at which the sitemap was made
    return ParsedDocument(
        tuple(
            make_entry(_fields(page, document, says_when=says_when), document, feed, position)
            for position, page in enumerate(pages)
        ),
        tuple(rejects),
        about=about_sitemap(page.details.publication for page in pages),
    )


def _newest(pages: Sequence[SitemapEntry]) -> list[SitemapEntry]:
    """At most MAX_ENTRIES, in the sitemap's order."""
    by_age = sorted(pages, key=lambda page: page.published or page.changed or _LONGEST_AGO, reverse=True)
    kept = {id(page) for page in by_age[:MAX_ENTRIES]}
    return [page for page in pages if id(page) in kept]


def _fields(page: SitemapEntry, document: Document, *, says_when: bool) -> EntryFields:
    details = page.details
    changed = page.changed if says_when else None
    images = [urls.resolve(document.final_url, image) for image in details.images]
    language = details.language.strip()
    return EntryFields(
        guid=None,
        link=page.url,
        title=clean_text(details.title),
        authors=(),
        published_at=page.published,
        updated_at=changed,
        stated_dates=(clean_text(details.date), changed.isoformat() if changed else ""),
        language=language.replace("_", "-") if _LANGUAGE.fullmatch(language) else None,
        categories=unique(clean_text(word) for word in re.split(r"[,;，、]", details.keywords)),
        content="",
        content_type="text/html",
        summary="",
        base_url=document.final_url,
        enclosures=unique(image or "" for image in images),
        parsed=json.dumps(
            {
                "loc": page.url,
                "lastmod": page.changed.isoformat() if page.changed else None,
                "title": clean_text(details.title),
                "publication_date": clean_text(details.date),
                "language": clean_text(details.language),
                "keywords": clean_text(details.keywords),
                "images": [clean_text(image) for image in details.images],
            },
            ensure_ascii=False,
        ),
    )
