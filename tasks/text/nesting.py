"""Bounding the nesting of HTML that has very many tags, whatever they pretend.

lexbor takes the square of the depth: `<x></y>`, a hundred thousand times, is nested as deep, since no end tag closes an
element of another name. What has fewer than MANY start tags takes 0.03 s at most; the tags of others are counted here.

Elements such as <b> that are left open are opened again in each paragraph that follows (13.2.4.3 of the HTML standard:
the list of active formatting elements), but for those that are the same. `<p><b id=1>a<p><b id=2>a …`, 2,000 times, is
a text of 30 kB that takes 700 MB; such elements are counted, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
NESTED_FORMATTING: Final = 6
"""Elements such as <b> in each other that are not counted, as an author may nest so many."""
_FEW: Final = 500
"""Tags that are not looked at: half of them opened again by the other half are 62,500 elements."""
MOST_ATTRIBUTES: Final = 5_000
"""Of a tag. lexbor compares each with all before it: 20,000 take a second."""
MOST_ELEMENTS: Final = 50_000
"""Elements of a page; what follows loses its tags and keeps its text. No article has so many, and finding the article
in 100,000 takes 8 s."""
_TAG = re.compile(r"<([A-Za-z][^\s/>]{0,99}+)[^>]*+")
"""Longer names are cut: `<p<p<p…` is one from each of its `<`, and 9 kB of that took 24 s."""
_VALUE = re.compile(r"=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>]*+)")
_BETWEEN_ATTRIBUTES = re.compile(r"[\s/\"']+")
_SPACE = r"\t\n\f\r "
"""HTML's white space. To Python, a no-break space is one, too; to HTML it is a part of a name."""
_FORMATTING = frozenset(["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"])
_DISTINCT = re.compile(rf"<(?:{'|'.join(sorted(_FORMATTING))})[{_SPACE}/]", re.IGNORECASE | re.ASCII)
"""Without attributes, no more than three of a name are opened again."""
_CELLS = frozenset(["p", "td", "th"])
_ENDED = {
    "p": frozenset(["p"]),
    "li": frozenset(["p", "li"]),
    **dict.fromkeys(("dt", "dd"), frozenset(["p", "dt", "dd"])),
    **dict.fromkeys(("td", "th"), _CELLS),
    "tr": _CELLS | {"tr"},
    **dict.fromkeys(("thead", "tbody", "tfoot"), _CELLS | {"tr", "thead", "tbody", "tfoot"}),
    "option": frozenset(["option"]),
    "optgroup": frozenset(["option"]),
}
"""Elements → those whose end tags may be omitted before them (13.1.2.4 of the HTML standard)."""
_OMITTED = frozenset(["p", "li", "dt", "dd", "option", "rt", "rp", "td", "th", "tr"])
"""Elements that the end tag of the one around them ends, too."""
_ATTRIBUTES = (
    rf"(?:[{_SPACE}/]++|[^{_SPACE}/>][^{_SPACE}/>=]*+"
    rf"(?:[{_SPACE}]*+=[{_SPACE}]*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^{_SPACE}>\"'][^{_SPACE}>]*+)?)?)*+>?"
)
"""The rest of a tag (13.2.5.32 to 13.2.5.40). A quotation mark begins a value only after a `=`: in `<a href="x="/">`,
the third one does not."""
_TOKEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<!(?P<cdata>\[CDATA\[)?[^>]*+>?|<\?[^>]*+>?|</(?![A-Za-z])[^>]*+>?"
    rf"|<(?P<start>[A-Za-z][^{_SPACE}/>]*+){_ATTRIBUTES}"
    rf"|</(?P<end>[A-Za-z][^{_SPACE}/>]*+){_ATTRIBUTES}",
    re.DOTALL,
)
_TEXT_ONLY = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
"""Elements whose content is text, up to their end tag."""
_END_OF = {name: re.compile(rf"</{name}(?=[{_SPACE}/>])", re.IGNORECASE | re.ASCII) for name in _TEXT_ONLY}
_END_OF_CDATA = re.compile("]]>")
_IN_SCRIPT = re.compile(rf"<!--(?:-?>)?|-->|</?script(?=[{_SPACE}/>])", re.IGNORECASE | re.ASCII)
_FOREIGN = frozenset(["svg", "math", "frameset"])
"""In them, no element's content is text, and none is void or ends another."""
_INTEGRATION = frozenset(["foreignobject", "desc", "title", "mi", "mo", "mn", "ms", "mtext", "annotation-xml"])
"""Elements of SVG and MathML that hold HTML, in which their end tags count for nothing."""


def bound_nesting(html: str) -> str:
    """The HTML without the start tags that are nested deeper than DEEPEST, that open too many elements again, or that
    come after MOST_ELEMENTS.

    End tags count only for what they surely close: those in comments, scripts and attributes, and those of other names,
    close nothing.
    """
    tags = html.count("<")
    if tags < _FEW:  # true of most
        return html
    most_reopened = max(3, MOST_REOPENED // tags)
    few_start_tags = tags < MANY or (tags < MOST_ELEMENTS and tags - html.count("</") < MANY)
    if few_start_tags and len(_DISTINCT.findall(html)) <= most_reopened:
        return html
    return _Counter(html, most_reopened).bounded()


def bound_tags(html: str) -> str:
    """The HTML with a bare tag for each that may have more than MOST_ATTRIBUTES attributes: no author writes one."""
    if not any(long_pieces(html, ">", 2 * MOST_ATTRIBUTES)):
        return html
    return _TAG.sub(_without_many_attributes, html)


def long_pieces(html: str, sign: str, length: int) -> Iterator[str]:
    """What is longer than `length` between two of the signs. Each such piece has a half of that length without a sign,
    and few pages have such a stretch: looking for the first sign of each takes a thirtieth of looking for all."""
    half, end = length // 2, 0
    for start in range(0, len(html) - half + 1, half):
        if start >= end and html.find(sign, start, start + half) < 0:
            begin, end = html.rfind(sign, 0, start) + 1, html.find(sign, start)
            end = end if end >= 0 else len(html)
            if end - begin > length:
                yield html[begin:end]


def _without_many_attributes(tag: re.Match[str]) -> str:
    if len(tag[0]) <= 2 * MOST_ATTRIBUTES:
        return tag[0]
    names = _VALUE.sub(" ", tag[0])
    more = next(islice(_BETWEEN_ATTRIBUTES.finditer(names), MOST_ATTRIBUTES, None), None)
    return tag[0] if more is None else f"<{tag[1]}"


def _end_of_script(html: str, start: int) -> int:
    """Where the end tag of the script begins whose text starts there, or the page's length: in `<!--`, a `<script>`
    takes one `</script>` for itself (13.2.5.15 to 13.2.5.31)."""
    depth = 0  # 1 in `<!--`, 2 in a <script> there
    for token in _IN_SCRIPT.finditer(html, start):
        match token[0].lower():
            case "<!--":
                depth = max(depth, 1)
            case "<script":
                depth = 2 if depth else 0
            case "</script":
                if depth < 2:
                    return token.start()
                depth = 1
            case _:  # "-->", also right after "<!--"
                depth = 0
    return len(html)


def _is_self_closed(tag: str) -> bool:
    """Whether the slash at its end surely is its own: of `<link a=b/>`, it is the value's."""
    last = tag[max(map(tag.rfind, "\t\n\f\r ")) + 1 :]
    is_quoted = last.count("=") == 1 and last.partition("=")[2][0] in "\"'"
    return tag.endswith("/>") and (is_quoted or "=" not in last)


def _lower(name: str) -> str:
    """The name as HTML lowers it: no letter beyond ASCII, such as the sign for kelvin, which Python takes for a K."""
    return name.lower() if name.isascii() else name


@dataclass(slots=True)
class _Counter:
    """Goes through a page's tags in their order."""

    html: str
    most_reopened: int
    """Elements that each paragraph may open again."""
    opened: list[str] = field(default_factory=list)
    """The names of the elements that are open, the innermost last."""
    formatting: list[str] = field(default_factory=list)
    """The tags of those among them that would be opened again."""
    foreign: int = 0
    """How many of them are SVG or MathML."""
    had_foreign: bool = False
    integration: int = 0
    """How many of them, in SVG or MathML, hold HTML."""
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
            end = position = token.end()
            if token.start() < self.unsure < end:  # for the parser, it may end there, and tags follow
                position, self.unsure = self.unsure, end
            if token["start"]:
                name = _lower(token["start"])
                text_end = self._end_of_text(name, end) if name in _TEXT_ONLY else 0
                position = text_end or position
                keeps = self._counts() if text_end else self._opens(name, token[0])
                end = text_end or end
            elif token["end"]:
                keeps = self._ends(_lower(token["end"]), token.start())
            else:
                keeps = True
                if token["cdata"] and self.had_foreign and token.start() >= self.unsure:
                    self.unsure = self._next(_END_OF_CDATA, end)  # text in SVG, else a comment up to the first `>`
            if not keeps:
                # of `<<x>y>`, a tag would be left
                pieces += self.html[copied : token.start()], "<!---->" if self._follows_less_than(token.start()) else ""
                copied = min(end, position)
        return "".join([*pieces, self.html[copied:]])

    def _follows_less_than(self, position: int) -> bool:
        return position > 0 and self.html[position - 1] == "<"

    def _end_of_text(self, name: str, start: int) -> int:
        """Where the end tag of an element that holds text only begins; 0 if it may hold elements here."""
        if not self.foreign:
            return _end_of_script(self.html, start) if name == "script" else self._next(_END_OF[name], start)
        self.unsure = max(self.unsure, self._next(_END_OF[name], start))
        return 0

    def _next(self, pattern: re.Pattern[str], start: int) -> int:
        """Where the pattern next matches, or the page's length. No part of the page is searched twice for it, as the
        starts only grow."""
        if self.found.get(pattern, -1) < start:
            match = pattern.search(self.html, start)
            self.found[pattern] = match.start() if match else len(self.html)
        return self.found[pattern]

    def _counts(self) -> bool:
        """Count an element. Returns whether there may be one more."""
        self.elements += 1
        return self.elements <= MOST_ELEMENTS

    def _opens(self, name: str, tag: str) -> bool:
        """Whether the start tag may stay."""
        if not self._counts():
            return False
        if name in VOID or name == "image":
            if not self.foreign or _is_self_closed(tag):
                return True
        elif name in _ENDED and not self.foreign:
            while self.opened and self.opened[-1] in _ENDED[name]:
                self.opened.pop()
        if len(self.opened) >= DEEPEST:
            return False
        if name in _FORMATTING:
            open_ones = max(0, len(self.formatting) - NESTED_FORMATTING)
            if tag not in self.reopened and len(self.reopened) + open_ones >= self.most_reopened:
                return False
            self.formatting.append(tag)
        self.opened.append(name)
        self.foreign += name in _FOREIGN
        self.had_foreign = self.had_foreign or self.foreign > 0
        self.integration += self.foreign > 0 and name in _INTEGRATION
        return True

    def _ends(self, name: str, position: int) -> bool:
        """Whether the end tag at the position may stay."""
        if self._closes(name, position) or name in _TEXT_ONLY:
            return True
        if name in ("p", "br"):  # without a start tag, it is an element
            return self._counts()
        return True

    def _closes(self, name: str, position: int) -> bool:
        """Whether the end tag at the position closes an element."""
        nearest = self.opened[-(NEAR if self.left_open < MOST_LEFT_OPEN and not self.integration else 1) :]
        if name not in nearest or position < self.unsure:
            return False
        inner = nearest[::-1].index(name)
        closed = [self.opened.pop() for _ in range(inner + 1)]
        tags = [self.formatting.pop() for each in closed if each in _FORMATTING]
        if self.foreign:
            self.left_open += inner
            self.integration = max(0, self.integration - sum(each in _INTEGRATION for each in closed))
            self.foreign -= sum(each in _FOREIGN for each in closed)
        elif inner:
            self.left_open += sum(each not in _OMITTED for each in closed[:-1])
        if inner:
            self.reopened.update(tags)
        return True
