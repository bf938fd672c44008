"""Bounding the nesting of HTML that has very many tags, whatever they pretend.

lexbor takes the square of the depth: `<x></y>`, a hundred thousand times, is nested as deep, since no end tag closes an
element of another name. What has fewer than MANY start tags takes 0.03 s at most; the tags of others are counted here.

Elements such as <b> that are left open are opened again in each paragraph that follows (13.2.4.3 of the HTML standard:
the list of active formatting elements), but for those that are the same. `<p><b id=1>a<p><b id=2>a …`, 2,000 times, is
a text of 30 kB that takes 700 MB; such elements are counted, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from tasks.text.tags import VOID

MANY: Final = 5_000
"""Start tags."""
DEEPEST: Final = 500
"""Elements in each other; what is nested deeper loses its tags and keeps its text."""
NEAR: Final = 8
"""Elements that an end tag may close besides its own, as sloppy pages leave their inner ones open."""
MOST_LEFT_OPEN: Final = 10_000
"""Elements of a page that its end tags may close besides their own. A parser doesn't close all of them (`<p><div></p>`
leaves the <div> open): with more, an end tag closes its own element alone."""
MOST_REOPENED: Final = 200_000
"""Elements that may be opened again in all: the more tags a page has, the fewer elements each may open again."""
_FEW: Final = 500
"""Tags that are not looked at: half of them opened again by the other half are 62,500 elements."""
MOST_ATTRIBUTES: Final = 5_000
"""Of a tag. lexbor compares each with all before it: 20,000 take a second."""
_LONG_TAG = re.compile(rf"<([A-Za-z][^\s/>]*)[^>]{{{2 * MOST_ATTRIBUTES},}}+")
_VALUE = re.compile(r"=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>]*+)")
_BETWEEN_ATTRIBUTES = re.compile(r"[\s/\"']+")
_FORMATTING = frozenset(["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"])
_DISTINCT = re.compile(rf"<(?:{'|'.join(sorted(_FORMATTING))})[\s/]", re.IGNORECASE)
"""Without attributes, no more than three of a name are opened again."""
_ENDED_BY_ITSELF = frozenset(["p", "li", "dt", "dd", "tr", "td", "th", "option"])
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?:script|style|textarea|title|xmp|iframe|noembed|noframes)\b.*?(?:</(?:script|style|textarea|title|xmp|iframe|"
    r"noembed|noframes)\s*>|\Z)"
    r"|<(?P<start>[A-Za-z][^\s/>]*)(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*+>?"
    r"|</(?P<end>[A-Za-z][^\s/>]*)\s*>",
    re.IGNORECASE | re.DOTALL,
)


def bound_nesting(html: str, *, xml: bool = False) -> str:
    """The HTML without the start tags that are nested deeper than DEEPEST, or that open too many elements again.

    End tags count only for what they surely close: those in comments, scripts and attributes, and those of other names,
    close nothing. Only in `xml` does a slash at its end close an element.
    """
    tags = html.count("<")
    if tags < _FEW:  # true of most
        return html
    most_reopened = max(3, MOST_REOPENED // tags)
    if tags - html.count("</") < MANY and len(_DISTINCT.findall(html)) <= most_reopened:
        return html
    return _TOKEN.sub(_Counter(most_reopened, xml).kept, html)


def bound_tags(html: str) -> str:
    """The HTML with a bare tag for each that may have more than MOST_ATTRIBUTES attributes: no author writes one."""
    return _LONG_TAG.sub(_without_many_attributes, html) if len(html) > 2 * MOST_ATTRIBUTES else html


def _without_many_attributes(tag: re.Match[str]) -> str:
    names = _VALUE.sub(" ", tag[0])
    more = next(islice(_BETWEEN_ATTRIBUTES.finditer(names), MOST_ATTRIBUTES, None), None)
    return tag[0] if more is None else f"<{tag[1]}"


@dataclass(slots=True)
class _Counter:
    """Goes through a page's tags in their order."""

    most_reopened: int
    """Elements that each paragraph may open again."""
    xml: bool
    """Whether a slash at its end closes an element."""
    opened: list[str] = field(default_factory=list)
    """The names of the elements that are open, the innermost last."""
    formatting: list[str] = field(default_factory=list)
    """The tags of those among them that would be opened again."""
    reopened: set[str] = field(default_factory=set)
    """The tags of elements that the end tag of another one closed, and that are opened again."""
    left_open: int = 0

    def kept(self, token: re.Match[str]) -> str:
        """The tag, or whatever else the pattern finds; "" if it is a start tag that goes too far."""
        tag = token[0]
        if start := token["start"]:
            return tag if (self.xml and tag.endswith("/>")) or self._opens(start.lower(), tag) else ""
        if token["end"]:
            self._close(token["end"].lower())
        return tag

    def _opens(self, name: str, tag: str) -> bool:
        if name in VOID or (name in _ENDED_BY_ITSELF and self.opened[-1:] == [name]):
            return True  # `<p>one<p>two`: no paragraph is in another
        if len(self.opened) >= DEEPEST:
            return False
        if name in _FORMATTING:
            if tag not in self.reopened and len(self.reopened) + len(self.formatting) >= self.most_reopened:
                return False
            self.formatting.append(tag)
        self.opened.append(name)
        return True

    def _close(self, name: str) -> None:
        nearest = self.opened[-(NEAR if self.left_open < MOST_LEFT_OPEN else 1) :]
        if name not in nearest:
            return
        inner = nearest[::-1].index(name)
        closed = [self.opened.pop() for _ in range(inner + 1)]
        tags = [self.formatting.pop() for each in closed if each in _FORMATTING]
        if inner:
            self.left_open += inner
            self.reopened.update(tags)
