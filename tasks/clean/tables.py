"""Tables: their cells, and those that only make a layout."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.text.markup import Element


def table_rows(table: Element) -> list[list[Element]]:
    """The cells of the table, by row."""
    return [
        [cell for cell in row.children if isinstance(cell, Element) and cell.tag in ("td", "th")]
        for row in table.walk()
        if row.tag == "tr"
    ]


def is_layout(table: Element, rows: Sequence[Sequence[Element]]) -> bool:
    """Whether the table has a single row or column, or another table in it."""
    if len(rows) <= 1 or max(map(len, rows), default=0) <= 1:
        return True
    return any(element.tag == "table" for element in table.walk())


def unroll_table(table: Element) -> Element:
    """The cells of a layout table, one after the other."""
    root = Element("div")
    for child in table.children:
        if isinstance(child, Element) and child.tag in ("thead", "tbody", "tfoot", "tr"):
            root.children.extend(unroll_table(child).children)
        elif isinstance(child, Element) and child.tag in ("td", "th", "caption"):
            root.children.append(Element("div", {}, child.children))
    return root
