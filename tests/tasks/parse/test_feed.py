from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.errors import ParseError
from tasks.mill.document import mill_bytes
from tasks.parse.entry import Parsed
from tasks.parse.feed import parse
from tests.sites.faults import BAD_DATES, DEEP_DIVS, GOOD_FEED, GOOD_ITEMS, INSTANT, XSS_HTML, FaultySite
from tests.sites.server import Page
from tests.tasks.making import FEED, NOW, Item, document, rss
from warehouse.records import Entry, Feed

SHANGHAI = Feed("quay", "The Quay", "https://quay.example/feed.xml", timezone="Asia/Shanghai")


def parsed(data: bytes | str, feed: Feed = FEED, content_type: str = "application/xml") -> Parsed:
    data = data.encode() if isinstance(data, str) else data
    return parse(data, document(data, feed=feed, content_type=content_type), feed)


def only(data: bytes | str, feed: Feed = FEED) -> Entry:
    found = parsed(data, feed)
    assert found.rejects == ()
    (entry,) = found.entries
    return entry


def said(entry: Entry) -> tuple[str | None, ...]:
    return entry.title, entry.link, entry.guid, entry.content_html


# --- kinds of feeds -------------------------------------------------------------------------------------------------

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


@pytest.mark.parametrize("feed", [RSS_091, RSS_10, RSS_20, ATOM, ATOM_03, JSON_10, JSON_11, b"\xef\xbb\xbf" + JSON_11])
def test_every_kind_of_feed(feed: bytes | str) -> None:
    entry = only(feed)
    assert (entry.title, entry.link, entry.position) == ("Gate & quay", "https://quay.example/gate", 0)
    assert entry.content_html == "Opens at eight"
    assert entry.base_url.startswith("https://quay.example/")
    if feed != RSS_091:
        assert entry.author == "Oda Brandt"
        assert entry.published_at == datetime(2024, 3, 5, 7, 8, 9, tzinfo=UTC)
    if feed not in (RSS_091, RSS_10):
        assert entry.guid == "g1"
    if feed not in (RSS_091, ATOM_03):
        assert entry.categories == ("harbour",)


def test_atom_says_when_it_was_changed() -> None:
    assert only(ATOM).updated_at == datetime(2024, 3, 6, 7, 8, 9, tzinfo=UTC)
    assert only(ATOM.replace("<published>2024-03-05T07:08:09Z</published>", "")).published_at == only(ATOM).updated_at


def test_atom_xhtml_and_base() -> None:
    content = (
        '<content type="xhtml" xml:base="https://cdn.example/p/">'
        '<div xmlns="http://www.w3.org/1999/xhtml"><p>Hi <b>all</b></p></div></content>'
    )
    entry = only(ATOM.replace('<content type="html">Opens at eight</content>', content))
    assert "<p>Hi <b>all</b></p>" in entry.content_html
    assert entry.base_url == "https://cdn.example/p/"


def test_an_entry_in_a_language_of_its_own() -> None:
    assert only(ATOM).language == "en"
    assert only(ATOM.replace("<entry>", '<entry xml:lang="zh">')).language == "zh"
    assert only(json_feed(JSON_ITEM | {"language": "zh"}, language="en")).language == "zh"
    assert only(json_feed(JSON_ITEM, language="en")).language == "en"


def test_a_feed_without_entries_is_a_feed() -> None:
    assert parsed(rss()) == Parsed(())
    assert parsed(json_feed()) == Parsed(())


def test_json_feed_s_text_is_plain() -> None:
    entry = only(json_feed({"id": 7, "content_text": "2 < 3 & 5", "summary": "1 < 2"}))
    assert (entry.guid, entry.content_html, entry.content_type) == ("7", "2 < 3 & 5", "text/plain")
    assert entry.summary_html == "1 &lt; 2"


def test_json_feed_s_images_and_the_feed_s_authors() -> None:
    attachments = [
        {"url": "https://quay.example/c.jpg", "mime_type": "image/jpeg"},
        {"url": "https://quay.example/d.mp3", "mime_type": "audio/mpeg"},
    ]
    item = {
        "id": "https://quay.example/x",
        "image": "https://quay.example/a.jpg",
        "banner_image": "b.jpg",
        "attachments": attachments,
    }
    entry = only(json_feed(item, authors=[{"name": "Oda"}, {"name": "Ana"}]))
    assert entry.enclosures == ("https://quay.example/a.jpg", "b.jpg", "https://quay.example/c.jpg")
    assert (entry.author, entry.link) == ("Oda, Ana", "https://quay.example/x")


def test_an_author_of_json_feed_1_0_s_whole_feed() -> None:
    assert only(json_feed({"id": "1"}, version="1", author={"name": "Oda"})).author == "Oda"


# --- what is no feed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"<!DOCTYPE html><title>Parked</title><p>Hello", "HTML page"),
        (b"<!-- served --> <html><body>x</body></html>", "HTML page"),
        (b"Not found", "no feed"),
        (b"<?xml version='1.0'?><sitemapindex></sitemapindex>", "no feed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no feed"),
        (b"{", "no JSON"),
        (b'{"items": 3}', "no items"),
        (b'{"error": "gone"}', "no items"),
        (b'{"items": [' + b"[" * 5000, "no JSON"),
        (b'{"a": "\xff"}', "no JSON"),
    ],
)
def test_what_is_no_feed(data: bytes, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        parsed(data)
    made = mill_bytes(data, document(data), FEED)
    assert [(r.step, r.feed_id) for r in made.rejects] == [("parse", "quay")]
    assert not made.entries
    assert not made.articles


# --- what an entry says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("encoded", "longest"), [("<p>A longer text than the other.</p>", True), ("<p>!</p>", False)])
def test_the_longest_of_content_and_summary(encoded: str, longest: bool) -> None:
    entry = only(rss(Item(text="The description", extra=f"<content:encoded><![CDATA[{encoded}]]></content:encoded>")))
    assert entry.content_html == (encoded if longest else "The description")
    assert entry.summary_html == ("The description" if longest else "")


def test_a_guid_that_is_a_permalink_is_the_link() -> None:
    assert only(rss(Item(link=None, guid="https://quay.example/g"))).link == "https://quay.example/g"


def test_a_guid_that_is_no_address_is_no_link() -> None:
    assert only(rss(Item(link=None, guid="4711"))).link is None


def test_the_feed_s_time_zone() -> None:
    for written in ("2024-11-15T11:36:16", "2024-11-15 11:36:16", "Fri, 15 Nov 2024 11:36:16"):
        assert only(rss(Item(date=written)), SHANGHAI).published_at == INSTANT
        assert only(rss(Item(date=written))).published_at == INSTANT.replace(hour=11)
        assert only(json_feed({"id": 1, "date_published": written}), SHANGHAI).published_at == INSTANT


def test_everything_that_was_parsed_is_kept() -> None:
    extra = (
        '<enclosure url="https://quay.example/a.mp3" length="1234" type="audio/mpeg"/>'
        '<media:content url="https://quay.example/b.jpg" medium="image" width="800"/>'
        '<media:thumbnail url="https://quay.example/t.jpg"/>'
        "<itunes:duration>12:34</itunes:duration><dc:creator>Oda Brandt</dc:creator><dc:subject>harbour</dc:subject>"
    )
    entry = only(rss(Item(extra=extra)))
    kept = json.loads(entry.parsed)
    assert (
        kept["links"][-1] | {"rel": "enclosure", "href": "https://quay.example/a.mp3", "length": "1234"}
        == kept["links"][-1]
    )
    assert kept["media_content"] == [{"url": "https://quay.example/b.jpg", "medium": "image", "width": "800"}]
    assert kept["media_thumbnail"] == [{"url": "https://quay.example/t.jpg"}]
    assert kept["itunes_duration"] == "12:34"
    assert kept["author"] == "Oda Brandt"
    assert [tag["term"] for tag in kept["tags"]] == ["harbour"]
    assert entry.enclosures == ("https://quay.example/b.jpg", "https://quay.example/t.jpg")
    kept = json.loads(only(json_feed(JSON_ITEM | {"_quay": {"tide": 3.5, "open": True}})).parsed)
    assert kept["_quay"] == {"tide": 3.5, "open": True}


def test_an_entry_s_id_is_that_of_what_it_says() -> None:
    first = only(rss(Item()))
    assert parsed(rss(Item(title="Other", guid="o"), Item())).entries[1].entry_id == first.entry_id
    for changed in (
        Item(title="x"),
        Item(text="x"),
        Item(link="https://quay.example/x"),
        Item(guid="x"),
        Item(date=None),
    ):
        assert only(rss(changed)).entry_id != first.entry_id
    assert only(rss(Item()), Feed("wire", "Wire", "https://quay.example/feed.xml")).entry_id != first.entry_id


# --- one bad entry --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        3,
        None,
        "text",
        [],
        {"id": "x", "authors": 3},
        {"id": "x", "authors": ["Oda"]},
        {"id": "x", "attachments": [{}]},
        {"id": "x", "tags": 3},
        {"id": "x", "_x": float("nan")},
        {"id": "x", "date_published": 10**400},
    ],
)
def test_a_bad_item_harms_no_other(bad: object) -> None:
    found = parsed(json_feed(JSON_ITEM, bad, {"id": "g2", "content_text": "two"}))
    guids = [entry.guid for entry in found.entries if entry.guid != "x"]
    assert guids == ["g1", "g2"]
    assert len(found.entries) + len(found.rejects) == 3
    for reject in found.rejects:
        assert (reject.step, reject.feed_id) == ("parse", "quay")
        assert reject.location is not None
        assert reject.location.startswith("entry 1:")


@pytest.mark.parametrize("depth", [300, 900])
def test_a_deeply_nested_item_harms_no_other(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    data = json_feed({"id": "x", "_x": "NESTED"}, JSON_ITEM).replace(b'"NESTED"', nested)
    assert [entry.guid for entry in parsed(data).entries][-1] == "g1"


# --- what a hostile or broken server sends --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def faults() -> Iterator[dict[str, Page]]:
    with FaultySite() as site:
        yield {path: page for path, page in site.pages.items() if isinstance(page, Page)}


def fault(faults: dict[str, Page], path: str, feed: Feed = SHANGHAI) -> Parsed:
    return parsed(faults[path].body, feed, faults[path].media_type)


@pytest.mark.parametrize(
    ("charset", "title", "text"),
    [
        ("latin1", "Le café du port rouvre à Évora", "garçon"),
        ("gb18030", "港口咖啡馆重新开张", "𠮷田先生"),
        ("utf16", "港のカフェ、再び開店", "油漆 and 😀"),
    ],
)
@pytest.mark.parametrize("where", ["", "-header"])
def test_encodings(faults: dict[str, Page], charset: str, title: str, text: str, where: str) -> None:
    found = fault(faults, f"/{charset}{where}")
    assert [entry.title for entry in found.entries] == [title, "Notice 2"]
    assert text in found.entries[0].parsed
    assert found.rejects == ()


def test_a_byte_order_mark_says_the_encoding(faults: dict[str, Page]) -> None:
    found = fault(faults, "/utf16-undeclared")
    assert [entry.title for entry in found.entries] == ["港のカフェ、再び開店", "Notice 2"]
    assert found.rejects == ()


def test_a_cut_document_loses_its_last_entry_with_a_reject(faults: dict[str, Page]) -> None:
    body = GOOD_FEED.body
    found = parsed(body[: body.index(b"Notice 3:") + 12])
    assert [entry.title for entry in found.entries] == ["Notice 1", "Notice 2"]
    (reject,) = found.rejects
    assert "cut off" in reject.error
    assert reject.location == "entry 2: https://notices.example/3.html"
    assert len(fault(faults, "/feed").entries) == GOOD_ITEMS


def test_an_article_about_feeds_does_not_end_a_cut_document() -> None:
    data = rss(
        Item(), Item("On feeds", "A feed ends with </rss>, or with </feed>. Then there is more.", guid="f")
    ).decode()
    data = data.replace("&lt;", "<").replace("&gt;", ">")
    data = data.replace("<description>A feed", "<description><![CDATA[A feed").replace("more.", "more.]]>")
    assert len(parsed(data).entries) == 2
    cut = parsed(data[: data.index("there is")])
    assert [entry.guid for entry in cut.entries] == ["gate"]
    assert len(cut.rejects) == 1


def test_script_comes_through_parsing_as_text(faults: dict[str, Page]) -> None:
    (entry,) = fault(faults, "/xss").entries
    assert entry.content_html == XSS_HTML.strip()  # as it came; cleaning makes it harmless
    assert entry.title == "<script>alert(0)</script>Hello"


def test_control_characters_are_left_out(faults: dict[str, Page]) -> None:
    found = fault(faults, "/nul")
    assert [entry.title for entry in found.entries] == [
        "A nul in the middle",
        "Controls in a row",
        "References to them",
        "Notice 4",
    ]
    for entry in found.entries:
        for value in (entry.title, entry.content_html, entry.parsed):
            assert not any((ord(c) < 32 and c not in "\t\n\r") or c in "\ufffe\uffff" for c in value)


def test_entities_do_not_expand(faults: dict[str, Page]) -> None:
    found = fault(faults, "/entities")
    assert found.entries[-1].title == "Notice 2"
    assert all(len(entry.title) < 100 for entry in found.entries)


def test_deep_nesting_is_kept_as_it_came(faults: dict[str, Page]) -> None:
    first, second = fault(faults, "/deep").entries
    assert first.content_html.count("<div>") == DEEP_DIVS
    assert second.title == "Notice 2"


def test_undeclared_namespaces(faults: dict[str, Page]) -> None:
    assert [entry.title for entry in fault(faults, "/undeclared-namespace").entries] == ["Notice 1", "Notice 2"]


def test_odd_dates(faults: dict[str, Page]) -> None:
    found = {entry.title: entry.published_at for entry in fault(faults, "/bad-dates").entries}
    assert found == {odd.form: odd.instant if odd.instant and odd.instant < NOW else None for odd in BAD_DATES}


# --- properties -----------------------------------------------------------------------------------------------------

GOOD = [s.encode() for s in (RSS_091, RSS_10, RSS_20, ATOM, ATOM_03)] + [JSON_11, GOOD_FEED.body]
_PIECES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [
            b"<",
            b">",
            b"&",
            b"&#x;",
            b"&#99999999999;",
            b"<![CDATA[",
            b"]]>",
            b"<!DOCTYPE x [",
            b"xml:base='http://['",
            b"\x00",
            b"<item>",
            b"</item>",
            b"<entry>",
            b"<link/>",
            b"<media:content url='http://['/>",
            b"<georss:point>a</georss:point>",
        ]
    ),
)


@given(st.binary(max_size=300), st.sampled_from(["application/xml", "text/html", "text/xml; charset=no-such", ""]))
@example(b'<?xml version="1.0" encoding="ut\xa0-8"?><rss></rss>', "application/xml")
@example('<?xml version="1.0" encoding="utf-\0"?><rss></rss>'.encode("utf-16"), "application/xml")
@example(b"<rss><channel><title>a&#99999999999;</title><p></channel></rss>", "application/xml")
@example(b"<rss>&#xFFFFFFFFFFFFFFFFFFFF;", "application/xml")
@example(b'{"items": [{"id": 1e999}]}', "application/json")
@settings(max_examples=150, deadline=None)
def test_bytes_are_a_feed_or_a_parse_error(data: bytes, content_type: str) -> None:
    try:
        found = parsed(data, content_type=content_type)
    except ParseError as error:
        assert str(error)
    else:
        assert isinstance(found, Parsed)


@given(st.sampled_from(GOOD), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), _PIECES), min_size=1, max_size=4))
@settings(max_examples=250, deadline=None)
def test_a_damaged_feed_is_a_feed_or_a_parse_error(feed: bytes, damages: list[tuple[float, int, bytes]]) -> None:
    for where, length, piece in damages:
        start = int(where * len(feed))
        feed = feed[:start] + piece + feed[start + length :]
    made = mill_bytes(feed, document(feed), FEED)
    assert len(made.articles) <= len(made.entries)
    assert not [reject for reject in made.rejects if reject.step != "parse"]


def _chinese(encoding: str) -> bytes:
    items = [Item(f"港口新闻{n}", f"<p>船坞今日油漆{n}</p>", f"https://quay.example/{n}", f"g{n}") for n in range(3)]
    return rss(*items, encoding=encoding)


@pytest.mark.parametrize(
    "whole",
    [*GOOD[:-1], *map(_chinese, ("utf-8", "gb18030", "utf-16"))],
    ids=["rss-0.91", "rss-1.0", "rss-2.0", "atom", "atom-0.3", "json", "utf-8", "gb18030", "utf-16"],
)
def test_a_feed_that_is_cut_anywhere_invents_nothing(whole: bytes) -> None:
    good = {said(entry) for entry in parsed(whole).entries}
    assert good
    for length in range(1, len(whole)):
        try:
            found = parsed(whole[:length])
        except ParseError:
            continue
        assert {said(entry) for entry in found.entries} <= good, f"cut after {length} bytes"


def test_a_whole_feed_is_never_called_cut() -> None:
    for whole in [rss(Item()), *GOOD, _chinese("utf-16")]:
        assert parsed(whole).rejects == ()
        assert parsed(whole + b"\n<!-- served by a cache -->\n" if whole[:1] == b"<" else whole).rejects == ()
