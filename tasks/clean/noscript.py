"""What a lazy loader hides in <noscript>: images and players, mostly those that came right before."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from tasks.text.markup import Element


@dataclass(slots=True)
class Shown:
    """The images and players among the blocks of an element, of which more may come."""

    blocks: Sequence[Element]
    _sources: set[str] = field(default_factory=set)
    _played: set[str] = field(default_factory=set)
    _read: int = 0
    """How many of the blocks have been read. In 1,500 <noscript> that each read all before them, this took 13 s."""

    def hidden_blocks(self, inside: Sequence[Element], lazy: Container[str]) -> list[Element]:
        """The images and players among the blocks of a <noscript> that are not among those before it.

        `lazy` are the addresses of images that a script shows: the <noscript> after such an image has it in another
        size.
        """
        figures = [block for block in inside if block.tag == "figure"]
        players = [(block, address) for block in inside if (address := _played_address(block))]
        if not (figures or players):
            return []
        for block in self.blocks[self._read :]:
            if block.tag == "figure":
                self._sources.add(_source(block))
            elif address := _played_address(block):
                self._played.add(address)
        self._read = len(self.blocks)
        if len(figures) == 1 and self.blocks and (last := self.blocks[-1]).tag == "figure" and _source(last) in lazy:
            figures = []
        hidden = [figure for figure in figures if _source(figure) not in self._sources]
        return hidden + [block for block, address in players if address not in self._played]


def _source(figure: Element) -> str:
    return next(element.attrs["src"] for element in figure.walk() if element.tag == "img")


def _played_address(block: Element) -> str | None:
    """Its address, if the block is the link to what a player plays: a paragraph of the address only."""
    link = block.children[0] if block.tag == "p" and len(block.children) == 1 else None
    if isinstance(link, Element) and link.tag == "a" and link.children == [address := link.attrs.get("href")]:
        return address
    return None
