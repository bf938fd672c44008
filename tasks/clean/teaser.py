"""Whether an entry's text is only the teaser of an article that its page has whole.

A guess by the looks of one entry; what its feed's pages brought so far decides first (pages_learn.sql).
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from tasks.clean.template_phrases import READ_ON, READ_ON_TITLED, bare
from tasks.text.plain import UNSPACED

SHORT: Final = 120
"""Words; most articles are longer, and a shorter one costs a request that its feed soon saves."""
SHORT_UNSPACED: Final = 250
"""The same in characters, for scripts without spaces."""
LONG: Final = 600
"""Words from which a text counts as whole, however it ends."""
SUMMARY: Final = 200
"""The same for an entry whose only text may be its summary."""
_TAIL: Final = 600
"""Characters of HTML that may hold the link to the rest."""
_PHRASE: Final = 160
"""Characters that hold an invitation to read on, arrows behind it included."""
_CUT_OFF = re.compile(
    r"(?:…|\.\.\.|⋯|。。。|\[(?:…|\.{2,}|&hellip;)\]|\((?:…|\.{2,}|more)\))[\s»>\]）)]*$", re.IGNORECASE
)
_TAG = re.compile(r"<[^<>]*>")
_LINK = re.compile(r"<a\b[^<>]*>(.{1,200}?)</a>", re.IGNORECASE | re.DOTALL)
_CUT_OFF_LINK = re.compile(
    r"(?:…|\.\.\.|&hellip;|&#8230;)[\s\])]*(?:<[^<>]*>\s*){0,3}<a\b[^<>]*>[^<>]{1,30}</a>", re.IGNORECASE
)
"""`… <a>mehr</a>`, in whatever language."""
_READ_ON = tuple(phrase for phrase in READ_ON if len(phrase) > 3)
_READ_ON_TITLED = tuple(READ_ON_TITLED)


def why_teaser(text: str, words: int, html: str, *, has_summary: bool) -> str | None:
    """Why the text looks like a teaser: empty, cut off, read on, summary or short. None if it looks whole.

    `html` is what the feed gave; `has_summary`, whether it gave a summary besides.
    """
    if not text:
        return "empty"
    if words >= LONG:
        return None
    tail = html[-_TAIL:]
    has_link = "<a" in tail or "<A" in tail
    if _CUT_OFF.search(text[-40:]) or (has_link and _CUT_OFF_LINK.search(tail)):
        return "cut off"
    if bare(unescape(_last_words(tail))).endswith(_READ_ON) or any(map(_reads_on, _LINK.findall(tail))):
        return "read on"
    if words < SHORT or (words < SHORT_UNSPACED and _is_unspaced(text[:200])):
        return "short"
    return "summary" if not has_summary and words < SUMMARY else None


def _last_words(html: str) -> str:
    """The last words, without tags; the first tag may be cut off at its beginning."""
    tag, end, rest = html.partition(">")
    return _TAG.sub(" ", rest if end and "<" not in tag else html).rstrip()[-_PHRASE:]


def _reads_on(link: str) -> bool:
    """Whether a link's inner HTML is an invitation to read on, as WordPress puts it before a footer of its own."""
    phrase = bare(unescape(_TAG.sub(" ", link)))
    return phrase in READ_ON or phrase.startswith(_READ_ON_TITLED)


def _is_unspaced(text: str) -> bool:
    """Whether the text is in a script without spaces; 华为 in an English text does not make it so."""
    return 4 * sum(map(len, UNSPACED.findall(text))) > len(text)
