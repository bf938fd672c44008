"""Web pages with an article on them, and what parsing makes of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tasks.errors import ParseError
from tasks.mill.document import mill_bytes
from tasks.parse.page import parse_page
from warehouse.records import Article, Document, Entry, Feed

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


def parse_entry(html: str | bytes, feed: Feed = FEED, **options: str) -> Entry:
    data = html.encode() if isinstance(html, str) else html
    parsed = parse_page(data, document(data, **options), feed)  # type: ignore[arg-type]
    assert parsed.rejects == ()
    (entry,) = parsed.entries
    assert entry.position == 0
    assert entry.guid is None
    assert entry.content_type == "text/html"
    return entry


def mill_article(html: str | bytes, feed: Feed = FEED, **options: str) -> Article:
    data = html.encode() if isinstance(html, str) else html
    milled = mill_bytes(data, document(data, **options), feed)  # type: ignore[arg-type]
    assert milled.rejects == ()
    (article,) = milled.articles
    return article


def refusal_reason(html: str | bytes, feed: Feed = FEED, **options: str) -> str:
    data = html.encode() if isinstance(html, str) else html
    with pytest.raises(ParseError) as error:
        parse_page(data, document(data, **options), feed)  # type: ignore[arg-type]
    (reject,) = mill_bytes(data, document(data, **options), feed).rejects  # type: ignore[arg-type]
    assert reject.error == str(error.value)
    return str(error.value)
