"""The command line's two consoles, its tables, and values as text for tables and JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

MAX_CELL = 500
"""Characters of a value that a table shows."""


def plain_table(*columns: Column | str, **options: Any) -> Table:
    """A table without borders. The values of a column given by its name alone are wrapped, not cut."""
    headers = (Column(escape(column), overflow="fold") if isinstance(column, str) else column for column in columns)
    return Table(*headers, box=None, pad_edge=False, header_style="bold", **options)


def plain_value(value: object) -> str:
    """The value for JSON or CSV."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def cell(value: object) -> str:
    """The value for a table."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    text = str(value)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def csv_value(value: object, *, formulas: bool = False) -> object:
    """The value as a cell of a CSV file.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, unless `formulas` leaves it as it
    is: a title may be =HYPERLINK(…), and whoever opens the file would run it.
    """
    if isinstance(value, datetime):
        return plain_value(value)
    if isinstance(value, str) and not formulas and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
