"""Text never vanishes: `content_text` is empty only where an entry has nothing to read."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.clean.article import clean
from tasks.mill.document import mill_bytes
from tasks.text.dates import is_date_line
from tests.places import CORPUS
from tests.tasks.clean.cleaning import text_of
from tests.tasks.making import FEED, document, entry
from warehouse.records import Milled


@pytest.mark.parametrize(
    "markup",
    [
        "<noscript><p>The gate opens.</p></noscript>",
        "<div><noscript>&lt;p&gt;The gate opens.&lt;/p&gt;</noscript></div>",
        "<div><button>The gate opens.</button></div>",
        "<form><input name='n'><label>The gate opens.</label></form>",
        "<nav><a href='/x'>The gate opens.</a></nav>",
        "<textarea>The gate opens.</textarea>",
        "<object><p>The gate opens.</p></object>",
        '<img src="/a.jpg"><small>The gate opens.</small>',
        '<figure><img src="/a.jpg"><figcaption>The gate opens.</figcaption></figure>',
    ],
)
def test_text_never_vanishes(markup: str) -> None:
    assert text_of(markup) == "The gate opens."
    assert text_of(f"<div>{markup}</div>") == "The gate opens."


@pytest.mark.parametrize("markup", ["", '<img src="/a.jpg">', "<p>&nbsp;</p>", "<script>let a = 1;</script>", "<hr>"])
def test_where_nothing_is_readable(markup: str) -> None:
    assert text_of(markup) == ""


def test_the_summary_is_the_text_where_the_content_has_none() -> None:
    image = '<img src="https://quay.example/a.jpg" alt="a picture with a longer description than the summary">'
    article = clean(entry(content=image, summary="<p>The gate opens.</p>"), FEED)
    assert (article.content_text, article.summary, len(article.images)) == ("The gate opens.", "The gate opens.", 1)


_UNREADABLE = re.compile(r"<(script|style|template|svg)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.DOTALL | re.IGNORECASE)
_TEMPLATE = re.compile(r"^(?:continue reading\b|read more\b|the post\b.*\bfirst on\b)", re.IGNORECASE)


def _readable(markup: str) -> str:
    """What there is to read, found without newsmill's cleaning."""
    text = html.unescape(_UNREADABLE.sub(" ", markup)).strip()
    return "" if is_date_line(text) or _TEMPLATE.match(text) else text


def _mill_corpus() -> Iterator[tuple[Path, Milled]]:
    for path in sorted((CORPUS / "feeds").iterdir()):
        data = path.read_bytes()
        yield path, mill_bytes(data, document(data), FEED)


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"{CORPUS} is absent")
def test_no_text_of_the_corpus_vanishes() -> None:
    vanished = []
    for path, milled in _mill_corpus():
        articles = {article.entry_id: article for article in milled.articles}
        for each in milled.entries:
            if not articles[each.entry_id].content_text and _readable(f"{each.content_html} {each.summary_html}"):
                vanished.append((path.name, each.position))
    assert vanished == []
