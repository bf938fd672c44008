"""Web pages: the article on a page that was captured, archived or fetched for a backfill.

trafilatura tells the article's text from the menus, teasers and comments around it; what it gives back has lost most
lists, subheadings, pictures and captions. So its text only says where on the page the article is, and the article is
taken from the page's own markup, which cleaning then treats as it treats a feed's.

    bytes ─▶ text ─▶ tree ─▶ the rule's element, or trafilatura's text found again in the tree ─▶ an entry
                └▶ <meta>, JSON-LD, <link rel=canonical>, <time> ─▶ its title, author, dates, address …
"""

from __future__ import annotations

import json
import logging
import re

from w3lib.encoding import html_to_unicode

from tasks.errors import ParseError
from tasks.parse.entry import LEGACY, Parsed, make_entry
from tasks.parse.page_body import find_content, read_body, read_metadata, resolve_addresses
from tasks.parse.page_head import (
    MODIFIED_NAMES,
    bounded_text,
    find_authors,
    find_categories,
    find_images,
    find_language,
    find_link,
    find_published,
    find_title,
    json_ld_texts,
    read_head,
)
from tasks.text import urls
from tasks.text.dates import parse_date
from tasks.text.markup import MAX_HTML, serialise
from warehouse.records import Document, Entry, Feed

MAX_TAGS = 60_000
"""Tags of a page, closing ones included; reading it takes time and memory by the tag, and no article needs as many."""
MAX_WORDS = 20_000
"""Words of one tag: lexbor compares each attribute with all before it."""
_MARKUP = re.compile(r"<(?:!doctype|[a-z][a-z0-9]*)[\s/>]", re.IGNORECASE)
_FEED = re.compile(r"(?>\s+|<\?[^>]*>|<!--.*?-->)*+<(?:rss|feed|rdf:rdf)\b", re.IGNORECASE | re.DOTALL)
# What it says of pages that hold nothing is said by ParseError, with the page's name.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


logging.getLogger("htmldate").setLevel(logging.CRITICAL)


def parse_page(data: bytes, document: Document, feed: Feed) -> Parsed:
    """The page's article, as one entry. Raises ParseError, with the reason, where there is none."""
    if not data.strip():
        raise ParseError("the page is empty")
    html = _decoded(data, document.headers.get("content-type"), feed.language)
    if _FEED.match(html[:10_000]):
        raise ParseError("the document is a feed, not a web page")
    if not _MARKUP.search(html):
        raise ParseError("the document is no web page: it holds no HTML")
    if html.count("<") > MAX_TAGS:
        raise ParseError(f"the page has more than {MAX_TAGS:,} tags; no article needs as many")
    if any(len(piece) > MAX_WORDS and len(piece.partition(">")[0].split()) > MAX_WORDS for piece in html.split("<")):
        raise ParseError(f"a tag of the page has more than {MAX_WORDS:,} attributes")
    try:
        return Parsed((_entry(html, document, feed),))
    except ParseError:
        raise
    except Exception as error:  # trafilatura, htmldate and lxml raise whatever a page makes them raise
        raise ParseError(f"the page can't be read ({type(error).__name__}: {error})") from error


def _entry(html: str, document: Document, feed: Feed) -> Entry:
    head = read_head(html, document)
    body = read_body(html, feed.rules)
    known = read_metadata(head, body)
    link = find_link(head, document)
    if urls.resolve(None, link) and urls.identity(urls.resolve(None, link) or "") is None and not head.article:
        raise ParseError("the page is a site's front page, which is no article")
    content = find_content(html, head, body, feed, link)
    for element in content.walk():
        resolve_addresses(element, head.base)
    published, published_at = find_published(head, known.date, body, feed, document)
    modified = next(iter([*json_ld_texts(head.article.get("dateModified")), *head.all(*MODIFIED_NAMES)]), "")
    title = find_title(head) or bounded_text(known.title)
    return make_entry(
        document,
        feed,
        position=0,
        guid=None,
        link=link or None,
        title=title,
        author=find_authors(head) or bounded_text(known.author).replace("; ", ", ") or None,
        published_at=published_at,
        updated_at=parse_date(modified, timezone=feed.timezone, now=document.fetched_at),
        stated=(published, modified),
        language=find_language(head),
        categories=find_categories(head)
        or tuple(dict.fromkeys(filter(None, map(bounded_text, known.categories or ()))))[:50],
        content=serialise(content.children),
        content_type="text/html",
        summary="",
        base_url=head.base,
        enclosures=find_images(head)[:1],
        parsed=json.dumps(
            {
                "title": title,
                "published": published,
                "modified": modified,
                "language": head.language,
                "canonical": head.canonical,
                "meta": head.meta,
                "json_ld": {
                    name: list(json_ld_texts(value)) for name, value in head.article.items() if name != "articleBody"
                },
            },
            ensure_ascii=False,
        ),
    )


def _decoded(data: bytes, content_type: str | None, language: str | None) -> str:
    """The page as text: its mark, its header's charset, its own, else UTF-8 or what its language is written in."""
    data = data[: 4 * MAX_HTML]

    def guess(data: bytes) -> str:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.start < len(data) - 3:  # else cut off in the middle of a character
                return LEGACY.get((language or "").split("-")[0].lower(), "cp1252")
        return "utf-8"

    try:
        text = html_to_unicode(content_type, data, auto_detect_fun=guess)[1]
    except (LookupError, ValueError):  # a charset that Python knows and that isn't one of text
        text = data.decode("utf-8", "replace")
    return re.sub(r"[\x00\ud800-\udfff]", "", text[:MAX_HTML])
