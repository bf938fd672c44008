"""The numbers of an ordered list's items: `start`, `reversed`, and the `value` of an item."""

from __future__ import annotations

import re

from tasks.text.markup import Element

_INTEGER = re.compile(r"\s*([-+]?\d{1,9})(?!\d)")


def item_numbers(node: Element) -> dict[int, int]:
    """The number of each <li> of an <ol>, as a browser shows it (HTML 4.4.5, 4.4.8), by the id of its object."""
    if node.tag != "ol":
        return {}
    items = [child for child in node.children if isinstance(child, Element) and child.tag == "li"]
    step = -1 if "reversed" in node.attrs else 1
    number = _integer(node.attrs.get("start"))
    if number is None:
        number = len(items) if step < 0 else 1
    numbers = {}
    for item in items:
        value = _integer(item.attrs.get("value"))
        numbers[id(item)] = number = number if value is None else value
        number += step
    return numbers


def make_list(tag: str, items: list[tuple[Element, int | None]]) -> Element:
    """The list of these items and their numbers; those are written that do not follow from the one before."""
    result = Element("ul" if tag in ("menu", "dir") else tag)
    following = 1
    for item, number in items:
        if number is not None and number != following:
            if result.children:
                item.attrs["value"] = str(number)
            else:
                result.attrs["start"] = str(number)
        result.children.append(item)
        following = (following if number is None else number) + 1
    return result


def _integer(value: str | None) -> int | None:
    match = _INTEGER.match(value) if value else None
    return int(match[1]) if match else None
