"""Text that counts only where there is no other, so that it never vanishes: captions, what is in forms and the like.

A photo gallery's text is its captions. A page of which everything is in <noscript>, or in buttons, is read like that.
"""

from __future__ import annotations

from html import unescape

from tasks.text.markup import Element, parse, serialise
from tasks.text.plain import collapse

_LEFT_OUT = frozenset(["noscript", "button", "form", "nav", "dialog", "object", "textarea", "canvas"])
"""Elements whose text is usually none of the article's."""


def is_without_text(blocks: list[Element]) -> bool:
    return all(block.tag in ("figure", "hr") for block in blocks)


def captions_text(blocks: list[Element]) -> str:
    """The captions, as paragraphs."""
    captions = (element for block in blocks for element in block.walk() if element.tag == "figcaption")
    return "\n\n".join(filter(None, (collapse(caption.text()) for caption in captions)))


def open_elements(tree: Element) -> bool:
    """Turn the elements that are usually left out into plain ones. Returns whether there are any."""
    left_out = [element for element in tree.walk() if element.tag in _LEFT_OUT]
    for element in left_out:
        if element.tag == "noscript" and not any(isinstance(child, Element) for child in element.children):
            element.children = parse(unescape(serialise(element.children))).children
        element.tag = "div"
    return bool(left_out)
