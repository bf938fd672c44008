"""A page as its reader sees it at first: its title and its words, whether there is an article among them or not.

By patterns, without a tree: whether an error page or a wall answered is asked of every page, before it is read.
"""

from __future__ import annotations

import re
from html import unescape

from tasks.parse.page_head import bounded_text

MAX_TEXT = 100_000
"""Characters of HTML without scripts that are looked at."""
_UNSEEN = re.compile(r"<(?:!--|(?i:(script|style|template|svg))\b[^>]{0,1000}>)")
_ENDS = {name: re.compile(rf"</(?i:{name})\s*>") for name in ("script", "style", "template", "svg")}
_ENDS[""] = re.compile("-->")
"""That of a comment."""
_TAG = re.compile(r"<[^<>]*>")
_TITLE = re.compile(r"<title\b[^>]{0,200}>([^<]*)", re.IGNORECASE)
_HEADING = re.compile(r"<h1\b[^>]{0,500}>(.{0,500}?)</h1", re.IGNORECASE | re.DOTALL)
_BODY = re.compile(r"<body\b", re.IGNORECASE)


def glance(html: str) -> tuple[str, str]:
    """(the page's title, its visible text). The title is that of its <title>, else its first heading."""
    seen = _without_unseen(html)
    titles = [match[1] for match in (_TITLE.search(seen), _HEADING.search(seen)) if match]
    body = _BODY.search(seen)
    return next(filter(None, map(_text, titles)), ""), _text(seen[body.start() :] if body else seen)


def _without_unseen(html: str) -> str:
    """The first MAX_TEXT characters of the HTML without scripts, styles, drawings and comments."""
    pieces: list[str] = []
    size = start = 0
    while size < MAX_TEXT and (match := _UNSEEN.search(html, start)):
        pieces += html[start : match.start()], " "
        size += match.start() - start + 1
        end = _ENDS[(match[1] or "").lower()].search(html, match.end())
        start = end.end() if end else len(html)
    return "".join([*pieces, html[start : start + MAX_TEXT]])[:MAX_TEXT]


def _text(html: str) -> str:
    return bounded_text(unescape(_TAG.sub(" ", html)))
