"""What near duplicates are found by."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.stories import NOTICES, STORIES, Notice
from tasks.clean.similarity import ENOUGH, FEW, MOST, bands, jaccard, read, shingles, similarity
from warehouse.load.duplicates import SIMILAR

EN = STORIES[0]
ZH = next(story for story in STORIES if story.language == "zh")
WORDS = st.lists(
    st.sampled_from(["quay", "gate", "ferry", "storm", "7", "19", "港", "口", "섬", "배", "の"]), max_size=60
).map(" ".join)


def alike(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether the two, each a title and a text, are found and taken for copies."""
    found = set(bands(*one)) & set(bands(*other))
    return bool(found) and similarity(read(*one), read(*other)) >= SIMILAR


def test_case_punctuation_and_white_space_say_nothing() -> None:
    assert shingles("The gate,  the GATE!") == shingles("the gate the\ngate") == {"the gate", "gate the"}
    assert shingles("港口今天。开放") == {"港 口 今", "口 今 天", "今 天 开", "天 开 放"}


def test_width_and_composition_of_characters_say_nothing() -> None:
    assert shingles("工事は１４か月、ﾃﾞｰﾀによる") == shingles("工事は14か月、データによる")
    for text in ("Die Fähre fährt über Nacht", "강한 바람으로 오늘 결항", "Ёлка и ещё одна"):
        assert shingles(normalize("NFD", text)) == shingles(text)


def test_what_goes_on_holds_all_that_it_goes_on_from() -> None:
    for notice in NOTICES:
        assert shingles(notice.text) < shingles(notice.text + " 다음 소식 more of it")


def test_a_text_that_says_nothing_is_no_copy_of_anything() -> None:
    for text in ("", "Read more", "Photo of the day", "The gate is shut.", "点击查看全文", "자세히 보기"):
        assert len(shingles(text)) < FEW
        assert bands("Storm closes the north quay for a week", text) == ()
        assert similarity(read("Title", text), read("Title", text)) == 0


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.title)
def test_a_short_text_is_a_copy_only_of_the_same_under_the_same_title(notice: Notice) -> None:
    told = notice.title, notice.text
    assert FEW <= len(shingles(notice.text)) < ENOUGH
    assert alike(told, told)
    assert alike(told, (f"Update: {notice.title.upper()}!", f"  {notice.text} "))
    assert alike(told, (notice.title, f"{notice.text} (ap)"))
    assert not alike(told, (notice.other_title, notice.text))
    for before, after in notice.figures:
        assert not alike(told, (notice.title, notice.text.replace(before, after)))


def test_a_short_text_is_a_copy_of_one_just_long_enough() -> None:
    short = " ".join(f"word{number}" for number in range(ENOUGH))
    longer = f"{short} and one more"
    assert len(shingles(short)) < ENOUGH <= len(shingles(longer))
    assert alike(("The gate", short), ("The gate", longer))
    assert not alike(("The gate", short), ("The bridge", longer))
    assert not alike(("The gate", short), ("The gate", " ".join([longer, *map(str, range(ENOUGH))])))


def test_a_long_text_is_a_copy_under_any_title() -> None:
    assert alike((EN.title, EN.text), (EN.headline, f"{EN.text} {EN.addition}"))
    assert not alike((EN.title, EN.text), (EN.title, EN.retold[1]))


def test_bands_stay_the_same() -> None:
    """They are stored: another order of the shingles, another process, another day make the same."""
    assert bands(EN.title, EN.text) == bands(EN.title, f"{EN.text} ")
    assert len(set(bands(EN.title, EN.text))) == 32
    assert not set(bands(EN.title, EN.text)) & set(bands(ZH.title, ZH.text))
    assert all(-(2**63) <= number < 2**63 for number in bands(ZH.title, ZH.text))
    assert bands(NOTICES[0].title, NOTICES[0].text) == (-8249532460996066596, 503231190517705108)


@given(WORDS, WORDS, WORDS, WORDS)
def test_similarity_is_a_share_and_the_same_both_ways(title: str, text: str, other_title: str, other: str) -> None:
    one, two = read(title, text), read(other_title, other)
    assert 0 <= similarity(one, two) == similarity(two, one) <= jaccard(one.shingles, two.shingles) <= 1
    assert similarity(one, one) == (1 if len(one.shingles) >= FEW else 0)


@given(WORDS, WORDS)
def test_the_same_is_found_and_the_spelling_says_nothing(title: str, text: str) -> None:
    spelt = title.upper(), normalize("NFD", text).replace(" ", "\n - ")
    assert read(*spelt).shingles == shingles(text)
    assert bands(*spelt) == bands(title, text)
    assert alike((title, text), spelt) == (len(shingles(text)) >= FEW)


@given(WORDS, WORDS, WORDS)
def test_a_short_text_of_another_title_is_never_a_copy(title: str, other_title: str, text: str) -> None:
    one, other = read(f"Monday {title}", text), read(f"Tuesday {other_title}", text)
    assert similarity(one, other) == (1 if len(one.shingles) >= ENOUGH else 0)


def test_an_endless_text_is_looked_at_in_part() -> None:
    assert len(shingles(" ".join(map(str, range(3 * MOST))))) <= MOST
