"""However its tags pretend to end, nothing is nested so deep that the parser takes the square of it."""

from __future__ import annotations

import pytest

from tasks.text.markup import parse
from tasks.text.nesting import DEEPEST, MANY, bound_nesting

PRETENDING = [
    "<x></y>",
    "<div></span>",
    "<x><!-- </x> --></p>",
    "<b></i>",
    "<svg></g>",
    '<div title="</div>">',
    "<div title='>'></x>",
    "<div><script></div></script>",
    "<li><ul>",
]


@pytest.mark.parametrize("piece", PRETENDING)
def test_start_tags_that_nothing_closes_are_dropped(piece: str) -> None:
    bounded = bound_nesting(piece * (MANY + 1))
    inner = piece[1:].partition(">")[0].partition(" ")[0]
    assert bounded.count(f"<{inner}") <= DEEPEST + 1


@pytest.mark.parametrize(
    "piece",
    [
        "<p>one",
        "<p>one</p>",
        "<div><b>two</b></div>",
        "<ul><li>three<li>four</ul>",
        "<div><b>an element left open</div>",
        "<br><img src='a.png'>",
        "<table><tr><td>five</table>",
        "<!-- six --><p>six</p>",
        "<p title='>'>seven</p>",
    ],
)
def test_long_pages_stay_as_they_are(piece: str) -> None:
    html = piece * (MANY + 1)
    assert bound_nesting(html) == html


def test_what_is_shorter_is_not_looked_at() -> None:
    html = "<x></y>" * (MANY - 1)
    assert bound_nesting(html) == html


@pytest.mark.parametrize("piece", PRETENDING)
def test_the_text_stays(piece: str) -> None:
    assert "word" in parse(piece * (MANY + 1) + "<p>word</p>").text()
