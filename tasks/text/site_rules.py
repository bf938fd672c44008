"""A site's rules: CSS selectors for the element that holds the article and for elements to remove.

BeautifulSoup selects. It parses what lexbor has serialised, which is well-formed, so that both see the same document.
"""

from __future__ import annotations

from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement, PreformattedString

from tasks.text.bounded_soup import BoundedSoup
from tasks.text.markup import MAX_DEPTH, Element, parse_html, with_mentions_escaped
from warehouse.records import Rules


def soup(html: str) -> BeautifulSoup:
    """The document as a BeautifulSoup tree, which takes every kind of CSS selector."""
    parser = parse_html(with_mentions_escaped(html))
    body = parser.body.html or "" if parser.body is not None else ""
    return BoundedSoup(body)  # now exact: lexbor has closed every element


def from_soup(document: BeautifulSoup | Tag) -> Element:
    """The BeautifulSoup tree as ours."""
    body = document.find("body") if document.name != "body" else document
    root = Element("body")
    stack: list[tuple[Iterator[PageElement], Element, int]] = [
        (iter(body.children if isinstance(body, Tag) else document.children), root, 1)
    ]
    while stack:
        nodes, parent, depth = stack[-1]
        node = next(nodes, None)
        if node is None:
            stack.pop()
        elif isinstance(node, Tag):
            element = parent
            if depth < MAX_DEPTH:
                attrs = {
                    name: " ".join(value) if isinstance(value, list) else str(value or "")
                    for name, value in node.attrs.items()
                }
                element = Element(node.name, attrs)
                parent.children.append(element)
            stack.append((iter(node.children), element, depth + 1))
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            parent.children.append(str(node))
    return root


def select_outermost(document: BeautifulSoup, selector: str) -> list[Tag]:
    """The elements that the selector chooses, without those that are inside of another one of them."""
    outermost: list[Tag] = []
    inner: set[int] = set()
    for tag in document.select(selector):
        if id(tag) not in inner:
            outermost.append(tag)
            inner.update(map(id, tag.find_all(True)))
    return outermost


def remove_selected(document: BeautifulSoup, selector: str) -> None:
    """Take out the elements that the selector chooses.

    `decompose` looks for each among all of its siblings, which takes seconds for thousands of them. So their places are
    found first, and stay right from the last to the first.
    """
    chosen = document.select(selector)
    parents = {id(parent): parent for tag in chosen if (parent := tag.parent)}
    places = {id(child): place for parent in parents.values() for place, child in enumerate(parent.contents)}
    for tag in reversed(chosen):
        tag.extract(_self_index=places[id(tag)])


def apply_rules(html: str, rules: Rules) -> Element:
    """The document without the elements of `remove`; only the elements of `content` if there are any."""
    document = soup(html)
    for selector in rules.remove:
        remove_selected(document, selector)
    if rules.content and (selected := select_outermost(document, rules.content)):
        root = Element("body")
        for tag in selected:
            root.children.extend(from_soup(_as_body(tag)).children)
        return root
    return from_soup(document)


def _as_body(tag: Tag) -> Tag:
    tag.name = "body"
    return tag
