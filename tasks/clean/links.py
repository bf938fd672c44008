"""Keeping links where cleaning takes elements apart: around blocks and images, in captions, cells and <pre>."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from tasks.text.markup import Element
from tasks.text.plain import collapse
from tasks.text.tags import HEADINGS

_WITH_BLOCKS = HEADINGS | {
    *("p", "ul", "ol", "dl", "li", "dt", "dd", "blockquote", "pre", "table", "tbody", "tr", "td", "th"),
}
_SIGNS = frozenset("#¶§🔗⚓\ufe0f\u200b")
_BEGIN, _END = "\ufdd0", "\ufdd1"  # noncharacters, which no text has (Unicode 23.7)
_MARKED = re.compile(f"{_BEGIN}([^{_BEGIN}{_END}]*){_END}")


def without_sign(heading: Element) -> Element:
    """The heading without the sign with which it links to itself: Sphinx writes "¶", many blogs "#"."""
    kept = [child for child in heading.children if isinstance(child, str) or not _is_sign(child)]
    return heading if len(kept) == len(heading.children) else Element(heading.tag, heading.attrs, kept)


def _is_sign(element: Element) -> bool:
    text = element.text().strip() if element.tag == "a" and "#" in element.attrs.get("href", "") else ""
    return text != "" and _SIGNS.issuperset(text)


def link_blocks(blocks: Sequence[Element], attrs: dict[str, str]) -> None:
    """Give the link that was around the blocks to one of them, so that it stays one link.

    A card is linked by its heading, else by the first of its texts; an image alone is itself the link.
    """
    if not attrs.get("href"):
        return
    texts = [text for block in blocks for text in _text_elements(block)]
    headings = [text for text in texts if text.tag in HEADINGS]
    images = (figure for block in blocks for figure in (block, *block.walk()) if figure.tag == "figure")
    for element in (*headings, *texts, *images):
        linked = element.children[:1] if element.tag == "figure" else element.children
        if not _links(linked):
            element.children[: len(linked)] = [Element("a", attrs, list(linked))]
            return


def _text_elements(block: Element) -> Iterable[Element]:
    """The elements of the block whose children are inline, if there is text in them."""
    if block.tag == "figure":
        return
    inner = [child for child in block.children if isinstance(child, Element) and child.tag in _WITH_BLOCKS]
    if inner:
        for child in inner:
            yield from _text_elements(child)
    elif collapse(block.text()):
        yield block


def _links(nodes: Iterable[Element | str]) -> list[Element]:
    elements = [node for node in nodes if isinstance(node, Element)]
    return [e for node in elements for e in (node, *node.walk()) if e.tag == "a" and e.attrs.get("href")]


def _own_attributes(link: Element) -> dict[str, str]:
    return link.attrs


def text_with_links(
    nodes: Iterable[Element],
    to_text: Callable[[], str],
    attributes: Callable[[Element], dict[str, str]] = _own_attributes,
) -> list[Element | str]:
    """The text that `to_text` makes of the nodes, with their links in it; `attributes` are those that a link keeps.

    Each link is marked in the nodes, and found by its marks in the text.
    """
    links = [link for link in _links(node for node in nodes if node.tag != "figure") if link.text().strip()]
    if not links:
        return [to_text()]
    for link in links:
        link.children = _marked(link.children)
    text = to_text()
    parts = _MARKED.split(text)
    if len(parts) != 2 * len(links) + 1:  # a link is not in the text, or the text has marks of its own
        return [text.replace(_BEGIN, "").replace(_END, "")]
    result: list[Element | str] = []
    for number, part in enumerate(parts):
        if number % 2:
            result.append(Element("a", attributes(links[number // 2]), [part]))
        elif part:
            result.append(part)
    return result


def line_with_links(nodes: Iterable[Element], to_text: Callable[[], str]) -> list[Element | str]:
    """The same as one line. A link's white space at its ends, left where an element is gone, stands outside of it."""

    def to_line() -> str:
        text = to_text()
        if _BEGIN in text or _END in text:
            text = re.sub(f"{_BEGIN}(\\s+)", rf"\1{_BEGIN}", text)
            text = re.sub(f"(?<!\\s)(\\s+){_END}", rf"{_END}\1", text)  # from its first on: 12,000 took 14 s
        return collapse(text)

    return text_with_links(nodes, to_line)


def _marked(children: list[Element | str]) -> list[Element | str]:
    """The children between marks; white space at both ends stays outside, where it collapses with what is around."""
    before, after = "", ""
    children = list(children)
    if isinstance(first := children[0], str):
        before = first[: len(first) - len(first.lstrip())]
        children[0] = first.lstrip()
    if isinstance(last := children[-1], str):
        after = last[len(last.rstrip()) :]
        children[-1] = last.rstrip()
    return [before, _BEGIN, *children, _END, after]
