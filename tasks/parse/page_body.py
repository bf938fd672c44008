"""Finding the article in a web page's markup."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from html import unescape
from itertools import islice
from typing import Any

from lxml import etree
from lxml.html import HtmlElement
from selectolax.lexbor import LexborHTMLParser
from trafilatura import bare_extraction

from tasks.errors import ParseError
from tasks.parse.page_blocks import HIDDEN, Block, comparable, read_blocks
from tasks.parse.page_choice import Told, choose
from tasks.parse.page_cut import rebuild
from tasks.parse.page_head import PageHead, bound_attributes, find_title
from tasks.text import urls
from tasks.text.markup import MAX_HTML, Element, parse, to_tree
from tasks.text.plain import printable
from warehouse.records import Feed, Rules

MAX_MARKED = 2_000
"""Elements in a paragraph."""
MIN_TEXT = 120
"""Bytes of text, in UTF-8, that a page without an article's metadata must have: some 40 Chinese characters."""


def read_body(page: LexborHTMLParser, html: str, rules: Rules) -> Element:
    """The page's body without the elements that the site's rules remove, with attributes of bounded number and size."""
    if rules.remove:
        from tasks.text.site_rules import apply_rules  # few sites need BeautifulSoup, which imports slowly

        body = apply_rules(html, Rules(remove=rules.remove))
    else:
        body = to_tree(page)
    bound_attributes(body)
    return body


def find_content(html: str, head: PageHead, body: Element, feed: Feed, link: str, *, title: str = "") -> Element:
    """The element whose children are the article. Raises ParseError if the page holds no article. `title` is the one
    that the site's rule finds."""
    if feed.rules.content and (selected := _select_content(html, feed.rules)) is not None:
        return selected
    site = urls.domain_of(link or head.base)
    sections, blocks = read_blocks(body, site)
    told = Told(
        title or find_title(head) or head.title,
        next(iter(head.all("og:description", "description")), ""),
        _stated(head),
        site,
    )
    article = choose(sections, blocks, _extract(head, body, link), told)
    if not head.is_article() and (teasers := _teasers(blocks, article)) >= 3:
        raise ParseError(f"the page is a list of {teasers} articles, and none itself")
    content = rebuild(sections, blocks, article) if article else None
    if told.body and (content is None or 2 * len(comparable(content.text())) < len(comparable(told.body))):
        # some pages hold their text only for search engines
        paragraphs = [part.strip() for part in re.split(r"\n\s*", told.body[:MAX_HTML]) if part.strip()]
        return Element("body", {}, [Element("p", {}, [_strip_tags(part)]) for part in paragraphs])
    unlinked, linked = _text_sizes(content) if content else (0, 0)
    if content is None or not unlinked:
        raise ParseError("the page holds no article: no text beside its menus and links")
    if not head.is_article() and unlinked < MIN_TEXT:
        raise ParseError(f"the page holds no article: {unlinked} bytes of text, and nothing that calls it one")
    if linked > (4 if head.is_article() else 1.5) * unlinked:
        raise ParseError("the page is a list of links, and no article")
    return content


def _stated(head: PageHead) -> str:
    return printable(str(head.article.get("articleBody") or "")).strip()


def _strip_tags(text: str) -> str:
    return parse(text).text() if "<" in text else unescape(text)


def _select_content(html: str, rules: Rules) -> Element | None:
    """The elements that the site's rule selects; None if there are none, or there is neither text nor image in them.

    The selected elements are part of the result, not only their children, because cleaning applies the rule again and
    would otherwise select an inner element.
    """
    from tasks.text.site_rules import from_soup, remove_selected, select_outermost, soup

    page = soup(html)
    for selector in rules.remove:
        remove_selected(page, selector)
    root = Element("body")
    for tag in select_outermost(page, rules.content or ""):
        attrs = {name: " ".join(value) if isinstance(value, list) else str(value) for name, value in tag.attrs.items()}
        root.children.append(Element(tag.name, attrs, from_soup(tag).children))
    has_content = root.text().strip() or any(element.tag == "img" for element in root.walk())
    return root if has_content else None


def _teasers(blocks: Sequence[Block], article: set[int]) -> int:
    """How many <article> whose heading is a link hold a part of the text."""
    holders = {
        id(section.element): section.element
        for number in article
        for section in blocks[number].section.up()
        if section.element.tag == "article"
    }
    return sum(1 for element in holders.values() if _is_teaser(element))


def _is_teaser(article: Element) -> bool:
    """Whether the <article> has a heading that is a link."""
    return any(
        element.tag in ("h1", "h2", "h3", "h4") and any(inner.tag == "a" for inner in element.walk())
        for element in article.walk()
    )


READ = frozenset(["class", "id", "style", "role", "href", "src", "itemprop", "data-testid", "aria-hidden", "hidden"])
"""Attributes that trafilatura looks at."""


def _copy(element: Element, copy: Any, read: Set[str]) -> None:
    """Add what is visible of the element to lxml's copy of it, with the attributes that are to be `read`."""
    last, texts = None, list[str]()
    for child in (*element.children, None):
        if isinstance(child, str):
            texts.append(child)
            continue
        if child is not None and child.tag in HIDDEN:
            continue
        if texts:  # all at once: what is nested too deep stands side by side, by the thousand
            text = _for_xml("".join(texts))
            if last is None:
                copy.text = text
            else:
                last.tail = text
            texts = []
        if child is not None:
            if child.tag == "p" and _is_overfull(child):
                child = Element("p", child.attrs, [child.text()])
            attrs = {name: _for_xml(value) for name, value in child.attrs.items() if name in read}
            last = etree.SubElement(copy, child.tag if child.tag.isalnum() else "span", attrs)
            _copy(child, last, read)


def _is_overfull(paragraph: Element) -> bool:
    """Whether so much is marked in it that trafilatura, which takes the square of that, gets only its text."""
    return next(islice(paragraph.walk(), MAX_MARKED, None), None) is not None


def as_lxml(body: Element, read: Set[str] = READ) -> Any:
    """What is visible of the body as lxml's tree, for trafilatura."""
    page = etree.fromstring("<html><body></body></html>", lxml_parser())
    _copy(body, page.find("body"), read)
    return page


def lxml_parser() -> etree.HTMLParser:
    """One whose elements are what trafilatura wants. lxml.html's own parser asks Python for each element's class."""
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True)
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
    return parser


def _for_xml(text: str) -> str:
    return text if text.isprintable() else printable(text)  # most are, and finding that out takes no time


def _extract(head: PageHead, body: Element, link: str) -> list[str]:
    """The pieces of text that trafilatura takes for the article; empty if it finds none. Raises any error."""
    # links, images and formatting are off: with them, it judges the same paragraphs otherwise, and worse
    document = bare_extraction(as_lxml(body), url=link or None, include_comments=False, favor_precision=True, fast=True)
    found = getattr(document, "body", None)
    return [str(piece) for piece in found.itertext()] if found is not None else []


def _text_sizes(content: Element) -> tuple[int, int]:
    """(bytes of text outside links, bytes in links)"""

    def size(element: Element) -> int:
        return len("".join(element.text().split()).encode())

    linked = sum(size(element) for element in content.walk() if element.tag == "a")
    return size(content) - linked, linked


def resolve_addresses(element: Element, base: str) -> None:
    """Make the element's addresses absolute. Cleaning knows the article's address, but not the page's <base>."""
    for name in ("href", "src", "data-src", "data-original", "data-lazy-src"):
        value = element.attrs.get(name)
        if value and not value.startswith(("http:", "https:", "data:", "#", "mailto:", "{")):
            element.attrs[name] = urls.resolve(base, value) or value
