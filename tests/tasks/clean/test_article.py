from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.clean.article import clean, clean_html
from tasks.mill.document import mill_bytes
from tasks.text.markup import parse
from tests.sites.faults import XSS_HTML
from tests.tasks.clean.cleaning import BASE, PHOTO, assert_safe, clean_fragment
from tests.tasks.making import FEED, Item, document, entry, milled, rss
from tests.tasks.parse.feeds import ATOM, json_feed
from warehouse.records import Article, Feed, ImageRef, Rules

MIRROR = (
    "<div><i>Tue, 05 Mar 2024 07:08:09 GMT</i></div>"
    '<img src="https://images.weserv.nl?url=pics.quay.example/a1_w900.jpg" width="100%">'
    '<div><small style="color: #999;">清晨的北闸。（本报记者奥达摄，2024年3月5日）</small></div>'
    "旧港 — <p>北闸今天上午八点重新开放。港务局长说，修理比预计的早了两天完成。</p>"
    '<div ><img  src="https://images.weserv.nl/?url=pics.quay.example/b2.jpg" alt="渔船排队进港。" border="0"/>'
    '<div><small style="color: #999;">渔船排队进港。</small></div></div>'
    "<p>“我们等了整整一个冬天，”船主安娜说。</p>"
    '<div><img src="https://images.weserv.nl/?url=pics.quay.example/c3.jpg"/><div>修好的铰链。</div></div>'
    "<p>南闸仍然关闭。</p>"
    '<br><hr><div>获取更多RSS：<br><a href="https://mirror.example" style="color:orange" target="_blank">'
    "https://mirror.example</a> <br></div>"
)


def test_a_mirrors_article() -> None:
    content = clean_fragment(MIRROR)
    assert content.text == (
        "旧港 — 北闸今天上午八点重新开放。港务局长说，修理比预计的早了两天完成。\n\n"
        "“我们等了整整一个冬天，”船主安娜说。\n\n南闸仍然关闭。"
    )
    assert [(i.url, i.alt, i.caption) for i in content.images] == [
        ("https://pics.quay.example/a1_w900.jpg", None, "清晨的北闸。（本报记者奥达摄，2024年3月5日）"),
        ("https://pics.quay.example/b2.jpg", "渔船排队进港。", "渔船排队进港。"),
        ("https://pics.quay.example/c3.jpg", None, "修好的铰链。"),
    ]
    assert content.images[0].proxy_url == "https://images.weserv.nl?url=pics.quay.example/a1_w900.jpg"
    assert [child.tag for child in parse(content.html).children if not isinstance(child, str)] == (
        ["figure", "p", "figure", "p", "figure", "p"]
    )
    assert "weserv" not in content.html
    assert "style" not in content.html


def test_a_mirrors_entry_as_an_article() -> None:
    article = clean(entry(title="北闸重新开放", content=MIRROR), FEED)
    assert (article.language, article.word_count) == ("zh", 52)
    assert article.summary.startswith("旧港 — 北闸今天")
    assert (article.url, article.keys) == ("https://quay.example/gate", ("url:quay.example/gate", "guid:quay:gate"))


def test_an_enclosure_counts_only_if_the_content_has_no_image() -> None:
    wrapped = "https://images.weserv.nl/?url=quay.example/e.jpg"
    assert clean(entry(enclosures=(wrapped,)), FEED).images == (ImageRef("https://quay.example/e.jpg", wrapped),)
    assert [i.url for i in clean(entry(content='<img src="/a.jpg">', enclosures=(wrapped,)), FEED).images] == [PHOTO]


def test_plain_text() -> None:
    content = clean_html("2 < 3 & 5\n\nSecond\nparagraph <really>", base=BASE, plain=True)
    assert content.text == "2 < 3 & 5\n\nSecond\nparagraph <really>"
    assert content.html.startswith("<p>2 &lt; 3 &amp; 5</p>")
    assert clean_html("<p>HTML all the same</p>", base=BASE, plain=True).text == "HTML all the same"


def atom_entry(content: str) -> bytes:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Quay</title><id>urn:q</id><entry><id>urn:1</id>'
        f"<title>Gate</title>{content}</entry></feed>"
    ).encode()


def only_article(data: bytes) -> Article:
    (article,) = mill_bytes(data, document(data), FEED).articles
    return article


@pytest.mark.parametrize(
    "data",
    [
        rss(Item(text="", extra="<media:group><media:description>{}</media:description></media:group>")),
        rss(Item(text="", extra='<media:description type="plain">{}</media:description>')),
        rss(Item(text="{}")),
        atom_entry('<content type="text">{}</content>'),
        atom_entry("<summary>{}</summary>"),
        atom_entry("<content>{}</content>"),
        json_feed({"id": "1", "content_text": "{}"}),
        json_feed({"id": "1", "summary": "{}"}),
    ],
)
def test_the_lines_of_a_plain_text_stay(data: bytes) -> None:
    lines = "0:00 The gate\n1:30 The boats\n\nBy Oda"
    article = only_article(data.replace(b"{}", lines.encode()))
    assert article.content_text == lines
    assert article.content_html == "<p>0:00 The gate<br>1:30 The boats</p><p>By Oda</p>"
    assert article.summary == "0:00 The gate 1:30 The boats By Oda"


def test_the_lines_of_html_are_no_lines() -> None:
    wrapped = "The gate\nopens\n  at nine."
    for text in (wrapped, f"<p>{wrapped}</p>\n\n"):
        assert only_article(rss(Item(text=text))).content_text == "The gate opens at nine."


def test_the_marks_of_escaped_cdata_are_no_text() -> None:
    content = "&lt;![CDATA[&lt;p&gt;The gate.&lt;/p&gt;]]&gt;"
    for html in (content, "<![CDATA[<p>The gate.</p>]]>"):
        assert clean(entry(content=html), FEED).content_text == "The gate."


def test_titles_and_summaries() -> None:
    article = clean(entry(title="<b>The</b> gate &amp; the\n quay", summary="<p>Short <i>words</i>.</p>"), FEED)
    assert (article.title, article.summary) == ("The gate & the quay", "Short words.")
    assert clean(entry(title="", content="<p>Only text.</p>"), FEED).title == "Only text."
    assert clean(entry(title="2 < 3"), FEED).title == "2 < 3"
    turned = clean(entry(title="The photo \u202egpj.exe\u202c of the \u2066quay\u2069"), FEED).title
    assert turned == "The photo gpj.exe of the quay"
    assert clean(entry(title="\u200fالميناء (2)\u200e"), FEED).title == "\u200fالميناء (2)\u200e"
    assert clean(entry(summary='<img src="/a.jpg">'), FEED).summary == "The north gate opens at eight."
    assert clean(entry(content="<h2>Head</h2><p>Body.</p>"), FEED).summary == "Body."


@pytest.mark.parametrize(
    ("html", "summary"),
    [
        ("<blockquote><p>The gate is shut.</p></blockquote><p>So it said.</p>", "The gate is shut. So it said."),
        ("<ul><li>The gate</li><li>The quay</li></ul><p>Both open.</p>", "The gate The quay Both open."),
        ("<ol><li>The gate</li></ol><h3>Head</h3><p>Body.</p>", "The gate Body."),
        ("<h2>Only a head</h2>", "Only a head"),
        ("<table><tr><td>Gate</td><td>8</td></tr><tr><td>Quay</td><td>9</td></tr></table>", "Gate 8 Quay 9"),
        ("<p>### What is new<br>&gt; The gate is open.<br># Boats: 20</p>", "What is new The gate is open. Boats: 20"),
        ("<p>The gate opens at [&#8230;]</p>", "The gate opens at…"),
        ("<p>The gate opens. <a href='/gate'>Read more</a></p>", "The gate opens."),
        ("<p>[vc_row]The gate opens.[/vc_row]</p><p>Share this:</p>", "The gate opens."),
        ("<p>The gate opens.</p><p>The post The gate appeared first on The Quay.</p>", "The gate opens."),
        ("<p>Page 1 - 2 &gt; 1, #5 and 3. more</p>", "Page 1 - 2 > 1, #5 and 3. more"),
        ("<iframe src='https://tube.example/9'></iframe><p>A film of the gate.</p>", "A film of the gate."),
        ("<h2>The gate</h2><iframe src='https://tube.example/9'></iframe>", "The gate"),
        ("<iframe src='https://tube.example/9'></iframe>", "https://tube.example/9"),
        ("<p>https://quay.example/gate opens at eight.</p>", "https://quay.example/gate opens at eight."),
        ("<p>https://quay.example/9港口开放了！</p><p>再见。</p>", "https://quay.example/9港口开放了！ 再见。"),
    ],
)
def test_summaries_are_plain_text_without_the_templates(html: str, summary: str) -> None:
    assert clean(entry(content=html), FEED).summary == summary
    assert clean(entry(summary=html), FEED).summary == summary


def test_a_summary_that_is_a_template_is_none() -> None:
    for line in ("Read more", "Weiterlesen", "[gallery ids='1']", "<a href='/gate'>Continue reading</a>"):
        assert clean(entry(summary=line), FEED).summary == "The north gate opens at eight."


PAGE = (
    '<div id="nav"><p>Menu</p></div><div class="story"><p>The gate opens.</p><aside class="ad"><p>Buy!</p></aside>'
    "<p>At eight.</p><p>Ring the bell</p><p>Other stories</p></div><p>Imprint</p>"
)


def test_rules() -> None:
    story = "The gate opens.\n\nBuy!\n\nAt eight.\n\nRing the bell\n\nOther stories"
    assert clean_fragment(PAGE, Rules(content=".story")).text == story
    assert "Buy" not in clean_fragment(PAGE, Rules(remove=(".ad", "#nav"))).text
    assert "Menu" not in clean_fragment(PAGE, Rules(remove=(".ad", "#nav"))).text
    assert (
        clean_fragment(PAGE, Rules(content=".story", remove=(".ad",), drop_after="^Ring")).text
        == "The gate opens.\n\nAt eight."
    )
    assert clean_fragment(PAGE, Rules(content=".gone")).text == clean_fragment(PAGE).text
    assert clean_fragment(PAGE, Rules(drop_after="no such words")).text == clean_fragment(PAGE).text


def test_the_rules_of_the_feed_apply() -> None:
    feed = Feed("quay", "The Quay", "https://quay.example/feed.xml", rules=Rules(content=".story", drop_after="^At"))
    assert clean(entry(content=PAGE), feed).content_text == "The gate opens.\n\nBuy!"


def test_script_does_not_survive() -> None:
    content = clean_fragment(XSS_HTML)
    assert_safe(content.html)
    assert not re.search(
        r"<script|\son\w+=|javascript:|style|vbscript|data:|<svg|<form|<base|<meta", content.html, re.IGNORECASE
    )
    assert content.text.startswith("The harmless words stay.")
    assert content.text.endswith("The last words stay too.")
    assert "alert" not in content.text


@pytest.mark.parametrize(
    "html",
    [
        '<p title="&quot;&gt;<script>alert(1)</script>">x</p>',
        '<a href="https://q.example/&quot; onmouseover=&quot;alert(1)">x</a>',
        '<img src="https://q.example/a.jpg&quot; onerror=&quot;alert(1)">',
        '<img src="/a.jpg" alt="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;">',
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
        '<pre>&lt;img src=x onerror="alert(1)"&gt;</pre>',
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        '<math><mi><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=x()&gt;"></table></math>',
        "<template><script>alert(1)</script></template>",
        '<time datetime="2024&quot; onclick=&quot;alert(1)">x</time>',
        '<bdo dir="rtl&quot; onclick=&quot;alert(1)">x</bdo>',
        "&lt;p onclick=alert(1)&gt;x&lt;/p&gt;",
    ],
)
def test_nothing_hostile_survives(html: str) -> None:
    content = clean_fragment(html)
    assert_safe(content.html)
    assert_safe(clean_fragment(content.html).html)


_WORDS = st.lists(
    st.sampled_from(["harbour", "gate", "旧港", "油漆", "a &amp; b", "2 &lt; 3", "ميناء"]), min_size=1, max_size=3
).map(" ".join)
_INLINE = st.recursive(
    _WORDS,
    lambda inner: st.one_of(
        st.builds(
            lambda tag, parts: f"<{tag}>{' '.join(parts)}</{tag}>",
            st.sampled_from(["b", "em", "span", "code"]),
            st.lists(inner, max_size=2),
        ),
        st.builds(lambda part: f'<a href="/x?utm_source=q&amp;id=1">{part}</a>', inner),
        st.builds("{}<br>{}".format, inner, inner),
    ),
    max_leaves=4,
)
_IMAGE = st.sampled_from(
    [
        '<img src="/a.jpg">',
        '<img src="https://images.weserv.nl?url=q.example/b.png" alt="al">',
        '<img src="data:," data-src="/l.jpg">',
    ]
)
_LEAF = st.one_of(
    st.builds("<p>{}</p>".format, _INLINE),
    st.builds("<h2>{}</h2>".format, _INLINE),
    st.builds("<figure>{}<figcaption>{}</figcaption></figure>".format, _IMAGE, _INLINE),
    st.builds("<div>{}<div><small>{}</small></div></div>".format, _IMAGE, _WORDS),
    st.builds("<pre>{}\n  x</pre>".format, _WORDS),
    _IMAGE,
    _INLINE,
)
_BLOCK = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.builds(
            lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
            st.sampled_from(["div", "blockquote", "section"]),
            st.lists(inner, max_size=3),
        ),
        st.builds(
            lambda tag, parts: f"<{tag}>{''.join(f'<li>{p}</li>' for p in parts)}</{tag}>",
            st.sampled_from(["ul", "ol"]),
            st.lists(inner, max_size=3),
        ),
        st.builds(
            lambda a, b, c: f"<table><tr><td>{a}</td><td>{b}</td></tr><tr><td>{c}</td><td>9</td></tr></table>",
            inner,
            inner,
            inner,
        ),
    ),
    max_leaves=5,
)
_HTML = st.lists(_BLOCK, min_size=1, max_size=4).map("".join)


@given(_HTML)
@settings(max_examples=300)
def test_cleaning_again_changes_nothing(html: str) -> None:
    once = clean_fragment(html)
    twice = clean_fragment(once.html)
    assert twice.text == once.text
    assert twice.html == once.html
    assert [i.url for i in twice.images] == [i.url for i in once.images]
    assert_safe(once.html)


@given(_HTML)
@settings(max_examples=150)
def test_no_word_is_lost(html: str) -> None:
    """Every letter that is shown is in the text or in a caption, and the HTML says the same."""
    content = clean_fragment(html)
    shown = content.text + "".join(parse(content.html).text().split())
    for word in ("harbour", "gate", "旧港", "油漆", "ميناء"):
        if word in parse(html).text():
            assert word in shown


@given(st.text(max_size=200), st.booleans())
@settings(max_examples=150)
def test_any_text_can_be_cleaned(html: str, plain: bool) -> None:
    content = clean_html(html, base=None, plain=plain)
    assert_safe(content.html)


MP3 = "https://media.quay.example/7.mp3"


def recorded(extra: str, *, link: str | None = None, guid: str | None = "seven") -> Article:
    (article,) = milled(Item(link=link, guid=guid, extra=extra)).articles
    return article


@pytest.mark.parametrize(
    ("extra", "url"),
    [
        (f'<enclosure url="{MP3}?a=1&amp;utm_source=x" type="audio/mpeg"/>', f"{MP3}?a=1&utm_source=x"),
        (f'<enclosure url="/cover.jpg" type="image/jpeg"/><enclosure url="{MP3}" type="audio/mpeg"/>', MP3),
        ('<enclosure url="/cover.jpg" type="image/jpeg"/>', "https://quay.example/cover.jpg"),
        ('<media:content url="/7.mp4" type="video/mp4"/>', "https://quay.example/7.mp4"),
        ('<enclosure url="javascript:alert(1)" type="audio/mpeg"/>', None),
        ("", None),
    ],
)
def test_an_entry_with_only_an_enclosure_has_its_address(extra: str, url: str | None) -> None:
    article = recorded(extra)
    assert article.url == url
    assert article.keys == recorded("").keys, "recordings of one address may be several articles"


def test_an_entry_of_atom_with_only_an_enclosure_has_its_address() -> None:
    """feedparser takes the id for a link, whatever it is."""
    enclosure = f'<link rel="enclosure" type="audio/mpeg" href="{MP3}"/>'
    page = '<link rel="alternate" type="text/html" href="https://quay.example/gate"/>'
    data = ATOM.replace(page, enclosure).encode()
    (article,) = mill_bytes(data, document(data), FEED).articles
    assert article.url == MP3


@pytest.mark.parametrize("guid", ["seven", MP3])
def test_an_entry_with_a_link_keeps_it(guid: str) -> None:
    article = recorded(f'<enclosure url="{MP3}" type="audio/mpeg"/>', link="https://quay.example/7", guid=guid)
    assert article.url == "https://quay.example/7"
    assert [file.url for file in article.enclosures] == [MP3]


def test_the_addresses_of_enclosures_are_resolved() -> None:
    """Against the feed's address, not the article's."""
    extra = '<enclosure url="/audio/7 a.mp3" type="audio/mpeg"/><itunes:image href="/7.jpg"/>'
    (file,) = recorded(extra, link="https://other.example/7").enclosures
    assert (file.url, file.image) == ("https://quay.example/audio/7%20a.mp3", "https://quay.example/7.jpg")
