"""Milling an article's own page: is it the article's, and what is its text?

The article keeps what its feed says of it (title, guid, date, …); the page gives the text, the images, and what the
feed does not say. The landing record has what the feed says (`warehouse.records.PageRequest`), so that a page is read
again without the warehouse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from tasks.clean.identity import content_hash, keys
from tasks.clean.page_kinds import Seen, is_notice, is_other_article, what_else
from tasks.errors import ParseError, error_text
from tasks.parse.page import parse_source
from tasks.parse.page_bundle import Part, unbundle
from tasks.parse.page_glance import glance
from tasks.parse.page_join import join_pages
from tasks.parse.page_source import read_source
from tasks.text import urls
from tasks.text.plain import printable
from warehouse.load.containment import letters
from warehouse.page_request import GONE
from warehouse.records import Article, Document, Entry, Feed, Milled, PageReading, PageRequest

_REASONS: Final = {404: "not found", 410: "gone for good", 451: "withheld for legal reasons"}
PDF: Final = b"%PDF-"


def mill_page(data: bytes, document: Document, feed: Feed, clean: Callable[[Entry, Feed], Article]) -> Milled:
    """The page's text as its article's. What is no page of the article is a reading that says so, never a reject."""
    request = document.request
    if request is None:
        raise ParseError("the landing record does not say which article's page it is")
    if document.status in GONE:
        reading = PageReading("missing", f"the server answered {document.status}: {_REASONS[document.status]}")
        return _without_text(document, feed, reading)
    if data.startswith(PDF):
        reason = "a PDF, which is not read: clean.enclosures has its address"
        return _without_text(document, feed, PageReading("skipped", reason, media_type="application/pdf"))
    try:
        parts = unbundle(data) if document.form == "pages" else [(document.final_url, None, data)]
        html = _source(parts[0], document, feed)
        seen = Seen(*glance(html), document.final_url)
        if other := what_else(seen, request):
            return _without_text(document, feed, other)
        entry = _read(html, parts, document, feed)
    except ParseError as error:
        return _without_text(document, feed, PageReading("skipped", error_text(error)))
    page = clean(entry, feed.of_pages)
    if is_other_article(seen, page.title, page.content_text, request):
        reason = f"the page is another article: “{page.title[:120]}”"
        return _without_text(document, feed, PageReading("skipped", reason, page.title))
    if not page.word_count:
        return _without_text(
            document, feed, PageReading("skipped", "the page holds no text of the article", page.title)
        )
    if is_notice(page.content_text, request):
        reason = f"in its text's place stands “{' '.join(page.content_text.split())[:120]}”"
        return _without_text(document, feed, PageReading("missing", reason, page.title))
    article = _complete(page, entry, request)
    reading = PageReading("stored", title=page.title, words=page.word_count, is_free=entry.is_free)
    return Milled(document, (entry,), (article,), feed_name=feed.name, page=reading)


def reject_page(document: Document, feed: Feed, error: Exception) -> Milled:
    """The page as one that can't be read, as it takes too long or kills its process."""
    return _without_text(document, feed, PageReading("skipped", printable(str(error))))


def _read(html: str, parts: Sequence[Part], document: Document, feed: Feed) -> Entry:
    """The article on its pages, of which `html` is the first. Raises ParseError if there is none on any of them."""
    entries: list[Entry] = []
    errors: list[ParseError] = []
    for number, part in enumerate(parts):
        try:
            source = _source(part, document, feed) if number else html
            entries += parse_source(source, _of_part(part, document), feed).entries
        except ParseError as error:
            errors.append(error)
    if not entries:
        raise errors[0]
    return join_pages(entries[0], entries[1:]) if len(entries) > 1 else entries[0]


def _source(part: Part, document: Document, feed: Feed) -> str:
    return read_source(part[2], _of_part(part, document), feed)


def _of_part(part: Part, document: Document) -> Document:
    """The document as it would be if the page were its only one."""
    url, kind, _ = part
    headers = document.headers if kind is None else {**document.headers, "content-type": kind}
    return replace(document, url=url, final_url=url, headers=headers, form="page")


def _complete(page: Article, entry: Entry, request: PageRequest) -> Article:
    """The article that its feed has, with the page's text; its title changes when the page's own does."""
    is_retitled = request.page_title is not None and letters(request.page_title) != letters(page.title)
    title = page.title if is_retitled or not request.title else request.title
    return replace(
        page,
        keys=_keys(entry, request),
        guid=request.guid,
        url=request.url,
        canonical_url=urls.canonical(request.url),
        title=title,
        author=", ".join(request.authors) or page.author,
        authors=request.authors or page.authors,
        published_at=_moment(request.published_at) or page.published_at,
        updated_at=page.updated_at or _moment(request.updated_at),
        categories=request.categories or page.categories,
        summary=request.summary or page.summary,
        content_hash=content_hash(title, page.content_text),
        teaser=None,
    )


def _without_text(document: Document, feed: Feed, reading: PageReading) -> Milled:
    """The page without a text; the article is there to be found by its keys."""
    request = document.request or PageRequest(document.url, "")
    entry = Entry(
        entry_id="",
        feed_id=feed.id,
        document_id=document.document_id,
        position=0,
        guid=request.guid,
        link=request.url,
        title=request.title,
        author=None,
        published_at=_moment(request.published_at),
        updated_at=None,
        language=None,
        categories=(),
        content_html="",
        content_type="text/html",
        summary_html="",
        base_url=request.url,
        enclosures=(),
        parsed="{}",
    )
    article = Article(
        entry_id="",
        feed_id=feed.id,
        keys=_keys(entry, request),
        guid=request.guid,
        url=request.url,
        canonical_url=None,
        title=request.title,
        author=None,
        published_at=entry.published_at,
        updated_at=None,
        language=None,
        summary="",
        content_html="",
        content_text="",
        word_count=0,
        categories=(),
        images=(),
        content_hash="",
    )
    return Milled(document, (), (article,), feed_name=feed.name, page=reading)


def _keys(entry: Entry, request: PageRequest) -> tuple[str, ...]:
    return keys(replace(entry, guid=request.guid), request.url)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
