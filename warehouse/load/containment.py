"""Whether one text contains another: how a mirror with the full text is told from another article at the same address.

Texts are compared by their shingles (Broder 1997, "On the resemblance and containment of documents"): every run of
LENGTH letters and digits, whatever the script, white space, punctuation and case aside. `benchmarks/README.md` has how
the two shares were measured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import normalize
from urllib.parse import urlsplit

LENGTH = 8
"""Characters of a shingle."""
CONTAINED = 0.8
"""The share of a text's shingles from which another feed's text that has them contains it, and may replace it."""
SAME = 0.5
"""The same from which two feeds' texts are of one article."""
SHORT = 40
"""Shingles; a text with fewer (a title, "Read more") tells nothing of its article."""
MAX_CHARACTERS = 100_000
"""Of a text that are looked at."""

_FEED_HOST = re.compile(r"^(?:www|feeds?|rss|m)\.(?=[^.]+\.)")
_NO_LETTERS = re.compile(r"[\W_]+")


def letters(text: str) -> str:
    """The text's letters and digits only, without differences of case and of Unicode's compatibility forms."""
    return _NO_LETTERS.sub("", normalize("NFKC", text).casefold())


@lru_cache(maxsize=256)
def shingles(text: str) -> frozenset[str]:
    """Every LENGTH of the text's letters in a row."""
    string = letters(text[:MAX_CHARACTERS])
    return frozenset(string[start : start + LENGTH] for start in range(len(string) - LENGTH + 1))


def share_contained(text: str, other: str) -> float:
    """The share of the text's shingles that the other text has, 0 to 1; 1 for a text without any."""
    its = shingles(text)
    return len(its & shingles(other)) / len(its) if its else 1.0


def contains(text: str, other: str) -> bool:
    """Whether the text has what the other one says."""
    return share_contained(other, text) >= CONTAINED


def tell_one_story(title: str, text: str, other_title: str, other_text: str) -> bool:
    """Whether two feeds' entries with one address are one article: one has what the other says, or a text that says
    nothing by itself stands under the other's title."""
    if min(len(shingles(text)), len(shingles(other_text))) < SHORT:
        return same_title(title, other_title)
    return max(share_contained(text, other_text), share_contained(other_text, text)) >= SAME


def is_of_site(feed_url: str, article_url: str | None) -> bool:
    """Whether a feed lies on its article's own site, so that what it says of the article is the publisher's word.

    Other names below a host do not count: whoever has a blog at a hoster would speak for the hoster's site.
    """
    site = _site(feed_url)
    return site is not None and site == _site(article_url or "")


@lru_cache(maxsize=1024)  # a feed's address comes again with each of its entries
def _site(address: str) -> tuple[str, int | None] | None:
    try:
        parts = urlsplit(address)
        host = parts.hostname  # in lower case
        return (_FEED_HOST.sub("", host), parts.port) if host else None
    except ValueError:
        return None


def same_title(title: str, other: str) -> bool:
    """White space, punctuation and case aside."""
    return letters(title) == letters(other)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares the texts of articles that several feeds have."""

    texts: Mapping[tuple[str, str], str]
    """(article_id, content_hash) → text"""
    accepted: Mapping[str, Collection[str]]
    """article_id → content hashes of its versions so far: what once became a version stays one."""
    publishers: Mapping[str, Collection[str]]
    """article_id → the feeds of its own site, where several feeds have it."""

    def contains(self, article_id: str) -> Callable[[str, str], bool]:
        """For one article: whether the text with one content hash may become a version because it contains the one
        with another."""

        def contain(content_hash: str, other: str) -> bool:
            if content_hash in self.accepted.get(article_id, ()):
                return True
            text, other_text = self.texts.get((article_id, content_hash)), self.texts.get((article_id, other))
            # a known entry comes without its text: it did not become a version when it came with it
            return text is not None and other_text is not None and contains(text, other_text)

        return contain

    def has_all_of(self, article_id: str) -> Callable[[str, str], bool]:
        """For one article: whether the text with one content hash has what the text with another says."""

        def has_all(content_hash: str, other: str) -> bool:
            text, other_text = self.texts.get((article_id, content_hash)), self.texts.get((article_id, other))
            return text is not None and other_text is not None and contains(text, other_text)

        return has_all
