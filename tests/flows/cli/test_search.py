"""How `newsmill search` marks matches; tests/warehouse/publish/test_search_index.py tests the whole command."""

from __future__ import annotations

import pytest

from flows.cli.search import _highlight


@pytest.mark.parametrize(
    ("text", "terms", "matches", "highlighted"),
    [
        ("The gate opens", (), frozenset(), "The gate opens"),
        ("The gate opens", ("gate",), frozenset(["gate"]), "The *gate* opens"),
        ("Cafés and cafe", ("cafe",), frozenset(["Cafés", "cafe"]), "*Cafés* and *cafe*"),
        ("半导体出口", ("半导", "导体"), frozenset(), "*半导体*出口"),
        ("ferry", ("fer",), frozenset(), "ferry"),
    ],
)
def test_words_and_overlapping_pairs_are_marked(
    text: str, terms: tuple[str, ...], matches: frozenset[str], highlighted: str
) -> None:
    assert _highlight(text, terms, matches).plain == highlighted
