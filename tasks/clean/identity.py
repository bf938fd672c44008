"""What makes two entries the same article."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache

from tasks.text import urls
from warehouse.records import Entry, digest


def keys(entry: Entry, url: str | None, ambiguous: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """What identifies the entry, strongest first: its address, then its feed's guid, then its own text.

    An article keeps its id while any of them stays: over a new guid, http to https, tracking parameters, another
    mirror. `ambiguous` are keys that several different entries of the document share; they identify none of them.
    """
    found = []
    if url and (name := urls.identity(url)):
        found.append(f"url:{name}")
    if entry.guid:
        found.append(f"guid:{entry.feed_id}:{entry.guid}")
    found = [key for key in found if key not in ambiguous]
    return tuple(found) or (f"text:{entry.feed_id}:{digest(entry.guid, entry.title, entry.content_html)}",)


def ambiguous_keys(entries: Iterable[tuple[Entry, str | None]]) -> frozenset[str]:
    """Keys that entries with different titles share: a link to the front page, a guid that is a constant."""
    titles: dict[str, set[str]] = {}
    links: Counter[str] = Counter()
    for entry, url in entries:
        for key in keys(entry, url):
            if not key.startswith("text:"):
                titles.setdefault(key, set()).add(entry.title)
                links[key] += 1
    return frozenset(key for key, found in titles.items() if len(found) > 1)


# A pattern is dear over a whole article, a word in it is not: each is only tried where one of its words is found. They
# begin with a single digit so that `re` skips from digit to digit.
_RELATIVE_TIMES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        (" ago", " Ago", " AGO"),
        re.compile(r"\b(?:\d+|an?|one)\s+(?:second|minute|min|hour|hr|day|week|month|year)s?\s+ago\b", re.IGNORECASE),
    ),
    ((" read", " Read", " READ"), re.compile(r"\d\d*\s+min(?:ute)?s?\s+read\b", re.IGNORECASE)),
    (
        ("前",),
        re.compile(
            r"\d\d*\s*(?:(?:秒钟?|分钟|分鐘|小时|小時|天|日|周|週|个月|個月|年)之?|秒|分|時間|週間|か月|ヶ月)前"
        ),
    ),
    (
        ("il y a ", "Il y a ", "hace ", "Hace ", "vor ", "Vor "),
        re.compile(r"(?:il y a|hace|vor) \d+ [^\W\d_]+", re.IGNORECASE),
    ),
)


_MARKS = tuple((mark, unicodedata.normalize("NFKC", mark)) for mark in "，：；！？（）…％\u00a0\u200a\u3000")
"""What a Chinese text has of other form; all that an article has, mostly."""
_MAY_CHANGE = re.compile(r"[^\x00-\x7f\u4e00-\u9fff]+")


def _nfkc(text: str) -> str:
    """NFKC (UAX 15). Replacing the few marks that most texts have takes an eighth of the time. Where there are others,
    a Chinese text's ideographs stay as they are, and only what stands between them is looked up."""
    chinese = "，" in text
    for mark, form in _MARKS:
        text = text.replace(mark, form)
    if chinese and not unicodedata.is_normalized("NFKC", text):
        with suppress(_ComposesError):
            return _MAY_CHANGE.sub(lambda run: _form(run[0]), text)
    return unicodedata.normalize("NFKC", text)


class _ComposesError(Exception):
    """The run begins with a mark that belongs to the character before it."""


@lru_cache(maxsize=4096)
def _form(run: str) -> str:
    form = unicodedata.normalize("NFKC", run)
    if unicodedata.combining(form[0]):
        raise _ComposesError
    return form


def content_hash(title: str, text: str) -> str:
    """A digest of what the article says. White space, Unicode composition and relative times don't count."""
    said = f"{title}\n{text}"
    if not said.isascii():
        said = _nfkc(said)
    for words, pattern in _RELATIVE_TIMES:
        for word in words:
            if word in said:
                said = pattern.sub("", said)
                break
    return digest("content", "".join(said.split()))
