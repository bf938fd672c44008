from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from html import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.errors import ParseError
from tasks.mill.document import mill_bytes
from tasks.parse.page import MAX_TAGS, MAX_WORDS, parse_page
from warehouse.records import Article, Document, Entry, Feed, Rules

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FEED = Feed("quay", "The Quay", "https://quay.example/feed.xml", language="en")
CHINESE = Feed("matou", "码头报", "https://matou.example/feed.xml", language="zh", timezone="Asia/Shanghai")
ADDRESS = "https://quay.example/news/2024/gate.html"

ENGLISH = (
    "The north gate of the harbour will open at eight from Tuesday, the harbour master said, and close at ten.",
    "Fishermen had asked for it since the storm of last winter, when forty boats waited outside for a morning.",
    "The town will pay for a second lock keeper, whose hut is to be built beside the old customs house in May.",
    "Bread sellers on the quay were glad of the news; the bakers, who rise at three, said it was nothing to them.",
)
MANDARIN = (
    "港务局局长星期二表示，北门将于每天早上八点开放，晚上十点关闭，直到夏季结束。",
    "许多渔民对此表示欢迎，他们说，去年冬天的风暴期间，四十条船在门外等了整整一个上午。",
    "市政府将出资聘请第二名船闸管理员，他的小屋将于五月建在旧海关大楼旁边。",
    "码头上卖面包的人听到消息都很高兴，而凌晨三点就起床的面包师说，这与他们无关。",
)
ARABIC = (
    "قال مدير الميناء يوم الثلاثاء إن البوابة الشمالية ستفتح كل صباح في الساعة الثامنة حتى نهاية الصيف.",
    "ورحب الصيادون بالقرار قائلين إن أربعين قاربا انتظرت خارج البوابة طوال الصباح أثناء عاصفة الشتاء الماضي.",
    "وستدفع المدينة أجر حارس ثان للهويس سيبنى كوخه في شهر مايو بجانب مبنى الجمارك القديم على الرصيف.",
)


def paragraphs(texts: tuple[str, ...]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def page(
    *,
    head: str = "",
    title: str = "The gate is open",
    text: str = paragraphs(ENGLISH),
    before: str = "",
    lang: str = "en",
) -> str:
    """A page with an article among what surrounds articles."""
    return f"""<!DOCTYPE html><html lang="{lang}"><head><title>{title} - The Quay</title>{head}</head><body>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/harbour">Harbour</a></li></ul></nav></header>
<div class="page"><h1>{title}</h1>{before}<div class="article-body">{text}</div>
<div class="related"><h3>More</h3><ul><li><a href="/a">The ferry is late again</a></li>
<li><a href="/b">A whale in the bay</a></li></ul></div></div>
<footer><p>All rights reserved. The Quay, Harbour Street 1.</p></footer></body></html>"""


def json_ld(**fields: object) -> str:
    node = {"@context": "https://schema.org", "@type": "NewsArticle", **fields}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def document(
    data: bytes,
    *,
    url: str = ADDRESS,
    final_url: str | None = None,
    content_type: str = "text/html",
    at: datetime = NOW,
) -> Document:
    headers = {"content-type": content_type}
    return Document("d1", "quay", url, final_url or url, at, 200, headers, len(data), "blobs/d1.zst", "warc", "page")


def entry(html: str | bytes, feed: Feed = FEED, **known: str) -> Entry:
    data = html.encode() if isinstance(html, str) else html
    parsed = parse_page(data, document(data, **known), feed)  # type: ignore[arg-type]
    assert parsed.rejects == ()
    (found,) = parsed.entries
    assert found.position == 0
    assert found.guid is None
    assert found.content_type == "text/html"
    return found


def article(html: str | bytes, feed: Feed = FEED, **known: str) -> Article:
    data = html.encode() if isinstance(html, str) else html
    milled = mill_bytes(data, document(data, **known), feed)  # type: ignore[arg-type]
    assert milled.rejects == ()
    (found,) = milled.articles
    return found


def refusal(html: str | bytes, feed: Feed = FEED, **known: str) -> str:
    data = html.encode() if isinstance(html, str) else html
    with pytest.raises(ParseError) as error:
        parse_page(data, document(data, **known), feed)  # type: ignore[arg-type]
    (reject,) = mill_bytes(data, document(data, **known), feed).rejects  # type: ignore[arg-type]
    assert reject.error == str(error.value)
    return str(error.value)


# --- the article ----------------------------------------------------------------------------------------------------


def test_an_english_page_gives_its_article_and_nothing_around_it() -> None:
    head = json_ld(
        headline="The gate is open",
        datePublished="2024-03-05T07:08:09-05:00",
        dateModified="2024-03-06T10:00:00Z",
        author=[{"@type": "Person", "name": "Oda Brandt"}, {"@type": "Person", "name": "Jun Li"}],
        keywords=["harbour", "gate"],
    )
    found = article(page(head=head))
    assert found.title == "The gate is open"
    assert found.url == ADDRESS
    assert found.content_text.split("\n\n") == list(ENGLISH)
    assert found.published_at == datetime(2024, 3, 5, 12, 8, 9, tzinfo=UTC)
    assert found.updated_at == datetime(2024, 3, 6, 10, tzinfo=UTC)
    assert found.author == "Oda Brandt, Jun Li"
    assert found.categories == ("harbour", "gate")
    assert found.language == "en"


@pytest.mark.parametrize(("texts", "language"), [(MANDARIN, "zh"), (ARABIC, "ar")])
def test_pages_in_other_languages(texts: tuple[str, ...], language: str) -> None:
    found = article(page(text=paragraphs(texts), title=texts[0][:12], lang=language))
    assert found.content_text.split("\n\n") == list(texts)
    assert found.title == texts[0][:12].strip()
    assert found.language == language


def test_lists_pictures_captions_tables_and_subheadings_stay() -> None:
    text = (
        f"<p>{ENGLISH[0]}</p><figure><img src='gate.jpg' alt='The gate'><figcaption>The gate at dawn.</figcaption>"
        f"</figure><h2>What the fishermen say</h2><p>{ENGLISH[1]}</p><ul><li>open at eight</li><li>shut at ten</li>"
        f"</ul><blockquote><p>{ENGLISH[2]}</p></blockquote><table><tr><th>Gate</th><th>Opens</th></tr>"
        f"<tr><td>north</td><td>eight</td></tr></table>"
        f"<p>{ENGLISH[3]}</p>"
    )
    found = article(page(text=text))
    assert "<h2>What the fishermen say</h2>" in found.content_html
    assert "open at eight" in found.content_text
    assert "<blockquote>" in found.content_html
    assert "<th>Gate</th>" in found.content_html
    (image,) = found.images
    assert (image.url, image.alt, image.caption) == (
        "https://quay.example/news/2024/gate.jpg",
        "The gate",
        "The gate at dawn.",
    )
    for around in ("Home", "whale", "rights"):
        assert around not in found.content_text


def test_links_between_the_paragraphs_are_no_part_of_the_article() -> None:
    text = (
        f"<p>{ENGLISH[0]}</p><p>{ENGLISH[1]}</p>"
        f"<ul><li><a href='/x'>A whale in the bay</a></li></ul><p>{ENGLISH[2]}</p><p>{ENGLISH[3]}</p>"
    )
    assert article(page(text=text)).content_text.split("\n\n") == list(ENGLISH)


def test_addresses_are_resolved_by_the_pages_own_base() -> None:
    text = f"<p>{ENGLISH[0]} <a href='more'>More</a></p><p><img src='gate.jpg'></p>" + paragraphs(ENGLISH[1:])
    head = '<base href="https://static.quay.example/2024/"><link rel="canonical" href="https://quay.example/gate">'
    found = article(page(head=head, text=text))
    assert found.images[0].url == "https://static.quay.example/2024/gate.jpg"
    assert "https://static.quay.example/2024/more" in found.content_html


def test_the_json_article_body_stands_in_where_the_page_draws_its_text_by_script() -> None:
    head = json_ld(headline="The gate is open", articleBody="\n\n".join(MANDARIN))
    found = article(f"<html><head>{head}</head><body><div id=app></div></body></html>")
    assert found.content_text.split("\n\n") == list(MANDARIN)


def test_the_lead_picture_is_the_enclosure() -> None:
    head = '<meta property="og:image" content="/lead.jpg"><meta name="twitter:image" content="/small.jpg">'
    found = entry(page(head=head))
    assert found.enclosures == ("https://quay.example/lead.jpg",)
    assert [image.url for image in article(page(head=head)).images] == ["https://quay.example/lead.jpg"]


# --- rules ----------------------------------------------------------------------------------------------------------


def test_the_rules_element_is_the_article() -> None:
    text = f"<div class=story><p>{ENGLISH[0]}</p><div class=story><p>An inner story.</p></div><p>Short.</p></div>"
    feed = Feed("quay", "The Quay", "https://quay.example/feed.xml", rules=Rules(content="div.story"))
    found = article(page(text=f"<p>{ENGLISH[1]}</p>{text}<p>{ENGLISH[2]}</p>"), feed)
    assert found.content_text.split("\n\n") == [ENGLISH[0], "An inner story.", "Short."]


def test_a_rule_that_names_an_ancestor_holds_when_it_is_applied_again() -> None:
    rules = Rules(content="div.page > div.article-body", remove=("div.page p.ad",), drop_after="^Bread sellers")
    feed = Feed("quay", "The Quay", "https://quay.example/feed.xml", rules=rules)
    text = f"<p class=ad>Buy a boat</p>{paragraphs(ENGLISH)}"
    assert article(page(text=text), feed).content_text.split("\n\n") == list(ENGLISH[:3])


def test_what_a_rule_removes_is_removed_where_no_rule_names_the_content() -> None:
    feed = Feed("quay", "The Quay", "https://quay.example/feed.xml", rules=Rules(remove=(".ad",)))
    advert = (
        "<p class=ad>Boats are sold cheap at the end of Harbour Street, and every buyer is given a rope for it.</p>"
    )
    text = f"<p>{ENGLISH[0]}</p>{advert}{paragraphs(ENGLISH[1:])}"
    assert "Boats are sold" in article(page(text=text)).content_text
    assert article(page(text=text), feed).content_text.split("\n\n") == list(ENGLISH)


def test_a_page_without_the_rules_element_is_read_as_any_other() -> None:
    feed = Feed("quay", "The Quay", "https://quay.example/feed.xml", rules=Rules(content="#story"))
    assert article(page(), feed).content_text.split("\n\n") == list(ENGLISH)


# --- encodings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "meta", "content_type"),
    [
        ("gb2312", '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">', "text/html"),
        ("gbk", "", "text/html; charset=GB2312"),
        ("gb18030", "", "text/html"),
        ("utf-8", "", "text/html"),
        ("utf-8-sig", '<meta charset="gbk">', "text/html; charset=gbk"),
        ("big5", '<meta charset="big5">', "text/html"),
        ("utf-16", "", "text/html"),
        ("utf-8", "", "text/html; charset=hex"),
    ],
)
def test_encodings(encoding: str, meta: str, content_type: str) -> None:
    texts = (
        MANDARIN
        if encoding != "big5"
        else ("港務局局長星期二表示，北門將於每天早上八點開放。" * 3, "許多漁民對此表示歡迎。" * 9)
    )
    html = (
        page(head=meta, title="北門開放", text=paragraphs(texts), lang="zh")
        if encoding == "big5"
        else page(head=meta, title="北门开放", text=paragraphs(texts), lang="zh")
    )
    found = article(html.encode(encoding), CHINESE, content_type=content_type)
    assert found.content_text.split("\n\n") == list(texts)
    assert found.title in ("北门开放", "北門開放")


# --- what the page says of itself -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "before", "said"),
    [
        (json_ld(datePublished="2024-03-05T15:36:16+08:00"), "", "2024-03-05T07:36:16"),
        (json_ld(datePublished="2024-03-05 15:36:16"), "", "2024-03-05T07:36:16"),
        ('<meta property="article:published_time" content="2024-03-05T15:36:16+08:00">', "", "2024-03-05T07:36:16"),
        ('<meta name="PubDate" content="2024-03-05 15:36">', "", "2024-03-05T07:36:00"),
        ("", "<p>2024年3月5日 15:36　来源：码头报</p>", "2024-03-05T07:36:00"),
        ("", "<span>2024-03-05 15:36:16</span>", "2024-03-05T07:36:16"),
        # a day only, and the time beside the title
        (json_ld(datePublished="2024-03-05"), "<span>2024/3/5 15:36</span>", "2024-03-05T07:36:00"),
        (json_ld(datePublished="2024-03-05"), "<time datetime='2024-03-05T07:36Z'>today</time>", "2024-03-05T07:36:00"),
        # a time of another day is another date
        (json_ld(datePublished="2024-03-05"), "<span>2024/3/9 15:36</span>", "2024-03-04T16:00:00"),
    ],
)
def test_the_date_keeps_its_time_of_day_and_the_feeds_zone(head: str, before: str, said: str) -> None:
    html = page(head=head, before=before, title="北门开放", text=paragraphs(MANDARIN), lang="zh")
    assert entry(html, CHINESE).published_at == datetime.fromisoformat(said).replace(tzinfo=UTC)


def test_a_page_without_a_date_has_none() -> None:
    assert entry(page()).published_at is None
    assert entry(page(head=json_ld(datePublished="soon"))).published_at is None


def test_of_several_articles_in_the_json_the_pages_own_counts() -> None:
    nodes = [
        {
            "@type": "NewsArticle",
            "headline": "Another",
            "url": "https://quay.example/other",
            "datePublished": "2020-01-01",
        },
        {
            "@type": ["Report", "NewsArticle"],
            "headline": "Ours",
            "url": ADDRESS,
            "datePublished": "2024-03-05T01:00:00Z",
        },
    ]
    head = f'<script type="application/ld+json">{json.dumps({"@graph": nodes})}</script>'
    found = entry(page(head=head))
    assert (found.title, found.published_at) == ("Ours", datetime(2024, 3, 5, 1, tzinfo=UTC))


def test_broken_json_is_passed_over() -> None:
    head = '<script type="application/ld+json">{"@type": "NewsArticle", </script>'
    found = entry(page(head=head + '<meta name="author" content="王小明"><meta name="keywords" content="港口，交通">'))
    assert (found.author, found.categories) == ("王小明", ("港口", "交通"))


@pytest.mark.parametrize(
    ("canonical", "link"),
    [
        ("https://quay.example/gate", "https://quay.example/gate"),
        ("/gate", "https://quay.example/gate"),
        ("https://amp.quay.example/gate", "https://amp.quay.example/gate"),
        ("https://elsewhere.example/gate", ADDRESS),
        ("https://notquay.example/gate", ADDRESS),
        ("https://quay.example/", ADDRESS),
        ("javascript:alert(1)", ADDRESS),
        ("http://[", ADDRESS),
    ],
)
def test_the_canonical_address_counts_where_it_is_of_the_site(canonical: str, link: str) -> None:
    assert entry(page(head=f'<link rel="canonical" href="{canonical}">')).link == link


def test_the_language_is_the_pages() -> None:
    assert entry(page(lang="en_GB")).language == "en-GB"
    assert entry(page(lang="<x>")).language is None


def test_what_was_found_is_kept() -> None:
    found = json.loads(entry(page(head=json_ld(headline="Gate", datePublished="2024-03-05T01:00Z"))).parsed)
    assert found["json_ld"]["headline"] == ["Gate"]
    assert found["published"] == "2024-03-05T01:00Z"


# --- no article -----------------------------------------------------------------------------------------------------

LINKS = "".join(f'<li><a href="/{n}">A headline about the harbour, number {n} of many</a></li>' for n in range(60))
TEASERS = "".join(f"<article><h2><a href='/{n}'>News {n}</a></h2><p>{ENGLISH[n]}</p></article>" for n in range(4))


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("just words, and 3 < 4", "no HTML"),
        ("%PDF-1.7 \u0000\u0001", "no HTML"),
        ('{"a": 1}', "no HTML"),
        ('<?xml version="1.0"?><rss version="2.0"><channel/></rss>', "is a feed"),
        ("<html><head><title>Gate</title></head><body></body></html>", "no article"),
        (f"<html><body><ul>{LINKS}</ul></body></html>", "no article"),
        (f"<html><body>{TEASERS}</body></html>", "a list of 4 articles"),
        ("<html><body><p>404</p></body></html>", "no article"),
        ("<p>x</p>" * MAX_TAGS, "tags"),
        (f"<html><body><p {'a ' * (MAX_WORDS + 1)}>x", "attributes"),
    ],
)
def test_a_page_without_an_article_is_refused_with_the_reason(html: str, reason: str) -> None:
    assert reason in refusal(html)


def test_a_front_page_is_no_article() -> None:
    assert "front page" in refusal(page(), url="https://quay.example/")


def test_a_short_article_that_calls_itself_one_is_one() -> None:
    text = "<html><body><article><p>The gate is shut.</p></article></body></html>"
    assert "no article" in refusal(text)
    with_head = text.replace("<body>", '<head><meta property="og:type" content="article"></head><body>')
    assert article(with_head).content_text == "The gate is shut."


# --- hostile pages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["div", "blockquote", "section"])
def test_text_under_thousands_of_elements_is_found(tag: str) -> None:
    html = f"<html><head>{json_ld(headline='Gate')}</head><body>{f'<{tag}>' * 5_000}{paragraphs(ENGLISH)}</body></html>"
    assert ENGLISH[2] in article(html).content_text


def test_hostile_json_and_markup() -> None:
    head = f'<script type="application/ld+json">{"[" * 100_000}</script>' + json_ld(
        headline="A\ud800\u0000<script>alert(1)</script>", author={"name": {"name": {"name": {"name": "deep"}}}}
    )
    text = paragraphs(ENGLISH) + "<script>alert(2)</script><p onclick='alert(3)'>The end of it, and of the quay.</p>"
    found = article(page(head=head, text=text))
    assert "alert" not in found.content_html
    assert "\ud800" not in found.title
    assert "\u0000" not in found.title


def test_the_same_bytes_give_the_same_entry_on_any_day() -> None:
    html = page(head="<meta name='date' content='2024-03-05'>").encode()
    later = document(html, at=NOW + timedelta(days=4_000))
    assert parse_page(html, document(html), FEED).entries == parse_page(html, later, FEED).entries


PIECES = st.sampled_from(
    [
        *("<div>", "</div>", "<p>", "<table><td>", "<a href='", "'>", "<svg>", "<!--", "<script>", "</script>", "<li>"),
        *("<article>", "<h1>", "<title>", "<html lang=", "<img src=x>", "<template>", "<frameset>", "&#xD800;", "\0"),
        *(
            "<base href='http://['>",
            "<meta property='og:url' content='",
            "<time datetime='",
            "2024-03-05 99:99",
            "港口",
        ),
        *(json_ld(author=[[[]]]), ENGLISH[0], MANDARIN[0], ARABIC[0]),
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.lists(PIECES, max_size=40).map(lambda pieces: "".join(pieces).encode()),
        st.text(max_size=200).map(
            lambda text: page(title=escape(text), text=f"<p>{text}</p>").encode("utf-8", "replace")
        ),
    ),
    st.sampled_from(["text/html", "text/html; charset=utf-16", "text/html; charset=hex", "", "x"]),
)
@example(b"<html>\xff\xfe", "text/html; charset=idna")
@example(b"\xff\xfe<\x00p\x00>\x00\x00\xd8", "text/html")
def test_any_bytes_give_an_entry_or_a_reason(data: bytes, content_type: str) -> None:
    where = document(data, content_type=content_type)
    try:
        parsed = parse_page(data, where, CHINESE)
    except ParseError as error:
        assert str(error)
        return
    (found,) = parsed.entries
    json.loads(found.parsed)
    found.content_html.encode()
    assert parse_page(data, where, CHINESE).entries == (found,)
    assert mill_bytes(data, where, CHINESE).rejects == ()
