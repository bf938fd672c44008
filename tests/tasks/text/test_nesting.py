"""However its tags pretend to end, nothing is nested so deep that the parser takes the square of it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

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
    long_pieces,
)
from tasks.text.tags import KNOWN

SMALL = {"MANY": 100, "MOST_LEFT_OPEN": 60, "DEEPEST": 40, "MOST_REOPENED": 2_000, "_FEW": 50}
"""Bounds with which a page of some kilobytes goes too far."""
NEVER_DEEPER = 150
"""With these bounds."""
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
    "<x><script></script a='</x>'>",
    "<x><title a='</title>'></x></title>",
    "<title-x>",
    "<x><script><!--<script></script></x></script>",
    "<x><svg><title>",
    "<x><svg><style></x></style>",
    "<svg><![CDATA[></svg>]]>",
    "<x\x0b></x>",  # white space to Python, and a part of the name to HTML
    "<x><title></title\xa0></x></title>",
    "<x\u212a></xk>",  # the sign for kelvin is no K
    "<x><script></\u017fcript></x></script>",
    "<<x>y>",  # without <x>, a tag is left
    "<x><script><!--<script></script>--><!----!><script></script></x>--></script>",
]
WITH_MORE = [
    ("", '<x a=\x0b"><x "></x>'),
    ("<svg>", "<link>"),
    ("<svg>", "<tr>"),
    ("<math>", "<input>"),
    ("<svg><desc><p></svg></p></desc><script>", "<x>"),
    ("<svg><desc><p></svg></p></desc><title>", "<x>"),
    ("<math><mi><p></math></p></mi><title>", "<x>"),
    ("<svg>", "<![CDATA[><!--]]><x>-->"),
    ("<svg><foreignObject>", "<title><!--</title><x>--></title>"),
    ("<svg><p>", '<title><a b="</title><x>"></a></title>'),
    ("<svg>", "<link a=b/>"),
    ("<svg>", "<link a=''c=d/>"),
    ("<svg>", "<link a=b=''/>"),
    ("<frameset><style>", "<frameset>"),
]
NAMES = sorted(KNOWN | {"x", "desc", "foreignObject", "mi", "plaintext", "h1"})
TOKENS = st.sampled_from(NAMES).flatmap(
    lambda name: st.sampled_from([f"<{name}>", f"</{name}>", f"<{name}/>", f"<{name} a='", f'<{name} a=">'])
)
OTHERS = st.sampled_from(["<!--", "-->", "--!>", "<![CDATA[", "]]>", "'>", '">', "t", "<", "<font color=a>", "<x\0>"])


def depth(html: str) -> int:
    """Of the parser's tree."""
    node, level, deepest = LexborHTMLParser(html).root, 0, 0
    while node is not None:
        if node.first_child is not None:
            node, level = node.first_child, level + 1
            deepest = max(deepest, level)
            continue
        while node is not None and node.next is None:
            node, level = (node.parent, level - 1) if level else (None, 0)
        node = node and node.next
    return deepest


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMALL.items():
        monkeypatch.setattr(f"tasks.text.nesting.{name}", value)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("before", "piece"), [*(("", piece) for piece in PRETENDING), *WITH_MORE])
def test_the_parsers_tree_is_not_deep(before: str, piece: str) -> None:
    assert depth(bound_nesting(before + piece * 400)) < NEVER_DEEPER


@pytest.mark.usefixtures("small")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TOKENS | OTHERS, max_size=6), st.lists(TOKENS | OTHERS, min_size=1, max_size=7))
def test_nor_that_of_any_piece_that_is_repeated(before: list[str], piece: list[str]) -> None:
    assert depth(bound_nesting("".join(before) + "".join(piece) * 300)) < 2 * NEVER_DEEPER


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
        "<table><tr><td>a<td>b<tr><td>c</table>",
        "<ul><li><p>a<li>b</ul>",
        "<dl><dt>a<dd>b<dt>c<dd>d<dt>e<dd>f<dt>g<dd>h<dt>i<dd>j</dl>",
        "<select><optgroup><option>a<option>b<optgroup><option>c</select>",
        "<div><p>a</div>",
        "<ruby>a<rt>b</ruby>",
        f"<svg>{'<image href=a />' * 9}<title>Icon</title><style>a {{ }}</style></svg>",
        "<p><font face=a><b><i><u>x</u></i></b></font></p>",
    ],
)
def test_long_pages_stay_as_they_are(piece: str) -> None:
    html = piece * (MANY + 1)
    while html.count("<") - html.count("</") > MOST_ELEMENTS:
        html = html[: len(piece) * (len(html) // len(piece) * 9 // 10)]
    assert bound_nesting(html) == html


@pytest.mark.parametrize(
    "before",
    [
        "<table><tr><td>a",
        "<script><!--\nv = 1\n//--></script>",
        "<script>v = '<!--'</script>",
        "<script>document.write('<script src=a><' + '/script>')</script>",
        "<![CDATA[ x > y ",
        "<svg><path d='M0'></svg>",
    ],
)
@pytest.mark.parametrize("piece", ["<p><b>a</b></p>", "<div><b>a</b></div>", "<tr><td>a<td>b"])
def test_nor_does_what_stands_above_harm_them(before: str, piece: str) -> None:
    html = before + piece * MANY
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


@pytest.mark.parametrize("before", [0, 1, 2_500, 4_999, 5_000, 12_345])
def test_a_tag_with_just_too_many_attributes_has_none_wherever_it_stands(before: int) -> None:
    text, after = "ab " * (before // 3) + "c" * (before % 3), "<b>After</b>" * 2_000
    tag = "<p " + "a " * (MOST_ATTRIBUTES + 1)
    assert bound_tags(f"{text}{tag}>{after}") == f"{text}<p>{after}"


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(2, 12))
def test_the_pieces_between_two_signs_that_are_too_long(lengths: list[int], longest: int) -> None:
    pieces = ["x" * length for length in lengths]
    assert list(long_pieces("<".join(pieces), "<", longest)) == [piece for piece in pieces if len(piece) > longest]


def test_thousands_of_tags_in_the_name_of_one_are_read_once() -> None:
    """In the square of their number, this would take hours."""
    html = "<p" * 1_000_000
    assert bound_tags(html) == html


def test_a_tag_with_a_long_value_keeps_it() -> None:
    sources = ", ".join(f"/{width}.jpg {width}w" for width in range(MOST_ATTRIBUTES))
    html = f'<p>Before<img srcset="{sources}" alt="b" src=data:image/png;base64,{"ab/" * 50_000}>{"After. " * 20_000}'
    assert bound_tags(html) == html


def test_what_comes_after_very_many_elements_loses_its_tags() -> None:
    pieces = "<p>one</p><br>" * (MOST_ELEMENTS // 2)
    after = "<p>two</p></p><b>three</b><script>'<i>'</script>"
    page = parse_html(pieces + after)
    assert page.body is not None
    assert page.body.text(deep=True).endswith("onetwothree")
    assert len(page.css("*")) == MOST_ELEMENTS + len(["html", "head", "body"])


@pytest.mark.parametrize(
    "piece",
    ["<title>", "<svg><title>", "<script><!--</script>", "<svg><![CDATA[", "<x a=", "<x a='", "<", "</", "<!--"],
)
def test_what_never_ends_is_looked_for_once(piece: str) -> None:
    """In the square of their number, this would take hours."""
    html = "<p>" * MANY + piece * (1_000_000 // len(piece))
    assert len(bound_nesting(html)) <= len(html)


@pytest.mark.parametrize("piece", ["</p>", "</br>", "<xmp></xmp>"])
def test_elements_without_a_start_tag_are_counted_too(piece: str) -> None:
    assert len(parse_html("<body>a" + piece * 100_000).css("*")) <= MOST_ELEMENTS + 3
