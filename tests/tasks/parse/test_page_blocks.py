from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.parse.page_blocks import Block, comparable, read_blocks
from tasks.text.markup import parse
from tests.tasks.parse.pages import ENGLISH, paragraphs


def blocks_of(html: str) -> list[Block]:
    return read_blocks(parse(html))[1]


def test_a_block_ends_where_a_browser_ends_a_paragraph() -> None:
    html = "<div>One <b>and</b> <a href=x>two</a><p>three</p>four<br>five<br><br>six<ul><li>seven</li></ul></div>"
    assert [block.text for block in blocks_of(html)] == ["One and two", "three", "four five", "six", "seven"]


def test_what_no_reader_sees_is_no_text() -> None:
    html = "<p>The gate<script>gate()</script> is open.</p><nav>Home</nav><button>Share</button><style>p {}</style>"
    assert [block.text for block in blocks_of(html)] == ["The gate is open."]


def test_sizes_are_letters_and_a_chinese_character_counts_as_two() -> None:
    (english,) = blocks_of("<p>The gate <a href=x>opens</a></p>")
    assert (english.size, english.linked) == (12, 5)
    (chinese,) = blocks_of("<p>北门<a href=x>开放</a></p>")
    assert (chinese.size, chinese.linked) == (8, 4)


def test_all_of_a_teaser_is_linked_if_the_link_is_around_it() -> None:
    (block,) = blocks_of("<a href=x><div><p>The ferry is late again</p></div></a>")
    assert block.linked == block.size > 0


def test_names_say_what_an_element_is_for() -> None:
    html = """<div class="relatedArticles"><p>One</p></div><div id="article-body"><p>Two</p></div>
        <div data-testid="photo-caption"><p>Three</p></div><div class="loading"><p>Four</p></div>"""
    purposes = [block.section.parent.purposes for block in blocks_of(html) if block.section.parent]
    assert [sorted(names) for names in purposes] == [["junk"], ["body", "text"], ["caption"], []]


@pytest.mark.parametrize(
    ("attributes", "purposes"),
    [
        ('class="sidebar-grid__content article__content"', ["body", "text"]),
        ('class="sidebar related-article__content"', ["body", "junk"]),
        ('class="aiSummaryContent"', ["body", "junk"]),
        ('class="infobox"', ["junk"]),
        ('class="paywall"', ["junk"]),
    ],
)
def test_a_name_for_the_articles_text_outdoes_the_others(attributes: str, purposes: list[str]) -> None:
    (block,) = blocks_of(f"<div {attributes}><p>The north gate is open.</p></div>")
    assert block.section.parent is not None
    assert sorted(block.section.parent.purposes - {"dek"}) == purposes


def test_paragraphs_that_are_hidden_from_screen_readers_or_behind_a_paywall_are_text() -> None:
    (block,) = blocks_of('<div><p class="paywall" aria-hidden="true">The north gate is open.</p></div>')
    assert (block.section.hidden, block.section.purposes) == (False, frozenset())


def test_hidden_elements_are_known_by_attribute_and_by_style() -> None:
    html = f"""{paragraphs(ENGLISH)}<div hidden><p>One</p></div><p style="display: none">Two</p>
        <div aria-hidden="true"><p>Three</p></div><p>Four</p>"""
    assert [block.section.hidden for block in blocks_of(html)] == [False] * 4 + [True] * 3 + [False]


def test_a_page_that_a_script_shows_is_not_hidden() -> None:
    html = f'<p>Loading</p><div hidden id="S:0">{paragraphs(ENGLISH)}<p style="display:none">Log in</p></div>'
    assert [block.section.hidden for block in blocks_of(html)] == [False] * 5 + [True]


def test_texts_compare_by_letters_and_digits() -> None:
    assert comparable("  The “North\u00a0Gate” – 8 a.m.") == comparable("the north gate, 8am") == "thenorthgate8am"


@given(st.text(st.characters(max_codepoint=0x2FF) | st.sampled_from("港口，。カ한ท①²_")))
def test_letters_and_digits_are_compared_without_their_case(text: str) -> None:
    assert comparable(text) == "".join(filter(str.isalnum, text)).lower()
    ascii = text.encode("ascii", "ignore").decode()
    assert comparable(ascii) == "".join(filter(str.isalnum, ascii)).lower()
