"""What a lazy loader hides in <noscript>: images and players, mostly those that came right before."""

from __future__ import annotations

from collections.abc import Container, Sequence

from tasks.text.markup import Element


def hidden_blocks(inside: Sequence[Element], before: Sequence[Element], lazy: Container[str]) -> list[Element]:
    """The images and players among the blocks of a <noscript> that are not among those before it.

    `lazy` are the addresses of images that a script shows: the <noscript> after such an image has it in another size.
    """
    shown = {_source(block) for block in before if block.tag == "figure"}
    figures = [block for block in inside if block.tag == "figure"]
    if len(figures) == 1 and before and before[-1].tag == "figure" and _source(before[-1]) in lazy:
        figures = []
    players = [block for block in inside if _is_player(block) and block not in before]
    return [figure for figure in figures if _source(figure) not in shown] + players


def _source(figure: Element) -> str:
    return next(element.attrs["src"] for element in figure.walk() if element.tag == "img")


def _is_player(block: Element) -> bool:
    """Whether it is the link to what a player plays: a paragraph of the address only."""
    link = block.children[0] if block.tag == "p" and len(block.children) == 1 else None
    return isinstance(link, Element) and link.tag == "a" and link.children == [link.attrs.get("href")]
