"""Cutting the article out of a web page: its blocks in the page's own markup, with its images and their captions."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.parse.page_blocks import HIDDEN, Block, Section
from tasks.text.markup import Element

MAX_CAPTION = 400
"""Letters of text that may stand with an image."""
MAX_IMAGES = 3
"""Images of one caption."""
_PARTS = frozenset(["p", "figure", "picture", "img", "blockquote", "hr"])


def rebuild(sections: Sequence[Section], blocks: Sequence[Block], article: set[int]) -> Element:
    """The innermost element that holds all the article's blocks, without what is no part of it."""
    first, last = min(article), max(article)
    best = sections[0]
    for section in sections:  # the outer ones come first
        if section.first <= first and last <= section.last and section.element.tag not in ("p", "blockquote", "li"):
            best = section
    cut = _Cut(blocks, article, {id(section.element): section for section in sections}, last)
    return cut.element(best)


class _Cut:
    """The blocks of a page, which of them are kept, and the section of each element."""

    def __init__(self, blocks: Sequence[Block], article: set[int], sections: dict[int, Section], last: int) -> None:
        self.article, self.sections, self.blocks, self.last = article, sections, blocks, last
        self.kept: dict[int, set[int]] = {}
        for number in article:
            block = blocks[number]
            self.kept.setdefault(id(block.section.element), set()).update(range(block.start, block.end))

    def element(self, section: Section) -> Element:
        element = section.element
        kept = self.kept.get(id(element), set())
        children: list[Element | str] = []
        for number, child in enumerate(element.children):
            if number in kept:
                children.append(child)
            elif isinstance(child, str):
                if not child.strip():
                    children.append(child)
            elif child.tag in HIDDEN:
                if child.tag == "noscript" and children:  # lazy loaders leave the image there
                    children.append(child)
            elif (inner := self.sections.get(id(child))) is None:
                if child.tag == "br" or any(each.tag == "img" for each in (child, *child.walk())):
                    children.append(child)
            elif not self.article.isdisjoint(range(inner.first, inner.last + 1)):
                children.append(self.element(inner))
            elif self._is_illustration(inner):
                children.append(self._figure(inner))
            elif child.tag == "hr" and children:
                children.append(child)
        return Element(element.tag, element.attrs, children)

    def _is_illustration(self, section: Section) -> bool:
        """Whether the section is an image with its caption, and not of what a page shows beside its article."""
        element = section.element
        images = sum(each.tag == "img" for each in (element, *element.walk()))
        if not 1 <= images <= MAX_IMAGES or section.hidden or "junk" in section.purposes:
            return False
        within = self.blocks[section.first : section.last + 1]
        size = sum(block.size for block in within)
        linked = sum(block.linked for block in within)
        return size <= MAX_CAPTION and 2 * linked <= size and (section.last <= self.last or element.tag in _PARTS)

    def _figure(self, section: Section) -> Element:
        """The images of the section, with its text as their caption: few sites mark captions as such."""
        images: list[Element | str] = []
        held: set[int] = set()  # ids of what is inside of these
        for element in (section.element, *section.element.walk()):
            if element.tag == "picture" or (element.tag in ("img", "noscript") and id(element) not in held):
                images.append(element)
                held.update(map(id, element.walk()))
        within = [e for e in section.element.walk() if e.tag == "figcaption"]
        caption = (
            " ".join(e.text() for e in within)
            if within
            else " ".join(block.text for block in self.blocks[section.first : section.last + 1])
        )
        return Element("figure", {}, [*images, Element("figcaption", {}, [caption])] if caption.strip() else images)
