"""Tags that an HTML parser would read otherwise than their author meant, put right before it reads them.

- `<script/>`, `<iframe/>`, `<a/>` and so on: closed for the author, who writes XHTML; HTML knows no such tags, and the
  element would take in the rest of the article, which was lost with it.
- `<iframe …>` without an end: the rest of the article would be its content, which no browser shows.
- `if x<y then z`: the rest of the text would be the tag's attributes.
- `vector<int>`, `Map<K, V>`, `<oda@quay.example>`: no tags at all, but a text whose `<` was not escaped.
- "Hide the <nav> element": a tag that is only mentioned; the rest of the article would be its content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tasks.text.tags import KNOWN, MENTIONED, VOID

_TEXT_ONLY = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
"""Elements whose content the parser takes for text up to their end tag."""
_MAY_LACK_END = frozenset(["iframe", "noembed", "noframes", "textarea", "title"])
"""Nothing of what is in them is an article's text. (What follows an unclosed script or style sheet is its code.)"""
_NO_ELEMENT = "|".join([*sorted(VOID), "image", "frame", "keygen", "bgsound", "basefont", "command"])
# Either case of each letter is written out, because ignoring case takes twice the time.
_HOLDS_TEXT = rf"({'|'.join(''.join(f'[{c}{c.upper()}]' for c in name) for name in _TEXT_ONLY)})\b([^<>]*+)>"
_TEXT_STARTS = re.compile(f"<(?=[intxsINTXS]){_HOLDS_TEXT}")
_STARTS = re.compile(
    rf"<(?=[A-Za-z])(?:{_HOLDS_TEXT}|(?=[^<>]*+(?<=/)>)(?!(?i:{_NO_ELEMENT})\b)([A-Za-z][^\s<>/]*+)([^<>]*+)>)"
)
"""The start tags of elements that hold text only, and all self-closed ones but <br/> and its like."""
_VOID_START = re.compile(f"<(?i:{_NO_ELEMENT})\\b")
_USUAL_VOIDS = ("<br/", "<br ", "<img ", "<hr/", "<hr ")
_GAP = 20
"""Characters between a word and a tag after it."""
_MAX_TAG = 2_000
"""Characters of a tag, but for the rare longer one."""
_NEXT_START = {name: re.compile(rf"<{name}\b", re.IGNORECASE) for name in _TEXT_ONLY}
_NEXT_END = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in _TEXT_ONLY}
_SOURCE = re.compile(r"\ssrc\s*=", re.IGNORECASE)
_NO_TAG = re.compile(r"<([A-Za-z][^\s<>/\"'=]*+)([^<>\"'=]*+)(?=<|\Z)")
_MEANT_AS_TAG = re.compile(r"[a-z][\w.]*:[a-z][\w.-]*|[a-z][\w.]*-[\w.-]+", re.IGNORECASE)
"""Names with a namespace's prefix (`o:p`) and of custom elements (`x-card`)."""
MAX_MENTIONED = 50
"""Names that are looked for in the whole text."""
MAX_NAME = 100
"""Characters of such a name; a pattern is made of each."""


def close_elements(html: str) -> str:
    """The HTML with an end tag after each self-closed element, and after each <iframe> that has none."""
    pieces: list[str] = []
    copied = passed = 0
    ends: dict[str, int] = {}
    for match in (_STARTS if _has_self_closed(html) else _TEXT_STARTS).finditer(html):
        if match.start() < passed:  # in a script, whose texts may hold tags
            continue
        name, attributes = (match[1].lower(), match[2]) if match[1] else (match[3], match[4])
        if _is_self_closed(attributes):
            pieces += html[copied : match.end() - 2], f"></{name}>"
            copied = match.end()
        elif match[1]:
            end = _next_end(html, name, match.end(), ends)
            if end >= 0 and not (name in _MAY_LACK_END and _NEXT_START[name].search(html, match.end(), end)):
                passed = end
            elif name in _MAY_LACK_END and not attributes and _stands_in_text(html, match.start()):
                pieces += html[copied : match.start()], f"&lt;{match[1]}>"
                copied = match.end()
            elif name in _MAY_LACK_END or (name == "script" and _SOURCE.search(attributes)):
                pieces += html[copied : match.end()], f"</{name}>"
                copied = match.end()
            else:
                break
    return "".join([*pieces, html[copied:]]) if pieces else html


def _has_self_closed(html: str) -> bool:
    """Whether there may be a self-closed element other than <br/> and its like. Finding out takes a tenth of looking at
    each tag."""
    end = html.find("/>")
    while end >= 0:
        start = html.rfind("<", max(0, end - _MAX_TAG), end)
        if start < 0 or not (html.startswith(_USUAL_VOIDS, start) or _VOID_START.match(html, start)):
            return True
        end = html.find("/>", end + 2)
    return False


def _is_self_closed(attributes: str) -> bool:
    if not attributes.endswith("/"):
        return False
    last = re.split(r"\s", attributes[:-1])[-1] if "=" in attributes else ""
    return "=" not in last or last[-1] in "\"'"  # the slash of <a href=https://quay.example/> is the address's


def _stands_in_text(html: str, start: int) -> bool:
    """Whether words come before the tag that starts there, so that a text mentions it: "Shorten the <title>"."""
    return html[max(0, start - _GAP) : start].rstrip()[-1:].isalnum()


def _next_end(html: str, name: str, start: int, ends: dict[str, int]) -> int:
    """Where the element's next end tag begins, or -1. `ends` has what was found before, so that no part is searched
    twice."""
    if name not in ends or 0 <= ends[name] < start:
        match = _NEXT_END[name].search(html, start)
        ends[name] = match.start() if match else -1
    return ends[name]


def escape_less_than(html: str) -> str:
    """The HTML with `<` escaped where no tag begins, as in "if x<y then z": the next `>`, if any, is another tag's.

    A tag that a feed has cut off at its end stays one.
    """
    return _NO_TAG.sub(_escape_less_than, html) if html.count("<") > html.count(">") else html


def _escape_less_than(match: re.Match[str]) -> str:
    name, rest = match[1].lower(), match[2]
    if match.end() == len(match.string):
        is_tag = any(known.startswith(name) for known in KNOWN)
    else:
        is_tag = name in KNOWN and not rest.strip()
    return match[0] if is_tag else f"&lt;{match[0][1:]}"


def escape_mentions(html: str, names: Iterable[str]) -> str:
    """The HTML in which the tags with these names are escaped where they read as text.

    These have no attribute with a value, no end tag anywhere, and no name as custom elements and namespaces have it;
    an element that HTML knows has no attribute at all, and no other begins in it, as in a form that a feed cut off.
    """
    for name in sorted(name for name in names if len(name) <= MAX_NAME)[:MAX_MENTIONED]:
        if _MEANT_AS_TAG.fullmatch(name) or re.search(rf"</{re.escape(name)}[\s>]", html, re.IGNORECASE):
            continue
        rest = r"(?=>)(?!>\s*<[A-Za-z])" if name in MENTIONED else r"(?=[\s/>])(?![^<>]*=)"
        html = re.sub(rf"<({re.escape(name)}){rest}", _escaped, html, flags=re.IGNORECASE)
    return html


def _escaped(match: re.Match[str]) -> str:
    return match[0].replace("<", "&lt;")
