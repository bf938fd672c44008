from __future__ import annotations

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from tasks.text.markup import MAX_DEPTH, Element, parse, serialise
from tasks.text.nesting import DEEPEST, MANY, bound_nesting


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


def test_nesting_is_bounded_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """lexbor takes the square of the depth, so what it is given is counted, not how long it takes."""
    parsed = []

    def count(html: str) -> LexborHTMLParser:
        parsed.append(html)
        return LexborHTMLParser(html)

    monkeypatch.setattr("tasks.text.markup.LexborHTMLParser", count)
    deep = parse("<div>" * 200_000 + "<b>北门</b> opens" + "</div>" * 200_000 + "<p>after</p>")
    assert parsed[0].count("<div>") <= DEEPEST
    assert deep.text() == "北门 opensafter"


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * (MANY + 1),
        "<div></p>" * (MANY + 1),  # end tags that end nothing
        "<div></br>" * (MANY + 1),
        "<i></a></a></a>" + "<p>x</p>" * 20_000 + "<b>" * (MANY + 1),
        "<b</i>>" * (MANY + 1),  # one start tag
        "<font color=red><br><img src=a.png><li>" * (MANY + 1),
    ],
)
def test_nesting_is_bounded_whatever_is_between(html: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []

    def count(html: str) -> LexborHTMLParser:
        parsed.append(html)
        return LexborHTMLParser(html)

    monkeypatch.setattr("tasks.text.markup.LexborHTMLParser", count)
    parse(html)
    opened = re.findall(r"<(?:div|b|x|i|font)\b", parsed[0])
    assert len(opened) <= DEEPEST + 1


def test_an_article_with_many_tags_is_not_deep() -> None:
    line = "<span class=k>let</span> <a href=/x>x</a><br>"
    pre = f"<div><pre>{line * 4_000}</pre></div>"
    assert bound_nesting(pre) == pre


def test_long_lists_are_not_deep() -> None:
    items = "".join(f"<li>{number}" for number in range(5_000))
    assert sum(element.tag == "li" for element in parse(f"<ul>{items}</ul>").walk()) == 5_000
    paragraphs = parse("<p>a<br>b" * 5_000)
    assert sum(element.tag == "p" for element in paragraphs.walk()) == 5_000
