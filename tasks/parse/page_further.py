"""Where an article goes on: its next page, or its AMP version where the page itself shows next to nothing."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tasks.errors import ParseError
from tasks.parse.page_head import read_head
from tasks.parse.page_links import next_page, numbered, plain_version
from tasks.parse.page_rules import apply_page_rules
from tasks.parse.page_source import read_source
from tasks.text.markup import parse_html, to_tree
from warehouse.records import Document, Feed

SCANT = 1_000
"""Characters of visible text below which a page may need scripts to show its article."""


def further_page(data: bytes, document: Document, feed: Feed) -> str | None:
    """The address of the page that the article goes on on; None if it doesn't, or if the document is no page."""
    if not (feed.page.next or feed.page.whole or b"amphtml" in data or _may_link_to_next(data, document.final_url)):
        return None
    try:
        html = read_source(data, document, feed)
        page = parse_html(html)
        head = read_head(page, document)
        if feed.page and (feed.page.next or feed.page.whole):
            ruled = apply_page_rules(page, feed.page, head.base)
            return ruled.whole or ruled.next_page
        if following := next_page(to_tree(page), head.base, document.final_url):
            return following
        if (plain := plain_version(head)) and plain != document.final_url:
            for node in page.css("script, style, noscript, nav, header, footer"):
                node.decompose()
            text = page.body.text(separator=" ") if page.body else ""
            return plain if len(" ".join(text.split())) < SCANT else None
    except (ParseError, RecursionError, ValueError):
        return None  # milling the page says why
    return None


def _may_link_to_next(data: bytes, address: str) -> bool:
    """Whether it holds its own address with the next number: most pages don't, and need not be parsed to tell."""
    stem, number = numbered(address)
    name = urlsplit(stem).path.rpartition("/")[2]
    starts = [rb"\?(?<=[\"'=]\?)[^\"'\s<>]{0,200}?"]  # of "?page=2"; a literal that comes first is found sooner
    if not name.isascii() or "%" in name:  # the page may write it in another way
        starts.append(rb"[\"'=/][^\"'\s<>]{0,200}?")
    elif name:
        starts.append(re.escape(name.encode()) + rb"[^\"'\s<>]{0,24}?")
    following = rb"(?<=[-_/.=a-z])%d(?=[\"'\s>&#/]|\.s?html?\b)" % (number + 1)
    return any(re.search(start + following, data) for start in starts)
