"""Measuring how similar two articles are, to find near duplicates.

Texts are compared by their shingles (Broder 1997, "On the resemblance and containment of documents"): pairs of
neighbouring words; triples of characters in Chinese, Japanese, Korean and Thai. MinHash is rensa's.

Short texts have too few shingles for that: one changed word may be an edit, or make a different notice from the same
template. So a short text is only a copy of one with the same title and text, or of one that adds to them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from hashlib import blake2b
from unicodedata import normalize

from rensa import RMinHash

from tasks.text.plain import UNSPACED, WORDS
from warehouse.load.duplicates import SIMILAR, Measure

LONG = 40
"""Shingles from which a text is long."""
MIN_SHINGLES = 12
"""Texts with fewer ("Read more", "Photo of the day") are not compared, whatever their title."""
MAX_SHINGLES = 20_000
"""Shingles that are compared, so that no text takes long."""
PERMUTATIONS = 128
ROWS = 4
"""Permutations in a band. Of texts with a similarity of 0.6, 99 % share one of the 32 bands; with 0.3, 23 %."""
METHOD = f"rensa.RMinHash-{RMinHash.ALGORITHM_VERSION} {PERMUTATIONS}/{ROWS} 2"
"""Stored with each signature. Increase its last number when you change the results of `bands` or `similarity`."""


def shingles(text: str) -> frozenset[str]:
    """The text's shingles. White space, case, punctuation, and width and composition of characters do not count."""
    tokens = _tokens(text)
    result = set()
    for start, token in enumerate(tokens):
        end = start + (3 if UNSPACED.match(token) else 2)
        if end <= len(tokens):  # a shorter last shingle would be missing from a copy that continues here
            result.add(" ".join(tokens[start:end]))
    return frozenset(result)


def _tokens(text: str) -> list[str]:
    """Words; characters in Chinese, Japanese, Korean and Thai."""
    spaced = UNSPACED.sub(lambda run: f" {' '.join(run[0])} ", normalize("NFKC", text).casefold())
    return WORDS.findall(spaced)[:MAX_SHINGLES]


def bands(title: str, text: str) -> tuple[int, ...]:
    """Signed 64-bit numbers. Similar articles share at least one; a text with too few shingles has none.

    A short text has two: a hash of its text and one of its title, since a copy seldom adds to both. The title's is also
    among the bands of a text that is not much longer, because a short text may be similar to it.
    """
    text_shingles = shingles(text)
    if len(text_shingles) < MIN_SHINGLES:
        return ()
    title_band = _hash_words("title", _tokens(title))
    if len(text_shingles) < LONG:
        return _hash_words("text", sorted(text_shingles)), title_band
    signature = RMinHash(num_perm=PERMUTATIONS, seed=1)
    signature.update(sorted(text_shingles))
    digest = signature.digest()
    numbers = tuple(_hash_band(first, digest[first : first + ROWS]) for first in range(0, PERMUTATIONS, ROWS))
    return (*numbers, title_band) if len(text_shingles) * SIMILAR < LONG else numbers


def _hash_band(first: int, rows: Sequence[int]) -> int:
    return _hash(struct.pack(f"<{ROWS + 1}I", first, *rows))


def _hash_words(kind: str, words: Iterable[str]) -> int:
    return _hash("\n".join((kind, *words)).encode())


def _hash(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)


@dataclass(frozen=True, slots=True)
class Features:
    """The parts of an article that are compared."""

    title: frozenset[str]
    """The words of its title."""
    text: frozenset[str]
    """The shingles of its text."""


def features(title: str, text: str) -> Features:
    return Features(frozenset(_tokens(title)), shingles(text))


def similarity(first: Features, second: Features) -> float:
    """The similarity of the texts, 0 to 1. If one is short: 0 unless one adds to the other, in title and in text."""
    fewest = min(len(first.text), len(second.text))
    if fewest < MIN_SHINGLES:
        return 0.0
    if fewest < LONG and not (_only_adds(first.title, second.title) and _only_adds(first.text, second.text)):
        return 0.0
    return jaccard(first.text, second.text)


def _only_adds(first: Set[str], second: Set[str]) -> bool:
    """Whether one contains the other, as with "Update: …" or "… | The Quay", but not with "Monday" and "Tuesday"."""
    return first <= second or second <= first


def jaccard(first: Set[str], second: Set[str]) -> float:
    """The size of the intersection divided by that of the union, 0 to 1."""
    return len(first & second) / len(first | second) if first or second else 0.0


MEASURE = Measure(METHOD, bands, features, similarity)
