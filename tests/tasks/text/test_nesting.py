"""However its tags pretend to end, nothing is nested so deep that the parser takes the square of it."""

from __future__ import annotations

import pytest

from tasks.text.markup import parse, parse_html
from tasks.text.nesting import (
    DEEPEST,
    MANY,
    MOST_ATTRIBUTES,
    MOST_ELEMENTS,
    MOST_LEFT_OPEN,
    MOST_REOPENED,
    bound_nesting,
    bound_tags,
)
from tasks.text.site_rules import soup

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
    "<div a=b/>",  # HTML takes the slash for the value's
    '<x a="b="/">',  # the third quotation mark begins no value
    "<x><!-->",
    "<x><!-- --!>",
    "<x><! </x> >",
    "<x><? </x> >",
    "<x></ </x>>",
    "<x></i a='</x>'>",
    "<x><script></style></x></script>",
    "<x><title a='</title>'></x></title>",
    "<title-x>",
    "<x><script><!--<script></script></x></script>",
    "<x><svg><title>",
    "<x><svg><style></x></style>",
    "<svg><![CDATA[></svg>]]>",
]


@pytest.mark.parametrize("piece", PRETENDING)
def test_start_tags_that_nothing_closes_are_dropped(piece: str) -> None:
    bounded = bound_nesting(piece * (MANY + 1))
    inner = piece[1:].partition(">")[0].partition(" ")[0]
    assert bounded.count(f"<{inner}") <= DEEPEST + 1


@pytest.mark.parametrize("piece", ["<p><div></p>", "<h1><h2></h2><x></h1>", "<li><ul></li>", "<tbody><i></tbody>"])
def test_end_tags_that_a_parser_ignores_close_no_more_than_some_elements(piece: str) -> None:
    """Its own rules are not repeated here; how many elements an end tag may close besides its own is counted."""
    bounded = bound_nesting(piece * 100_000)
    assert bounded.count("<") - bounded.count("</") <= 3 * (DEEPEST + MOST_LEFT_OPEN) + 3


def test_beautiful_soup_is_given_what_is_not_nested_deep() -> None:
    """It takes the square of the depth, too: 5 s of processor for 400 kB, found by fuzzing."""
    tree = soup("<p><div></p>" * 3_000 + "word")
    word = tree.find(string="word")
    assert word is not None
    assert len(list(word.parents)) <= DEEPEST + 2


@pytest.mark.parametrize(
    ("piece", "count"),
    [
        ("<p><b id={}>a", 2_400),  # a text of 64 kB took 1.6 GB
        ("<p><b id={}>a</p>", 20_000),
        ("<div><font size={}>a</div>", 20_000),
        ("<p><b id={}><i>a</b>", 20_000),
        ("<p><tt id={}><object></tt></object>", 20_000),
    ],
)
def test_elements_that_each_paragraph_opens_again_are_few(piece: str, count: int) -> None:
    html = "".join(piece.format(number) for number in range(count))
    assert len(parse_html(html).css("*")) < 2 * MOST_REOPENED


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
        "<p><b class=a>eight</b>, <font size=2>nine</p>",
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


@pytest.mark.parametrize("between", [" ", "/", "=''", '=""', "\n <x "])
@pytest.mark.parametrize("end", [">", ""])
def test_a_tag_with_thousands_of_attributes_has_none(between: str, end: str) -> None:
    tag = "<p " + between.join(f"a{number}" for number in range(3 * MOST_ATTRIBUTES))
    assert bound_tags(f"<b>Before</b>{tag}{end}") == f"<b>Before</b><p{end}"


def test_thousands_of_tags_in_the_name_of_one_are_read_once() -> None:
    """In the square of their number, this would take hours."""
    html = "<p" * 1_000_000
    assert bound_tags(html) == html


def test_a_tag_with_a_long_value_keeps_it() -> None:
    sources = ", ".join(f"/{width}.jpg {width}w" for width in range(MOST_ATTRIBUTES))
    html = f'<p>Before<img srcset="{sources}" alt="b" src=data:image/png;base64,{"ab/" * 50_000}>{"After. " * 20_000}'
    assert bound_tags(html) == html


def test_self_closed_elements_of_xml_are_not_nested() -> None:
    outlines = "<outline text='a'/>" * (MANY + 1)
    assert bound_nesting(outlines, soup=True) == outlines


@pytest.mark.parametrize("name", ["title", "textarea", "xmp", "iframe", "noembed"])
def test_what_may_be_text_for_one_parser_is_bounded_for_another(name: str) -> None:
    """Python's HTML parser reads tags in them: an OPML file with 9,000 unclosed <title> took 7 s."""
    bounded = bound_nesting(f"<{name} a=b>" * (MANY + 1), soup=True)
    assert bounded.count(f"<{name}") <= DEEPEST
    inside = f"<x><{name}></x></{name}>" * (MANY + 1)
    assert bound_nesting(inside, soup=True).count("<x>") <= DEEPEST


def test_scripts_and_style_sheets_are_text_for_both() -> None:
    html = "<p>one</p><script>'<b><b></i>'</script><style>a:after { content: '<u>' }</style>" * (MANY + 1)
    assert bound_nesting(html) == bound_nesting(html, soup=True) == html


def test_what_comes_after_very_many_elements_loses_its_tags() -> None:
    pieces = "<p>one</p><br>" * (MOST_ELEMENTS // 2)
    after = "<p>two</p></p><b>three</b><script>'<i>'</script>"
    assert bound_nesting(pieces + after) == pieces + "twothree<script>'<i>'</script>"


@pytest.mark.parametrize(
    "piece",
    ["<title>", "<svg><title>", "<script><!--</script>", "<svg><![CDATA[", "<x a=", "<x a='", "<", "</", "<!--"],
)
@pytest.mark.parametrize("soup", [False, True])
def test_what_never_ends_is_looked_for_once(piece: str, soup: bool) -> None:
    """In the square of their number, this would take hours."""
    html = piece * (2_000_000 // len(piece))
    assert len(bound_nesting(html, soup=soup)) <= len(html)
