"""Where on a web page the article is."""

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
ENOUGH = 120
"""Bytes of text, in UTF-8, that a page which doesn't call itself an article must have: some 40 Chinese characters."""
_CONTAINERS = frozenset(
    ["body", "div", "section", "article", "main", "center", "span", "table", "tbody", "tr", "td", "form", "header"]
)
"""Elements that may hold an article, or a part of the page beside it."""
_PARTS = frozenset(
    [
        "p",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "dl",
        "table",
        "blockquote",
        "pre",
        "figure",
        "picture",
        "img",
        "hr",
    ]
)
"""Elements an article is made of; kept between its paragraphs though trafilatura passes over them."""
_INLINE = frozenset(
    [
        *("a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "font", "i", "img", "ins", "kbd"),
        *("mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var"),
        "wbr",
    ]
)
_HIDDEN = frozenset(["script", "style", "noscript", "template", "svg", "nav", "button", "select", "textarea", "iframe"])


def read_metadata(head: PageHead, body: Element) -> Any:
    """What trafilatura finds: title, author, day, categories. Its dates end in 2100, not today: the same page gives
    the same entry on any day, and parse_date drops what lies in the future."""
    dates = {"original_date": True, "extensive_search": False, "max_date": "2100-01-01"}
    return extract_metadata(_tree(body, head), head.base, dates)


def read_body(html: str, rules: Rules) -> Element:
    """The page's body without what the site's rules remove, attributes bounded."""
    if rules.remove:
        from tasks.text.site_rules import apply_rules  # BeautifulSoup takes long to import, and few sites need rules

        body = apply_rules(html, Rules(remove=rules.remove))
    else:
        body = parse(html)
    for element in body.walk():
        if len(element.attrs) > MAX_ATTRIBUTES or any(len(value) > MAX_VALUE for value in element.attrs.values()):
            kept = [(name, value) for name, value in element.attrs.items() if len(value) <= MAX_VALUE]
            element.attrs = dict(kept[:MAX_ATTRIBUTES])
    return body


def find_content(html: str, head: PageHead, body: Element, feed: Feed, link: str) -> Element:
    """The element whose children are the article. Raises ParseError."""
    if feed.rules.content and (ruled := _by_rule(html, feed.rules)) is not None:
        return ruled
    if not head.is_article():
        teasers = sum(1 for element in body.walk() if element.tag == "article" and _is_teaser(element))
        if teasers >= 3:
            raise ParseError(f"the page is a list of {teasers} articles, and none itself")
    found = _extracted(head, body, link)
    content = _located(body, found) if found is not None else None
    if content is None and (said := printable(str(head.article.get("articleBody") or "")).strip()):
        paragraphs = [part.strip() for part in re.split(r"\n\s*", said[:MAX_HTML]) if part.strip()]
        return Element("body", {}, [Element("p", {}, [_strip(part)]) for part in paragraphs])
    if content is None and found is not None:
        content = parse(_as_html(found))
    if content is None or not _solid(content):
        raise ParseError("the page holds no article: no text beside its menus and links")
    solid, linked = _solid(content), _linked(content)
    if not head.is_article() and solid < ENOUGH:
        raise ParseError(f"the page holds no article: {solid} bytes of text, and nothing that calls it one")
    if linked > (4 if head.is_article() else 1.5) * solid:
        raise ParseError("the page is a list of links, and no article")
    return content


def _strip(text: str) -> str:
    return parse(text).text() if "<" in text else unescape(text)


def _by_rule(html: str, rules: Rules) -> Element | None:
    """The elements that the site's rule names; None where the page has none, or none with anything in them.

    The elements themselves are kept, not only what is in them: cleaning applies the rule once more, and would find
    another element of that name inside.
    """
    from tasks.text.site_rules import from_soup, soup

    page = soup(html)
    for selector in rules.remove:
        for tag in page.select(selector):
            tag.decompose()
    found = page.select(rules.content or "")
    root = Element("body")
    for tag in found:
        if not any(parent in found for parent in tag.parents):
            attrs = {
                name: " ".join(value) if isinstance(value, list) else str(value) for name, value in tag.attrs.items()
            }
            root.children.append(Element(tag.name, attrs, from_soup(tag).children))
    says_something = root.text().strip() or any(element.tag == "img" for element in root.walk())
    return root if says_something else None


def _is_teaser(article: Element) -> bool:
    return any(
        element.tag in ("h1", "h2", "h3", "h4") and any(inner.tag == "a" for inner in element.walk())
        for element in article.walk()
    )


def _tree(body: Element, head: PageHead) -> Any:
    """The page for lxml: of bounded depth, and its head of what is read there only."""
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


def _extracted(head: PageHead, body: Element, link: str) -> Any:
    """trafilatura's tree of the article; None where it finds none. Raises whatever it raises."""
    found = bare_extraction(
        _tree(body, head),
        url=link or None,
        output_format="html",
        include_comments=False,
        include_formatting=True,
        include_images=True,
        include_links=True,
    )
    return found.body if found is not None else None  # type: ignore[union-attr]


def _as_html(found: Any) -> str:
    from trafilatura.htmlprocessing import convert_to_html

    return str(etree.tostring(convert_to_html(found), encoding="unicode"))


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


@dataclass(slots=True)
class _Weight:
    """Of an element: characters, those of them that trafilatura took, those in links, and its place in the page."""

    all: int = 0
    taken: int = 0
    linked: int = 0
    pictures: int = 0
    first: int = 0
    last: int = 0


def _located(body: Element, found: Any) -> Element | None:
    """The part of the page that holds the text found, without what lies between and isn't of the article's.

    None where the text isn't the page's own (trafilatura also reads JSON-LD).
    """
    said = _bare("".join(found.itertext()))
    weights: dict[int, _Weight] = {}
    _weigh(body, said, weights, [0], False)
    total = weights[id(body)].taken
    if not said or total < len(said) / 2:
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
    places = [weight for weight in weights.values() if weight.taken and weight.first == weight.last]
    return _pruned(best, weights, min(each.first for each in places), max(each.last for each in places))


def _is_leaf(element: Element) -> bool:
    """Whether it is a piece of text: with text of its own, or with nothing but inline elements in it."""
    children = element.children
    return any(isinstance(child, str) and child.strip() for child in children) or all(
        isinstance(child, str) or child.tag in _INLINE for child in children
    )


def _weigh(element: Element, said: str, weights: dict[int, _Weight], place: list[int], within: bool) -> _Weight:
    """Weigh the element and all below it; of what trafilatura took, a piece of text is found whole, or by its ends."""
    weight = weights[id(element)] = _Weight(first=place[0], last=place[0])
    if element.tag in _HIDDEN:
        return weight
    weight.pictures = int(element.tag == "img")
    leaf = not within and _is_leaf(element)
    if leaf:
        place[0] += 1
        weight.first = weight.last = place[0]
    elif not within:
        weight.first = place[0] + 1
    for child in element.children:
        if isinstance(child, str):
            size = len(_bare(child))
            weight.all += size
            weight.linked += size if element.tag == "a" else 0
            continue
        inner = _weigh(child, said, weights, place, within or leaf)
        weight.all += inner.all
        weight.pictures += inner.pictures
        weight.linked += inner.all if element.tag == "a" else inner.linked
        weight.taken += 0 if leaf else inner.taken
    if leaf and weight.all:
        text = _bare(element.text())
        if text in said or (len(text) > 60 and (text[:30] in said or text[-30:] in said)):
            weight.taken = weight.all
    if not leaf and not within:
        weight.last = max(weight.first, place[0])
    return weight


def _pruned(element: Element, weights: Mapping[int, _Weight], first: int, last: int) -> Element:
    """The element without what trafilatura didn't take; parts of an article in its midst stay, and pictures."""
    kept: list[Element | str] = []
    for child in element.children:
        if isinstance(child, str):
            kept.append(child)
            continue
        weight = weights[id(child)]
        if weight.taken:
            kept.append(
                child if _is_leaf(child) or weight.taken == weight.all else _pruned(child, weights, first, last)
            )
        elif child.tag in _HIDDEN:
            continue
        elif weight.pictures:
            captioned = weight.all <= 400 and 2 * weight.linked <= weight.all and weight.pictures <= 3
            if captioned and (weight.last <= last or child.tag in _PARTS):
                kept.append(child)
        elif child.tag == "br" or (
            child.tag in _PARTS and first <= weight.first and weight.last <= last and 2 * weight.linked <= weight.all
        ):
            kept.append(child)
    return Element(element.tag, element.attrs, kept)


def _solid(content: Element) -> int:
    """Bytes of text outside links."""
    return len("".join(content.text().split()).encode()) - _linked(content)


def _linked(content: Element) -> int:
    return sum(len("".join(element.text().split()).encode()) for element in content.walk() if element.tag == "a")


def resolve_addresses(element: Element, base: str) -> None:
    """Addresses absolute by the page's own base, which cleaning, knowing the article's address only, can't know."""
    for name in ("href", "src", "data-src", "data-original", "data-lazy-src"):
        value = element.attrs.get(name)
        if value and not value.startswith(("http:", "https:", "data:", "#", "mailto:", "{")):
            element.attrs[name] = urls.resolve(base, value) or value
