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
MOST_ELEMENTS: Final = 50_000
"""Elements of a page; what follows loses its tags and keeps its text. No article has so many, and finding the article
in 100,000 takes 8 s."""
_LONG_TAG = re.compile(rf"<([A-Za-z][^\s/>]{{0,99}}+)[^>]{{{2 * MOST_ATTRIBUTES},}}+")
"""Longer names are cut: `<p<p<p…` is one from each of its `<`, and 9 kB of that took 24 s."""
_VALUE = re.compile(r"=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>]*+)")
_BETWEEN_ATTRIBUTES = re.compile(r"[\s/\"']+")
_FORMATTING = frozenset(["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"])
_DISTINCT = re.compile(rf"<(?:{'|'.join(sorted(_FORMATTING))})[\s/]", re.IGNORECASE)
"""Without attributes, no more than three of a name are opened again."""
_ENDED_BY_ITSELF = frozenset(["p", "li", "dt", "dd", "tr", "td", "th", "option"])
_ATTRIBUTES = (
    r"(?:[\s/]++|[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>\"'][^\s>]*+)?)?)*+>?"
)
"""The rest of a tag (13.2.5.32 to 13.2.5.40 of the HTML standard). A quotation mark begins a value only after a `=`: in
`<a href="x="/">`, the third one does not."""
_TOKEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<!(?P<cdata>\[CDATA\[)?[^>]*+>?|<\?[^>]*+>?|</(?![A-Za-z])[^>]*+>?"
    rf"|<(?P<start>[A-Za-z][^\s/>]*+){_ATTRIBUTES}"
    rf"|</(?P<end>[A-Za-z][^\s/>]*+){_ATTRIBUTES}",
    re.DOTALL,
)
_TEXT_ONLY = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
"""Elements whose content is text, up to their end tag."""
_TEXT_ONLY_FOR_SOUP = ("script", "style")
"""Those of them that every version of Python's HTML parser knows."""
_END_OF = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _TEXT_ONLY}
_END_OF_COMMENT, _END_OF_CDATA = re.compile("-->"), re.compile("]]>")
_FOREIGN = frozenset(["svg", "math"])
"""In them, no element's content is text."""


def bound_nesting(html: str, *, soup: bool = False) -> str:
    """The HTML without the start tags that are nested deeper than DEEPEST, that open too many elements again, or that
    come after MOST_ELEMENTS.

    End tags count only for what they surely close: those in comments, scripts and attributes, and those of other names,
    close nothing. `soup`: BeautifulSoup reads it, with Python's HTML parser, for which a slash closes an element.
    """
    tags = html.count("<")
    if tags < _FEW:  # true of most
        return html
    most_reopened = max(3, MOST_REOPENED // tags)
    if tags - html.count("</") < MANY and len(_DISTINCT.findall(html)) <= most_reopened:
        return html
    return _Counter(html, most_reopened, soup).bounded()


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

    html: str
    most_reopened: int
    """Elements that each paragraph may open again."""
    soup: bool
    """Whether BeautifulSoup reads it."""
    opened: list[str] = field(default_factory=list)
    """The names of the elements that are open, the innermost last."""
    formatting: list[str] = field(default_factory=list)
    """The tags of those among them that would be opened again."""
    foreign: int = 0
    """How many of them are SVG or MathML."""
    reopened: set[str] = field(default_factory=set)
    """The tags of elements that the end tag of another one closed, and that are opened again."""
    left_open: int = 0
    elements: int = 0
    unsure: int = 0
    """Where the part of the page ends that may be text for the parser: end tags before it close nothing."""
    found: dict[re.Pattern[str], int] = field(default_factory=dict)
    """Where a pattern matched last."""

    def bounded(self) -> str:
        """The page without the tags that go too far."""
        pieces: list[str] = []
        copied = position = 0
        while token := _TOKEN.search(self.html, position):
            position = token.end()
            if token["start"]:
                name = token["start"].lower()
                if name in _TEXT_ONLY and (end := self._end_of_text(name, position)):
                    position = end
                    continue
                keeps = (self.soup and token[0].endswith("/>")) or self._opens(name, token[0])
            elif token["end"]:
                # nothing is open that an end tag after the last element could close: `</p>` would be an element
                keeps = self._closes(token["end"].lower(), token.start()) or self.elements < MOST_ELEMENTS
            else:
                keeps = True
                if token["cdata"] and token.start() >= self.unsure:  # text in SVG, else a comment up to the first `>`
                    self.unsure = self._next(_END_OF_CDATA, position)
            if not keeps:
                pieces.append(self.html[copied : token.start()])
                copied = position
        return "".join([*pieces, self.html[copied:]])

    def _end_of_text(self, name: str, start: int) -> int:
        """Where to go on after the start tag of an element that holds text only; 0 if it may hold elements here."""
        end = self._next(_END_OF[name], start)
        if self.foreign if not self.soup else name not in _TEXT_ONLY_FOR_SOUP:
            self.unsure = max(self.unsure, end)
            return 0
        if name == "script" and end >= self.unsure and "<!--" in self.html[start:end]:
            # `<!--<script></script>` does not end it (13.2.5.18)
            match = _END_OF[name].search(self.html, self._next(_END_OF_COMMENT, end))
            self.unsure = match.start() if match else len(self.html)
        return end + len("</")

    def _next(self, pattern: re.Pattern[str], start: int) -> int:
        """Where the pattern next matches, or the page's length. No part of the page is searched twice for it, as the
        starts only grow."""
        if self.found.get(pattern, -1) < start:
            match = pattern.search(self.html, start)
            self.found[pattern] = match.start() if match else len(self.html)
        return self.found[pattern]

    def _opens(self, name: str, tag: str) -> bool:
        if self.elements >= MOST_ELEMENTS:
            return False
        self.elements += 1
        if name in VOID or (name in _ENDED_BY_ITSELF and self.opened[-1:] == [name]):
            return True  # `<p>one<p>two`: no paragraph is in another
        if len(self.opened) >= DEEPEST:
            return False
        if name in _FORMATTING:
            if tag not in self.reopened and len(self.reopened) + len(self.formatting) >= self.most_reopened:
                return False
            self.formatting.append(tag)
        self.opened.append(name)
        self.foreign += name in _FOREIGN
        return True

    def _closes(self, name: str, position: int) -> bool:
        """Whether the end tag at the position closes an element."""
        nearest = self.opened[-(NEAR if self.left_open < MOST_LEFT_OPEN else 1) :]
        if name not in nearest or position < self.unsure:
            return False
        inner = nearest[::-1].index(name)
        closed = [self.opened.pop() for _ in range(inner + 1)]
        tags = [self.formatting.pop() for each in closed if each in _FORMATTING]
        self.foreign -= sum(each in _FOREIGN for each in closed)
        if inner:
            self.left_open += inner
            self.reopened.update(tags)
        return True
