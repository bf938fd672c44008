"""What commands print: sentences to two consoles, and values as text for tables, JSON and CSV.

rich lays text out on a terminal. It takes longer to import than most commands take to run, so it is imported when
something is printed.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


class Output:
    """Standard output or standard error. On a terminal, sentences are wrapped between words; off one, never."""

    def __init__(self, *, stderr: bool = False) -> None:
        self.stderr = stderr

    @cached_property
    def console(self) -> Console:
        from rich.console import Console

        return Console(stderr=self.stderr, highlight=False)

    @property
    def is_terminal(self) -> bool:
        return (sys.stderr if self.stderr else sys.stdout).isatty()

    def print(self, *objects: RenderableType, style: str | None = None, soft_wrap: bool = False) -> None:
        """Print texts with rich's markup. With `soft_wrap`, a terminal wraps the line by itself, so that what is copied
        from it, such as an address, has no line end within."""
        self.console.print(*objects, style=style, soft_wrap=soft_wrap or not self.is_terminal)


out = Output()
err = Output(stderr=True)

MAX_CELL = 500
"""Characters of a value that a table shows."""


def escape(text: str) -> str:
    """The text without a meaning as rich's markup."""
    from rich.markup import escape

    return escape(text)


def print_json(facts: object) -> None:
    """As one line, for scripts."""
    click.echo(json.dumps(facts, ensure_ascii=False, default=plain_value))


def plain_value(value: object) -> str:
    """The value for JSON or CSV."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def cell(value: object, max_length: int | None = MAX_CELL) -> str:
    """The value for a table."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    text = str(value)
    return text if max_length is None or len(text) <= max_length else text[: max_length - 1] + "…"


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
