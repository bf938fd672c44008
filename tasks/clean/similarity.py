"""How alike two articles are: what near duplicates are found by.

Texts are compared by their shingles (Broder 1997, "On the resemblance and containment of documents"): pairs of
neighbouring words; triples of characters in Chinese, Japanese, Korean and Thai. MinHash is rensa's.

A short text has too few of them: one word of a notice's template makes another notice, and is as little as an edit. So
it is a copy only of what says the same under the same title, or adds to it.
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

ENOUGH = 40
"""Shingles; texts with fewer are short."""
FEW = 12
"""Shingles; texts with fewer ("Read more", "Photo of the day") tell nothing, whatever their title."""
MOST = 20_000
"""Shingles that are looked at, so that no text takes long."""
PERMUTATIONS = 128
ROWS = 4
"""Of the signature in a band: texts alike by 0.6 share one of the 32 bands in 99 of 100 cases, by 0.3 in 23."""
METHOD = f"rensa.RMinHash-{RMinHash.ALGORITHM_VERSION} {PERMUTATIONS}/{ROWS} 2"
"""Stored with each signature: whoever changes what `bands` or `similarity` say counts its last number up."""


def shingles(text: str) -> frozenset[str]:
    """The text's shingles; white space, case, punctuation and the width and composition of characters aside."""
    tokens = _tokens(text)
    found = set()
    for place, token in enumerate(tokens):
        end = place + (3 if UNSPACED.match(token) else 2)
        if end <= len(tokens):  # a shorter one at the end would set what goes on apart from what ends here
            found.add(" ".join(tokens[place:end]))
    return frozenset(found)


def _tokens(text: str) -> list[str]:
    """Words; characters in Chinese, Japanese, Korean and Thai."""
    spread = UNSPACED.sub(lambda run: f" {' '.join(run[0])} ", normalize("NFKC", text).casefold())
    return WORDS.findall(spread)[:MOST]


def bands(title: str, text: str) -> tuple[int, ...]:
    """Numbers (64 bits, signed) of which alike articles share one at least; none for a text that tells nothing.

    A short text has two, its own and its title's: a copy adds to the one or the other, hardly ever to both. That of the
    title is also among those of a text that is not much longer, as a short one may be alike to it.
    """
    held = shingles(text)
    if len(held) < FEW:
        return ()
    titled = _said("title", _tokens(title))
    if len(held) < ENOUGH:
        return _said("text", sorted(held)), titled
    signature = RMinHash(num_perm=PERMUTATIONS, seed=1)
    signature.update(sorted(held))
    digest = signature.digest()
    numbers = tuple(_band(place, digest[place : place + ROWS]) for place in range(0, PERMUTATIONS, ROWS))
    return (*numbers, titled) if len(held) * SIMILAR < ENOUGH else numbers


def _band(place: int, rows: Sequence[int]) -> int:
    return _number(struct.pack(f"<{ROWS + 1}I", place, *rows))


def _said(what: str, words: Iterable[str]) -> int:
    return _number("\n".join((what, *words)).encode())


def _number(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)


@dataclass(frozen=True, slots=True)
class Reading:
    """What of an article is compared."""

    title: frozenset[str]
    """Its words."""
    shingles: frozenset[str]
    """Its text's."""


def read(title: str, text: str) -> Reading:
    return Reading(frozenset(_tokens(title)), shingles(text))


def similarity(one: Reading, other: Reading) -> float:
    """Of the texts: 0 to 1. Where one is short, 0 unless one adds to the other, in title and text."""
    fewest = min(len(one.shingles), len(other.shingles))
    if fewest < ENOUGH:
        only_adds = _adds(one.title, other.title) and _adds(one.shingles, other.shingles)
        if fewest < FEW or not only_adds:
            return 0.0
    return jaccard(one.shingles, other.shingles)


def _adds(one: Set[str], other: Set[str]) -> bool:
    """Whether one is the other and perhaps more ("Update: …", "… | The Quay"): Monday's adds nothing to Tuesday's."""
    return one <= other or other <= one


def jaccard(one: Set[str], other: Set[str]) -> float:
    """The share of what both hold in what one of them holds: 0 to 1."""
    return len(one & other) / len(one | other) if one or other else 0.0


MEASURE = Measure(METHOD, bands, read, similarity)
