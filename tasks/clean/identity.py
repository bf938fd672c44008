"""Recognising the same article in different entries: identity keys, and a hash of the content."""

from __future__ import annotations

import re
import unicodedata

from tasks.text import urls
from warehouse.digest import digest
from warehouse.records import Entry

_SCHEME = re.compile(r"^https?://")


def keys(entry: Entry, url: str | None) -> tuple[str, ...]:
    """The keys that may identify the entry, strongest first: its address, then its guid; its text if it has neither.

    Entries that have a key in common may be one article: it may change its guid, move from http to https, get tracking
    parameters or come from another mirror. Whether they are, the evidence tells (`warehouse.load.evidence`).
    """
    found = []
    if url and (address := urls.identity(url)):
        found.append(f"url:{address}")
    if entry.guid:
        found.append(f"guid:{entry.feed_id}:{_SCHEME.sub('//', entry.guid)}")
    return tuple(found) or (f"text:{entry.feed_id}:{digest(entry.guid, entry.title, entry.content_html)}",)


# Searching a whole article for a pattern is slow, but searching it for a word is fast. So a pattern is only tried if
# the article contains one of its words (`benchmarks.shortcuts`). Patterns begin with a single digit, because `re` then
# skips from digit to digit. Where the word is a usual one, a pattern that begins with it looks at what is before it.
_UNITS = ("second", "minute", "min", "hour", "hr", "day", "week", "month", "year")
_UNIT_BEFORE = "|".join(rf"(?<=[\dane\s]\s{unit}{end}\sago)" for unit in _UNITS for end in ("", "s"))
_MAYBE_AGO = re.compile(rf"[aA][gG][oO]\b(?i:(?<=\s\sago)|{_UNIT_BEFORE})")
_MAYBE_QIAN = re.compile(
    r"前(?:(?<=[\d\s][秒分天日周週年]前)|(?<=[\d\s][秒分天日周週年小个個時かヶ].前)|(?<=[\d\s][秒分小个個]..前))"
)
_ALWAYS = re.compile("")
_NUMBER = r"\d(?<!\d\d)\d*+"
"""From its first digit only: a text of a million digits would be tried from each of them."""
_RELATIVE_TIMES: tuple[tuple[tuple[str, ...], re.Pattern[str], re.Pattern[str]], ...] = (
    (
        (" ago", " Ago", " AGO"),
        _MAYBE_AGO,
        re.compile(rf"\b(?:\d+|an?|one)\s+(?:{'|'.join(_UNITS)})s?\s+ago\b", re.IGNORECASE),
    ),
    ((" read", " Read", " READ"), _ALWAYS, re.compile(rf"{_NUMBER}\s+min(?:ute)?s?\s+read\b", re.IGNORECASE)),
    (
        ("前",),
        _MAYBE_QIAN,
        re.compile(
            rf"{_NUMBER}\s*(?:(?:秒钟?|分钟|分鐘|小时|小時|天|日|周|週|个月|個月|年)之?|秒|分|時間|週間|か月|ヶ月)前"
        ),
    ),
    (
        ("il y a ", "Il y a ", "hace ", "Hace ", "vor ", "Vor "),
        _ALWAYS,
        re.compile(r"(?:il y a|hace|vor) \d+ [^\W\d_]+", re.IGNORECASE),
    ),
)


_COMMON_MARKS = tuple(
    (mark, unicodedata.normalize("NFKC", mark)) for mark in "，：；！？（）…％～＆－／＃｜\u00a0\u200a\u3000"
)
"""The characters that NFKC changes in most texts, with their NFKC form."""


def _nfkc(text: str) -> str:
    """NFKC (UAX 15). Replacing the common marks first saves most of the time (`benchmarks.shortcuts`).

    Most texts are in NFKC after that, which unicodedata finds out quickly.
    """
    for mark, form in _COMMON_MARKS:
        text = text.replace(mark, form)
    return unicodedata.normalize("NFKC", text)


def content_hash(title: str, text: str) -> str:
    """A digest of title and text. White space, Unicode composition and relative times ("3 hours ago") do not count."""
    content = f"{title}\n{text}"
    if not content.isascii():
        content = _nfkc(content)
    for words, maybe, pattern in _RELATIVE_TIMES:
        if any(word in content for word in words) and maybe.search(content):
            content = pattern.sub("", content)
    return digest("content", "".join(content.split()))
