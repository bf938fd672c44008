from __future__ import annotations

import pytest

from tasks.text.plain import word_count
from tests.tasks.clean.cleaning import clean_fragment, text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<ol><li>a<li>b</ol>", "1. a\n2. b"),
        ('<ol start="5"><li>a<li>b</ol>', "5. a\n6. b"),
        ('<ol start="0"><li>a</ol>', "0. a"),
        ('<ol start="-1"><li>a<li>b</ol>', "-1. a\n0. b"),
        ('<ol start="x"><li>a</ol>', "1. a"),
        ("<ol reversed><li>a<li>b</ol>", "2. a\n1. b"),
        ('<ol reversed start="9"><li>a<li>b</ol>', "9. a\n8. b"),
        ('<ol><li>a<li value="7">b<li>c</ol>', "1. a\n7. b\n8. c"),
        ('<ol><li>a<li><img src="/a.jpg"><li>c</ol>', "1. a\n3. c"),
        ('<ol start="3"><li>a<ol start="8"><li>b</ol><li>c</ol>', "3. a\n   8. b\n4. c"),
        ('<ul><li value="7">a<li>b</ul>', "- a\n- b"),
        # pieces of one list, with code between them
        ('<ol><li>a</ol><pre>x</pre><ol start="2"><li>b</ol>', "1. a\n\nx\n\n2. b"),
    ],
)
def test_a_list_keeps_its_numbers(html: str, text: str) -> None:
    content = clean_fragment(html)
    assert content.text == text
    assert text_of(content.html) == text


def test_numbers_are_not_counted_as_words() -> None:
    assert word_count(text_of('<ol start="-1"><li>one boat<li>two boats</ol>')) == 4
