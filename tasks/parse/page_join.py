"""An article that a site cuts into several pages, as one entry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tasks.parse.page_blocks import Block, comparable, read_blocks
from tasks.text.markup import Element, parse, serialise
from warehouse.digest import digest
from warehouse.records import Entry

MAX_PAGES = 20
"""Pages of one article; more are left out."""
SHORT = 40
"""Size of a text that an article may well say twice: a subheading, a cell of a table."""


def join_pages(first: Entry, further: Sequence[Entry]) -> Entry:
    """The article that begins on the page `first` and goes on on the `further` ones, which come in their order.

    What every page repeats, such as the title, the teaser, an image or a line about the author, is there once. A page
    without anything new adds nothing: the links to next pages may go in a circle, and many sites answer a page number
    that is too high with the first page. `next_page` is that of the last page: where there are more than MAX_PAGES, it
    says that the article goes on.
    """
    pages = [first]
    parts = [_Part(first)]
    known = {comparable(first.title)} | parts[0].keys
    images = set(parts[0].images)
    for page in further[: MAX_PAGES - 1]:
        part = _Part(page)
        part.drop(known)
        new_images = set(part.images) - images
        if not part.kept and not new_images:
            continue
        part.gone_images = set(images)
        if part.kept:
            parts[-1].drop_ending(part)
        pages.append(page)
        parts.append(part)
        known |= part.keys
        images |= new_images
    if len(pages) == 1:
        return first
    updates = [page.updated_at for page in pages if page.updated_at]
    access = [page.is_free for page in pages if page.is_free is not None]
    return replace(
        first,
        entry_id=digest("pages", *(page.entry_id for page in pages)),
        content_html="".join(serialise([Element("div", {}, part.children())]) for part in parts),
        updated_at=max(updates, default=None),
        categories=tuple(dict.fromkeys(name for page in pages for name in page.categories)),
        enclosures=tuple(dict.fromkeys(address for page in pages for address in page.enclosures))[:1],
        parsed=json.dumps(json.loads(first.parsed) | {"pages": [page.link for page in pages]}, ensure_ascii=False),
        is_free=all(access) if access else None,
        next_page=pages[-1].next_page,
    )


class _Part:
    """One page's content, and which of its blocks are kept."""

    def __init__(self, page: Entry) -> None:
        self.body = parse(page.content_html)
        self.blocks = [block for block in read_blocks(self.body)[1] if block.key]
        self.kept = list(self.blocks)
        self.keys = {block.key for block in self.blocks}
        self.images = [src for element in self.body.walk() if (src := _image(element))]
        self.gone_images: set[str] = set()

    def drop(self, known: set[str]) -> None:
        """Drop what earlier pages have: short texts only above the first that is new."""
        kept: list[Block] = []
        for block in self.blocks:
            if block.key not in known or (kept and block.size < SHORT and not _is_caption(block)):
                kept.append(block)
        self.kept = kept if any(block.key not in known for block in kept) else []

    def drop_ending(self, following: _Part) -> None:
        """Drop the lines that the following page ends with, too: they belong below the last page."""
        for block, other in zip(reversed(self.blocks[1:]), reversed(following.blocks), strict=False):
            if block.key != other.key:
                break
            if block in self.kept:
                self.kept.remove(block)
            if other not in following.kept:
                following.kept.append(other)

    def children(self) -> list[Element | str]:
        numbers = {block.number for block in self.kept}
        gone: dict[int, set[int]] = {}
        for block in self.blocks:
            if block.number not in numbers:
                gone.setdefault(id(block.section.element), set()).update(range(block.start, block.end))
        return list(self._without(self.body, gone))

    def _without(self, element: Element, gone: dict[int, set[int]]) -> Iterator[Element | str]:
        dropped = gone.get(id(element), set())
        for number, child in enumerate(element.children):
            if number in dropped or (isinstance(child, Element) and _image(child) in self.gone_images):
                continue
            if isinstance(child, Element):
                yield Element(child.tag, child.attrs, list(self._without(child, gone)))
            else:
                yield child


def _is_caption(block: Block) -> bool:
    return any(section.element.tag == "figcaption" for section in block.section.up())


def _image(element: Element) -> str | None:
    return element.attrs.get("src") or element.attrs.get("data-src") if element.tag == "img" else None
