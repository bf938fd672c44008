"""A web page as a list of blocks: its paragraphs, headings, list items and captions, each with what surrounds it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from tasks.text.markup import Element
from tasks.text.tags import HEADINGS
from tasks.text.urls import domain_of

HIDDEN = frozenset(
    [
        *("script", "style", "noscript", "template", "svg", "nav", "button", "select", "textarea", "iframe", "object"),
        *("canvas", "audio", "video", "input"),
    ]
)
"""Elements whose text is no article's."""
_INLINE = frozenset(
    [
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "del", "dfn", "em", "font", "i"),
        *("img", "ins", "kbd", "label", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span"),
        *("strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"),
    ]
)
_TEXT = frozenset(["p", "h2", "h3", "h4", "ul", "ol", "blockquote"])
_NAMING = ("class", "id", "itemprop", "role", "data-testid", "data-component")
"""Attributes in which a site says what an element is for."""
_WORDS = {
    "junk": """ad ads advert adverts advertisement advertising advertorial anzeige werbung sponsor sponsored promo
        promotion banner outbrain taboola share sharing social related recommend recommended recommendation
        recommendations recirc readmore seealso popular trending mostread teasers crosslink linkbox
        respond newsletter subscribe subscription signup signin paywall login optin tag tags
        taglist keywords menu breadcrumb breadcrumbs pagination pager footer disclaimer cookie consent gdpr modal popup
        overlay tooltip sidebar widget poll survey quiz rating donate donation byline author authors
        bio toc timestamp dateline pubdate toolbar infobox factbox faktenbox faktaruta faktaboks hatnote""",
    "comments": "comment comments disqus kommentare commentlist",
    "caption": "caption captions credit credits legend bildunterschrift imagecaption figcaption",
    "lead": """lead lede intro standfirst chapo sapo vorspann ingress perex entradilla introtext preamble leadin
        leadtext introduction teaser""",
    "dek": "dek deck subtitle subheadline subhead subheading summary description excerpt abstract sumario bajada",
    "body": "body articlebody content article text story entry post main richtext artikel",
}
_PURPOSE = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_NAME = re.compile(r"(?<!\d)(?:[A-Z]+(?![a-z])|[A-Z]?[a-z]+)")
"""A word of a name. "ad" is none in Medium's `id="e1ad"`, a number."""
_QUALIFIERS = frozenset(["no", "without"])
"""An element named "no_caption" is none."""
_HEADING_NAMES = frozenset(["head", "heading", "header", "headline", "subhead", "subheading", "title", "subtitle"])
_TEXT_NAME = re.compile(r"(?:article|story|post|entry|news)[-_]*(?:body|content|text)", re.IGNORECASE)
"""A name that says of an element that it holds the article's text, whatever its other names say: "text" among its
purposes."""
_DISPLAY_NONE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
_NETWORK = re.compile(
    r"(?:facebook|twitter|x|instagram|youtube|linkedin|pinterest|reddit|tumblr|t|telegram|whatsapp|wa|weibo|qq|vk|tiktok"
    r"|threads|flipboard|google|bsky)\.[a-z]+$"
)
"""A domain where sites have accounts: links to these are no part of an article."""
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts of which a character says as much as two letters."""
_RUNS_UNSPACED = re.compile(f"{_UNSPACED.pattern}+")
_LETTERS = re.compile(r"[^\W_]+")
_LOWER = bytes(range(256)).lower()
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalnum())


@dataclass(slots=True, eq=False)
class Section:
    """An element that holds blocks, or one block."""

    element: Element
    parent: Section | None
    purposes: frozenset[str] = frozenset()
    """What its class, id and role call it: a key of _WORDS."""
    hidden: bool = False
    """Whether a browser does not show it."""
    linked: bool = False
    """Whether it is in a link."""
    first: int = 0
    """Number of its first block, and of its last."""
    last: int = -1

    def up(self) -> Iterator[Section]:
        """The section and all that it is in."""
        section: Section | None = self
        while section is not None:
            yield section
            section = section.parent


@dataclass(slots=True, eq=False)
class Block:
    """Text without a paragraph's end in it. Sizes are letters, a Chinese character counting as two."""

    number: int
    section: Section
    """The element that it is the text of, or a part of the text of."""
    start: int
    """The number of the first of that element's children that it consists of, and the number after the last."""
    end: int
    text: str
    size: int
    linked: int
    """How much of `size` is in links."""
    key: str = field(default="")
    """The text's letters and digits alone, for comparing."""

    @property
    def is_prose(self) -> bool:
        return self.size >= 40 and 2 * self.linked < self.size and not self.section.hidden

    @property
    def weight(self) -> int:
        """How much it says for its surroundings being an article."""
        return min(self.size, 800) - self.linked if self.is_prose else 0


def comparable(text: str) -> str:
    """The text's letters and digits, in lower case."""
    if text.isascii():  # in a tenth of the time
        return text.encode().translate(_LOWER, _NO_LETTERS).decode()
    if _UNSPACED.search(text):  # few signs, and no spaces, are between the letters: in half the time
        return "".join(_LETTERS.findall(text)).lower()
    return "".join(filter(str.isalnum, text)).lower()


def read_blocks(body: Element, site: str = "") -> tuple[list[Section], list[Block]]:
    """The page's sections, the outermost first, and its blocks, in their order. `site` is the page's, as
    tasks.text.urls.domain_of names it."""
    sections = [Section(body, None)]
    blocks: list[Block] = []
    _read(sections[0], sections, blocks, site)
    if any(section.hidden for section in sections):
        _show_what_scripts_show(sections, blocks)
    return sections, blocks


def _show_what_scripts_show(sections: Sequence[Section], blocks: Sequence[Block]) -> None:
    """Call shown what holds most of the page's prose: React, for one, sends it hidden and shows it by a script."""

    def prose(section: Section) -> int:
        within = blocks[section.first : section.last + 1]
        return sum(block.size for block in within if block.size >= 40 and 2 * block.linked < block.size)

    whole = prose(sections[0])
    for section in sections:
        if section.hidden and 2 * prose(section) > whole:
            section.hidden = False
        elif section.hidden:  # only if it itself is, or what it is in still is
            section.hidden = _is_hidden(section.element) or (section.parent is not None and section.parent.hidden)


def _read(section: Section, sections: list[Section], blocks: list[Block], site: str) -> None:
    section.first = len(blocks)
    start = breaks = 0
    children = section.element.children
    for number, child in enumerate(children):
        if isinstance(child, str):
            breaks = 0 if child.strip() else breaks
        elif child.tag in _INLINE and _is_inline(child):
            breaks = breaks + 1 if child.tag == "br" else 0
            if breaks == 2:  # what older sites write between paragraphs
                _add_block(section, start, number + 1, blocks, site)
                start, breaks = number + 1, 0
        elif child.tag not in HIDDEN:
            _add_block(section, start, number, blocks, site)
            start, breaks = number + 1, 0
            names = " ".join([child.attrs[name] for name in _NAMING if child.attrs.get(name)]) if child.attrs else ""
            if names == "paywall" and child.tag in _TEXT:
                names = ""  # a paragraph behind one
            inner = Section(
                child,
                section,
                _purposes(names[:300]),
                section.hidden or _is_hidden(child),
                section.linked or child.tag == "a",
            )
            sections.append(inner)
            _read(inner, sections, blocks, site)
    _add_block(section, start, len(children), blocks, site)
    section.last = len(blocks) - 1


def _is_inline(element: Element) -> bool:
    return all(
        isinstance(child, str) or child.tag in HIDDEN or (child.tag in _INLINE and _is_inline(child))
        for child in element.children
    )


@lru_cache(maxsize=4_096)  # paragraphs are named alike
def _purposes(names: str) -> frozenset[str]:
    if not names:
        return frozenset()
    words = [word.lower() for word in _NAME.findall(names)]
    kinds = frozenset(
        kind for before, word in pairwise(["", *words]) if (kind := _PURPOSE.get(word)) and before not in _QUALIFIERS
    )
    if "ai" in words and "summary" in words:
        kinds |= {"junk"}
    if any(map(_TEXT_NAME.fullmatch, names.split())):
        kinds = kinds - {"junk"} | {"text"}  # Politico's is in "sidebar-grid__content article__content"
    return kinds


def is_label(block: Block) -> bool:
    """Whether the block's text is one element, bold or named as headings are."""
    run = block.section.element.children[block.start : block.end]
    parts = [node for node in run if not isinstance(node, str) or node.strip()]
    if len(parts) != 1 or isinstance(only := parts[0], str):
        return False
    words = _NAME.findall(only.attrs.get("class", ""))
    return only.tag in ("b", "strong") or not _HEADING_NAMES.isdisjoint(map(str.lower, words))


def _is_hidden(element: Element) -> bool:
    attrs = element.attrs
    if not attrs:
        return False
    return (
        ("hidden" in attrs and attrs["hidden"] != "until-found")
        # TechRadar hides paragraphs from screen readers, and shows them
        or (attrs.get("aria-hidden") == "true" and element.tag not in _TEXT)
        or bool(_DISPLAY_NONE.search(attrs.get("style", "")))
    )


def _add_block(section: Section, start: int, end: int, blocks: list[Block], site: str) -> None:
    if start == end:
        return
    run = section.element.children[start:end]
    text = " ".join("".join(_texts(run)).split())
    if not text:
        return
    size = _size(text)
    site_of_heading = site if section.element.tag in HEADINGS else None
    linked = size if section.linked else sum(_linked(node, site_of_heading) for node in run)
    blocks.append(Block(len(blocks), section, start, end, text, size, min(linked, size), comparable(text)))


def _texts(nodes: Iterable[Element | str]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
        elif node.tag == "br":
            yield "\n"
        elif node.tag not in HIDDEN:
            yield from _texts(node.children)


def _size(text: str) -> int:
    letters = len(text) - text.count(" ")
    if text.isascii() or not _UNSPACED.search(text):
        return letters
    return letters + sum(map(len, _RUNS_UNSPACED.findall(text)))


def _linked(node: Element | str, site_of_heading: str | None) -> int:
    if isinstance(node, str):
        return 0
    if node.tag == "a":
        is_link = site_of_heading is None or _leads_on(node, site_of_heading)
        return _size("".join(node.text().split())) if is_link else 0
    return sum(_linked(child, site_of_heading) for child in node.children)


def _leads_on(link: Element, site: str) -> bool:
    """Whether the link of a heading leads to another article of the site. Sphinx links each heading to the table of
    contents, blogs link it to itself, and lists of games or books link each to its maker."""
    address = link.attrs.get("href", "")
    return not address.startswith("#") and not _is_elsewhere(address, site)


def _is_elsewhere(address: str, site: str) -> bool:
    return bool(site) and address.startswith("http") and domain_of(address) != site


def leads_elsewhere(block: Block, site: str) -> bool:
    """Whether all links of the block lead to other sites, and none to a network, where a site has accounts."""
    run = (node for node in block.section.element.children[block.start : block.end] if isinstance(node, Element))
    links = (element for node in run for element in (node, *node.walk()) if element.tag == "a")
    addresses = [link.attrs.get("href", "") for link in links]
    return bool(addresses) and all(
        _is_elsewhere(address, site) and not _NETWORK.match(domain_of(address)) for address in addresses
    )
