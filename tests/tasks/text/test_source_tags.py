from __future__ import annotations

import pytest

from tasks.text.markup import parse, serialise
from tasks.text.source_tags import close_elements


@pytest.mark.parametrize(
    "tag",
    [
        *("<script src='/a.js'/>", "<script/>", "<SCRIPT />", "<style/>", "<title/>", "<textarea rows=2 />"),
        *("<iframe src='https://video.example/1'/>", '<iframe src="/1" allowfullscreen/>', "<noframes/>", "<xmp/>"),
        *("<object data='/a.pdf' />", "<video src='/a.mp4' />", "<select/>", "<template/>", "<canvas/>", "<nav/>"),
        # without an end
        *("<iframe src='/1'>", "<iframe src=/1/>", "<script async src='/a.js'>", "<textarea>", "<title>"),
    ],
)
def test_no_element_takes_in_the_rest_of_the_article(tag: str) -> None:
    after = parse(f"<div><p>The gate opens.</p>{tag}<p>The boats wait.</p></div><p>At nine.</p>")
    assert [node.text() for node in after.walk() if node.tag == "p"] == [
        "The gate opens.",
        "The boats wait.",
        "At nine.",
    ]


def test_the_rest_is_no_link_and_no_heading() -> None:
    html = '<a href="https://quay.example/top"/><h2 id="x"/>The gate<br/>opens.'
    assert serialise(parse(html).children) == (
        '<a href="https://quay.example/top"></a><h2 id="x"></h2>The gate<br>opens.'
    )


def test_an_iframe_without_an_end_before_one_with_an_end() -> None:
    root = parse('<iframe src="/1"><p>The gate.</p><iframe src="/2"></iframe><p>The boats.</p>')
    assert [node.text() for node in root.walk() if node.tag == "p"] == ["The gate.", "The boats."]


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<p>One<br/>two<hr /><img src='/a.jpg'/></p>",
        "<script>document.write('<script src=x/>')</script><p>One.</p>",
        "<style>p:before{content:'<a/>'}</style>",
        "<textarea><b/></textarea>",
        "<iframe src='/1'></iframe><p>One.</p><IFRAME></IFRAME>",
        "<a href=https://quay.example/>The gate</a>",
        "<p>5 < 6 and a/> b</p>",
        "<script>let a = 1;",
    ],
)
def test_other_markup_stays(html: str) -> None:
    assert close_elements(html) == html


@pytest.mark.parametrize(
    "text",
    [
        "Use vector<int> or Map<K, V> here.",
        "It returns Option<Box<dyn Fn(u8)>> or Result<Vec<String>, io::Error>.",
        "Write to Oda <oda@quay.example> or see <https://quay.example/a>.",
        "<YourName> joined the channel; hello, <Your Name>!",
        "cat <file1 >file2",
        "If x<y then z, and if a<b then c.",
    ],
)
def test_what_reads_as_text_is_no_tag(text: str) -> None:
    assert parse(f"<p>{text}</p><p>More.</p>").text() == f"{text}More."


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("If x<y then z", "If x<y then z"),
        # cut off
        ("The gate <a hre", "The gate "),
        ('The gate <a href="https://quay.exa', "The gate "),
        ("The gate opens.</p", "The gate opens."),
        ("The gate opens <stro", "The gate opens "),
        # without its end
        ("<p <b>The gate</b></p>", "The gate"),
    ],
)
def test_a_bare_less_than(html: str, text: str) -> None:
    assert parse(html).text() == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<g>The</g> <x-card>gate", "The gate"),
        ("In <st1:city>Évora", "In Évora"),
        ("<spoiler>The gate</spoiler> opens", "The gate opens"),
        ('<tweet id="1">The gate', "The gate"),
    ],
)
def test_unknown_elements_are_no_text(html: str, text: str) -> None:
    assert parse(html).text() == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hide the <nav> element, says Oda.</p><p>The gate</p>", "Hide the <nav> element, says Oda.The gate"),
        ("<p>A <i><select></i> is short.</p><p>A <select> is long.</p>", "A <select> is short.A <select> is long."),
        ("<p>El <button> y el <VIDEO></p><h2>Fin</h2>", "El <button> y el <VIDEO>Fin"),
        ("<p>Kürze den <title> und <textarea>:</p><p>so</p>", "Kürze den <title> und <textarea>:so"),
        ("<p>An <iframe> holds a page.</p><p>It opens.</p>", "An <iframe> holds a page.It opens."),
        # no mentions: with an end, with an attribute, with an element in it
        ("<nav>Home</nav><p>The gate</p>", "HomeThe gate"),
        ('<nav class="top">Home<p>The gate</p>', "HomeThe gate"),
        ("<select>\n<option>One</select><p>The gate</p>", "\nOneThe gate"),
        ("<p>The gate</p><nav><ul><li>Home", "The gateHome"),
    ],
)
def test_an_element_that_is_only_mentioned_is_text(html: str, text: str) -> None:
    """A tutorial on menus lost the half of its text that followed its first "<nav>"."""
    assert parse(html).text() == text


def test_any_number_of_tags_is_read() -> None:
    """Hundreds of thousands of them fit into an entry; looking each up in the whole text would take hours."""
    unknown = "".join(f"<t{number}>" for number in range(100_000))
    assert parse(f"{unknown}<p>The gate opens.</p>").text().endswith("The gate opens.")
    assert parse(f"{'<iframe>' * 100_000}<p>The gate opens.</p>").text().endswith("The gate opens.")
    assert parse(f"{'the <nav> ' * 100_000}<p>The gate opens.</p>").text().endswith("The gate opens.")
