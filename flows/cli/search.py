"""`newsmill search`: the articles that say something, best first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import click
import regex
from rich.console import Console
from rich.text import Text

from flows.cli.options import json_option, settings_options
from tasks.settings import load_settings
from warehouse.read.queries import run_query

out = Console(highlight=False)

_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u9fff\uac00-\ud7af]")
_WORD = regex.compile(r"[\p{L}\p{N}\p{M}--[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]]+", regex.V1)


@click.command()
@click.argument("asked", metavar="QUERY...", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="At most so many articles.")
@settings_options
@json_option
def search(asked: tuple[str, ...], limit: int, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
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
    fitting = _fitting(settings.published_path, rows, frozenset(terms))
    for row in rows:
        title = _marked(row["title"], terms, fitting)
        title.stylize("bold")
        out.print(title, soft_wrap=True)
        out.print(
            Text(f"{row['published_at']:%Y-%m-%d}  {row['feed_id']}  {row['url'] or ''}"), style="dim", soft_wrap=True
        )
        out.print(_marked(f"… {row['snippet'].strip()} …", terms, fitting), soft_wrap=True)
        out.print()


def _fitting(published: Path, rows: Sequence[dict[str, Any]], terms: frozenset[str]) -> frozenset[str]:
    """The words of the titles and snippets that the index takes for one of the terms: plurals, and with any accents."""
    words = list({word for row in rows for word in _WORD.findall(f"{row['title']} {row['snippet']}")})
    found = run_query(
        published, "SELECT word, search_terms(word) FROM (SELECT unnest($words) AS word)", {"words": words}
    )
    return frozenset(word for word, held in found.rows if not terms.isdisjoint(held))


def _marked(text: str, terms: Sequence[str], fitting: frozenset[str]) -> Text:
    """What fits in the text: in colour on a terminal, between asterisks elsewhere."""
    hit = bytearray(len(text))
    words = (found.span() for found in _WORD.finditer(text) if found[0] in fitting)
    for begin, end in chain(words, *(_pairs(term, text) for term in terms if _UNSPACED.match(term))):
        hit[begin:end] = b"\1" * (end - begin)
    marked = Text()
    for is_hit, run in groupby(zip(hit, text, strict=True), key=lambda each: each[0]):
        piece = "".join(character for _, character in run)
        if out.is_terminal:
            marked.append(piece, "reverse" if is_hit else "")
        else:
            marked.append(f"*{piece}*" if is_hit else piece)
    return marked


def _pairs(term: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a pair of characters stands; it may share one with the next."""
    return (found.span(1) for found in re.finditer(f"(?=({re.escape(term)}))", text, re.IGNORECASE))
