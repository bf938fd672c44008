from __future__ import annotations

import pytest

from tasks.mill.document import mill_bytes
from tasks.text.plain import collapse
from tasks.text.text_or_markup import reads_as_markup, strip_tags
from tests.tasks.making import FEED, Item, document, milled
from tests.tasks.parse.feeds import json_feed
from warehouse.records import Article

MENTIONS = [
    "Intent to unship: <a> as <area>",
    "std::vector<int> and Map<K, V>",
    "Option<Box<dyn Fn()>> explained",
    "The <em> and <strong> elements",
    "When to write <br> and when <hr>",
    "<video> or <audio>?",
    "a < b > c, x<y and y>z",
    "How I <3 the quay",
    "Was ist <details>?",
    "如何使用 <canvas> 元素",
]


def only_article(data: bytes) -> Article:
    (article,) = mill_bytes(data, document(data), FEED).articles
    return article


def atom(title: str, summary: str = "", title_type: str = "") -> bytes:
    escaped = [text.replace("&", "&amp;").replace("<", "&lt;") for text in (title, summary)]
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Quay</title><id>urn:q</id><entry><id>urn:1</id>'
        f"<title{title_type}>{escaped[0]}</title><summary>{escaped[1]}</summary></entry></feed>"
    ).encode()


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        ("It rained.&nbsp; The boats&nbsp;/ ferries stayed.", "It rained. The boats / ferries stayed."),
        ("下雨了。&nbsp;船都没有出海，老板说&quot;等&quot;。", '下雨了。 船都没有出海，老板说"等"。'),
        ("Ropes, oars &amp; sails: Quay&amp;Sons", "Ropes, oars & sails: Quay&Sons"),
        ("Write &nbsp; or &amp;nbsp; for a space", "Write &nbsp; or &amp;nbsp; for a space"),
        ("Don&#39;t ask https://quay.example/?a=1&copy=2", "Don't ask https://quay.example/?a=1&copy=2"),
    ],
)
def test_a_plain_text_that_was_escaped_twice(plain: str, text: str) -> None:
    """Blogger's summaries say that they are plain text, and have the references of the HTML that they are made of."""
    assert only_article(atom("Quay", plain)).content_text == text


@pytest.mark.parametrize("title", MENTIONS)
def test_what_a_title_is_about_is_no_markup(title: str) -> None:
    assert strip_tags(title) == title
    (article,) = milled(Item(title=title)).articles
    assert article.title == title
    assert only_article(atom(title)).title == title
    assert only_article(atom(title, title_type=' type="html"')).title == title
    assert only_article(json_feed({"id": "1", "title": title})).title == title


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("How <i>Hamlet</i> ends", "How Hamlet ends"),
        ('<span class="x">The gate</span> opens', "The gate opens"),
        ("The gate<br>opens", "The gate\nopens"),
        ("The gate<br /> opens", "The gate\nopens"),
        ("The har<wbr>bour <br/> opens", "The harbour\nopens"),
        ('<img src="/a.jpg"> The gate', "The gate"),
        ('The gate <a href="/x">ope…', "The gate ope…"),
        ("<p>The gate opens</p>", "The gate opens"),
        ("<p>The gate opens", "The gate opens"),
        ("The gate opens</p>", "The gate opens"),
        ("Boats &amp; gates &#8217;24", "Boats & gates ’24"),
        ("E=mc<sup>2</sup> and H<sub>2</sub>O", "E=mc^2 and H2O"),
        ("In <st1:city>Évora</st1:city>", "In Évora"),
        ("<code>&lt;a&gt;</code> as <b>&lt;area&gt;</b>", "<a> as <area>"),
    ],
)
def test_markup_in_a_title_is_removed(title: str, text: str) -> None:
    assert strip_tags(title) == text
    (article,) = milled(Item(title=title)).articles
    assert article.title == collapse(text)


def test_a_title_that_is_plain_by_its_type_stays_as_it_is() -> None:
    """RFC 4287, 3.1.1.1; JSON Feed, items: title."""
    title = "Why <b>bold</b> is not <strong>"
    assert only_article(atom(title)).title == title
    assert only_article(atom(title, title_type=' type="text"')).title == title
    assert only_article(json_feed({"id": "1", "title": title})).title == title
    assert only_article(atom("Boats &amp; gates, &#8217;24")).title == "Boats & gates, ’24"
    assert only_article(atom("/boats?a=1&region=2")).title == "/boats?a=1&region=2"


def test_a_text_of_tags_that_is_as_long_as_an_entry_may_be() -> None:
    assert strip_tags("<b>" * 200_000 + "The gate") == "The gate"


@pytest.mark.parametrize(
    "text", [*MENTIONS, "To break a line write <br> and go on.", 'Write <a href="x">x</a> for a link.']
)
def test_a_plain_text_stays_as_it_is(text: str) -> None:
    assert only_article(json_feed({"id": "1", "content_text": text})).content_text == collapse(text)
    assert only_article(json_feed({"id": "1", "content_html": "<p>Boats.</p>", "summary": text})).summary == collapse(
        text
    )
    assert only_article(atom("The gate", text)).content_text == collapse(text)
    assert not reads_as_markup(text)


def test_a_plain_summary_beside_a_longer_content() -> None:
    summary = "<summary>Use &lt;b&gt; and &lt;i&gt;.</summary>"
    content = f'<content type="html">{"The gate opens. " * 9}</content>'
    data = atom("The gate").replace(b"<summary></summary>", f"{summary}{content}".encode())
    assert only_article(data).summary == "Use <b> and <i>."


@pytest.mark.parametrize(
    "text",
    [
        "<p>The gate opens.</p><p>At nine.</p>",
        '<div class="x">The gate</div>',
        '<img src="/a.jpg"> The gate',
        '<a href="/x">The gate</a> opens',
        "The gate<br>opens<br/>at nine",
    ],
)
def test_what_is_html_all_the_same(text: str) -> None:
    assert reads_as_markup(text)
    article = only_article(json_feed({"id": "1", "content_text": text}))
    assert "<" not in article.content_text and "gate" in article.content_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Write &lt;br&gt; for a line break, says Oda.", "Write <br> for a line break, says Oda."),
        ("&lt;p&gt;The gate.&lt;/p&gt;&lt;p&gt;Boats.&lt;/p&gt;", "The gate.\n\nBoats."),
        ("The gate.&lt;br&gt;Boats.&lt;br/&gt;&lt;br/&gt;Oda.", "The gate.\nBoats.\n\nOda."),
        ("See &lt;a href=&quot;https://quay.example/&quot;&gt;the gate&lt;/a&gt;.", "See the gate."),
    ],
)
def test_html_that_is_escaped_once_too_often(html: str, text: str) -> None:
    (article,) = milled(Item(text=html)).articles
    assert article.content_text == text


def test_types_in_html_that_was_not_escaped_twice() -> None:
    (article,) = milled(Item(text="<p>Use vector<int> or Map<K, V>.</p><p>More.</p>")).articles
    assert article.content_text == "Use vector<int> or Map<K, V>.\n\nMore."
