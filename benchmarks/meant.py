"""What newsmill leaves out of an article on purpose: parts of the second reading, each with the reason.

A part is found by its own words or markup, so that only what is in it may be missing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.independent import addresses, words, words_of

TEMPLATE = (
    "lines of a site's template are no text: Continue reading, Reply to this post, The post … appeared first on …"
)
READ_ALSO = "a line that only points to another article of the site is no text: Read more: …"
FORM = "a form to fill in is no part of the article: its labels, its links, its badge"
SHORTCODE = "shortcodes that the site did not replace are no text"
FORMULA = "a formula that is written several times, for browsers with and without MathML, is one"
BAR = "the bar of a player is no text: 0:00 / 0:44 1×"
UNSEEN = "a link around nothing, or around a drawn icon, has no text to be a link"
HEADING = "headings are left out of summaries"

_APPEARED = (
    r"the post .{1,300} (?:appeared first|first appeared) on .{1,100}|der beitrag .{1,300} erschien zuerst auf .{1,100}"
)
_LINE = re.compile(
    r"continue reading|keep reading|(?:read|view) (?:more|the full entry)|subscribe|reply to this post"
    r"|this entry has been truncated,? *(?:read|view) the full entry"
    rf"|if the formatting of this post looks odd in your feed reader,? *visit the original article|{_APPEARED}",
    re.DOTALL,
)
"""A whole line, in lower case, without the brackets, dots and arrows around it."""
_ENDING = re.compile(rf"\b(?:continue reading\b.{{0,300}}|(?:{_APPEARED}))\Z", re.DOTALL | re.IGNORECASE)
_READ_ALSO = re.compile(r"\bread more\b\W*", re.IGNORECASE)
_SHORTCODE = re.compile(r"\[[a-z]+[-_][a-z][^\[\]]*=[^\[\]]*\]")
_BRACKETS = " \n\t\xa0[]().…→»>"
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_BLOCKS = _HEADINGS | {"p", "li", "ul", "ol", "blockquote", "table", "div", "section", "article", "pre"}


@dataclass(frozen=True, slots=True)
class Part:
    reason: str
    text: str
    addresses: tuple[str, ...] = ()
    """Of its links and images."""


def parts(tree: Any, base: str, field: Literal["summary", "text"]) -> Iterator[Part]:
    """The parts of a text that newsmill leaves out on purpose. `base` is what its addresses are relative to."""
    if tree is None:
        return
    for node in tree.iter():
        if isinstance(node.tag, str) and (reason := _reason(node, field)):
            text = words_of(node)
            if reason == FORMULA:
                text = text.replace(words_of(node.find(".//annotation")), "", 1)  # in TeX, which newsmill keeps
            yield Part(reason, text, (*_addresses(node, base),))
    text = words_of(tree)
    for match in _SHORTCODE.finditer(text):
        yield Part(SHORTCODE, match[0])
    if ending := _ENDING.search(text):
        linked = (link for link in tree.iter("a") if words_of(link) in ending[0])
        yield Part(TEMPLATE, ending[0], tuple(address for link in linked for address in _addresses(link, base)))


def _addresses(node: Any, base: str) -> Iterator[str]:
    yield from addresses(node, "a", "href", base)
    yield from addresses(node, "img", "src", base)


def _reason(node: Any, field: Literal["summary", "text"]) -> str | None:
    if field == "summary" and node.tag in _HEADINGS:
        return HEADING
    if "katex" in node.get("class", "").split() and node.find(".//annotation") is not None:
        return FORMULA
    if node.tag == "form" and any(control.get("type") in ("email", "text") for control in node.iter("input")):
        return FORM
    if any(child.get("type") == "range" for child in node.iterchildren("input")) and node.find("button") is not None:
        return BAR
    if node.tag != "a" and (node.tag not in _BLOCKS or any(child.tag in _BLOCKS for child in node.iterdescendants())):
        return None
    text = " ".join(words_of(node).split())
    if node.tag == "a" and not text and node.find(".//img") is None:
        is_post = next(node.iterancestors("blockquote"), None) is not None  # Twitter's script shows it
        return None if is_post else UNSEEN
    if _LINE.fullmatch(text.strip(_BRACKETS).casefold()):
        return TEMPLATE
    pointed = _READ_ALSO.sub("", text)
    linked = sum(len(" ".join(words_of(link).split())) for link in node.iter("a"))
    return READ_ALSO if text.casefold().startswith("read more") and len(pointed) <= linked + 3 else None


def why_words(lost: Sequence[str], few: float, left_out: Sequence[Part]) -> str | None:
    """Why the words are lost, if all but few of them are in parts that newsmill leaves out."""
    rest = Counter(lost)
    reasons = []
    for part in left_out:
        if found := rest & Counter(words(part.text)):
            rest -= found
            reasons.append(part.reason)
    return "; ".join(dict.fromkeys(reasons)) if rest.total() <= few else None


def why_addresses(lost: Sequence[str], left_out: Sequence[Part]) -> str | None:
    """The same of links and images."""
    reasons = [next((part.reason for part in left_out if address in part.addresses), None) for address in lost]
    return None if None in reasons else "; ".join(dict.fromkeys(map(str, reasons)))
