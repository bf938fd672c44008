from __future__ import annotations

import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.tasks.clean.cleaning import clean_fragment, text_of


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h2>Tides</h2><p>High.</p><h3>Low</h3>", "## Tides\n\nHigh.\n\n### Low"),
        ("<ul><li>one</li><li>two<ul><li>deep</li></ul></li></ul>", "- one\n- two\n  - deep"),
        ("<ol><li>one</li><li><p>two</p><p>more</p></li></ol>", "1. one\n2. two\n   more"),
        ("<blockquote><p>Said</p><blockquote>deeper</blockquote></blockquote>", "> Said\n>\n> > deeper"),
        ("<pre>a\n  b  c</pre>", "a\n  b  c"),
        ("<pre><code>if x:\n    y()</code></pre>", "if x:\n    y()"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<div>a</div><div>b</div>c", "a\n\nb\n\nc"),
        ("<p>a <b>b</b><i> c</i></p>", "a b c"),
        ("<span>a</span> <span>b</span>", "a b"),
        ("<p>a&nbsp;b&#8203;c\n\n d</p>", "a b c d"),
        ("<p></p><p>&nbsp;</p><p>a</p><div></div>", "a"),
        ("<table><tr><th>h</th><th>m</th></tr><tr><td>9</td><td>30</td></tr></table>", "h | m\n9 | 30"),
        ("<table><tr><td><p>One.</p><p>Two.</p></td></tr></table>", "One.\n\nTwo."),
        ("<table><tr><td>One.</td><td>Two.</td></tr></table>", "One.\n\nTwo."),
        ("<dl><dt>gate</dt><dd>north</dd></dl>", "gate\n  north"),
        ('<h2><a href="#id5">Tides</a><a class="headerlink" href="#tides">¶</a></h2>', "## Tides"),
        ('<h3>潮汐 <a href="https://quay.example/tides#a"><span>#</span></a></h3>', "### 潮汐"),
        ('<h3><a href="#c">C#</a> and <a href="/f">#</a></h3>', "### C# and #"),
        ("<p>2 &lt; 3 &amp; 5</p>", "2 < 3 & 5"),
        ("&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;2 &amp;lt; 3&lt;/p&gt;", "One.\n\n2 < 3"),
        ("<p>The gate<script>x()</script> opens</p><style>p{}</style>", "The gate opens"),
        ('<p>Watch: <iframe src="//video.example/1"></iframe></p>', "Watch:\n\nhttps://video.example/1"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("no markup at all", "no markup at all"),
        ("", ""),
    ],
)
def test_text(html: str, expected: str) -> None:
    assert text_of(html) == expected


def test_an_image_in_a_heading_that_links_to_it_stays() -> None:
    image = '<a href="https://quay.example/tides#a"><img src="https://quay.example/tide.jpg"></a>'
    assert [ref.url for ref in clean_fragment(f"<h2>Tides {image}</h2>").images] == ["https://quay.example/tide.jpg"]


def test_items_in_a_table_cell_are_separated() -> None:
    cell = "<ul><li>one</li><li>two</li></ul>"
    assert "onetwo" not in text_of(f"<table><tr><td>{cell}</td><td>x</td></tr><tr><td>a</td><td>b</td></tr></table>")


def test_paragraphs_in_a_definition_are_separated() -> None:
    assert "onetwo" not in text_of("<dl><dt>gate</dt><dd><p>one</p><p>two</p></dd></dl>")


def test_a_tables_caption_is_kept() -> None:
    rows = "<tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr>"
    assert "Tides" in text_of(f"<table><caption>Tides</caption>{rows}</table>")


def test_links() -> None:
    html = (
        '<p><a href="/x?utm_source=rss&amp;id=3" onclick="x()" target="_blank">a</a> '
        '<a href="mailto:o@quay.example">b</a></p>'
    )
    assert clean_fragment(html).html == (
        '<p><a href="https://quay.example/x?id=3" rel="noopener noreferrer">a</a> '
        '<a href="mailto:o@quay.example" rel="noopener noreferrer">b</a></p>'
    )
    wrapped = '<a href="https://www.google.com/url?q=https%3A%2F%2Fquay.example%2Fy">c</a>'
    assert 'href="https://quay.example/y"' in clean_fragment(wrapped).html


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "ul", "span", "table", "font"])
def test_deep_nesting(tag: str) -> None:
    content = clean_fragment(f"<{tag}>" * 5000 + "The middle." + f"</{tag}>" * 5000 + "<p>The end.</p>")
    assert "The middle." in content.text
    assert "The end." in content.text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        # unknown and old elements are inline, as a browser shows them
        ("<p>The boats were <g>sold</g> in the town.</p>", "The boats were sold in the town."),
        ("<p>The har<wbr>bour of <st1:city>Évora</st1:city>.</p>", "The harbour of Évora."),
        ("<p><strike>Old</strike> <acronym>NATO</acronym> <label>news</label>.</p>", "Old NATO news."),
        ("<p>One.</p><x-card><p>Two.</p></x-card>", "One.\n\nTwo."),
        ("<h2><blockquote>one<div>two</div></blockquote></h2>", "## one two"),
        ("<h2>one<ul><li>two<div>three</div></li></ul></h2>", "## one two three"),
        (
            "<p>Old <font>ferries <blink>sail</blink></font> <data value=1>one</data> mile.</p>",
            "Old ferries sail one mile.",
        ),
        ("<p>one<span>two<details>three</details>four</span></p>", "onetwo\n\nthree\n\nfour"),
        ("<p><ruby>東京<rt>とうきょう</rt></ruby>へ</p>", "東京(とうきょう)へ"),
        ("<p><ruby>東京<rp>（</rp><rt>とうきょう</rt><rp>）</rp></ruby>へ</p>", "東京（とうきょう）へ"),
        ("<xmp><b>bold</b></xmp>", "<b>bold</b>"),
    ],
)
def test_no_element_loses_or_splits_text(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(
    "html",
    [
        '<div><img src="/quay.jpg"><p>The ferry is cancelled until Friday.</p></div>',
        '<img src="/quay.jpg"><p><small>The ferry is cancelled until Friday.</small></p>',
    ],
)
def test_a_teaser_beside_an_image_is_the_text(html: str) -> None:
    """Taken for the image's caption, it left the article without a text."""
    assert text_of(html) == "The ferry is cancelled until Friday."


@pytest.mark.parametrize(
    "html",
    [
        '<p>Watch.</p><iframe src="about:blank" data-src="https://video.example/embed/1"></iframe>',
        '<p>Watch.</p><amp-iframe src="https://video.example/embed/1"></amp-iframe>',
    ],
)
def test_a_player_that_a_script_starts_is_a_link(html: str) -> None:
    assert 'href="https://video.example/embed/1"' in clean_fragment(html).html


INLINE_TAGS = (
    *("a", "abbr", "b", "cite", "code", "em", "i", "kbd", "mark", "q", "s", "small", "span", "strong", "time", "u"),
    *("acronym", "bdo", "big", "blink", "data", "del", "font", "ins", "label", "nobr", "output", "strike", "tt"),
    *("g", "o:p", "st1:city", "x-card", "noindex", "unknown"),
)
BLOCK_TAGS = ("div", "p", "section", "blockquote", "center", "details", "fieldset", "h2", "li", "pre")


def nested(tags: tuple[str, ...], leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """HTML in which elements of these names are nested in each other, with the leaves between them."""
    return st.recursive(
        leaves,
        lambda inner: st.tuples(st.sampled_from(tags), st.lists(inner, max_size=4)).map(
            lambda element: f"<{element[0]}>{''.join(element[1])}</{element[0]}>"
        ),
        max_leaves=12,
    )


INLINE_HTML = nested(INLINE_TAGS, st.text(alphabet="abč字я  ", min_size=1, max_size=8))


@given(st.lists(INLINE_HTML, min_size=1, max_size=4))
def test_inline_markup_neither_splits_nor_joins_words(pieces: list[str]) -> None:
    html = "".join(pieces)
    visible = re.sub(r"<[^>]*>", "", html)
    assert text_of(f"<p>{html}</p>") == text_of(html) == " ".join(visible.split())


def with_code_by_line(html: str) -> str:
    """The HTML with spaces around each <code> of a <pre> that holds only such elements, which are lines there."""
    soup = BeautifulSoup(html, "html.parser")
    for pre in soup("pre"):
        codes = pre.find_all("code", recursive=False)
        others = [child for child in pre.contents if not (isinstance(child, Tag) and child.name == "code")]
        if len(codes) > 1 and all(isinstance(child, str) and child.isspace() for child in others):
            for code in codes:
                code.insert_before(" ")
                code.insert_after(" ")
    return str(soup)


@given(st.lists(nested(BLOCK_TAGS, INLINE_HTML), min_size=1, max_size=4))
@example(["<pre>a<code></code><code>a</code></pre>"])
@example(["<pre><code>a</code><code>b<code>c</code></code></pre>"])
def test_no_nesting_loses_words(pieces: list[str]) -> None:
    html = "".join(pieces)
    # such a start tag ends the element around it, whose own end tag then stands for nothing (HTML 13.2.6.4.7)
    assume(not re.search(r"<(h2|li)>(?:(?!</?\1>).)*<\1>", html))
    visible = re.sub(rf"</?(?:{'|'.join(BLOCK_TAGS)})>", " ", with_code_by_line(html))
    words = re.sub(r"<[^>]*>", "", visible).split()
    assert Counter(re.findall(r"\w+", text_of(html))) == Counter(words)
