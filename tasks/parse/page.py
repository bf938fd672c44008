"""Parsing a web page that was captured, archived or fetched for a backfill: the article on it, as one entry.

The article is cut out of the page's own markup: trafilatura's result, which helps to find it, lacks most lists,
subheadings, images and captions. Cleaning then treats that markup like a feed's.

    bytes ─▶ text ─▶ tree ─▶ the elements of the site's rules, or the blocks of the article (page_choice) ─▶ an entry
                └▶ <meta>, JSON-LD, <link rel=canonical>, <time> ─▶ its title, author, dates, address …
"""

from __future__ import annotations

import json
import logging
from functools import cache

from tasks.errors import ParseError
from tasks.parse.entry import EntryFields, ParsedDocument, make_entry, unique
from tasks.parse.page_body import find_content, read_body, resolve_addresses
from tasks.parse.page_head import (
    MODIFIED_NAMES,
    PageHead,
    bounded_text,
    find_authors,
    find_categories,
    find_images,
    find_language,
    find_link,
    find_published,
    find_title,
    json_ld_texts,
    printed_dates,
    read_head,
    without_byline,
)
from tasks.parse.page_links import is_free, next_page, plain_version
from tasks.parse.page_metadata import read_author, read_metadata
from tasks.parse.page_rules import Ruled, apply_page_rules, replace_strings, without_title
from tasks.parse.page_source import read_source
from tasks.text import urls
from tasks.text.dates import parse_date
from tasks.text.markup import parse_html, serialise
from tasks.text.pictures import is_any_pages
from warehouse.records import Document, Feed

# Silence trafilatura and htmldate: ParseError reports empty pages.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)


def parse_page(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    """The page's article as one entry. Raises ParseError, with the reason, if there is none."""
    return parse_source(read_source(data, document, feed), document, feed)


def parse_source(html: str, document: Document, feed: Feed) -> ParsedDocument:
    """Like `parse_page`, of a page whose source was read already."""
    feed = feed.of_pages
    try:
        fields = _read_page(html, document, feed)
    except ParseError:
        raise
    except Exception as error:  # trafilatura, htmldate and lxml raise all kinds of errors for broken pages
        raise ParseError(f"the page can't be read ({type(error).__name__}: {error})") from error
    return ParsedDocument((make_entry(fields, document, feed, position=0),))


def _read_page(html: str, document: Document, feed: Feed) -> EntryFields:
    page = parse_html(replace_strings(html, feed.page))
    head = read_head(page, document)
    ruled = apply_page_rules(page, feed.page, head.base) if feed.page else Ruled(read_body(page, html, feed.rules))
    link = find_link(head, document)
    if urls.resolve(None, link) and urls.identity(urls.resolve(None, link) or "") is None and not head.article:
        raise ParseError("the page is a site's front page, which is no article")
    if ruled.content:
        content = without_title(ruled.content, ruled.title or find_title(head))
    else:
        content = find_content(html, head, ruled.body, feed, link, title=ruled.title)
    for element in content.walk():
        resolve_addresses(element, head.base)
    dates_printed = cache(lambda: printed_dates(ruled.body))
    stated_date, published_at = find_published(head, ruled.dates, dates_printed, feed, document)
    title, authors = ruled.title or find_title(head), without_byline(ruled.authors) or find_authors(head)
    extracted = None
    if not (title and stated_date):
        extracted = read_metadata(head, ruled.body, date=not stated_date, author=not authors)
    if extracted and not stated_date:
        stated_date, published_at = find_published(head, [extracted.date or ""], dates_printed, feed, document)
    images = tuple(image for image in find_images(head) if not is_any_pages(image))
    stated_update = next(iter([*json_ld_texts(head.article.get("dateModified")), *head.all(*MODIFIED_NAMES)]), "")
    if extracted:
        title = title or bounded_text(extracted.title)
    if not authors:
        printed = bounded_text(extracted.author if extracted else read_author(ruled.body))
        authors = unique(printed.split("; ")) or find_authors(head, also_sites=True)
    return EntryFields(
        guid=None,
        link=link or None,
        title=title,
        authors=authors,
        published_at=published_at,
        updated_at=parse_date(stated_update, timezone=feed.timezone, now=document.fetched_at),
        stated_dates=(stated_date, stated_update),
        language=find_language(head),
        categories=find_categories(head),
        content=serialise(content.children),
        content_type="text/html",
        summary="",
        base_url=head.base,
        enclosures=images[:1],
        parsed=json.dumps(
            {"title": title, "published": stated_date, "modified": stated_update}
            | _stated(head)
            | _outcome(ruled, feed, document),
            ensure_ascii=False,
        ),
        is_free=is_free(head),
        next_page=ruled.next_page or next_page(ruled.body, head.base, document.final_url),
        plain_version=ruled.whole or plain_version(head),
        lead_image=next(iter(images), None),
    )


def _stated(head: PageHead) -> dict[str, object]:
    """What the page says of itself, for `Entry.parsed`."""
    return {
        "language": head.language,
        "canonical": head.canonical,
        "meta": head.meta,
        "json_ld": {name: list(json_ld_texts(value)) for name, value in head.article.items() if name != "articleBody"},
    }


def _outcome(ruled: Ruled, feed: Feed, document: Document) -> dict[str, object]:
    """What the site's rules found, for `Entry.parsed`; and which found nothing, so that the general way was taken."""
    if not ruled.matched:
        return {}
    found = {
        "content": ruled.content is not None,
        "title": bool(ruled.title),
        "author": bool(ruled.authors),
        "date": any(parse_date(text, timezone=feed.timezone, now=document.fetched_at) for text in ruled.dates),
    }
    return {
        "rules": ruled.matched,
        "rules_missed": [name for name, is_found in found.items() if name in ruled.matched and not is_found],
    }
