from __future__ import annotations

import re
import zlib

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.clean.article import Content, clean, clean_html
from tasks.text.markup import Element, parse
from tasks.text.site_rules import apply_rules, from_soup, soup
from tests.places import CORPUS
from tests.sites.faults import XSS_HTML
from tests.tasks.making import FEED, entry
from warehouse.records import Feed, ImageRef, Rules

BASE = "https://quay.example/2024/gate.html"


def cleaned(html: str, rules: Rules = Rules()) -> Content:  # noqa: B008 - frozen
    return clean_html(html, base=BASE, rules=rules)


def text(html: str) -> str:
    return cleaned(html).text


def image(html: str) -> ImageRef:
    (found,) = cleaned(html).images
    return found


# --- a mirror's article ---------------------------------------------------------------------------------------------

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


def test_a_mirror_s_article() -> None:
    found = cleaned(MIRROR)
    assert found.text == (
        "旧港 — 北闸今天上午八点重新开放。港务局长说，修理比预计的早了两天完成。\n\n"
        "“我们等了整整一个冬天，”船主安娜说。\n\n南闸仍然关闭。"
    )
    assert [(i.url, i.alt, i.caption) for i in found.images] == [
        ("https://pics.quay.example/a1_w900.jpg", None, "清晨的北闸。（本报记者奥达摄，2024年3月5日）"),
        ("https://pics.quay.example/b2.jpg", "渔船排队进港。", "渔船排队进港。"),
        ("https://pics.quay.example/c3.jpg", None, "修好的铰链。"),
    ]
    assert found.images[0].proxy_url == "https://images.weserv.nl?url=pics.quay.example/a1_w900.jpg"
    assert [child.tag for child in parse(found.html).children if not isinstance(child, str)] == (
        ["figure", "p", "figure", "p", "figure", "p"]
    )
    assert "weserv" not in found.html
    assert "style" not in found.html


def test_the_whole_article_of_it() -> None:
    made = clean(entry(title="北闸重新开放", content=MIRROR), FEED)
    assert (made.language, made.word_count) == ("zh", 52)
    assert made.summary.startswith("旧港 — 北闸今天")
    assert (made.url, made.keys) == ("https://quay.example/gate", ("url:quay.example/gate", "guid:quay:gate"))


@pytest.mark.parametrize(
    "html",
    [
        '<img src="/a.jpg"><div><small>A boat.</small></div>',
        '<div><img src="/a.jpg"><div><small>A boat.</small></div></div>',
        '<div><img src="/a.jpg"><div>A boat.</div></div>',
        '<div><img src="/a.jpg"><p>A boat.</p></div>',
        '<figure><img src="/a.jpg"><figcaption>A boat.</figcaption></figure>',
        '<figure><figcaption>A <b>boat</b>.</figcaption><img src="/a.jpg"></figure>',
        '<figure><a href="/a"><img src="/a.jpg"></a><p>A boat.</p></figure>',
        '<figure><div><picture><img src="/a.jpg"></picture></div><figcaption><p>A\nboat.</p></figcaption></figure>',
        '<img src="/a.jpg"><p class="wp-caption-text">A boat.</p>',
        '<img src="/a.jpg"><div class="image-caption">A boat.</div>',
        '<div class="wp-caption"><a href="/a"><img src="/a.jpg"></a><p class="wp-caption-text">A boat.</p></div>',
        '<img src="/a.jpg"><div id="photo-credit">A boat.</div>',
    ],
)
def test_captions(html: str) -> None:
    found = cleaned(f"<p>Before it.</p>{html}<p>After it.</p>")
    assert [(i.url, i.caption) for i in found.images] == [("https://quay.example/a.jpg", "A boat.")]
    assert found.text == "Before it.\n\nAfter it."
    assert "<figcaption>A boat.</figcaption>" in found.html


def test_a_caption_s_paragraphs_stay_apart() -> None:
    html = '<figure><img src="/a.jpg"><figcaption><p>A boat.</p><p>Photo: Oda</p></figcaption></figure>'
    assert image(html).caption == "A boat. Photo: Oda"


def test_a_long_paragraph_after_an_image_is_no_caption() -> None:
    html = f'<div><img src="/a.jpg"><p>{"The gate opens at eight. " * 20}</p></div>'
    assert image(html).caption is None
    assert text(html).startswith("The gate opens")


def test_a_figure_without_an_image() -> None:
    found = cleaned("<figure><blockquote>Said.</blockquote><figcaption>Oda</figcaption></figure>")
    assert (found.text, found.images) == ("> Said.\n\nOda", ())


# --- what stands around an article ----------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["Fri, 15 Nov 2024 03:36:16 GMT", "2024-03-05 07:08", "发布时间：2024年3月5日 07:08"])
def test_a_date_line_above_is_left_out(line: str) -> None:
    assert text(f"<div><i>{line}</i></div><p>The gate.</p>") == "The gate."
    assert text(f"<p>The gate.</p><p>More.</p><p>{line}</p>").endswith(line)


@pytest.mark.parametrize(
    "footer",
    [
        "<br><hr><div>获取更多RSS：<br><a href='https://mirror.example'>https://mirror.example</a></div>",
        "<hr><p>The post <a href='/x'>The gate</a> appeared first on <a href='/'>The Quay</a>.</p>",
        "<p><a href='/x'>Continue reading</a></p>",
        "<p>Read more</p>",
        "<p>本文由 RSSHub 生成</p>",
    ],
)
def test_a_footer_is_left_out(footer: str) -> None:
    found = cleaned(f"<p>The gate opens.</p><p>At eight.</p>{footer}")
    assert found.text == "The gate opens.\n\nAt eight."
    assert found.html == "<p>The gate opens.</p><p>At eight.</p>"


def test_a_link_to_another_article_ends_nothing() -> None:
    html = "<p>The gate opens.</p><p>Read more: <a href='/x'>The quay</a></p><p>At eight.</p><p>So it is said.</p>"
    assert text(html).endswith("At eight.\n\nSo it is said.")


def test_what_only_begins_like_a_footer_far_from_the_end_stays() -> None:
    html = "<p>Read more books, says Oda.</p>" + "".join(f"<p>Line {n}.</p>" for n in range(6))
    assert text(html).startswith("Read more books")


def test_a_dateline_joins_its_paragraph() -> None:
    assert text("旧港 — <p>北闸开放。</p>") == "旧港 — 北闸开放。"
    assert text("<p><b>OLD PORT</b> — </p><p>The gate opens.</p>") == "OLD PORT — The gate opens."
    assert text("<p>So it goes.</p><p>The gate opens.</p>") == "So it goes.\n\nThe gate opens."


# --- images ---------------------------------------------------------------------------------------------------------

PHOTO = "https://quay.example/a.jpg"


@pytest.mark.parametrize(
    "html",
    [
        '<img src="/a.jpg">',
        '<img src="../a.jpg">',
        '<img src="//quay.example/a.jpg">',
        '<img src="data:image/gif;base64,R0lGOD" data-src="/a.jpg">',
        '<img src="/img/blank.gif" data-original="/a.jpg">',
        '<img data-lazy-src="/a.jpg">',
        '<img src="/dummy.png" data-lazyload="/a.jpg">',
        '<img data-cfsrc="/a.jpg">',
        '<img data-cfsrc="/a.jpg" style="display:none;visibility:hidden"><noscript><img src="/a.jpg"></noscript>',
        '<img src="/small.jpg" data-src="/a.jpg">',
        '<img srcset="/s.jpg 320w, /a.jpg 1280w, /m.jpg 640w">',
        '<img srcset="/s.jpg, /a.jpg 2x">',
        '<img src="data:," data-srcset="/s.jpg 1x,/a.jpg 3x">',
        '<picture><source srcset="/a.jpg 900w, /s.jpg 300w"><img src="data:,"></picture>',
        '<picture><source srcset="/x.webp"><img src="/a.jpg"></picture>',
        '<a href="/full"><img src="/a.jpg"></a>',
        '<p><span><img src="/a.jpg"></span></p>',
        '<noscript><img src="/a.jpg"></noscript>',
        '<img src="/img/lazy.png" class="lazy"><noscript><img src="/a.jpg"></noscript>',
        '<img data-src="/a.jpg" src="data:,"><noscript><img src="/a.jpg"></noscript>',
        '<img src="/a.jpg"><img src="/a.jpg">',
        '<table><tr><td><img src="/a.jpg"></td><td>x</td></tr><tr><td>y</td><td>z</td></tr></table>',
        '<ul><li><img src="/a.jpg"></li></ul>',
        '<h2><img src="/a.jpg"></h2>',
        '<blockquote><img src="/a.jpg"></blockquote>',
    ],
)
def test_images(html: str) -> None:
    assert [found.url for found in cleaned(html).images] == [PHOTO]
    assert f'src="{PHOTO}"' in cleaned(html).html


def test_an_address_with_commas_in_a_srcset() -> None:
    html = '<img srcset="https://cdn.example/w_300,h_2/a.jpg 300w, https://cdn.example/w_900,h_6/a.jpg 900w">'
    assert image(html).url == "https://cdn.example/w_900,h_6/a.jpg"


@pytest.mark.parametrize(
    "html",
    [
        '<img src="/p.gif" width="1" height="1">',
        '<img src="/p.gif" height="0">',
        '<img src="/p.gif" style="display: none">',
        '<img src="/p.gif" style="border:0;width:1px;height:1px">',
        '<img src="https://pixel.wp.com/b.gif?v=noscript">',
        '<img src="https://feeds.feedburner.com/~r/quay/~4/x">',
        '<img src="https://www.google-analytics.com/collect?v=1">',
        '<img src="https://stats.quay.example/piwik.php?idsite=1">',
        '<img src="https://quay.example/pixel.gif?id=1">',
        '<img src="data:image/png;base64,AAAA">',
        '<img src="javascript:alert(1)">',
        '<img alt="nothing">',
        '<img src="">',
    ],
)
def test_what_is_no_image(html: str) -> None:
    found = cleaned(f"<p>The gate.</p>{html}")
    assert (found.images, found.html) == ((), "<p>The gate.</p>")


def test_an_emoji_image_is_its_text() -> None:
    html = '<p>Fine <img class="emoji" alt="🙂" src="https://s.w.org/images/core/emoji/15/72x72/1f642.png"> day</p>'
    assert (text(html), cleaned(html).images) == ("Fine 🙂 day", ())


def test_a_width_in_percent_is_no_width_in_pixels() -> None:
    assert (
        cleaned('<img src="/a.jpg" width="100%" height="600">').html
        == f'<figure><img src="{PHOTO}" height="600"></figure>'
    )


def test_an_enclosure_stands_in_only_where_the_text_has_no_image() -> None:
    wrapped = "https://images.weserv.nl/?url=quay.example/e.jpg"
    assert clean(entry(enclosures=(wrapped,)), FEED).images == (ImageRef("https://quay.example/e.jpg", wrapped),)
    assert [i.url for i in clean(entry(content='<img src="/a.jpg">', enclosures=(wrapped,)), FEED).images] == [PHOTO]


# --- text -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "said"),
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
        ("<p>2 &lt; 3 &amp; 5</p>", "2 < 3 & 5"),
        ("&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;2 &amp;lt; 3&lt;/p&gt;", "One.\n\n2 < 3"),
        ("<p>The gate<script>x()</script> opens</p><style>p{}</style>", "The gate opens"),
        ('<p>Watch: <iframe src="//video.example/1"></iframe></p>', "Watch:\n\nhttps://video.example/1"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("no markup at all", "no markup at all"),
        ("", ""),
    ],
)
def test_text(html: str, said: str) -> None:
    assert text(html) == said


def test_nothing_in_a_table_runs_together() -> None:
    cell = "<ul><li>one</li><li>two</li></ul>"
    assert "onetwo" not in text(f"<table><tr><td>{cell}</td><td>x</td></tr><tr><td>a</td><td>b</td></tr></table>")


def test_nothing_in_a_definition_runs_together() -> None:
    assert "onetwo" not in text("<dl><dt>gate</dt><dd><p>one</p><p>two</p></dd></dl>")


def test_a_table_s_caption_stays() -> None:
    rows = "<tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr>"
    assert "Tides" in text(f"<table><caption>Tides</caption>{rows}</table>")


def test_plain_text() -> None:
    found = clean_html("2 < 3 & 5\n\nSecond\nparagraph <really>", base=BASE, plain=True)
    assert found.text == "2 < 3 & 5\n\nSecond paragraph <really>"
    assert found.html.startswith("<p>2 &lt; 3 &amp; 5</p>")
    assert clean_html("<p>HTML all the same</p>", base=BASE, plain=True).text == "HTML all the same"


def test_links() -> None:
    html = (
        '<p><a href="/x?utm_source=rss&amp;id=3" onclick="x()" target="_blank">a</a> '
        '<a href="mailto:o@quay.example">b</a></p>'
    )
    assert cleaned(html).html == (
        '<p><a href="https://quay.example/x?id=3" rel="noopener noreferrer">a</a> '
        '<a href="mailto:o@quay.example" rel="noopener noreferrer">b</a></p>'
    )
    wrapped = '<a href="https://www.google.com/url?q=https%3A%2F%2Fquay.example%2Fy">c</a>'
    assert 'href="https://quay.example/y"' in cleaned(wrapped).html


def test_titles_and_summaries() -> None:
    made = clean(entry(title="<b>The</b> gate &amp; the\n quay", summary="<p>Short <i>words</i>.</p>"), FEED)
    assert (made.title, made.summary) == ("The gate & the quay", "Short words.")
    assert clean(entry(title="", content="<p>Only text.</p>"), FEED).title == "Only text."
    assert clean(entry(title="2 < 3"), FEED).title == "2 < 3"
    assert clean(entry(summary='<img src="/a.jpg">'), FEED).summary == "The north gate opens at eight."
    assert clean(entry(content="<h2>Head</h2><p>Body.</p>"), FEED).summary == "Body."


# --- a site's rules -------------------------------------------------------------------------------------------------

PAGE = (
    '<div id="nav"><p>Menu</p></div><div class="story"><p>The gate opens.</p><aside class="ad"><p>Buy!</p></aside>'
    "<p>At eight.</p><p>Share this story</p><p>Other stories</p></div><p>Imprint</p>"
)


def test_rules() -> None:
    story = "The gate opens.\n\nBuy!\n\nAt eight.\n\nShare this story\n\nOther stories"
    assert cleaned(PAGE, Rules(content=".story")).text == story
    assert "Buy" not in cleaned(PAGE, Rules(remove=(".ad", "#nav"))).text
    assert "Menu" not in cleaned(PAGE, Rules(remove=(".ad", "#nav"))).text
    assert (
        cleaned(PAGE, Rules(content=".story", remove=(".ad",), drop_after="^Share")).text
        == "The gate opens.\n\nAt eight."
    )
    assert cleaned(PAGE, Rules(content=".gone")).text == cleaned(PAGE).text
    assert cleaned(PAGE, Rules(drop_after="no such words")).text == cleaned(PAGE).text


def test_rules_reach_cleaning_through_the_feed() -> None:
    feed = Feed("quay", "The Quay", "https://quay.example/feed.xml", rules=Rules(content=".story", drop_after="^At"))
    assert clean(entry(content=PAGE), feed).content_text == "The gate opens.\n\nBuy!"


def test_what_is_removed_within_what_is_removed() -> None:
    assert apply_rules('<div class="ad"><p class="ad">x</p></div><p>y</p>', Rules(remove=(".ad", "p.ad"))).text() == "y"


def test_content_within_content_comes_once() -> None:
    assert apply_rules('<div class="c"><p>a</p><div class="c"><p>b</p></div></div>', Rules(content=".c")).text() == "ab"


# --- safety ---------------------------------------------------------------------------------------------------------

ALLOWED = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "br",
        "cite",
        "code",
        "del",
        "dfn",
        "em",
        "i",
        "ins",
        "kbd",
        "mark",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "strong",
        "sub",
        "sup",
        "time",
        "u",
        "var",
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "blockquote",
        "pre",
        "table",
        "figure",
        "figcaption",
        "hr",
        "dl",
        "dt",
        "dd",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "td",
        "th",
        "caption",
        "img",
    ]
)
ATTRIBUTES = frozenset(
    ["href", "title", "src", "alt", "width", "height", "colspan", "rowspan", "start", "datetime", "dir", "rel"]
)


def assert_safe(html: str) -> None:
    for element in parse(html).walk():
        assert element.tag in ALLOWED, element.tag
        assert set(element.attrs) <= ATTRIBUTES, element.attrs
        for name in ("href", "src"):
            assert re.match(r"https?://|mailto:|$", element.attrs.get(name, ""), re.IGNORECASE), element.attrs


def test_script_does_not_survive() -> None:
    found = cleaned(XSS_HTML)
    assert_safe(found.html)
    assert not re.search(
        r"<script|\son\w+=|javascript:|style|vbscript|data:|<svg|<form|<base|<meta", found.html, re.IGNORECASE
    )
    assert found.text.startswith("The harmless words stay.")
    assert found.text.endswith("The last words stay too.")
    assert "alert" not in found.text


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
    found = cleaned(html)
    assert_safe(found.html)
    assert_safe(cleaned(found.html).html)


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "ul", "span", "table", "font"])
def test_deep_nesting(tag: str) -> None:
    found = cleaned(f"<{tag}>" * 5000 + "The middle." + f"</{tag}>" * 5000 + "<p>The end.</p>")
    assert "The middle." in found.text
    assert "The end." in found.text


# --- properties -----------------------------------------------------------------------------------------------------

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
@settings(max_examples=300, deadline=None)
def test_what_is_clean_stays_as_it_is(html: str) -> None:
    once = cleaned(html)
    twice = cleaned(once.html)
    assert twice.text == once.text
    assert twice.html == once.html
    assert [i.url for i in twice.images] == [i.url for i in once.images]
    assert_safe(once.html)


@given(_HTML)
@settings(max_examples=150, deadline=None)
def test_no_word_is_lost(html: str) -> None:
    """Every letter that is shown is in the text or in a caption, and the HTML says the same."""
    found = cleaned(html)
    shown = found.text + "".join(parse(found.html).text().split())
    for word in ("harbour", "gate", "旧港", "油漆", "ميناء"):
        if word in parse(html).text():
            assert word in shown


@given(st.text(max_size=200), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_text_can_be_cleaned(html: str, plain: bool) -> None:
    found = clean_html(html, base=None, plain=plain)
    assert_safe(found.html)


def collapsed(tree: Element) -> Element:
    """The tree with blank text as BeautifulSoup keeps it: one line break or one blank."""
    children = [
        collapsed(c) if isinstance(c, Element) else c if c.strip() else "\n" if "\n" in c else " "
        for c in tree.children
    ]
    return Element(tree.tag, tree.attrs, list(children))


_SOUP = st.lists(
    st.one_of(
        st.text(max_size=8).filter(lambda text: "<" not in text),
        st.sampled_from(
            [
                "p",
                "div",
                "b",
                "a",
                "img",
                "table",
                "tr",
                "td",
                "li",
                "ul",
                "figure",
                "figcaption",
                "noscript",
                "picture",
                "script",
                "svg",
                "math",
                "style",
                "pre",
                "br",
                "dl",
            ]
        ).flatmap(
            lambda tag: st.sampled_from(
                [f"<{tag}>", f"</{tag}>", f"<{tag} src=/x href='javascript:1' onclick=y style=z>"]
            )
        ),
    ),
    max_size=25,
).map("".join)


@given(_SOUP)
@settings(max_examples=250, deadline=None)
def test_any_tag_soup_can_be_cleaned(html: str) -> None:
    assert_safe(cleaned(html).html)
    if "<svg" not in html and "<math" not in html:  # html.parser knows no foreign content; cleaning drops it anyway
        assert collapsed(from_soup(soup(html))) == collapsed(parse(html))


# --- real articles --------------------------------------------------------------------------------------------------


def _sample() -> list[tuple[str, str]]:
    """Every tenth article of the archives and every tenth entry of the feeds."""
    found = []
    for path in sorted((CORPUS / "archive").rglob("*.md"))[::10]:
        found.append((path.name, path.read_text(encoding="utf-8").split("\n---\n", 1)[-1]))
    entries = []
    for path in sorted((CORPUS / "feeds").iterdir()):
        if zlib.crc32(path.name.encode()) % 5 == 0:  # parsing them all takes longer than what is tested here
            parsed = feedparser.parse(path.read_bytes(), sanitize_html=False, resolve_relative_uris=False)
            for raw in parsed.entries:
                bodies = [content["value"] for content in raw.get("content", ())] or [raw.get("summary", "")]
                entries.append((f"{path.name} {raw.get('link')}", max(bodies, key=len)))
    return found + entries[::10]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is absent: nothing real to compare on")
def test_both_ways_to_the_tree_agree_on_real_articles() -> None:
    sample = _sample()
    assert len(sample) > 150
    differing = [name for name, html in sample if collapsed(parse(html)) != collapsed(from_soup(soup(html)))]
    assert differing == []
