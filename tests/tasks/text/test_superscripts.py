from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tasks.clean.cleaning import text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        # notes
        ("He is an altruist<sup>1</sup>.", "He is an altruist[1]."),
        ('an altruist<sup><a href="#1">1</a></sup>', "an altruist[1]"),
        ('an altruist<a href="#1"><sup>1</sup></a>', "an altruist[1]"),
        ("He left.<sup>3</sup> She said “so”<sup>4</sup>", "He left.[3] She said “so”[4]"),
        ("He left <sup>3</sup>, she stayed<sup> 4 </sup>.", "He left [3], she stayed [4] ."),
        ("already<sup>[5]</sup> in<sup>(6)</sup> brackets<sup>[<i>who?</i>]</sup>", "already[5] in(6) brackets[who?]"),
        (
            "both<sup>1</sup><sup>2</sup>, many<sup>1,2</sup> and more<sup>1–3</sup>",
            "both[1][2], many[1,2] and more[1–3]",
        ),
        (
            "in 2019<sup>2</sup> for $100<sup>2</sup>, 10,000<sup>2</sup> or 30%<sup>2</sup>",
            "in 2019[2] for $100[2], 10,000[2] or 30%[2]",
        ),
        ('at 360<sup><a href="#2">2</a></sup>', "at 360[2]"),
        ("他说<sup>1</sup>。", "他说[1]。"),
        ("он сказал<sup>1</sup>", "он сказал[1]"),
        ("words<sup>a</sup>", "words[a]"),
        ("<sup>1</sup>Oda, The Quay", "[1]Oda, The Quay"),
        # powers
        ("10<sup>6</sup> boats, 2<sup>n</sup>, x<sup>2</sup>", "10^6 boats, 2^n, x^2"),
        ("10<sup>-6</sup>, 10<sup>−6</sup>, m s<sup>-1</sup>", "10^-6, 10^−6, m s^-1"),
        ("1.5×10<sup>12</sup>", "1.5×10^12"),
        ("5 m<sup>2</sup>, 7 km<sup>2</sup>, 9 км<sup>2</sup>, 100米<sup>2</sup>", "5 m^2, 7 km^2, 9 км^2, 100米^2"),
        ("<i>e</i><sup>−kt</sup>, 2<sup>n+1</sup>", "e^(−kt), 2^(n+1)"),
        ("e<sup>x<sup>2</sup></sup>", "e^(x^2)"),
        ("O(n<sup>2</sup>), O(height<sup>2</sup>), (a+b)<sup>2</sup>", "O(n^2), O(height^2), (a+b)^2"),
        # letters that are only raised
        ("1<sup>st</sup>, 5<sup>ème</sup>, XVI<sup>e</sup>, n<sup>o</sup>, 2<sup>a</sup>", "1st, 5ème, XVIe, no, 2a"),
        ("Quay<sup>®</sup> and Quay<sup>TM</sup>*", "Quay® and QuayTM*"),
        ("<sup>14</sup>C and <sup>235</sup>U", "14C and 235U"),
        ("3 <sup>1</sup>/<sub>2</sub>, <sup>3</sup>⁄<sub>4</sub>", "3 1/2, 3⁄4"),
        # subscripts
        ("H<sub>2</sub>O, CO<sub>2</sub>, C<sub>6</sub>H<sub>12</sub>O<sub>6</sub>", "H2O, CO2, C6H12O6"),
        (
            "Ca<sup>2+</sup>, Na<sup>+</sup>, SO<sub>4</sub><sup>2−</sup>, (NH<sub>4</sub>)<sub>2</sub>",
            "Ca^2+, Na+, SO4^2−, (NH4)2",
        ),
        (
            "x<sub>1</sub>, x<sub>i</sub><sup>2</sup>, a<sub>n+1</sub>, <i>t</i><sub><i>max</i></sub>",
            "x_1, x_i^2, a_(n+1), t_max",
        ),
        ("log<sub>2</sub>8, 101<sub>2</sub>, PM<sub>2.5</sub>, NO<sub>x</sub>", "log_(2)8, 101_2, PM2.5, NOx"),
        ("The end <sub>in small print</sub>", "The end in small print"),
        ("<sup></sup>a<sup> </sup>b", "a b"),
    ],
)
def test_what_is_raised_and_lowered_reads_as_typed(html: str, text: str) -> None:
    assert text_of(f"<p>{html}</p>") == text
    assert text_of(f"<h2>{html}</h2>") == f"## {text}"
    assert text_of(f"<table><tr><td>{html}</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>") == (
        f"{text} | b\nc | d"
    )


def test_a_long_rule_is_not_tried_in_every_grouping() -> None:
    """It took for ever."""
    assert text_of(f"<p>10<sup>1{'_' * 80}!</sup></p>").startswith("10")


def test_marks_that_the_text_has_of_its_own_are_no_levels_of_superscripts() -> None:
    """One pair went each time that the line was read. In the square of its length, this would take a quarter hour."""
    assert text_of(f"<p>a<sup>b</sup>{'&#xFDD3;' * 50_000}x{'&#xFDD5;' * 50_000}</p>") == "abx"


def test_in_preformatted_text() -> None:
    assert text_of("<pre>10<sup>6</sup>\n  H<sub>2</sub>O</pre>") == "10^6\n  H2O"


PIECES = st.recursive(
    st.text(alphabet="abX1 2+.)", min_size=1, max_size=4),
    lambda inner: st.tuples(st.sampled_from(["sup", "sub", "b", "a"]), st.lists(inner, max_size=3)).map(
        lambda element: f"<{element[0]}>{''.join(element[1])}</{element[0]}>"
    ),
    max_leaves=12,
)


@given(st.lists(PIECES, min_size=1, max_size=4))
def test_no_character_is_lost(pieces: list[str]) -> None:
    """Only marks are added: brackets, ^ and _."""
    html = "".join(pieces)

    def bare(text: str) -> str:
        return re.sub(r"[\[\]()^_\s]", "", text)

    assert bare(text_of(f"<p>{html}</p>")) == bare(re.sub(r"<[^>]*>", "", html))
