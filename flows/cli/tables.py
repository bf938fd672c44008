"""Tables on the console: columns on a wide terminal, records on a narrow one, tab-separated lines in a pipe or file.

No word and no address is broken: not by a pipe, as each row is one line there; and not by a terminal, as a row that has
no room for its longest words is shown as a record, with a line for each value.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import click

from flows.cli.printing import cell, escape, out

if TYPE_CHECKING:
    from rich.console import Console

GAP = 2
"""Spaces between columns."""

Cells = list[list[str]]
"""Rows of values as text."""


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    title: str = "",
    styles: Sequence[str] = (),
    numbers: Collection[str] = (),
    optional: Sequence[str] = (),
) -> None:
    """Print rows of values.

    `styles` has one for each row, `numbers` the columns that are aligned to the right. On a narrow terminal, columns
    that are `optional` are left out, the first of them first; only then does the table become records.
    """
    if not out.is_terminal:
        if title:
            out.print(escape(title))
        for row in [columns, *([cell(value, None) for value in row] for row in rows)]:
            click.echo("\t".join(" ".join(value.split()) for value in row))
        return
    cells = [[cell(value) for value in row] for row in rows]
    width = out.console.width
    shown = list(columns)
    for column in ("", *optional):
        if column in shown:
            shown.remove(column)
        chosen = [[value for name, value in zip(columns, row, strict=True) if name in shown] for row in cells]
        if widths := column_widths(shown, chosen, width):
            _print_columns(out.console, shown, chosen, widths, title, styles, numbers)
            break
    else:
        shown = list(columns)
        _print_records(columns, cells, title, styles)
    if left_out := [column for column in columns if column not in shown]:
        out.print(f"left out, as the terminal is narrow: {escape(', '.join(left_out))}", style="dim")


def column_widths(columns: Sequence[str], cells: Cells, width: int) -> list[int] | None:
    """The width of each column within `width`: the widest are wrapped, but between words. None if there is no room."""
    from rich.cells import cell_len

    lines = [[value.splitlines() or [""] for value in values] for values in zip(*cells, strict=True)]
    lines = lines or [[] for _ in columns]
    widths, least = [], []
    for name, values in zip(columns, lines, strict=True):
        texts = [name, *(line for value in values for line in value)]
        widths.append(max(map(cell_len, texts)))
        least.append(max(cell_len(word) for text in texts for word in text.split() or [""]))
    room = width - GAP * (len(columns) - 1)
    if sum(least) > room:
        return None
    while sum(widths) > room:
        widest = max((width, index) for index, width in enumerate(widths) if width > least[index])[1]
        widths[widest] -= 1
    return widths


def _print_columns(
    console: Console,
    columns: Sequence[str],
    cells: Cells,
    widths: Sequence[int],
    title: str,
    styles: Sequence[str],
    numbers: Collection[str],
) -> None:
    from rich.table import Column, Table

    headers = (
        Column(escape(name), width=width, overflow="fold", justify="right" if name in numbers else "left")
        for name, width in zip(columns, widths, strict=True)
    )
    table = Table(
        *headers, box=None, pad_edge=False, header_style="bold", title=escape(title) or None, title_justify="left"
    )
    for number, row in enumerate(cells):
        table.add_row(*map(escape, row), style=styles[number] if styles else "")
    console.print(table)


def _print_records(columns: Sequence[str], cells: Cells, title: str, styles: Sequence[str]) -> None:
    if title:
        out.print(escape(title), style="italic")
    names = max(map(len, columns), default=0)
    for number, row in enumerate(cells):
        if number:
            out.print()
        for name, value in zip(columns, row, strict=True):
            style = styles[number] if styles else ""
            out.print(f"[bold]{escape(name):{names}}[/]  {escape(value)}".rstrip(), style=style, soft_wrap=True)
