"""How alike two texts are: what near duplicates are found by.

Texts are compared by their shingles (Broder 1997, "On the resemblance and containment of documents"): pairs of
neighbouring words; triples of characters in Chinese, Japanese, Korean and Thai. MinHash is rensa's.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence, Set
from hashlib import blake2b

from rensa import RMinHash

from tasks.text import UNSPACED, WORDS
from warehouse.duplicates import Measure

ENOUGH = 40
"""Shingles; texts with fewer say too little: two notices of a line are alike by chance."""
MOST = 20_000
"""Shingles that are looked at, so that no text takes long."""
PERMUTATIONS = 128
ROWS = 4
"""Of the signature in a band: texts alike by 0.6 share one of the 32 bands in 99 of 100 cases, by 0.3 in 23."""
METHOD = f"rensa.RMinHash-{RMinHash.ALGORITHM_VERSION} {PERMUTATIONS}/{ROWS} 1"


def shingles(text: str) -> frozenset[str]:
    """The text's shingles, white space, case and punctuation aside."""
    spread = UNSPACED.sub(lambda run: f" {' '.join(run[0])} ", text.casefold())
    tokens = WORDS.findall(spread)[:MOST]
    found = set()
    for place, token in enumerate(tokens):
        found.add(" ".join(tokens[place : place + (3 if UNSPACED.match(token) else 2)]))
    return frozenset(found)


def bands(text: str) -> tuple[int, ...]:
    """Numbers (64 bits, signed) of which alike texts share one at least; none for a text too short to tell."""
    held = shingles(text)
    if len(held) < ENOUGH:
        return ()
    signature = RMinHash(num_perm=PERMUTATIONS, seed=1)
    signature.update(sorted(held))
    digest = signature.digest()
    return tuple(_number(place, digest[place : place + ROWS]) for place in range(0, PERMUTATIONS, ROWS))


def _number(place: int, rows: Sequence[int]) -> int:
    hashed = blake2b(struct.pack(f"<{ROWS + 1}I", place, *rows), digest_size=8)
    return int.from_bytes(hashed.digest(), "big", signed=True)


def similarity(one: Set[str], other: Set[str]) -> float:
    """Jaccard similarity of two sets of shingles: 0 to 1."""
    return len(one & other) / len(one | other) if one or other else 0.0


MEASURE = Measure(METHOD, bands, shingles, similarity)
