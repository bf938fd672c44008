from __future__ import annotations

import pytest

from tasks.text.markup import MAX_DEPTH, Element, parse, serialise


@pytest.mark.parametrize(
    ("html", "serialised"),
    [
        ("<p>2 &lt; 3 &amp; 5</p>", "<p>2 &lt; 3 &amp; 5</p>"),
        ('<a href="/x?a=1&amp;b=2" title=\'"\'>x</a>', '<a href="/x?a=1&amp;b=2" title="&quot;">x</a>'),
        ("a<br>b<img src=x>", 'a<br>b<img src="x">'),
        ("<pre>a\n b</pre>", "<pre>\na\n b</pre>"),
        ("<pre>\n\na</pre>", "<pre>\n\na</pre>"),
        ("<!-- a comment --><p hidden>unclosed <b>bold", '<p hidden="">unclosed <b>bold</b></p>'),
        ("<table><td>x", "<table><tbody><tr><td>x</td></tr></tbody></table>"),
        ("", ""),
    ],
)
def test_a_parsed_document_is_serialised_as_well_formed_html(html: str, serialised: str) -> None:
    assert serialise(parse(html).children) == serialised
    assert parse(serialised) == parse(html)


def test_walk_gives_every_element_in_document_order() -> None:
    tree = parse("<div><p>a<b>b</b></p><i>c</i></div><hr>")
    assert [element.tag for element in tree.walk()] == ["div", "p", "b", "i", "hr"]


def test_the_text_of_an_element_has_its_white_space_and_line_breaks() -> None:
    assert parse("<p>a  <b>b</b><br>c</p>").text() == "a  b\nc"


def test_deep_elements_move_up_to_the_last_level() -> None:
    tree = parse("<div>" * 10 * MAX_DEPTH + "text")
    assert sum(1 for _ in tree.walk()) < MAX_DEPTH
    assert tree.text() == "text"
    assert isinstance(tree, Element)
