"""HTML as a small tree of our own: what cleaning works on.

Two ways lead to the same tree: lexbor (selectolax), which follows the HTML standard and takes 0.2 ms for an article,
and BeautifulSoup, for the site rules that need its selectors. BeautifulSoup is given lexbor's own serialisation, in
which nothing is left to repair, so that both see the same document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement, PreformattedString
from selectolax.lexbor import LexborHTMLParser, LexborNode

from warehouse.records import Rules

MAX_HTML = 5_000_000
"""Characters; nothing an editor writes is longer."""
MAX_DEPTH = 120
"""Levels; what lies deeper is lifted up to this one, so that no document exhausts the stack."""

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)


@dataclass(slots=True)
class Element:
    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        """Every element below this one, in document order."""
        waiting = [child for child in reversed(self.children) if isinstance(child, Element)]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(child for child in reversed(element.children) if isinstance(child, Element))

    def text(self) -> str:
        """The text below, white space as it stands; a <br> is a newline."""
        return "".join(
            child if isinstance(child, str) else "\n" if child.tag == "br" else child.text() for child in self.children
        )

    def serialise(self) -> str:
        """The element as HTML, everything escaped."""
        attrs = "".join(f' {name}="{escape(value)}"' for name, value in self.attrs.items()) if self.attrs else ""
        if self.tag in VOID:
            return f"<{self.tag}{attrs}>"
        # the first newline in a <pre> is the parser's to drop (HTML 13.1.2.5); the text's own comes after it
        start = "\n" if self.tag == "pre" else ""
        return f"<{self.tag}{attrs}>{start}{serialise(self.children)}</{self.tag}>"


def serialise(nodes: list[Element | str]) -> str:
    return "".join(escape(node, quote=False) if isinstance(node, str) else node.serialise() for node in nodes)


def parse(html: str) -> Element:
    """The body of the document or fragment, by the HTML standard's rules."""
    body = LexborHTMLParser(html[:MAX_HTML]).body
    return _from_lexbor(body) if body is not None else Element("body")


def _from_lexbor(body: LexborNode) -> Element:
    root = Element("body")
    stack: list[tuple[LexborNode | None, Element, int]] = [(body.child, root, 1)]
    while stack:
        node, parent, depth = stack.pop()
        while node is not None:
            tag = node.tag
            if tag == "-text":
                parent.children.append(node.text_content or "")
            elif tag and tag[0] != "-":
                attrs = node.attributes
                if depth >= MAX_DEPTH:
                    element = parent
                else:
                    element = Element(tag, {name: value or "" for name, value in attrs.items()} if attrs else {})
                    parent.children.append(element)
                if node.child is not None:
                    stack.append((node.next, parent, depth))
                    node, parent, depth = node.child, element, depth + 1
                    continue
            node = node.next
    return root


def soup(html: str) -> BeautifulSoup:
    """BeautifulSoup's tree of the same document, for CSS selectors of any kind."""
    parser = LexborHTMLParser(html[:MAX_HTML])
    return BeautifulSoup(parser.body.html or "" if parser.body is not None else "", "html.parser")


def from_soup(document: BeautifulSoup | Tag) -> Element:
    """Our tree of what BeautifulSoup holds."""
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
                attrs = {k: " ".join(v) if isinstance(v, list) else str(v or "") for k, v in node.attrs.items()}
                element = Element(node.name, attrs)
                parent.children.append(element)
            stack.append((iter(node.children), element, depth + 1))
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            parent.children.append(str(node))
    return root


def apply_rules(html: str, rules: Rules) -> Element:
    """The document after the site's selectors: only `content` where it is found, without `remove`."""
    document = soup(html)
    for selector in rules.remove:
        for tag in document.select(selector):
            tag.decompose()
    if rules.content and (found := document.select(rules.content)):
        root = Element("body")
        outermost = [tag for tag in found if not any(parent in found for parent in tag.parents)]
        for tag in outermost:
            root.children.extend(from_soup(_as_body(tag)).children)
        return root
    return from_soup(document)


def _as_body(tag: Tag) -> Tag:
    tag.name = "body"
    return tag
