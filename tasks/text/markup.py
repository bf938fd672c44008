"""HTML as a small tree of our own, which cleaning works on.

lexbor (selectolax) parses it: it follows the HTML standard and takes 0.2 ms for an article. For sites with rules,
`tasks.text.site_rules` makes the same tree with BeautifulSoup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.text.nesting import bound_nesting, bound_tags
from tasks.text.source_tags import close_elements, escape_less_than, escape_mentions
from tasks.text.tags import KNOWN, MENTIONED, VOID

MAX_HTML = 5_000_000
"""Characters; no article is longer, so the rest is cut off."""
MAX_DEPTH = 120
"""Levels. Deeper elements are dropped and their text moves up to this level, so that no document exhausts the stack."""
_SURE = KNOWN - MENTIONED
"""Elements that nobody only mentions, or that take nothing in if so."""


@dataclass(slots=True)
class Element:
    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        """Every element below this one, in document order."""
        stack = [child for child in reversed(self.children) if not isinstance(child, str)]
        while stack:
            element = stack.pop()
            yield element
            if len(element.children) > 1:
                stack += [child for child in reversed(element.children) if not isinstance(child, str)]
            elif element.children and not isinstance(only := element.children[0], str):
                stack.append(only)

    def names(self) -> set[str]:
        """The names of the elements below this one and of their attributes."""
        return {name for element in self.walk() for name in (element.tag, *element.attrs)}

    def text(self) -> str:
        """All text below, with its white space; a <br> is a newline."""
        if len(self.children) == 1 and isinstance(only := self.children[0], str):
            return only
        return "".join(
            [
                child if isinstance(child, str) else "\n" if child.tag == "br" else child.text()
                for child in self.children
            ]
        )


def serialise(nodes: Sequence[Element | str]) -> str:
    """The nodes as HTML, with text and attributes escaped."""
    parts: list[str] = []
    _write(nodes, parts.append)
    return "".join(parts)


def _write(nodes: Sequence[Element | str], write: Callable[[str], None]) -> None:
    for node in nodes:
        if isinstance(node, str):
            # most texts need no escaping, and finding that out takes a third of the time of escaping
            write(escape(node, quote=False) if "<" in node or "&" in node or ">" in node else node)
            continue
        tag = node.tag
        attrs = "".join(f' {name}="{escape(value)}"' for name, value in node.attrs.items()) if node.attrs else ""
        write(f"<{tag}{attrs}>")
        if tag not in VOID:
            if tag == "pre":  # parsers drop its first newline (HTML 13.1.2.5), which must not be one of the text
                write("\n")
            _write(node.children, write)
            write(f"</{tag}>")


def parse_html(html: str) -> LexborHTMLParser:
    """The document or fragment; its length, its tags' attributes and the depth of its nesting are bounded."""
    return LexborHTMLParser(bound_nesting(bound_tags(close_elements(escape_less_than(html[:MAX_HTML])))))


def parse(html: str) -> Element:
    """The body of the document or fragment."""
    return parse_named(html)[0]


def parse_named(html: str) -> tuple[Element, set[str]]:
    """(the body of the document or fragment, the names of the document's elements and attributes)

    Looking for `<svg` in the HTML of an article takes twenty times as long as looking for its name among these.
    """
    document = parse_html(html)
    tree = _from_lexbor(document.body)
    if tree.doubtful and (escaped := escape_mentions(html, tree.doubtful)) != html:
        document = parse_html(escaped)
        tree = _from_lexbor(document.body)
    return tree.root, tree.names.union(_names_in_head(document))


def with_mentions_escaped(html: str) -> str:
    """The HTML in which the tags that read as text are escaped, for another parser than `parse`."""
    doubtful = _from_lexbor(parse_html(html).body).doubtful
    return escape_mentions(html, doubtful) if doubtful else html


def to_tree(document: LexborHTMLParser) -> Element:
    """Its body."""
    return _from_lexbor(document.body).root


def to_whole_tree(document: LexborHTMLParser) -> Element:
    """The document itself, with its head."""
    root = document.root
    if root is None:
        return Element("html")
    attrs = {name: value or "" for name, value in root.attributes.items()}
    return Element("html", attrs, _from_lexbor(root).root.children)


def _names_in_head(document: LexborHTMLParser) -> list[str]:
    node = document.head.first_child if document.head is not None else None
    names: list[str] = []
    while node is not None:
        names.append(node.tag or "")
        node = node.next
    return names


@dataclass(frozen=True, slots=True)
class _Tree:
    """A part of a document that lexbor has parsed."""

    root: Element
    names: set[str]
    """Of the elements and attributes below the root."""
    doubtful: set[str]
    """The names of elements that HTML does not have, or that may only be mentioned."""


def _from_lexbor(top: LexborNode | None) -> _Tree:
    root = Element("body")
    names: set[str] = set()
    doubtful: set[str] = set()
    first = top.first_child if top is not None else None
    stack: list[tuple[LexborNode | None, list[Element | str], int]] = [(first, root.children, 1)]
    while stack:
        node, siblings, depth = stack.pop()
        while node is not None:
            tag = node.tag
            if tag == "-text":
                siblings.append(node.text_content or "")
            elif tag and tag[0] != "-":
                names.add(tag)
                if tag not in _SURE and (tag not in MENTIONED or not node.attributes):
                    doubtful.add(tag)
                children = siblings
                if depth < MAX_DEPTH:
                    attrs: dict[str, Any] = node.attributes
                    if attrs:
                        names.update(attrs)
                        if None in attrs.values():
                            attrs = {name: value or "" for name, value in attrs.items()}
                    children = []
                    siblings.append(Element(tag, attrs, children))
                child = node.first_child
                if child is not None:
                    text = child.text_content
                    if text is not None and child.next is None:  # most elements hold one text only
                        children.append(text)
                    else:
                        stack.append((node.next, siblings, depth))
                        node, siblings, depth = child, children, depth + 1
                        continue
            node = node.next
    return _Tree(root, names, doubtful)
