"""Parsing a page that lists articles, of a site without a feed: each article on the list is an entry.

By the selectors of the feed's `list` in feeds.toml, or without any: then `tasks.parse.list_links` finds the list.

    bytes ─▶ HTML ─▶ tree ─▶ the links that are entries, with what is around each ─▶ entries: link, title, date, teaser
"""

from __future__ import annotations

import json
from datetime import datetime
from html import escape

from tasks.errors import ParseError
from tasks.parse import list_links
from tasks.parse.about import about_list_page
from tasks.parse.entry import EntryFields, ParsedDocument, make_entry
from tasks.parse.list_dates import moment_of
from tasks.parse.list_items import MAX_ITEMS, ListItem
from tasks.parse.page_head import PageHead, find_language, read_head
from tasks.parse.page_source import read_source
from tasks.text import urls
from tasks.text.markup import Element, parse_html, to_tree
from warehouse.records import Document, Feed, ListRules


def parse_list_page(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    """The articles that the page lists. Raises ParseError if there are none, with what to do."""
    html = read_source(data, document, feed)
    page = parse_html(html)
    head = read_head(page, document)
    if feed.list == ListRules():
        items = list_links.find_items(to_tree(page), head.base, document.final_url)
    else:
        from tasks.parse.list_selected import select_items  # BeautifulSoup, which most lists don't need

        items = select_items(html, head.base, document.final_url, feed.list)
    if not items:
        raise ParseError(_why_none(to_tree(page)))
    language = feed.language or find_language(head)
    entries = [
        make_entry(_fields(item, document, feed, head, language), document, feed, position)
        for position, item in enumerate(items[:MAX_ITEMS])
    ]
    return ParsedDocument(tuple(entries), about=about_list_page(head))


def where_found(data: bytes, document: Document, feed: Feed) -> str:
    """Which elements of the page are read if no selectors are given, as CSS."""
    page = parse_html(read_source(data, document, feed))
    return list_links.where_found(to_tree(page), read_head(page, document).base, document.final_url)


def _why_none(body: Element) -> str:
    links = sum(element.tag == "a" and bool(element.attrs.get("href")) for element in body.walk())
    scripts = sum(element.tag == "script" for element in body.walk())
    if links < 5 and scripts:
        return (
            f"the page's HTML has {links} links and no list of articles: scripts fill it in; what they ask for, which "
            'browsers show under "network", may be a feed of kind "json", and the site\'s sitemap one of kind "sitemap"'
        )
    return (
        f"no list of articles was found among the page's {links} links; give a page that lists articles, or say which "
        'elements are the articles: list = { items = "li.article" }'
    )


def _fields(item: ListItem, document: Document, feed: Feed, head: PageHead, language: str | None) -> EntryFields:
    published = _moment(item.date, document, feed, language)
    image = urls.resolve(head.base, item.image)
    return EntryFields(
        guid=None,
        link=item.url,
        title=item.title,
        authors=(item.author,) if item.author else (),
        published_at=published,
        updated_at=None,
        stated_dates=(item.date, ""),
        language=language,
        categories=(),
        content="",
        content_type="text/html",
        summary=escape(item.summary, quote=False),
        base_url=head.base,
        enclosures=(image,) if image else (),
        parsed=json.dumps(
            {"title": item.title, "link": item.url, "date": item.date, "summary": item.summary, "image": item.image},
            ensure_ascii=False,
        ),
        title_is_plain=True,
    )


def _moment(date: str, document: Document, feed: Feed, language: str | None) -> datetime | None:
    is_american = (language or "").lower() in ("en-us", "en-ph") or feed.timezone.startswith("America/")
    month_first = is_american and (language or "en").lower().startswith("en")
    return moment_of(date, timezone=feed.timezone, now=document.fetched_at, month_first=month_first)
