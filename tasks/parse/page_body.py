"""Finding the article in a web page's markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape, unescape
from typing import Any

from lxml import etree
from trafilatura import bare_extraction
from trafilatura.metadata import extract_metadata

from tasks.errors import ParseError
from tasks.parse.page_head import MAX_VALUE, PageHead
from tasks.text import urls
from tasks.text.markup import MAX_HTML, Element, parse, serialise
from tasks.text.plain import printable
from warehouse.records import Feed, Rules

MAX_ATTRIBUTES = 30
"""Attributes of an element; more are dropped."""
MIN_TEXT = 120
"""Bytes of text, in UTF-8, that a page without an article's metadata must have: some 40 Chinese characters."""
_CONTAINERS = frozenset(
    ["body", "div", "section", "article", "main", "center", "span", "table", "tbody", "tr", "td", "form", "header"]
)
"""Elements that may contain the article, or a part of the page beside it."""
_PARTS = frozenset(
    [
        *("p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "figure", "picture"),
        *("img", "hr"),
    ]
)
"""Elements of an article. They are kept between its paragraphs even if trafilatura passes over them."""
_INLINE = frozenset(
    [
        *("a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "font", "i", "img", "ins", "kbd"),
        *("mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var"),
        "wbr",
    ]
)
_HIDDEN = frozenset(["script", "style", "noscript", "template", "svg", "nav", "button", "select", "textarea", "iframe"])


def read_metadata(head: PageHead, body: Element) -> Any:
    """trafilatura's metadata: title, author, date, categories.

    The latest date it accepts is in 2100, not today, so that the same page gives the same entry on any day; parse_date
    refuses dates in the future.
    """
    date_options = {"original_date": True, "extensive_search": False, "max_date": "2100-01-01"}
    return extract_metadata(_to_lxml(body, head), head.base, date_options)


def read_body(html: str, rules: Rules) -> Element:
    """The page's body without the elements that the site's rules remove, with attributes of bounded number and size."""
    if rules.remove:
        from tasks.text.site_rules import apply_rules  # few sites need BeautifulSoup, which imports slowly

        body = apply_rules(html, Rules(remove=rules.remove))
    else:
        body = parse(html)
    for element in body.walk():
        if len(element.attrs) > MAX_ATTRIBUTES or any(len(value) > MAX_VALUE for value in element.attrs.values()):
            short = [(name, value) for name, value in element.attrs.items() if len(value) <= MAX_VALUE]
            element.attrs = dict(short[:MAX_ATTRIBUTES])
    return body


def find_content(html: str, head: PageHead, body: Element, feed: Feed, link: str) -> Element:
    """The element whose children are the article. Raises ParseError if the page holds no article."""
    if feed.rules.content and (selected := _select_content(html, feed.rules)) is not None:
        return selected
    if not head.is_article():
        teasers = sum(1 for element in body.walk() if element.tag == "article" and _is_teaser(element))
        if teasers >= 3:
            raise ParseError(f"the page is a list of {teasers} articles, and none itself")
    extracted = _extract(head, body, link)
    content = _locate(body, extracted) if extracted is not None else None
    if content is None and (text := printable(str(head.article.get("articleBody") or "")).strip()):
        paragraphs = [part.strip() for part in re.split(r"\n\s*", text[:MAX_HTML]) if part.strip()]
        return Element("body", {}, [Element("p", {}, [_strip_tags(part)]) for part in paragraphs])
    if content is None and extracted is not None:
        content = parse(_to_html(extracted))
    if content is None or not _text_bytes(content):
        raise ParseError("the page holds no article: no text beside its menus and links")
    unlinked, linked = _text_bytes(content), _linked_bytes(content)
    if not head.is_article() and unlinked < MIN_TEXT:
        raise ParseError(f"the page holds no article: {unlinked} bytes of text, and nothing that calls it one")
    if linked > (4 if head.is_article() else 1.5) * unlinked:
        raise ParseError("the page is a list of links, and no article")
    return content


def _strip_tags(text: str) -> str:
    return parse(text).text() if "<" in text else unescape(text)


def _select_content(html: str, rules: Rules) -> Element | None:
    """The elements that the site's rule selects; None if there are none, or there is neither text nor image in them.

    The selected elements are part of the result, not only their children, because cleaning applies the rule again and
    would otherwise select an inner element.
    """
    from tasks.text.site_rules import from_soup, soup

    page = soup(html)
    for selector in rules.remove:
        for tag in page.select(selector):
            tag.decompose()
    selected = page.select(rules.content or "")
    root = Element("body")
    for tag in selected:
        if not any(parent in selected for parent in tag.parents):
            attrs = {
                name: " ".join(value) if isinstance(value, list) else str(value) for name, value in tag.attrs.items()
            }
            root.children.append(Element(tag.name, attrs, from_soup(tag).children))
    has_content = root.text().strip() or any(element.tag == "img" for element in root.walk())
    return root if has_content else None


def _is_teaser(article: Element) -> bool:
    """Whether the <article> has a heading that is a link."""
    return any(
        element.tag in ("h1", "h2", "h3", "h4") and any(inner.tag == "a" for inner in element.walk())
        for element in article.walk()
    )


def _to_lxml(body: Element, head: PageHead) -> Any:
    """The page as lxml's tree, with bounded depth and a head of the metadata only."""
    metas = "".join(
        f'<meta {"property" if ":" in name else "name"}="{escape(name)}" content="{escape(value)}">'
        for name, values in head.meta.items()
        for value in values
    )
    scripts = "".join(
        f'<script type="application/ld+json">{script}</script>' for script in head.scripts if "</" not in script
    )
    canonical = f'<link rel="canonical" href="{escape(head.canonical)}">' if head.canonical else ""
    visible = [child for child in body.children if isinstance(child, str) or child.tag not in _HIDDEN]
    page = (
        f"<!DOCTYPE html><html><head><title>{escape(head.title)}</title>{metas}{canonical}{scripts}</head>"
        f"<body>{printable(serialise(visible))}</body></html>"
    )
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True)
    from lxml.html import HtmlElementClassLookup

    parser.set_element_class_lookup(HtmlElementClassLookup())
    return etree.fromstring(page.encode(), parser)


def _extract(head: PageHead, body: Element, link: str) -> Any:
    """trafilatura's tree of the article; None if it finds none. Raises any error."""
    document = bare_extraction(
        _to_lxml(body, head),
        url=link or None,
        output_format="html",
        include_comments=False,
        include_formatting=True,
        include_images=True,
        include_links=True,
    )
    return document.body if document is not None else None  # type: ignore[union-attr]


def _to_html(extracted: Any) -> str:
    from trafilatura.htmlprocessing import convert_to_html

    return str(etree.tostring(convert_to_html(extracted), encoding="unicode"))


def _without_blanks(text: str) -> str:
    """The text in Unicode's composed form, without white space, so that it compares as equal."""
    return "".join(unicodedata.normalize("NFC", text).split())


@dataclass(slots=True)
class _Weight:
    """How much of an element is in trafilatura's text, and where the element is. Counts are characters, not blanks."""

    total: int = 0
    taken: int = 0
    """Of the text that trafilatura took."""
    linked: int = 0
    """In links."""
    images: int = 0
    """Number of images."""
    first: int = 0
    """Number of its first piece of text on the page, and of its last."""
    last: int = 0


def _locate(body: Element, extracted: Any) -> Element | None:
    """The part of the page that holds trafilatura's text, without what lies between but is not part of the article.

    None if the text is not in the page's body (trafilatura also reads JSON-LD).
    """
    text = _without_blanks("".join(extracted.itertext()))
    weights: dict[int, _Weight] = {}
    _weigh(body, text, weights, [0], False)
    total = weights[id(body)].taken
    if not text or total < len(text) / 2:
        return None
    best = body
    while True:
        inner = next(
            (
                child
                for child in best.children
                if isinstance(child, Element) and child.tag in _CONTAINERS and weights[id(child)].taken >= 0.9 * total
            ),
            None,
        )
        if inner is None or _is_leaf(inner):
            break
        best = inner
    leaves = [weight for weight in weights.values() if weight.taken and weight.first == weight.last]
    first, last = min(leaf.first for leaf in leaves), max(leaf.last for leaf in leaves)
    return _prune(best, weights, first, last)


def _is_leaf(element: Element) -> bool:
    """Whether the element is a piece of text: it has text of its own, or only inline elements."""
    children = element.children
    return any(isinstance(child, str) and child.strip() for child in children) or all(
        isinstance(child, str) or child.tag in _INLINE for child in children
    )


def _weigh(element: Element, text: str, weights: dict[int, _Weight], position: list[int], within_leaf: bool) -> _Weight:
    """Weigh the element and everything below it, and add the weights by the elements' id.

    A piece of text is taken if trafilatura's `text` contains it, or contains its beginning or end. `position` holds
    the number of the last piece of text so far.
    """
    weight = weights[id(element)] = _Weight(first=position[0], last=position[0])
    if element.tag in _HIDDEN:
        return weight
    weight.images = int(element.tag == "img")
    is_leaf = not within_leaf and _is_leaf(element)
    if is_leaf:
        position[0] += 1
        weight.first = weight.last = position[0]
    elif not within_leaf:
        weight.first = position[0] + 1
    for child in element.children:
        if isinstance(child, str):
            size = len(_without_blanks(child))
            weight.total += size
            weight.linked += size if element.tag == "a" else 0
            continue
        inner = _weigh(child, text, weights, position, within_leaf or is_leaf)
        weight.total += inner.total
        weight.images += inner.images
        weight.linked += inner.total if element.tag == "a" else inner.linked
        weight.taken += 0 if is_leaf else inner.taken
    if is_leaf and weight.total:
        piece = _without_blanks(element.text())
        if piece in text or (len(piece) > 60 and (piece[:30] in text or piece[-30:] in text)):
            weight.taken = weight.total
    if not is_leaf and not within_leaf:
        weight.last = max(weight.first, position[0])
    return weight


def _prune(element: Element, weights: Mapping[int, _Weight], first: int, last: int) -> Element:
    """The element without what trafilatura did not take.

    Images with a caption stay, and so do lists, tables and the like between the first and the last piece of the text.
    """
    children: list[Element | str] = []
    for child in element.children:
        if isinstance(child, str):
            children.append(child)
            continue
        weight = weights[id(child)]
        if weight.taken:
            is_whole = _is_leaf(child) or weight.taken == weight.total
            children.append(child if is_whole else _prune(child, weights, first, last))
        elif child.tag in _HIDDEN:
            continue
        elif weight.images:
            is_captioned = weight.total <= 400 and 2 * weight.linked <= weight.total and weight.images <= 3
            if is_captioned and (weight.last <= last or child.tag in _PARTS):
                children.append(child)
        elif child.tag == "br" or (
            child.tag in _PARTS and first <= weight.first and weight.last <= last and 2 * weight.linked <= weight.total
        ):
            children.append(child)
    return Element(element.tag, element.attrs, children)


def _text_bytes(content: Element) -> int:
    """Bytes of text outside links."""
    return len("".join(content.text().split()).encode()) - _linked_bytes(content)


def _linked_bytes(content: Element) -> int:
    return sum(len("".join(element.text().split()).encode()) for element in content.walk() if element.tag == "a")


def resolve_addresses(element: Element, base: str) -> None:
    """Make the element's addresses absolute. Cleaning knows the article's address, but not the page's <base>."""
    for name in ("href", "src", "data-src", "data-original", "data-lazy-src"):
        value = element.attrs.get(name)
        if value and not value.startswith(("http:", "https:", "data:", "#", "mailto:", "{")):
            element.attrs[name] = urls.resolve(base, value) or value
