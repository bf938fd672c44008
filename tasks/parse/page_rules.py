"""What a site's own rules find on a page: the article's elements, its title, author and date, the next page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from tasks.parse.page_blocks import comparable, read_blocks
from tasks.parse.page_head import bound_attributes, bounded_text
from tasks.text import urls
from tasks.text.markup import Element, to_whole_tree
from tasks.text.selectors import from_lxml, select, select_texts, to_lxml
from warehouse.records import PageRules

_ASKED = ("title", "author", "date", "next", "whole")
"""The rules that ask for a text."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the rules find. Texts are empty, and elements None, where they find nothing."""

    body: Element
    """The page's, without what the rules remove."""
    content: Element | None = None
    """An element that holds the article's."""
    title: str = ""
    authors: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    next_page: str | None = None
    whole: str | None = None
    matched: dict[str, dict[str, int]] = field(default_factory=dict)
    """The name of a rule → its selectors → what each of them finds on the page."""


def replace_strings(html: str, rules: PageRules) -> str:
    for find, replacement in rules.replace:
        html = html.replace(find, replacement)
    return html


def apply_page_rules(page: LexborHTMLParser, rules: PageRules, base: str) -> Ruled:
    """Title, author, date and links are looked up before anything is removed: they often stand in what is."""
    document = to_whole_tree(page)
    bound_attributes(document)
    tree = to_lxml(document)
    asked = {name: {s: _count(tree, s) for s in getattr(rules, name)} for name in _ASKED}
    title = next(_texts(tree, rules.title), "")
    authors = tuple(_first(list(_texts(tree, [selector])) for selector in rules.author))
    dates = tuple(_texts(tree, rules.date))
    next_page, whole = (_link(tree, selectors, base) for selectors in (rules.next, rules.whole))
    unwanted = {selector: select(tree, selector) for selector in rules.remove}
    for node in (node for nodes in unwanted.values() for node in nodes):
        _drop(node)
    selected = {selector: select(tree, selector) for selector in rules.content}
    body = tree.find("body")
    counts = {"content": _lengths(selected), "remove": _lengths(unwanted)} | asked
    return Ruled(
        body=Element("body") if body is None else from_lxml(body),
        content=next(filter(None, map(_content, selected.values())), None),
        title=title,
        authors=authors,
        dates=dates,
        next_page=next_page,
        whole=whole,
        matched={name: found for name, found in counts.items() if found},
    )


def _lengths(found: Mapping[str, Sequence[Any]]) -> dict[str, int]:
    return {selector: len(nodes) for selector, nodes in found.items()}


def _count(tree: Any, selector: str) -> int:
    return len(select(tree, selector)) or sum(1 for _ in select_texts(tree, selector))


def _texts(tree: Any, selectors: Iterable[str]) -> Iterator[str]:
    for selector in selectors:
        yield from filter(None, map(bounded_text, select_texts(tree, selector)))


def _first(lists: Iterable[Sequence[str]]) -> Sequence[str]:
    return next(filter(None, lists), ())


def _link(tree: Any, selectors: Iterable[str], base: str) -> str | None:
    """The address that the first selector finds: a link's, or one that an XPath makes."""
    for selector in selectors:
        for text in select_texts(tree, selector, ("href", "content")):
            if address := urls.resolve(base, text):
                return address
    return None


def _drop(node: Any) -> None:
    """Remove the element; the text behind it stays."""
    parent = node.getparent()
    if parent is None or node.tag == "body":
        return
    if node.tail:
        before = node.getprevious()
        if before is None:
            parent.text = (parent.text or "") + node.tail
        else:
            before.tail = (before.tail or "") + node.tail
    parent.remove(node)


def _content(nodes: Sequence[Any]) -> Element | None:
    """The elements, of two in each other the outer one; None if there is neither text nor image in them."""
    found = set(nodes)
    outermost = [from_lxml(node) for node in nodes if not found.intersection(node.iterancestors())]
    content = Element("body", {}, [*outermost])
    has_content = read_blocks(content)[1] or any(element.tag == "img" for element in content.walk())
    return content if has_content else None


def without_title(content: Element, title: str) -> Element:
    """The content without headings that repeat the page's title, which the article has anyway."""
    repeated = comparable(title)
    for element in (content, *content.walk()) if repeated else ():
        element.children = [
            child
            for child in element.children
            if isinstance(child, str) or child.tag not in ("h1", "h2") or comparable(child.text()) != repeated
        ]
    return content
