"""Making paragraphs of inline content, and joining a dateline (`利马 —`) with the paragraph it introduces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tasks.text.markup import Element
from tasks.text.plain import inline_text
from tasks.text.tags import INLINE

BLANKS = "\u00a0\u3000\u200b\ufeff \t\r\n"
_BLANK_LINES = re.compile(r"(?:\r\n?|\n)\s*(?:\r\n?|\n)|\u2029")
_DATELINE = re.compile(r"^[^\n。！？]{1,40}\s*[—–―-]{1,2}\s*$")
_DASHES = "—–―-"


def is_blank(node: Element | str) -> bool:
    return not node.strip(BLANKS) if isinstance(node, str) else node.tag == "br"


def paragraphs_of_text(text: str) -> list[Element]:
    """A plain text as paragraphs: a blank line ends one, any other line end is a line break."""
    paragraphs = []
    for part in _BLANK_LINES.split(text.strip()):
        nodes: list[Element | str] = []
        for line in part.splitlines():
            nodes += [Element("br"), line] if nodes else [line]
        if part:
            paragraphs.append(Element("p", {}, nodes))
    return paragraphs


def make_paragraphs(nodes: list[Element | str]) -> list[Element]:
    """Inline content as paragraphs. Two line breaks in a row end one; blank ones are left out."""
    if len(nodes) == 1 and isinstance(text := nodes[0], str):  # most paragraphs; the rest would make the same of them
        return [Element("p", {}, [text])] if text.strip(BLANKS) else []
    paragraphs: list[Element] = []
    current: list[Element | str] = []
    breaks = 0
    for node in nodes:
        if isinstance(node, Element) and node.tag == "br":
            breaks += 1
            if breaks == 2:
                _add_paragraph(paragraphs, current)
                current = []
        elif not (isinstance(node, str) and not node.strip() and breaks):
            if breaks == 1 and current:
                current.append(Element("br"))
            breaks = 0
            current.append(node)
    _add_paragraph(paragraphs, current)
    return paragraphs


def _add_paragraph(paragraphs: list[Element], nodes: list[Element | str]) -> None:
    """Add the nodes, without the blank ones at both ends, as a paragraph if there is any text in them."""
    while nodes and is_blank(nodes[-1]):
        nodes.pop()
    while nodes and is_blank(nodes[0]):
        nodes.pop(0)
    if any(map(_has_text, nodes)):
        paragraphs.append(Element("p", {}, nodes))


def _has_text(node: Element | str) -> bool:
    return bool(node.strip(BLANKS)) if isinstance(node, str) else any(map(_has_text, node.children))


def phrases(blocks: Iterable[Element]) -> Iterator[list[Element | str]]:
    """The inline content of the blocks, and of those that are inside of lists, quotations and tables."""
    for block in blocks:
        phrase: list[Element | str] = []
        for child in block.children:
            if isinstance(child, str) or child.tag in INLINE or child.tag == "br":
                phrase.append(child)
                continue
            if phrase:
                yield phrase
            phrase = []
            yield from phrases([child])
        if phrase:
            yield phrase


def bracket_readings(nodes: list[Element | str]) -> list[Element | str]:
    """The content of a <ruby> with each reading in brackets, `東京(とうきょう)`: a browser writes it above the word."""
    if any(isinstance(node, Element) and node.tag == "rp" for node in nodes):  # the author's own brackets
        return nodes
    result: list[Element | str] = []
    for node in nodes:
        is_reading = isinstance(node, Element) and node.tag == "rt" and _has_text(node)
        result += [Element("rp", {}, ["("]), node, Element("rp", {}, [")"])] if is_reading else [node]
    return result


def join_datelines(blocks: list[Element]) -> list[Element]:
    """Put a dateline that is a paragraph of its own at the beginning of the next paragraph."""
    if len(blocks) < 2 or not any(block.tag == "p" and _is_dateline(block) for block in blocks):
        return blocks
    joined: list[Element] = []
    for block in blocks:
        previous = joined[-1] if joined else None
        if block.tag == "p" and previous and previous.tag == "p" and _is_dateline(previous):
            dateline = joined.pop().children
            while dateline and isinstance(last := dateline[-1], str) and not last.rstrip():
                dateline.pop()
            if dateline and isinstance(last := dateline[-1], str):
                dateline[-1] = last.rstrip()
            joined.append(Element("p", {}, [*dateline, " ", *block.children]))
        else:
            joined.append(block)
    return joined


def _is_dateline(paragraph: Element) -> bool:
    last = paragraph.children[-1]
    while isinstance(last, Element) and last.children:
        last = last.children[-1]
    if isinstance(last, str) and last.rstrip(BLANKS).rstrip()[-1:] not in _DASHES:
        return False  # most paragraphs; the checks below take longer
    if len(paragraph.children) > 3 or any(isinstance(child, str) and len(child) > 80 for child in paragraph.children):
        return False
    return bool(_DATELINE.match(inline_text(paragraph)))
