"""A page's title, date and author where its metadata does not state them: trafilatura finds them in what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from html import escape
from typing import Any

from lxml import etree
from trafilatura import metadata

from tasks.parse.page_blocks import HIDDEN
from tasks.parse.page_body import READ, as_lxml, lxml_parser
from tasks.parse.page_head import PageHead
from tasks.text.markup import Element, serialise
from tasks.text.plain import printable

MAX_SCRIPTS = 20_000
"""Characters of JSON-LD scripts that trafilatura is given: it takes the square of them for each "<" without an end."""
_CALLING = ("class", "id", "rel", "itemprop", "data-testid", "data-component")
_AUTHORS = re.compile(
    "[Aa]uthor|[Bb]yl|BBL|username|channel-name|zuozhe|bianji|xiaobian|submitted-by|posted-by|journalist-name|screenname"
    "|writer"
)
"""What trafilatura looks for in these attributes: its AUTHOR_XPATHS."""
_READ_FOR_AUTHOR = READ.union(_CALLING)


def read_metadata(head: PageHead, body: Element, *, date: bool = True, author: bool = True) -> Any:
    """trafilatura's metadata: the title; the date and the author where they are wanted. They are found as its own
    extract_metadata does, which always looks for all, and for what nobody reads: for the licence, it takes the square
    of the links in footers, 17 s for a page of 400 kB.

    The latest date it accepts is in 2100, not today, so that the same page gives the same entry on any day; parse_date
    refuses dates in the future.
    """
    page = _to_lxml(body, head)
    found = metadata.examine_meta(page)
    if found.author and " " not in found.author:
        found.author = None
    with suppress(Exception):  # trafilatura's reading of JSON-LD raises all kinds of errors, and only logs them itself
        found = metadata.extract_meta_json(page, found)
    found.title = found.title or metadata.extract_title(page)
    if author:
        found.author = found.author or read_author(body)
    if date:
        url = found.url or metadata.extract_url(page, head.base)
        found.date = metadata.find_date(
            page, url=url, original_date=True, extensive_search=False, max_date="2100-01-01"
        )
    found.clean_and_trim()
    return found


def read_author(body: Element) -> str | None:
    """The author that trafilatura finds beside the text. It is given only what may be one: looking through all of a
    page, it takes a tenth of the page's time."""
    signed = _signed(body)
    author = metadata.extract_author(as_lxml(signed, _READ_FOR_AUTHOR)) if signed else None
    return metadata.normalize_authors(None, author) if author else None


def _signed(element: Element) -> Element | None:
    """The element with only those in it that are called an author's, and what these are in; None without any."""
    if _is_called_authors(element):
        return element
    inner = (_signed(child) for child in element.children if isinstance(child, Element) and child.tag not in HIDDEN)
    children: list[Element | str] = [child for child in inner if child]
    return Element(element.tag, element.attrs, children) if children else None


def _is_called_authors(element: Element) -> bool:
    attrs = element.attrs
    if attrs:
        for name in _CALLING:
            if name in attrs and _says_author(attrs[name]):
                return True
    return element.tag == "author"


@lru_cache(maxsize=4_096)  # a page's elements share their names
def _says_author(value: str) -> bool:
    return _AUTHORS.search(value) is not None


def _to_lxml(body: Element, head: PageHead) -> Any:
    """The page as lxml's tree, with bounded depth and a head of the metadata only."""
    metas = "".join(
        f'<meta {"property" if ":" in name else "name"}="{escape(name)}" content="{escape(value)}">'
        for name, values in head.meta.items()
        for value in values
    )
    scripts = "".join(f'<script type="application/ld+json">{script}</script>' for script in _few(head.scripts))
    canonical = f'<link rel="canonical" href="{escape(head.canonical)}">' if head.canonical else ""
    visible = [child for child in body.children if isinstance(child, str) or child.tag not in HIDDEN]
    page = (
        f"<!DOCTYPE html><html><head><title>{escape(head.title)}</title>{metas}{canonical}{scripts}</head>"
        f"<body>{printable(serialise(visible))}</body></html>"
    )
    return etree.fromstring(page.encode(), lxml_parser())


def _few(scripts: Sequence[str]) -> Iterator[str]:
    size = 0
    for script in scripts:
        if "</" not in script and size + len(script) <= MAX_SCRIPTS:
            size += len(script)
            yield script
