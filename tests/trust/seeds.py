"""The inputs that are damaged: small ones in several languages, written here; and ../shared, where it is present."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import IO

import brotli
import zstandard
from PIL import Image

from tests.places import CORPUS, SHARED
from tests.tasks.backfill.sitemaps import entry, index, urlset
from tests.tasks.backfill.warcs import Record, feed_record, written
from tests.tasks.parse import feeds
from tests.tasks.parse.list_pages import PAGES as LIST_PAGES
from tests.tasks.parse.more_list_pages import PAGES as MORE_LIST_PAGES
from tests.tasks.parse.pages import ARABIC, MANDARIN, json_ld, page, paragraphs
from tests.tasks.text.test_sitemaps import news

MAX_SHARED = 40_000
"""Bytes of a seed from ../shared: most are much shorter, and damage to a long one takes long to try."""

BODY = """<h2>Tide</h2><p>At <b>eight</b> &mdash; <a href="/gate?utm_source=x#a">the gate</a>.<br>Late.</p>
<div class="wrap"><figure><picture><source srcset="a.webp 2x"><img data-src="//i0.wp.com/quay.example/a.jpg?w=9"
alt="quay" width="640" height=480></picture><figcaption>北门 &copy; Li</figcaption></figure></div>
<ul><li>one<ol start="3"><li>two</ol></ul>
<table><caption>Times</caption><tr><th>from<th>to<tr><td colspan=2>8:00<td>10:00</table>
<blockquote><p>Well.</p></blockquote>
<pre>
 x &lt; y
</pre><dl><dt>a<dd>b</dl><noscript>&lt;img src="b.jpg"&gt;</noscript><iframe src="https://tube.example/v/1"></iframe>
<img src="data:image/gif;base64,R0lGOD" /><img class="emoji" alt="⛵" src="/e.png"><small>credit</small>
<hr><script>x()</script>
<p>2026年11月20日</p><p>点击阅读原文</p><math><mi>x</mi></math>
<svg onload=x()><style>a{}</style></svg><ruby>港<rt>こう</rt></ruby>"""
RSS = f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
 xmlns:atom="http://www.w3.org/2005/Atom" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"
 xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:georss="http://www.georss.org/georss">
<channel><title>Le Quai</title><link>https://quay.example/</link><description>Nouvelles</description><language>fr</language>
<ttl>60</ttl><sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>
<skipHours><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays><image><url>https://quay.example/i.png</url></image>
<item><title><![CDATA[La grue & le phare]]></title><link>https://quay.example/a?utm_source=rss</link>
<guid isPermaLink="false">quay-1</guid><pubDate>Fri, 20 Nov 2026 08:00:00 +0100</pubDate><dc:creator>Odile</dc:creator>
<category domain="x">port</category><content:encoded><![CDATA[{BODY}]]></content:encoded>
<description>Court</description>
<media:group><media:content url="https://quay.example/m.jpg" medium="image" width="600"><media:title>m</media:title>
</media:content><media:thumbnail url="https://quay.example/t.jpg"/></media:group><georss:point>45.2 -1.3</georss:point>
<enclosure url="https://quay.example/p.mp3" type="audio/mpeg" length="12"/>
<itunes:duration>1:02</itunes:duration></item>
<item><title>Второй причал</title><guid>https://quay.example/b</guid><pubDate>20 ноября 2026, 12:30</pubDate>
<description>&lt;p&gt;Порт открыт &amp;amp; свободен.&lt;/p&gt;</description><comments>https://quay.example/b#c</comments>
<feedburner:origLink>https://quay.example/b2</feedburner:origLink></item></channel></rss>"""
ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://matou.example/news/" xml:lang="zh">
<title type="text">码头报</title>
<id>tag:matou.example,2026:feed</id><link rel="self" href="feed.xml"/><updated>2026-11-20T16:00:00+08:00</updated>
<entry><title type="html">北门&lt;em&gt;开放&lt;/em&gt;</title><id>tag:matou.example,2026:1</id>
<link rel="alternate" href="2026/gate" hreflang="zh"/><link rel="enclosure" type="image/png" href="g.png" length="x"/>
<author><name>李军</name><email>li@matou.example</email></author><contributor><name>王</name></contributor>
<published>2026年11月20日 下午3:36</published><updated>2026-11-20T16:00:00.123+08:00</updated>
<category term="港口" label="港"/>
<content type="xhtml">
<div xmlns="http://www.w3.org/1999/xhtml"><p>港务局局长<b>星期二</b>表示，北门将开放。</p></div></content></entry>
<entry><title>二</title><id>x</id><link href="//matou.example/2"/><updated>1700000000</updated>
<content type="text/html" src="https://matou.example/2.html"/>
<summary type="base64">5YyX6Zeo</summary></entry></feed>"""
JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "الميناء",
    "home_page_url": "https://mina.example/",
    "authors": [{"name": "سارة", "url": "https://mina.example/sara"}],
    "language": "ar",
    "items": [
        {
            "id": "1",
            "url": "https://mina.example/1",
            "title": "البوابة",
            "content_html": "<p>ستفتح كل صباح <img src='a.jpg'></p>",
            "summary": "ستفتح",
            "date_published": "2026-11-20T08:00:00Z",
            "tags": ["ميناء", "بوابة"],
            "authors": [{"name": "عمر"}],
            "attachments": [{"url": "https://mina.example/a.jpg", "mime_type": "image/jpeg", "size_in_bytes": 120}],
        },
        {
            "id": 2,
            "external_url": "https://mina.example/2",
            "content_text": "نص\n\nآخر",
            "image": "b.jpg",
            "_x": {"y": [1]},
        },
    ],
}
ARTICLES = (
    "<!--1731641943000-->\n[North gate](https://quay.example/gate)\n------\n\n" + BODY,
    "<!--NaN-->\n[北门 [开放](一)](https://matou.example/2024/gate)\n------\n\n<p>港务局局长表示。</p>\n",
    "---\nlayout: post\ntitle: \"Le phare\"\ndate: 2024-03-05 08:00:00 +0100\nauthor: 'Odile'\nfrom: https://quay.example/p\n"
    "tags: [ mer, port ]\ncategories: [ a ]\n---\n\n<!--1709622000000-->\n[Le phare](https://quay.example/p)\n------\n\n<p>x</p>",
    "---\ntitle: |\n  Порт\n  открыт\ndate: 2024-03-05\nx: {a: [1, 2], b: !!str 3}\n"
    "url: https://quay.example/r\n---\nТекст\n",
)
OPML = """<?xml version="1.0" encoding="UTF-8"?><opml version="2.0"><head><title>Ports</title>
<ownerEmail>a@b.example</ownerEmail>
<dateCreated>Fri, 20 Nov 2026 08:00:00 GMT</dateCreated><expansionState>1,2</expansionState></head><body>
<outline text="Häfen"><outline type="rss" text="The Quay" title="The Quay" xmlUrl="https://quay.example/feed.xml"
 htmlUrl="https://quay.example/" language="en-US" category="/newsmill/quay,/x" isComment="false" created="x"/>
<outline text="码头报" xmlUrl="feed://matou.example/feed" language="zh_CN"/></outline>
<outline text="dup" xmlUrl="https://quay.example/feed.xml"/><outline text="none"/></body></opml>"""
FEEDS_TOML = """# Häfen
block = [
    { field = "title", words = ["advertorial", "广告"] },
    { before = 2020-01-01, language = ["en", "zh"] },
]
[[feed]]
id = "quay"
name = "The Quay"
url = "https://quay.example/feed.xml"
site_url = "https://quay.example/"
language = "en"
timezone = "Europe/Lisbon"
images = "lead"
enabled = true
rules = { content = "div.story > p:nth-child(2n+1)", remove = ["div.ad", "aside"], drop_after = '(?i)Read more:' }
keep = [{ regex = '^(\\d+)/', field = "url", after = 2020-01-01T10:00:00+02:00 }]
headers = { x-api-key = "{env:KEY}", accept-language = "pt" }
cookies = { session = "{file:/run/session}" }
user_agent = "Reader/1"
proxy = "http://quay:{env:PASSWORD}@proxy.example:3128"
auth = { user = "reader", password = "{block:quay}" }

[[feed]]
id = 'matou'
name = '码头报'
url = "https://matou.example/feed?a=1"
group = "日报"
[feed.rules]
remove = []
"""
ROBOTS = """\ufeffUser-agent: *
Disallow: /private/*.html$
Allow: /private/open%20door
Crawl-delay: 1.5
Request-rate: 1/10m 0800-1200

User-Agent: NewsMill/1.0
Disallow:
Visit-time: 0600-0845
Host: quay.example
Sitemap: https://quay.example/sitemap.xml
Sitemap: /港口.xml
"""
CDX = [
    ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest"],
    ["example,quay)/feed", "20190101000000", "http://quay.example/feed", "application/rss+xml", "200", "AAA"],
    ["example,quay)/feed", "20190201000000", "http://quay.example:80/feed?é=1", "warc/revisit", "-", "BBB"],
    ["example,quay)/港", "20190301000000", "https://quay.example/港", "text/html", "302", "CCC"],
    [],
    ["example%2Cquay%29%2Ffeed+20190301000001"],
]
DATES = (
    *("Fri, 20 Nov 2026 08:00:00 GMT", "2026-11-20T08:00:00.123456789+08:00", "20261120", "1700000000123", "1.7e9"),
    *("2026年11月20日 (星期五) 下午3:36", "vendredi 20 novembre 2026 à 8h30", "20. November 2026, 08:00 Uhr"),
    *(
        "20 ноября 2026 г.",
        "٢٠ نوفمبر ٢٠٢٦",
        "২০ নভেম্বর ২০২৬",
        "令和8年11月20日",
        "2026년 11월 20일 오후 3:36",
        "20 พฤศจิกายน 2569",
    ),
    *("Nov 20, 2026 3:36 PM EST", "Fri Nov 20 2026 08:00:00 GMT+0100 (CET)", "2026-11-20 08:00 Europe/Lisbon"),
    *(
        "2026-W47-5",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "2026-02-30",
        "20/11/26",
        "Παρ, 20 Νοε 2026 08:00 EET",
    ),
)
ADDRESSES = (
    *("https://quay.example/a?utm_source=x&id=7#top", "http://user:pw@quay.example:8080/%E6%B8%AF?token=s"),
    "//quay.example/x",
    *("https://www.google.com/url?q=https%3A%2F%2Fquay.example%2Fa&sa=D", "HTTPS://ПОРТ.example/причал?à=1"),
    "../b?c#d",
    *("https://quay-example.cdn.ampproject.org/c/s/quay.example/a", "https://i0.wp.com/quay.example/a.jpg?w=1&ssl=1"),
    "https://images.weserv.nl/?url=ssl:quay.example/a.jpg&w=9",
    "https://res.cdn.example/image/fetch/w_9/https://quay.example/a",
    *(
        "https://quay.example/_next/image?url=%2Fa.png&w=9",
        "https://quay.example/cdn-cgi/image/w=9/https://matou.example/a.png",
    ),
    *("http://[2001:db8::1]:80/", "http://192.0.2.1/a.jpg", "mailto:a@quay.example", "data:text/html,x"),
    "javascript:alert(1)",
    *(
        "https://xn--8zt.example/",
        "https://xn--a.com/",
        "http://0x7f.1/",
        "https://quay.example\\@matou.example/",
        "feed://x",
    ),
)
HEADERS = (
    "retry-after: 120\ncache-control: public, max-age=600, s-maxage=1\nage: 20\nlocation: /moved?a=港",
    "retry-after: Fri, 20 Nov 2026 08:00:00 GMT\n"
    "expires: Fri, 20 Nov 2026 09:00:00 GMT\ndate: Fri, 20 Nov 2026 08:00:00 GMT",
    "location: //matou.example/%zz\nexpires: 0\ndate: x\ncache-control: no-store\nretry-after: 1e3",
)


@cache
def images() -> tuple[bytes, ...]:
    """A small image in each format that is kept, and an SVG."""
    picture = Image.radial_gradient("L").resize((40, 30)).convert("RGB")
    made = []
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF", "ICO", "MPO"):
        out = io.BytesIO()
        several = (
            {"save_all": True, "append_images": [picture]} if kind in ("MPO", "GIF", "PNG", "TIFF", "WEBP") else {}
        )
        picture.save(out, kind, **several)
        made.append(out.getvalue())
    return (*made, b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>')


@cache
def warcs() -> tuple[bytes, ...]:
    """WARC and ARC files, not compressed."""
    chunked = Record(
        http=(("Transfer-Encoding", "chunked"),), body=b"5\r\n<html\r\n10;x=y\r\n><p>Gate</p></html\r\n0\r\n\r\n"
    )
    coded = Record(
        http=(("Content-Encoding", "gzip"),), body=gzip.compress(RSS.encode(), mtime=0), content_type="text/xml"
    )
    record = b"https://matou.example/1 192.0.2.1 20040305070809 text/html "
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page().encode()
    version = b"1 0 test\nURL IP-address Archive-date Content-type Archive-length\n\n"
    arc = b"filedesc://a.arc 0.0.0.0 20040305070809 text/plain %d\n%b\n%b%d\n%b\n" % (
        len(version),
        version,
        record,
        len(http),
        http,
    )
    resource = Record(kind="resource", content_type="text/html", warc=(("WARC-Truncated", "length"),))
    records = (Record(), feed_record(), chunked, coded, resource, Record(kind="revisit"))
    return (b"".join(written(records, packed=False)), b"".join(written([coded, chunked], packed=False)), arc)


@cache
def feed_documents() -> tuple[bytes, ...]:
    ours = (RSS, ATOM, feeds.RSS_091, feeds.RSS_10, feeds.RSS_20, feeds.ATOM, feeds.ATOM_03)
    return (*map(str.encode, ours), ATOM.replace("UTF-8", "gb18030").encode("gb18030"))


@cache
def json_feeds() -> tuple[bytes, ...]:
    return (json.dumps(JSON_FEED, ensure_ascii=False, indent=1).encode(), json.dumps(JSON_FEED).encode(), feeds.JSON_10)


@cache
def site_patterns() -> tuple[bytes, ...]:
    return (
        b"title: //h1\nbody: //div[@class='article-body']\nstrip: //aside\nstrip_id_or_class: related\n# a comment\n",
        b"body: //article | //main\nauthor: substring-after(//p, 'By ')\ndate: //time/@datetime\ntidy: no\nprune: no\n",
        b"single_page_link: concat(//a/@href, '?all')\nif_page_contains: //a[@id]\nnext_page_link: //a[last()]\n",
        b"find_string: <p>\nreplace_string: <i>\nreplace_string(</p>): </i>\nhttp_header(cookie): a=b\nbody: //body\n",
    )


def pages() -> tuple[bytes, ...]:
    head = json_ld(
        headline="北门", datePublished="2024-03-05T07:08:09Z", author=[{"@type": "Person", "name": "Li"}, "Wu"]
    )
    meta = '<meta property="og:image" content="/a.jpg"><base href="/x/"><link rel=canonical href="https://quay.example/gate">'
    return (
        page().encode(),
        page(head=head + meta, title="北门开放", text=paragraphs(MANDARIN), lang="zh").encode(),
        page(head="<meta charset=windows-1256>", title="البوابة", text=paragraphs(ARABIC), lang="ar").encode(
            "cp1256", "replace"
        ),
        page(head=meta, text=BODY + paragraphs(MANDARIN), before="<time datetime=2024-03-05>5 mars</time>").encode(),
    )


@cache
def list_pages() -> tuple[bytes, ...]:
    return tuple(each.html.encode() for each in (*LIST_PAGES, *MORE_LIST_PAGES))


def news_sitemaps() -> tuple[bytes, ...]:
    image = "<image:image><image:loc>/img/1.jpg</image:loc></image:image>"
    return (
        news("Bread &amp; butter", more=image),
        news("<![CDATA[渡口 & co]]>", "Thu, 19 Nov 2026 08:00:00 +0800", image * 9),
        *sitemaps(),
    )


def json_lists() -> tuple[bytes, ...]:
    item = {
        "url": "/news/1?a=b",
        "title": {"rendered": "La grue &#8217; le phare"},
        "date": "2026-11-19T08:00:00Z",
        "tags": ["port", "渡口"],
        "image": [{"url": "https://quay.example/1.jpg", "width": 640}],
        "by": [{"name": "Odile"}, "Li"],
        "body": "<p>At <b>eight</b> &mdash; not nine.</p>",
        "id": 4210,
    }
    other = {**item, "url": "https://quay.example/2", "date": 1_795_075_200, "body": "Five < seven.\n\nYes.", "id": "b"}
    texts = (
        json.dumps({"data": {"articles": [item, other]}, "total": 2}, ensure_ascii=False),
        json.dumps([item, other], indent=1),
        f"callback({json.dumps([item])});",
        "\n".join(map(json.dumps, (item, other))),
        json.dumps({"menu": [{"name": "Home", "url": "/"}], "web-items": {"list": [item, other, other]}}),
    )
    return tuple(text.encode() for text in texts)


def articles() -> tuple[bytes, ...]:
    return tuple(text.encode() for text in ARTICLES)


@cache
def sitemaps() -> tuple[bytes, ...]:
    rss = feeds.RSS_20.encode()
    return (
        urlset(
            entry("https://quay.example/a?x=1&y=2", "2024-03-05"), entry("/港", None, "2024-03-05T08:00:00+08:00")
        ).body,
        index("https://quay.example/s1.xml", "/s2.xml.gz").body,
        "https://quay.example/a\nhttps://quay.example/причал\n".encode(),
        rss,
        feeds.ATOM.encode(),
    )


@cache
def coded() -> tuple[bytes, ...]:
    """A byte that chooses the coding, and the text in it."""
    text = RSS.encode() * 3
    raw = zlib.compressobj(wbits=-15)
    return (
        b"0" + gzip.compress(text, mtime=0),
        b"0" + gzip.compress(text, mtime=0) * 2,
        b"1" + zlib.compress(text),
        b"1" + raw.compress(text) + raw.flush(),
        b"2" + brotli.compress(text),
        b"3" + zstandard.compress(text),
        b"4" + text,
    )


@cache
def charsets() -> tuple[bytes, ...]:
    """A line with form, language and Content-Type, and the document in that encoding."""
    written_as = (
        (b"feed zh application/xml", RSS.replace("utf-8", "gb2312").encode("gb18030")),
        (b"feed ja text/xml; charset=shift_jis", RSS.encode("shift_jis", "replace")),
        (b"feed ru application/rss+xml", RSS.replace(' encoding="utf-8"', "").encode("windows-1251", "replace")),
        (b"feed en text/xml; charset=utf-16", RSS.replace("utf-8", "utf-16").encode("utf-16")),
        (b"page zh text/html; charset=gbk", page(text=paragraphs(MANDARIN)).encode("gbk")),
        (
            b"page ko text/html",
            page(head='<meta http-equiv="content-type" content="text/html; charset=euc-kr">').encode(),
        ),
        (b"article ru text/plain", ARTICLES[3].encode("koi8-r", "replace")),
        (b"feed en application/feed+json; charset=utf-8", json.dumps(JSON_FEED).encode("utf-16")),
    )
    return tuple(line + b"\n" + data for line, data in written_as)


def paged_feeds() -> tuple[bytes, ...]:
    return feed_documents() + json_feeds()


def cdx_answers() -> tuple[bytes, ...]:
    return (json.dumps(CDX).encode(), json.dumps(CDX[:3]).encode())


def addresses() -> tuple[bytes, ...]:
    return tuple(map(str.encode, ADDRESSES))


def dates() -> tuple[bytes, ...]:
    return tuple(map(str.encode, DATES))


def feeds_files() -> tuple[bytes, ...]:
    return (FEEDS_TOML.encode(),)


def opml_files() -> tuple[bytes, ...]:
    return (OPML.encode(),)


def robots_files() -> tuple[bytes, ...]:
    return (ROBOTS.encode(),)


def headers() -> tuple[bytes, ...]:
    return tuple(map(str.encode, HEADERS))


# --- ../shared ------------------------------------------------------------------------------------------------------


def shared_feeds() -> Iterator[bytes]:
    for archive in ("feedparser", "feedvalidator"):
        path = SHARED / "conformance" / f"{archive}.tar.xz"
        if path.exists():
            with tarfile.open(path) as tar:
                members = (tar.extractfile(member) for member in tar if member.isfile())
                yield from _read(member for member in members if member)
    yield from _files(CORPUS / "feeds")
    yield from (path.read_bytes() for path in sorted((SHARED / "reports").glob("*/*.body")))


def shared_articles() -> Iterator[bytes]:
    yield from islice(_files(CORPUS / "archive"), 300)
    yield from _files(CORPUS / "seed")


def shared_pages() -> Iterator[bytes]:
    for path in sorted((SHARED / "pages").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in islice(lines, 60):
                yield base64.b64decode(json.loads(line)["html_base64"])


def _files(folder: Path) -> Iterator[bytes]:
    return (path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def _read(members: Iterator[IO[bytes]]) -> Iterator[bytes]:
    for member in members:
        yield member.read()


def short(seeds: Iterator[bytes]) -> tuple[bytes, ...]:
    return tuple(seed for seed in seeds if 0 < len(seed) <= MAX_SHARED)
