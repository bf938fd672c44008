"""Feeds of every format with the same entry, and parsing them."""

from __future__ import annotations

import json
from typing import Any

from tasks.parse.entry import ParsedDocument
from tasks.parse.feed import parse
from tests.tasks.making import FEED, document
from warehouse.records import Entry, Feed

SHANGHAI = Feed("quay", "The Quay", "https://quay.example/feed.xml", timezone="Asia/Shanghai")
RSS_091 = """<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
 "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>Quay</title>
<link>https://quay.example/</link><description>d</description><language>en</language>
<item><title>Gate &amp; quay</title><link>https://quay.example/gate</link>
<description>Opens at eight</description></item></channel></rss>"""
RSS_10 = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://quay.example/"><title>Quay</title><link>https://quay.example/</link><description>d</description>
<items><rdf:Seq><rdf:li rdf:resource="https://quay.example/gate"/></rdf:Seq></items></channel>
<item rdf:about="https://quay.example/gate"><title>Gate &amp; quay</title><link>https://quay.example/gate</link>
<description>Opens at eight</description><dc:creator>Oda Brandt</dc:creator><dc:date>2024-03-05T07:08:09Z</dc:date>
<dc:subject>harbour</dc:subject></item></rdf:RDF>"""
RSS_20 = """<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Quay</title>
<link>https://quay.example/</link><description>d</description>
<item><title>Gate &amp; quay</title><link>https://quay.example/gate</link><guid isPermaLink="false">g1</guid>
<description>Opens at eight</description><dc:creator>Oda Brandt</dc:creator><category>harbour</category>
<pubDate>Tue, 05 Mar 2024 07:08:09 GMT</pubDate></item></channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Quay</title><id>urn:q</id>
<link href="https://quay.example/"/><updated>2024-03-05T07:08:09Z</updated>
<entry><title>Gate &amp; quay</title><id>g1</id><link rel="self" href="https://quay.example/gate.atom"/>
<link rel="alternate" type="text/html" href="https://quay.example/gate"/><author><name>Oda Brandt</name></author>
<category term="harbour"/><published>2024-03-05T07:08:09Z</published><updated>2024-03-06T07:08:09Z</updated>
<summary>Short</summary><content type="html">Opens at eight</content></entry></feed>"""
ATOM_03 = """<?xml version="1.0"?><feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Quay</title>
<link rel="alternate" type="text/html" href="https://quay.example/"/><modified>2024-03-05T07:08:09Z</modified>
<entry><title>Gate &amp; quay</title><id>g1</id><link rel="alternate" type="text/html" href="https://quay.example/gate"/>
<author><name>Oda Brandt</name></author><issued>2024-03-05T07:08:09Z</issued><modified>2024-03-05T07:08:09Z</modified>
<content type="text/html" mode="escaped">Opens at eight</content></entry></feed>"""


def json_feed(*items: Any, version: str = "1.1", **top: Any) -> bytes:
    about = {
        "version": f"https://jsonfeed.org/version/{version}",
        "title": "Quay",
        "home_page_url": "https://quay.example/",
    }
    return json.dumps(about | top | {"items": items}, ensure_ascii=False).encode()


JSON_ITEM = {
    "id": "g1",
    "url": "https://quay.example/gate",
    "title": "Gate & quay",
    "content_html": "Opens at eight",
    "date_published": "2024-03-05T07:08:09Z",
    "tags": ["harbour", "harbour", ""],
}
JSON_10 = json_feed(JSON_ITEM | {"author": {"name": "Oda Brandt"}}, version="1")
JSON_11 = json_feed(JSON_ITEM | {"authors": [{"name": "Oda Brandt"}]})


def parse_data(data: bytes | str, feed: Feed = FEED, content_type: str = "application/xml") -> ParsedDocument:
    data = data.encode() if isinstance(data, str) else data
    return parse(data, document(data, feed=feed, content_type=content_type), feed)


def parse_single_entry(data: bytes | str, feed: Feed = FEED) -> Entry:
    result = parse_data(data, feed)
    assert result.rejects == ()
    (entry,) = result.entries
    return entry
