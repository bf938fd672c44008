"""What a template adds to the end of the last paragraph: "… Read more", "The post … appeared first on …"."""

from __future__ import annotations

import re
from collections.abc import Container

from tasks.clean.template_links import is_elsewhere, is_own, links_of
from tasks.clean.template_phrases import (
    FIRST_APPEARED,
    MAX_LINE,
    MAX_PHRASE,
    MAX_SITE,
    READ_ALSO,
    READ_ON,
    READ_ON_TITLED,
    Beginning,
    bare,
)
from tasks.text.markup import Element
from tasks.text.plain import inline_text

_SENTENCE_END = ".!?…。！？」』”’)]）】\n"
_SENTENCE_ENDS = re.compile(f"[{re.escape(_SENTENCE_END)}]")
_OPENING = " \t\r\n\u00a0\u3000([|–—-"
"""What may stand between the last sentence and an invitation to read on."""
_ARROWS = ("→", "»", "›", "⟶", "➔", ">")
_MIDDLES = [middle for _, middles in FIRST_APPEARED for middle in middles]
_READ_ALSO = Beginning(READ_ALSO | READ_ON)
_READ_ON_TITLED = Beginning(READ_ON_TITLED)


def trim_last(blocks: list[Element], link: str | None, pointers: Container[int]) -> list[Element]:
    """Take the template's words from the end of the last paragraph: "… Read more". `pointers` are the ids of blocks
    that are no text."""
    places = reversed(range(len(blocks)))
    last = next((at for at in places if blocks[at].tag != "figure" and id(blocks[at]) not in pointers), None)
    if last is None or blocks[last].tag != "p":
        return blocks
    whole = blocks[last].children
    children = _without_ending(whole, link)
    if children is whole:
        return blocks
    trimmed = [Element("p", {}, children)] if any(_has_words(child) for child in children) else []
    return [*blocks[:last], *trimmed, *blocks[last + 1 :]]


def _without_ending(children: list[Element | str], link: str | None) -> list[Element | str]:
    end = len(children)
    while end and not _has_words(children[end - 1]):
        end -= 1
    if not end:
        return children
    last, before = children[end - 1], children[: end - 1]
    if isinstance(last, str):
        if not (before and _is_break(before[-1]) and _invites(last)):
            return children if (text := _without_last_words(last)) == last else [*before, text]
    elif not _is_invitation(last, before, link):
        return children
    while before and (_is_break(before[-1]) or (not _has_words(before[-1]) and not str(before[-1]).strip(_OPENING))):
        before.pop()
    if before and isinstance(rest := before[-1], str):
        before[-1] = rest.rstrip(_OPENING)
    return before


def _is_invitation(last: Element, before: list[Element | str], link: str | None) -> bool:
    """Whether the last element of a paragraph invites to read on, and is no part of a sentence."""
    text = inline_text(last)
    if len(text) > MAX_LINE:
        return False
    addresses = [last.attrs["href"]] if last.attrs.get("href") else links_of(last)
    if any(is_elsewhere(address, link) for address in addresses):
        return False
    said = "".join(child if isinstance(child, str) else child.text() for child in before).rstrip(_OPENING)
    ended = not said or said[-1] in _SENTENCE_END or _is_break(before[-1])
    begins = _READ_ALSO.match(text.casefold().replace("’", "'")) is not None and not text.lstrip("[(… ")[:1].islower()
    if len(text) <= MAX_PHRASE and bare(text) in READ_ON:
        return ended or begins
    if not (before and (ended or begins) and len(addresses) == 1 and is_own(addresses[0], link)):
        return False
    return begins or len(text) <= MAX_PHRASE / 2


def _without_last_words(text: str) -> str:
    """The text without what a template adds behind its last sentence."""
    tail = text[-MAX_LINE - MAX_PHRASE :]
    first = len(text) - len(tail)
    end = _lower(text[-MAX_SITE - MAX_PHRASE :])
    lower = _lower(tail) if any(map(end.__contains__, _MIDDLES)) else ""
    for beginnings, middles in FIRST_APPEARED if len(lower) == len(tail) else ():
        middle = max(map(lower.rfind, middles))
        start = max(lower.rfind(beginning, 0, middle) for beginning in beginnings) if middle > 0 else -1
        if start > 0 and middle > len(tail) - MAX_SITE - MAX_PHRASE and tail[:start].rstrip()[-1:] in _SENTENCE_END:
            return text[: first + start].rstrip()
    for match in _SENTENCE_ENDS.finditer(tail, max(0, len(tail) - 2 * MAX_PHRASE)):
        if _has_words(words := tail[match.end() :]) and _invites(words):
            return text[: first + match.end()].rstrip(_OPENING)
    return text


def _lower(text: str) -> str:
    return text.casefold().replace("’", "'")


def _invites(words: str) -> bool:
    """Whether the last words of a text are "Read more", or "Continue reading The quay opens →"."""
    if len(words) <= MAX_PHRASE and bare(words) in READ_ON:
        return True
    return words.rstrip()[-1:] in _ARROWS and _READ_ON_TITLED.match(words.casefold().replace("’", "'")) is not None


def _has_words(node: Element | str) -> bool:
    return any(map(str.isalnum, node if isinstance(node, str) else node.text()))


def _is_break(node: Element | str) -> bool:
    return isinstance(node, Element) and node.tag == "br"
