"""Texts that may be plain or HTML: which of their tags are markup, and which are what the text is about.

RSS doesn't say what a title is, Atom and JSON Feed do, and some producers are wrong. "Intent to unship: <a> as <area>"
and `Map<K, V>` are texts; in "How <i>Hamlet</i> ends" the tags are markup.
"""

from __future__ import annotations

import re
from html import unescape

from tasks.text.markup import parse
from tasks.text.plain import inline_text
from tasks.text.tags import KNOWN, VOID

_TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)((?:[\s/][^<>]*)?)>")
_FIRST_TAG = re.compile(r"\s*<([A-Za-z][\w:.-]*)((?:[\s/][^<>]*)?)>")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_REFERENCE_AFTER_WORD = re.compile(r"[\w.,;:!?…)\]}\"”’»%]" + _REFERENCE.pattern)
_PARAGRAPHS = frozenset(["p", "div", "li", "center", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"])
_ADDRESSED = re.compile(
    r"<(?:a|img)\s[^<>]*(?:href|src)\s*=\s*[\"']?(?:https?:|/)|</(?:p|div|ul|ol|table)>", re.IGNORECASE
)
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_MENTIONED_BREAK = re.compile(r"(?:^|[\s\"'“‘(])<br>(?:$|[\s\"'”’),.;:])", re.IGNORECASE)
MAX_TITLE = 5_000
"""Characters; in a longer text, which is no title, all tags are taken for markup."""


def strip_tags(text: str, *, plain: bool = False) -> str:
    """The text of a title, author or category. `plain`: the feed says that there is no markup in it."""
    if "<" not in text and "&" not in text:
        return text
    if plain:
        return _read_references(text)  # many feeds escape them twice
    if len(text) > MAX_TITLE:
        return inline_text(parse(text))
    return inline_text(parse(_TAG.sub(lambda match: _escape_mention(match, text), text)))


def _escape_mention(match: re.Match[str], text: str) -> str:
    return match[0] if _is_markup(match, text) else f"&lt;{match[0][1:]}"


def _is_markup(tag: re.Match[str], text: str) -> bool:
    """Whether a tag is markup: one of a pair, one with attributes, <br>; any that begins or ends the text."""
    name = tag[2].lower()
    if name not in KNOWN and ":" not in name and "-" not in name:
        return False
    if tag[1]:
        return tag.end() == len(text) or _has(rf"<{re.escape(name)}[\s>]", text[: tag.start()])
    if "=" in tag[3] or (name in _PARAGRAPHS and tag.start() == 0 and not text[tag.end() :][:1].isspace()):
        return True
    if name == "wbr":
        return True
    if name == "br":
        return not _MENTIONED_BREAK.search(text, max(0, tag.start() - 1), tag.end() + 1)
    return name not in VOID and _has(rf"</{re.escape(name)}\s*>", text[tag.end() :])


def _has(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def reads_as_markup(text: str) -> bool:
    """Whether a text that should be plain is HTML: it begins with an element, or its lines end with <br>."""
    first = _FIRST_TAG.match(text)
    if first and (name := first[1].lower()) in KNOWN:
        if name in VOID:
            return "=" in first[2] or name in ("br", "hr")
        return _has(rf"</{re.escape(name)}\s*>", text[first.end() :])
    breaks = len(_LINE_BREAK.findall(text))
    return breaks > 1 and not _MENTIONED_BREAK.search(text)


def without_references(text: str) -> str:
    """The plain text with its character references read, if it was escaped twice: one of them follows a word, as in
    Blogger's summaries ("It rained.&nbsp; The boats"). One that stands alone is what the text is about: "the &nbsp;".
    """
    return _read_references(text) if "&" in text and _REFERENCE_AFTER_WORD.search(text) else text


def _read_references(text: str) -> str:
    # not all at once: without its semicolon, &copy in an address is a parameter
    return _REFERENCE.sub(lambda match: unescape(match[0]), text)


def is_escaped(html: str) -> bool:
    """Whether HTML was escaped once too often: it reads as text, but what it says is markup."""
    if "<" in html or "&lt;" not in html:
        return False
    text = unescape(html)
    return reads_as_markup(text) or _ADDRESSED.search(text) is not None
