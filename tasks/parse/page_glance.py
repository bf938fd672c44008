"""A page as its reader sees it at first: its title and its words, whether there is an article among them or not."""

from __future__ import annotations

from tasks.parse.page_head import bounded_text
from tasks.text.markup import parse_html
from tasks.text.plain import printable

MAX_TEXT = 100_000
"""Characters of text that are looked at."""


def glance(html: str) -> tuple[str, str]:
    """(the page's title, all its visible text). The title is that of its <title>, else its first heading."""
    page = parse_html(html)
    for node in page.css("script, style, template, svg"):
        node.decompose()
    titles = [node.text() for node in (page.css_first("title"), page.css_first("h1")) if node]
    text = page.body.text(separator=" ") if page.body else ""
    return next(filter(None, map(bounded_text, titles)), ""), " ".join(printable(text[:MAX_TEXT]).split())
