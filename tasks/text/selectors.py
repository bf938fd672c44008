"""Selectors of elements, for the rules of a site's pages: CSS, or XPath 1.0 if they begin with "/" or "(".

lxml evaluates both, CSS as the XPath that cssselect makes of it. It imports slowly, and few runs need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from tasks.text.markup import MAX_DEPTH, Element
from tasks.text.plain import printable

MAX_SELECTOR = 2_000
"""Characters."""
_SHOWN_ATTRIBUTES = ("datetime", "content")
"""Where elements such as <time> and <meta> have what their text says in words, or does not say."""
_FUNCTIONS = frozenset(
    [
        *("last", "position", "count", "id", "local-name", "namespace-uri", "name", "string", "concat", "starts-with"),
        *("contains", "substring-before", "substring-after", "substring", "string-length", "normalize-space"),
        *("translate", "boolean", "not", "true", "false", "lang", "number", "sum", "floor", "ceiling", "round"),
        *("text", "node", "comment", "processing-instruction", "and", "or", "div", "mod"),
    ]
)
"""What may stand before a bracket in XPath 1.0."""
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_CALL = re.compile(r"(?<![\w:.-])([A-Za-z_][\w.-]*)\s*\(")
_PREFIXED = re.compile(r"(?<![\w:.-])[A-Za-z_][\w.-]*:(?!:)[\w.*-]+")
_XML_NAME = re.compile(r"[A-Za-z_][\w.-]*")


def is_xpath(selector: str) -> bool:
    return selector.startswith(("/", "("))


@lru_cache(maxsize=4_096)  # every page of a site needs the same
def compile_selector(selector: str) -> Any:
    """The selector as lxml's XPath. Raises ValueError, with the reason, if it is none."""
    from cssselect import HTMLTranslator, SelectorError
    from lxml import etree

    if len(selector) > MAX_SELECTOR:
        raise ValueError(f"it has more than {MAX_SELECTOR:,} characters")
    if "\x00" in selector or printable(selector) != selector:
        raise ValueError("it holds control characters")
    try:
        if is_xpath(selector):
            _check_names(selector)
            return etree.XPath(selector)
        return etree.XPath(HTMLTranslator().css_to_xpath(selector))
    except (SelectorError, etree.XPathError) as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _check_names(xpath: str) -> None:
    """Raises ValueError for names that libxml2 would look up only where a page makes it evaluate them."""
    structure = _LITERAL.sub("''", xpath)
    for name in _CALL.findall(structure):
        if name not in _FUNCTIONS:
            raise ValueError(f"XPath 1.0 has no function {name}()")
    if prefixed := _PREFIXED.search(structure):
        raise ValueError(f"{prefixed[0]} has a prefix, and a page's elements have none")
    if variable := re.search(r"\$[\w.-]*", structure):
        raise ValueError(f"{variable[0]} is a variable, and there are none")


def to_lxml(tree: Element) -> Any:
    """The tree as lxml's, which selectors are evaluated on."""
    from lxml import html

    root = html.Element(tree.tag, _attributes(tree))
    _copy(tree, root)
    return root


def _copy(element: Element, copy: Any) -> None:
    from lxml import etree

    last, texts = None, list[str]()
    for child in (*element.children, None):
        if isinstance(child, str):
            texts.append(child)
            continue
        if texts:  # all at once: below MAX_DEPTH there are thousands side by side
            text = printable("".join(texts))
            if last is None:
                copy.text = text
            else:
                last.tail = text
            texts = []
        if child is not None:
            name = child.tag if _XML_NAME.fullmatch(child.tag) else "span"
            last = etree.SubElement(copy, name, _attributes(child))
            _copy(child, last)


def _attributes(element: Element) -> dict[str, str]:
    return {name: printable(value) for name, value in element.attrs.items() if _XML_NAME.fullmatch(name)}


def from_lxml(node: Any, depth: int = 1) -> Element:
    """lxml's element as ours."""
    element = Element(node.tag, dict(node.attrib))
    if node.text:
        element.children.append(node.text)
    for child in node:
        if depth < MAX_DEPTH:
            element.children.append(from_lxml(child, depth + 1))
        if child.tail:
            element.children.append(child.tail)
    return element


def select(page: Any, selector: str) -> list[Any]:
    """The elements that the selector finds, in the page's order. What else an XPath may give (texts, attributes, a
    number) is left out."""
    from lxml import etree

    found = compile_selector(selector)(page)
    return [node for node in found if etree.iselement(node)] if isinstance(found, list) else []


def select_texts(page: Any, selector: str, attributes: tuple[str, ...] = _SHOWN_ATTRIBUTES) -> Iterator[str]:
    """The texts of what the selector finds: an element's `attributes`, the first that it has, else its text; or what
    an XPath gives itself. White space is collapsed, and empty texts are left out."""
    found = compile_selector(selector)(page)
    for node in found if isinstance(found, list) else [found]:
        text = (
            next((node.get(name) for name in attributes if node.get(name)), None) or "".join(node.itertext())
            if hasattr(node, "itertext")
            else str(node)
        )
        if shown := " ".join(text.split()):
            yield shown
