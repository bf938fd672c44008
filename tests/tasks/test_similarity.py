"""What near duplicates are found by."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.duplicates import EN, ZH, measured
from tasks.similarity import MOST, bands, shingles, similarity


def test_labelled_texts_are_told_apart() -> None:
    precision, recall, says = measured()
    assert precision >= 0.95, says
    assert recall >= 0.95, says


def test_case_punctuation_and_white_space_say_nothing() -> None:
    assert shingles("The gate,  the GATE!") == shingles("the gate the\ngate") == {"the gate", "gate the", "gate"}
    assert shingles("港口今天。开放") == {"港 口 今", "口 今 天", "今 天 开", "天 开 放", "开 放", "放"}


def test_a_text_of_a_line_is_no_copy_of_anything() -> None:
    assert bands("The gate is shut.") == ()
    assert bands("") == ()


def test_bands_stay_the_same() -> None:
    """They are stored: another order of the shingles, another process, another day make the same."""
    assert bands(EN)[:2] == bands(EN)[:2]
    assert len(set(bands(EN))) == 32
    assert not set(bands(EN)) & set(bands(ZH))
    assert all(-(2**63) <= number < 2**63 for number in bands(ZH))


@given(st.text(max_size=400), st.text(max_size=400))
def test_similarity_is_a_share(one: str, other: str) -> None:
    alike = similarity(shingles(one), shingles(other))
    assert 0 <= alike <= 1
    assert alike == similarity(shingles(other), shingles(one))
    assert similarity(shingles(one), shingles(one)) == (1 if shingles(one) else 0)


def test_an_endless_text_is_looked_at_in_part() -> None:
    assert len(shingles(" ".join(map(str, range(3 * MOST))))) <= MOST
