from __future__ import annotations

import re
import sys
import unicodedata

import pytest
import regex
from hypothesis import assume, given
from hypothesis import strategies as st

from tasks.text.markup import Element, parse
from tasks.text.plain import SUMMARY, UNSPACED, inline_text, printable, render, summarise, word_count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        (" — … !", 0),
        ("The gate opens at eight.", 5),
        ("It's a well-known 3.5 metre wall", 6),
        ("1,000 boats", 2),
        ("Straße d’été à Évora", 4),
        ("港口今天开放。", 6),
        ("《港口》，开放！", 4),
        ("港のカフェは開店。", 8),
        ("スーパー", 4),
        ("항구 카페가 열렸다", 8),
        ("ท่าเรือ", 5),
        ("فتح الميناء اليوم", 3),
        ("مَرْحَبًا بِكُمْ", 2),
        ("बंदरगाह आज खुला है", 4),
        ("Гавань открыта", 2),
        ("The 港口 opens at 8", 6),
        ("COVID-19疫情", 3),
        ("☞\ufe0f港口🙏🙏gate —opens", 4),
        ("港口a\ufe0f1 ２", 4),
        ("e\u0301te\u0301 en ville", 3),
        ("# Heading\n\n- one\n- two\n\n1. three\n\n> four", 5),
        ("> > deep\n> # quoted", 2),
        ("𠮷田", 2),
    ],
)
def test_word_count(text: str, count: int) -> None:
    assert word_count(text) == count


@given(st.lists(st.sampled_from(["gate", "harbour", "Évora", "Гавань", "الميناء", "आज"])))
def test_words_are_counted_by_spaces(words: list[str]) -> None:
    assert word_count(" ".join(words)) == len(words)


@given(st.text(alphabet="港口开放油漆船坞", max_size=40), st.lists(st.sampled_from(["gate", "tide"]), max_size=5))
def test_mixed_text_is_the_sum_of_its_parts(characters: str, words: list[str]) -> None:
    assert word_count(characters + " " + " ".join(words)) == len(characters) + len(words)
    assert word_count("，".join(characters)) == len(characters)


@given(st.text(alphabet="abÉœ½Şъ3_'’-.,· \n—…“”\u00a0港，", max_size=60))
def test_counting_western_words_agrees_with_the_regular_expression(text: str) -> None:
    unspaced = sum(map(len, UNSPACED.findall(text)))
    spaced = UNSPACED.sub(" ", text)
    assume(not re.search(r"^\s*(\d+\. |- |> |#)", text, re.MULTILINE))
    assert word_count(text) == unspaced + len(re.findall(r"[^\W_]+(?:['’\-.,·][^\W_]+)*", spaced))


@given(st.text(alphabet="aЖ3中港かก한é'’-.· ，①²_\u0301\u0e31\ufe0f\u200b☺❶😀🇩𠮷→▶─\u200a\u2028", max_size=40))
def test_counting_by_kind_agrees_with_the_regular_expression(text: str) -> None:
    assume(not re.search(r"^\s*(\d+\. |- |> |#)", text, re.MULTILINE))
    spaced = UNSPACED.sub(" ", text)
    words = regex.findall(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’\-.,·][\p{L}\p{N}\p{M}]+)*", spaced)
    assert word_count(text) == sum(map(len, UNSPACED.findall(text))) + len(words)


@given(st.text(alphabet="a港\n\t\r\u00a0\u3000\u200b\ufeff\x00\x1f\x7f\ud800\uffff", max_size=30))
def test_printable_removes_unprintable_characters(text: str) -> None:
    assert printable(text) == "".join(c for c in text if c not in "\x00\x1f\x7f\ud800\uffff")


@given(st.text(alphabet="ab港 \n\t\r\u00a0\u3000\u200b\ufeff\u00ad\u2003", max_size=30), st.sampled_from(["", "gate"]))
def test_the_white_space_of_a_line_is_one_space_and_none_at_its_ends(text: str, inner: str) -> None:
    """As the standard says (CSS Text 4.1.1), but no-break and zero-width spaces are white space, too; soft hyphens go,
    and ideographic spaces stay within a line."""
    paragraph = Element("p", {}, [f"{text}{inner}{text}", Element("b", {}, [text])])
    shown = re.sub("[ \t\r\n\u00a0\u200b\ufeff]+", " ", f"{text}{inner}{text}{text}".replace("\u00ad", ""))
    assert inline_text(paragraph) == shown.strip(" \u3000")


@given(st.text(alphabet="ab. \n", min_size=300, max_size=3000))
def test_a_summary_does_not_depend_on_white_space(text: str) -> None:
    collapsed = " ".join(text.split())
    assert summarise(text) == summarise(collapsed)


def test_the_ranges_of_unspaced_scripts_are_those_of_unicode() -> None:
    """The ranges are written out: they are the letters of the five scripts, by the Unicode database."""
    letters = regex.compile(r"(?=\p{L}|\p{Nl})[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]")
    assigned = (chr(code) for code in range(sys.maxunicode + 1))
    differing = [
        f"U+{ord(character):04X}"
        for character in assigned
        if unicodedata.category(character) not in ("Cn", "Cs")
        and bool(UNSPACED.match(character)) != bool(letters.match(character))
    ]
    assert differing == []


def test_every_character_of_windows_1252_is_counted_like_in_other_encodings() -> None:
    """The plain way is the regular expression for words in all scripts with spaces."""
    word = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’\-.,·][\p{L}\p{N}\p{M}]+)*")
    characters = bytes(range(256)).decode("cp1252", "ignore")
    texts = [
        f"{before}{character}{after}" for character in characters for before in ("", "a") for after in ("", "b", "'")
    ]
    assert [text for text in texts if word_count(text) != len(word.findall(text))] == []


@given(st.text())
def test_word_count_of_anything(text: str) -> None:
    assert 0 <= word_count(text) <= len(text)


def test_render_keeps_the_structure() -> None:
    html = (
        "<h2>Tides</h2><p>High at<br>nine.</p><ul><li>one</li><li>two<ol><li>deep</li></ol></li></ul>"
        "<blockquote><p>So</p><p>said</p></blockquote><pre>a\n  b</pre>"
        "<table><tr><th>h</th><th>m</th></tr><tr><td>9</td><td>30</td></tr></table><hr><p>End</p>"
    )
    blocks = [child for child in parse(html).children if not isinstance(child, str)]
    # lists hold blocks by the time they are rendered; tests of cleaning cover them
    assert render([block for block in blocks if block.tag not in ("ul", "blockquote")]) == (
        "## Tides\n\nHigh at\nnine.\n\na\n  b\n\nh | m\n9 | 30\n\nEnd"
    )


def test_a_short_text_is_its_own_summary() -> None:
    assert summarise("The gate\nopens   at eight.") == "The gate opens at eight."


def test_a_summary_ends_after_a_sentence() -> None:
    text = "The gate opens at eight. " * 30
    summary = summarise(text)
    assert summary.endswith("eight.")
    assert 200 < len(summary) <= SUMMARY
    assert text.startswith(summary)


def test_a_chinese_summary_ends_after_a_sentence() -> None:
    summary = summarise("港口今天开放，欢迎大家。" * 60)
    assert summary.endswith("。")
    assert 250 < len(summary) <= SUMMARY


def test_without_a_sentence_a_summary_ends_after_a_word_with_an_ellipsis() -> None:
    summary = summarise("harbour " * 100)
    assert summary.endswith("harbour…")
    assert summarise("港" * 1000) == "港" * 299 + "…"


@given(st.text(alphabet="ab .。!?，\n港口", max_size=900), st.integers(10, 300))
def test_a_summary_is_the_beginning_and_never_too_long(text: str, limit: int) -> None:
    summary = summarise(text, limit)
    assert len(summary) <= limit
    assert " ".join(text.split()).startswith(summary.removesuffix("…"))
    assert bool(summary) == bool(text.split())
