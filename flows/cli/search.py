"""`newsmill search`: full-text search in the published copy, best matches first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.options import given_settings, json_option, settings_options
from flows.cli.printing import out, print_json

if TYPE_CHECKING:
    from rich.text import Text

_UNSPACED = r"[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u9fff\uac00-\ud7af]"
"""Characters of scripts without spaces between words (or, Korean, with particles); the index has pairs of them."""
_WORD = r"[\p{L}\p{N}\p{M}--[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]]+"


@click.command()
@click.argument("words", metavar="QUERY...", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="At most so many articles.")
@settings_options
@json_option
def search(words: tuple[str, ...], limit: int, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Search titles and texts of the published copy, in any language, and show what fits best."""
    from rich.text import Text

    from warehouse.read.queries import run_query

    settings = given_settings(feeds_file, warehouse)
    query = " ".join(words)
    result = run_query(settings.published_path, "FROM search($query, n := $limit)", {"query": query, "limit": limit})
    rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(Text(f"no article matches {query!r}"))
        return
    terms = run_query(settings.published_path, "SELECT search_terms($query)", {"query": query}).rows[0][0]
    matches = _matching_words(settings.published_path, rows, frozenset(terms))
    for row in rows:
        title = _highlight(row["title"], terms, matches)
        title.stylize("bold")
        out.print(title, soft_wrap=True)
        out.print(
            Text(f"{row['published_at']:%Y-%m-%d}  {row['feed_id']}  {row['url'] or ''}"), style="dim", soft_wrap=True
        )
        out.print(_highlight(f"… {row['snippet'].strip()} …", terms, matches), soft_wrap=True)
        out.print()


def _matching_words(published: Path, rows: Sequence[dict[str, Any]], terms: frozenset[str]) -> frozenset[str]:
    """The words of the titles and snippets that the index equates with one of the terms: other endings and accents."""
    import regex

    from warehouse.read.queries import run_query

    texts = (f"{row['title']} {row['snippet']}" for row in rows)
    words = list({word for text in texts for word in regex.findall(_WORD, text, regex.V1)})
    result = run_query(
        published, "SELECT word, search_terms(word) FROM (SELECT unnest($words) AS word)", {"words": words}
    )
    return frozenset(word for word, word_terms in result.rows if not terms.isdisjoint(word_terms))


def _highlight(text: str, terms: Sequence[str], matches: frozenset[str]) -> Text:
    """The text with what matches in reverse colours on a terminal, else between asterisks."""
    import regex
    from rich.text import Text

    is_match = bytearray(len(text))
    words = (word.span() for word in regex.finditer(_WORD, text, regex.V1) if word[0] in matches)
    for start, end in chain(words, *(_pair_spans(term, text) for term in terms if re.match(_UNSPACED, term))):
        is_match[start:end] = b"\1" * (end - start)
    highlighted = Text()
    for matching, run in groupby(zip(is_match, text, strict=True), key=itemgetter(0)):
        piece = "".join(character for _, character in run)
        if out.is_terminal:
            highlighted.append(piece, "reverse" if matching else "")
        else:
            highlighted.append(f"*{piece}*" if matching else piece)
    return highlighted


def _pair_spans(term: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a term of two characters occurs; occurrences may overlap."""
    return (match.span(1) for match in re.finditer(f"(?=({re.escape(term)}))", text, re.IGNORECASE))
