"""The sample site's articles in the forms that feeds have: RSS, a mirror's RSS, Atom and JSON Feed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from html import escape
from urllib.parse import quote

from tests.sites.article import Article, Photo
from tests.sites.server import http_date

TRACKED = "?utm_source=rss&utm_medium=feed"

_MIRROR_FOOT = (
    "<br><hr><div>获取更多RSS：<br>"
    '<a href="https://feedx.net" style="color:orange" target="_blank">https://feedx.net</a> <br>'
    '<a href="https://feedx.run" style="color:orange" target="_blank">https://feedx.run</a><br></div>'
)


def rss(articles: Sequence[Article], authority: str) -> bytes:
    """RSS 2.0 as a newspaper's own system writes it, with the whole text in content:encoded."""
    items = "".join(
        f"""  <item>
    <title>{escape(article.title)}</title>
    <link>http://{authority}{article.path}{escape(TRACKED)}</link>
    <guid isPermaLink="false">{escape(article.guid)}</guid>
    <dc:creator>{escape(article.author)}</dc:creator>
    <pubDate>{_rfc822(article)}</pubDate>
    {"".join(f"<category>{escape(name)}</category>" for name in article.categories)}
    <description>{escape(article.summary)}</description>
    <content:encoded><![CDATA[{article.body}]]></content:encoded>
  </item>
"""
        for article in articles
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
     xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
  <title>The Harbour Post</title>
  <link>http://{authority}/</link>
  <atom:link href="http://{authority}/en/feed.xml" rel="self" type="application/rss+xml"/>
  <description>News from around the harbour</description>
  <language>en</language>
{items}</channel>
</rss>
""".encode()


def mirror(articles: Sequence[Article], authority: str) -> bytes:
    """RSS 2.0 as a full-text mirror writes it, its own header and footer around each text."""
    items = "".join(
        f"""<item>
<title><![CDATA[{article.title}]]></title>
<link>http://{authority}{article.path}</link>
<guid isPermaLink="true">{escape(article.guid)}</guid>
<pubDate>{http_date(article.published)}</pubDate>
<description><![CDATA[{_mirrored(article, authority)}]]></description>
</item>
"""
        for article in articles
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel>
<title><![CDATA[海港日报]]></title>
<link>http://{authority}/</link>
<description><![CDATA[海港日报 - 全文]]></description>
<language>zh-cn</language>
{items}</channel></rss>
""".encode()


def atom(articles: Sequence[Article], authority: str) -> bytes:
    """An Atom feed whose entries are each in a language of their own."""
    entries = "".join(
        f"""  <entry xml:lang="{article.language}">
    <id>tag:harbour-post.example,2026:{article.slug}</id>
    <title>{escape(article.title)}</title>
    <link rel="alternate" type="text/html" href="http://{authority}{article.path}"/>
    <author><name>{escape(article.author)}</name></author>
    <published>{_rfc3339(article)}</published>
    <updated>{_rfc3339(article)}</updated>
    {"".join(f'<category term="{escape(name)}"/>' for name in article.categories)}
    <summary>{escape(article.summary)}</summary>
    {_atom_content(article)}
  </entry>
"""
        for article in articles
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://{authority}/world/">
  <title>The World at the Quay</title>
  <id>tag:harbour-post.example,2026:world</id>
  <link rel="self" href="http://{authority}/world/atom.xml"/>
  <link rel="alternate" href="http://{authority}/"/>
  <updated>{_rfc3339(articles[0])}</updated>
{entries}</feed>
""".encode()


def json_feed(articles: Sequence[Article], authority: str) -> bytes:
    """A JSON Feed 1.1 of short items."""
    items = [
        {
            "id": article.guid,
            "url": f"http://{authority}{article.path}",
            "title": article.title,
            "content_html": article.body,
            "date_published": _rfc3339(article),
        }
        | ({"image": f"http://{authority}{article.image}"} if article.image else {})
        for article in articles
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "The Harbour Post in Brief",
        "home_page_url": f"http://{authority}/",
        "feed_url": f"http://{authority}/brief.json",
        "language": "en",
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def _mirrored(article: Article, authority: str) -> str:
    lead, *rest = article.blocks
    if not isinstance(lead, Photo):
        raise TypeError(f"{article.slug} must begin with a photograph")
    return (
        f"<div><i>{http_date(article.published)}</i></div>"
        f'<img src="{_proxied(lead, authority)}" width="100%">{_small(lead)}{article.place} — '
        + "".join(_mirrored_block(block, authority) for block in rest)
        + _MIRROR_FOOT
    )


def _mirrored_block(block: str | Photo, authority: str) -> str:
    if isinstance(block, str):
        return f"<p>{escape(block, quote=False)}</p>"
    source = _proxied(block, authority)
    return f'<div ><img  src="{source}" alt="{block.caption}" border="0"/>{_small(block)}</div>'


def _small(photo: Photo) -> str:
    return f'<div><small style="color: #999;">{photo.caption}</small></div>'


def _proxied(photo: Photo, authority: str) -> str:
    address = f"{authority}/img/{photo.name}"
    if photo.encoded:
        return "https://images.weserv.nl/?url=" + quote(f"http://{address}", safe="")
    return f"https://images.weserv.nl?url={address}"


def _atom_content(article: Article) -> str:
    if article.markup == "xhtml":
        return f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">\n{article.body}\n    </div></content>'
    return f'<content type="html">{escape(article.body)}</content>'


def _rfc822(article: Article) -> str:
    if article.zone == "EST":
        return format_datetime(_local(article.published, -5)).replace("-0500", "EST")
    return http_date(article.published)


def _rfc3339(article: Article) -> str:
    return _local(article.published, article.offset).isoformat()


def _local(moment: datetime, hours: int) -> datetime:
    return moment.astimezone(timezone(timedelta(hours=hours)))
