"""Lists: their items, the lists and texts that stand between these, and the images in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tasks.clean.captions import split_figures
from tasks.clean.numbering import item_numbers, make_list
from tasks.text.markup import Element

_LISTS = ("ul", "ol", "menu", "dir")
_ITEMS = ("li", "dt", "dd")


def list_blocks(node: Element, blocks_of: Callable[[Element], list[Element]]) -> list[Element]:
    """The list, with what is in it but in none of its items, and the images in it below it. `blocks_of` makes blocks of
    an element's children.

    A list right inside it belongs to the item above, as browsers show what Blogger and Word write. Other text divides
    the list.
    """
    result: list[Element] = []
    items: list[tuple[Element, int | None]] = []
    figures: list[Element] = []
    strays: list[Element | str] = []
    numbers = item_numbers(node)
    for child in (*_members(node), None):
        tag = child.tag if isinstance(child, Element) else ""
        if child is not None and tag not in _ITEMS and not (tag in _LISTS and items):
            if isinstance(child, Element) or child.strip():
                strays.append(child)
            continue
        between, inner_figures = split_figures(blocks_of(Element("div", {}, strays))) if strays else ([], [])
        figures += inner_figures
        strays = []
        if between:  # most strays hold nothing: <br>, <script>
            result += [*_list_of(node, items), *figures, *between]
            items, figures = [], []
        if not isinstance(child, Element):
            break
        is_item = tag in _ITEMS
        blocks, inner_figures = split_figures(blocks_of(child if is_item else Element("div", {}, [child])))
        figures += inner_figures
        if is_item and blocks:
            items.append((Element(tag, {}, list(blocks)), numbers.get(id(child))))
        elif items:
            items[-1][0].children += blocks
        else:
            result += blocks
    return [*result, *_list_of(node, items), *figures]


def _members(node: Element) -> Iterator[Element | str]:
    """The list's children; of a <dl>, also those of the <div> that may hold a group of them (HTML 4.4.9)."""
    for child in node.children:
        if node.tag == "dl" and isinstance(child, Element) and child.tag == "div":
            yield from child.children
        else:
            yield child


def _list_of(node: Element, items: list[tuple[Element, int | None]]) -> list[Element]:
    return [make_list(node.tag, items)] if items else []
