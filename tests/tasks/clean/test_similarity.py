"""The measure of similarity that finds near duplicates."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.stories import NOTICES, STORIES, Notice
from tasks.clean.similarity import (
    LONG,
    MAX_SHINGLES,
    MIN_SHINGLES,
    bands,
    features,
    jaccard,
    shingles,
    similarity,
)
from warehouse.load.duplicates import SIMILAR

EN = STORIES[0]
ZH = next(story for story in STORIES if story.language == "zh")
WORDS = st.lists(
    st.sampled_from(["quay", "gate", "ferry", "storm", "7", "19", "港", "口", "섬", "배", "の"]), max_size=60
).map(" ".join)


def are_copies(first: tuple[str, str], second: tuple[str, str]) -> bool:
    """Whether two articles, each a title and a text, share a band and are similar."""
    shared = set(bands(*first)) & set(bands(*second))
    return bool(shared) and similarity(features(*first), features(*second)) >= SIMILAR


def test_case_punctuation_and_white_space_do_not_count() -> None:
    assert shingles("The gate,  the GATE!") == shingles("the gate the\ngate") == {"the gate", "gate the"}
    assert shingles("港口今天。开放") == {"港 口 今", "口 今 天", "今 天 开", "天 开 放"}


def test_width_and_composition_of_characters_do_not_count() -> None:
    assert shingles("工事は１４か月、ﾃﾞｰﾀによる") == shingles("工事は14か月、データによる")
    for text in ("Die Fähre fährt über Nacht", "강한 바람으로 오늘 결항", "Ёлка и ещё одна"):
        assert shingles(normalize("NFD", text)) == shingles(text)


def test_a_longer_text_has_all_shingles_of_its_beginning() -> None:
    for notice in NOTICES:
        assert shingles(notice.text) < shingles(notice.text + " 다음 소식 more of it")


def test_a_text_with_too_few_shingles_is_never_a_copy() -> None:
    for text in ("", "Read more", "Photo of the day", "The gate is shut.", "点击查看全文", "자세히 보기"):
        assert len(shingles(text)) < MIN_SHINGLES
        assert bands("Storm closes the north quay for a week", text) == ()
        assert similarity(features("Title", text), features("Title", text)) == 0


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.title)
def test_a_short_text_is_only_a_copy_of_the_same_text_with_the_same_title(notice: Notice) -> None:
    article = notice.title, notice.text
    assert MIN_SHINGLES <= len(shingles(notice.text)) < LONG
    assert are_copies(article, article)
    assert are_copies(article, (f"Update: {notice.title.upper()}!", f"  {notice.text} "))
    assert are_copies(article, (notice.title, f"{notice.text} (ap)"))
    assert not are_copies(article, (notice.other_title, notice.text))
    for before, after in notice.figures:
        assert not are_copies(article, (notice.title, notice.text.replace(before, after)))


def test_a_short_text_can_be_a_copy_of_a_slightly_longer_one() -> None:
    short = " ".join(f"word{number}" for number in range(LONG))
    longer = f"{short} and one more"
    assert len(shingles(short)) < LONG <= len(shingles(longer))
    assert are_copies(("The gate", short), ("The gate", longer))
    assert not are_copies(("The gate", short), ("The bridge", longer))
    assert not are_copies(("The gate", short), ("The gate", " ".join([longer, *map(str, range(LONG))])))


def test_a_long_text_is_a_copy_with_any_title() -> None:
    assert are_copies((EN.title, EN.text), (EN.headline, f"{EN.text} {EN.addition}"))
    assert not are_copies((EN.title, EN.text), (EN.title, EN.retold[1]))


def test_bands_stay_the_same() -> None:
    """They are stored, so they must not depend on the order of the shingles, the process or the day."""
    assert bands(EN.title, EN.text) == bands(EN.title, f"{EN.text} ")
    assert len(set(bands(EN.title, EN.text))) == 32
    assert not set(bands(EN.title, EN.text)) & set(bands(ZH.title, ZH.text))
    assert all(-(2**63) <= number < 2**63 for number in bands(ZH.title, ZH.text))
    assert bands(NOTICES[0].title, NOTICES[0].text) == (-8249532460996066596, 503231190517705108)


@given(WORDS, WORDS, WORDS, WORDS)
def test_similarity_is_from_0_to_1_and_symmetric(title: str, text: str, other_title: str, other: str) -> None:
    first, second = features(title, text), features(other_title, other)
    assert 0 <= similarity(first, second) == similarity(second, first) <= jaccard(first.text, second.text) <= 1
    assert similarity(first, first) == (1 if len(first.text) >= MIN_SHINGLES else 0)


@given(WORDS, WORDS)
def test_the_same_text_is_found_in_any_spelling(title: str, text: str) -> None:
    respelled = title.upper(), normalize("NFD", text).replace(" ", "\n - ")
    assert features(*respelled).text == shingles(text)
    assert bands(*respelled) == bands(title, text)
    assert are_copies((title, text), respelled) == (len(shingles(text)) >= MIN_SHINGLES)


@given(WORDS, WORDS, WORDS)
def test_a_short_text_with_another_title_is_never_a_copy(title: str, other_title: str, text: str) -> None:
    first, second = features(f"Monday {title}", text), features(f"Tuesday {other_title}", text)
    assert similarity(first, second) == (1 if len(first.text) >= LONG else 0)


def test_of_an_endless_text_only_a_part_is_compared() -> None:
    assert len(shingles(" ".join(map(str, range(3 * MAX_SHINGLES))))) <= MAX_SHINGLES
