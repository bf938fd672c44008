"""`newsmill search`: the articles that say something, best first."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from flows.options import json_option, settings_options
from tasks.settings import load_settings
from warehouse.reader import run_query

out = Console(highlight=False)


@click.command()
@click.argument("asked", metavar="QUERY...", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="At most so many articles.")
@settings_options
@json_option
def search(asked: tuple[str, ...], limit: int, feeds_file: Path | None, warehouse: Path | None, as_json: bool) -> None:
    """Search titles and texts of the published copy, in any language, and show what fits best."""
    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    said = " ".join(asked)
    found = run_query(settings.published_path, "FROM search($asked, n := $limit)", {"asked": said, "limit": limit})
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    if not rows:
        out.print(Text(f"nothing says {said!r}"))
        return
    terms = run_query(settings.published_path, "SELECT search_terms($asked)", {"asked": said}).rows[0][0]
    for row in rows:
        title = _marked(row["title"], terms)
        title.stylize("bold")
        out.print(title, soft_wrap=True)
        out.print(
            Text(f"{row['published_at']:%Y-%m-%d}  {row['feed_id']}  {row['url'] or ''}"), style="dim", soft_wrap=True
        )
        out.print(_marked(f"… {row['snippet'].strip()} …", terms), soft_wrap=True)
        out.print()


def _marked(text: str, terms: Sequence[str]) -> Text:
    """The terms in the text: in colour on a terminal, between asterisks elsewhere."""
    hit = bytearray(len(text))
    for term in terms:
        for found in re.finditer(_pattern(term), text, re.IGNORECASE):
            begin, end = found.span(1)
            hit[begin:end] = b"\1" * (end - begin)
    marked = Text()
    for is_hit, run in groupby(zip(hit, text, strict=True), key=lambda each: each[0]):
        piece = "".join(character for _, character in run)
        if out.is_terminal:
            marked.append(piece, "reverse" if is_hit else "")
        else:
            marked.append(f"*{piece}*" if is_hit else piece)
    return marked


def _pattern(term: str) -> str:
    """A pair of characters stands anywhere, and may share one with the next; a word begins where the term does."""
    if re.match(r"[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u9fff\uac00-\ud7af]", term):
        return f"(?=({re.escape(term)}))"
    return rf"\b({re.escape(term)}\w*)"
