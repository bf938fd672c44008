"""Bounding the nesting of HTML that has very many tags, whatever they pretend.

lexbor takes the square of the depth: `<x></y>`, a hundred thousand times, is nested as deep, since no end tag closes an
element of another name. What has fewer than MANY start tags takes 0.03 s at most; the tags of others are counted here.
"""

from __future__ import annotations

import re
from typing import Final

from tasks.text.tags import VOID

MANY: Final = 5_000
"""Start tags."""
DEEPEST: Final = 500
"""Elements in each other; what is nested deeper loses its tags and keeps its text."""
NEAR: Final = 8
"""Elements that an end tag may close besides its own, as sloppy pages leave their inner ones open."""
_ENDED_BY_ITSELF = frozenset(["p", "li", "dt", "dd", "tr", "td", "th", "option"])
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?:script|style|textarea|title|xmp|iframe|noembed|noframes)\b.*?(?:</(?:script|style|textarea|title|xmp|iframe|"
    r"noembed|noframes)\s*>|\Z)"
    r"|<(?P<start>[A-Za-z][^\s/>]*)(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*+>?"
    r"|</(?P<end>[A-Za-z][^\s/>]*)\s*>",
    re.IGNORECASE | re.DOTALL,
)


def bound_nesting(html: str) -> str:
    """The HTML without the start tags that are nested deeper than DEEPEST. End tags count only for what they surely
    close: those in comments, scripts and attributes, and those of other names, close nothing."""
    if html.count("<") < MANY or html.count("<") - html.count("</") < MANY:  # the first is true of most
        return html
    opened: list[str] = []

    def bound(token: re.Match[str]) -> str:
        if start := token["start"]:
            name = start.lower()
            if name in VOID or token[0].endswith("/>"):
                return token[0]
            if name in _ENDED_BY_ITSELF and opened and opened[-1] == name:
                return token[0]  # `<p>one<p>two`: no paragraph is in another
            if len(opened) >= DEEPEST:
                return ""
            opened.append(name)
        elif token["end"] and (name := token["end"].lower()) in opened[-NEAR:]:
            while opened.pop() != name:
                pass
        return token[0]

    return _TOKEN.sub(bound, html)
