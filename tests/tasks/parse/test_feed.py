from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.errors import ParseError
from tasks.mill.document import mill_bytes
from tasks.parse.entry import ParsedDocument
from tests.sites.faults import BAD_DATES, DEEP_DIVS, GOOD_FEED, GOOD_ITEMS, XSS_HTML, FaultySite
from tests.sites.server import Page
from tests.tasks.making import FEED, NOW, Item, document, milled, rss
from tests.tasks.parse.feeds import (
    ATOM,
    ATOM_03,
    JSON_10,
    JSON_11,
    RSS_091,
    RSS_10,
    RSS_20,
    SHANGHAI,
    json_feed,
    parse_data,
    parse_single_entry,
)
from warehouse.records import Entry, Feed


def key_fields(entry: Entry) -> tuple[str | None, ...]:
    return entry.title, entry.link, entry.guid, entry.content_html


@pytest.mark.parametrize("feed", [RSS_091, RSS_10, RSS_20, ATOM, ATOM_03, JSON_10, JSON_11, b"\xef\xbb\xbf" + JSON_11])
def test_every_kind_of_feed(feed: bytes | str) -> None:
    entry = parse_single_entry(feed)
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


def test_atoms_date_of_change() -> None:
    assert parse_single_entry(ATOM).updated_at == datetime(2024, 3, 6, 7, 8, 9, tzinfo=UTC)
    assert (
        parse_single_entry(ATOM.replace("<published>2024-03-05T07:08:09Z</published>", "")).published_at
        == parse_single_entry(ATOM).updated_at
    )


def test_atom_xhtml_and_base() -> None:
    content = (
        '<content type="xhtml" xml:base="https://cdn.example/p/">'
        '<div xmlns="http://www.w3.org/1999/xhtml"><p>Hi <b>all</b></p></div></content>'
    )
    entry = parse_single_entry(ATOM.replace('<content type="html">Opens at eight</content>', content))
    assert "<p>Hi <b>all</b></p>" in entry.content_html
    assert entry.content_base == "https://cdn.example/p/"


AUTHOR = "<author><name>Oda Brandt</name></author>"


@pytest.mark.parametrize(
    ("of_feed", "of_entry", "authors"),
    [
        (AUTHOR, "", ("Oda Brandt",)),
        (AUTHOR, "<author><name>Ana Reis</name></author>", ("Ana Reis",)),
        (AUTHOR, "<author><name>Ana Reis</name></author><author><name>Li</name></author>", ("Ana Reis", "Li")),
        (AUTHOR + "<author><name>Li</name></author>", "", ("Oda Brandt", "Li")),
        (AUTHOR, "<source><author><name>Ana Reis</name></author></source>", ("Ana Reis",)),
        (AUTHOR, "<contributor><name>Ana Reis</name></contributor>", ("Oda Brandt",)),
        ("", "", ()),
    ],
)
def test_the_author_of_an_atom_feed_is_its_entries(of_feed: str, of_entry: str, authors: tuple[str, ...]) -> None:
    """RFC 4287 4.2.1: an entry without authors has its source's, else its feed's."""
    data = ATOM.replace(AUTHOR, of_entry).replace("<entry>", f"{of_feed}<entry>")
    assert parse_single_entry(data).authors == authors


def test_the_managing_editor_of_a_channel_writes_no_items() -> None:
    data = rss(Item()).replace(b"<channel>", b"<channel><managingEditor>oda@quay.example (Oda)</managingEditor>")
    assert parse_single_entry(data).authors == ()


@pytest.mark.parametrize("domain", ["quay.example", "quay.eu", "news.quay.international"])
def test_an_address_is_not_cut_off_in_its_domain(domain: str) -> None:
    (article,) = milled(Item(extra=f"<author>oda@{domain} (Oda Brandt)</author>")).articles
    assert (article.author, article.authors) == ("Oda Brandt", ("Oda Brandt",))


def test_nor_where_the_author_is_named_twice() -> None:
    extra = "<author>oda@quay.example (Oda)</author><dc:creator>Oda</dc:creator><dc:creator>Ana</dc:creator>"
    (article,) = milled(Item(extra=extra)).articles
    assert article.authors == ("Oda", "Ana")


@pytest.mark.parametrize(
    ("keywords", "categories"),
    [
        ("harbour, 1, ferry, 2", ("harbour", "ferry")),
        ("harbour: 5, ferry:0.75", ("harbour", "ferry")),
        ("港口,3, C64 , ", ("港口", "C64")),
    ],
)
def test_ranks_in_media_keywords_are_no_categories(keywords: str, categories: tuple[str, ...]) -> None:
    extra = f"<media:keywords>{keywords}</media:keywords>"
    assert parse_single_entry(rss(Item(extra=extra))).categories == categories


def test_a_number_may_be_a_category() -> None:
    assert parse_single_entry(rss(Item(extra="<category>6502</category>"))).categories == ("6502",)


def test_a_feed_without_entries_is_a_feed() -> None:
    for data in (rss(), json_feed()):
        assert replace(parse_data(data), about=None) == ParsedDocument(())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"<!DOCTYPE html><title>Parked</title><p>Hello", "HTML page"),
        (b"<!-- served --> <html><body>x</body></html>", "HTML page"),
        (b"<!-- served -->" * 100 + b"<html><body>x</body></html>", "HTML page"),
        (b"<!-- served -->" * 100 + b"<notes>x</notes>", "no feed"),  # it took forever
        (b"Not result", "no feed"),
        (b"<?xml version='1.0'?><sitemapindex></sitemapindex>", "no feed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no feed"),
        (b"{", "no JSON"),
        (b'{"items": 3}', "no items"),
        (b'{"error": "gone"}', "no items"),
        (b'{"items": [' + b"[" * 5000, "no JSON"),
        (b'{"a": "\xff"}', "no JSON"),
    ],
)
def test_a_document_that_is_not_a_feed_is_rejected(data: bytes, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        parse_data(data)
    milled = mill_bytes(data, document(data), FEED)
    assert [(r.step, r.feed_id) for r in milled.rejects] == [("parse", "quay")]
    assert not milled.entries
    assert not milled.articles


@pytest.mark.parametrize(("encoded", "longest"), [("<p>A longer text than the other.</p>", True), ("<p>!</p>", False)])
def test_the_longest_of_content_and_summary(encoded: str, longest: bool) -> None:
    entry = parse_single_entry(
        rss(Item(text="The description", extra=f"<content:encoded><![CDATA[{encoded}]]></content:encoded>"))
    )
    assert entry.content_html == (encoded if longest else "The description")
    assert entry.summary_html == ("The description" if longest else "")


def test_a_guid_that_is_a_permalink_is_the_link() -> None:
    assert parse_single_entry(rss(Item(link=None, guid="https://quay.example/g"))).link == "https://quay.example/g"


def test_a_guid_that_is_not_an_address_is_not_the_link() -> None:
    assert parse_single_entry(rss(Item(link=None, guid="4711"))).link is None


@pytest.fixture(scope="module")
def faults() -> Iterator[dict[str, Page]]:
    with FaultySite() as site:
        yield {path: page for path, page in site.pages.items() if isinstance(page, Page)}


def fault(faults: dict[str, Page], path: str, feed: Feed = SHANGHAI) -> ParsedDocument:
    return parse_data(faults[path].body, feed, faults[path].media_type)


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
    result = fault(faults, f"/{charset}{where}")
    assert [entry.title for entry in result.entries] == [title, "Notice 2"]
    assert text in result.entries[0].parsed
    assert result.rejects == ()


@pytest.mark.parametrize("where", ["document", "header"])
@pytest.mark.parametrize(
    "encoding", ["zlib", "zip", "bz2", "rot13", "hex", "base64", "uu", "quopri", "idna", "punycode", "nonsense"]
)
def test_an_encoding_that_is_not_one_of_text_is_ignored(encoding: str, where: str) -> None:
    """Python has codecs under these names, which do not decode text."""
    data = rss(Item("Die Tür 门 ist offen"))
    content_type = "application/xml"
    if where == "document":
        data = data.replace(b'encoding="utf-8"', f'encoding="{encoding}"'.encode())
    else:
        data = data.replace(b' encoding="utf-8"', b"")
        content_type = f"application/xml; charset={encoding}"
    (article,) = mill_bytes(data, document(data, content_type=content_type), FEED).articles
    assert article.title == "Die Tür 门 ist offen"


def test_a_blank_line_before_the_declaration_hides_no_encoding() -> None:
    data = b"\r\n \n" + rss(Item("Причал открыт"), encoding="windows-1251")
    (article,) = mill_bytes(data, document(data), FEED).articles
    assert article.title == "Причал открыт"


def test_a_byte_order_mark_gives_the_encoding(faults: dict[str, Page]) -> None:
    result = fault(faults, "/utf16-undeclared")
    assert [entry.title for entry in result.entries] == ["港のカフェ、再び開店", "Notice 2"]
    assert result.rejects == ()


def test_a_cut_document_loses_its_last_entry_with_a_reject(faults: dict[str, Page]) -> None:
    body = GOOD_FEED.body
    result = parse_data(body[: body.index(b"Notice 3:") + 12])
    assert [entry.title for entry in result.entries] == ["Notice 1", "Notice 2"]
    (reject,) = result.rejects
    assert "cut off" in reject.error
    assert reject.location == "entry 2: https://notices.example/3.html"
    assert len(fault(faults, "/feed").entries) == GOOD_ITEMS


def test_a_closing_tag_quoted_in_an_article_does_not_complete_a_cut_document() -> None:
    data = rss(
        Item(), Item("On feeds", "A feed ends with </rss>, or with </feed>. Then there is more.", guid="f")
    ).decode()
    data = data.replace("&lt;", "<").replace("&gt;", ">")
    data = data.replace("<description>A feed", "<description><![CDATA[A feed").replace("more.", "more.]]>")
    assert len(parse_data(data).entries) == 2
    cut = parse_data(data[: data.index("there is")])
    assert [entry.guid for entry in cut.entries] == ["gate"]
    assert len(cut.rejects) == 1


def test_parsing_leaves_scripts_to_cleaning(faults: dict[str, Page]) -> None:
    (entry,) = fault(faults, "/xss").entries
    assert entry.content_html == XSS_HTML.strip()  # as it came; cleaning makes it harmless
    assert entry.title == "<script>alert(0)</script>Hello"


def test_control_characters_are_removed(faults: dict[str, Page]) -> None:
    result = fault(faults, "/nul")
    assert [entry.title for entry in result.entries] == [
        "A nul in the middle",
        "Controls in a row",
        "References to them",
        "Notice 4",
    ]
    for entry in result.entries:
        for value in (entry.title, entry.content_html, entry.parsed):
            assert not any((ord(c) < 32 and c not in "\t\n\r") or c in "\ufffe\uffff" for c in value)


def test_an_element_that_feedparser_does_not_expect_costs_no_entry() -> None:
    position = '<gml:pos xmlns:gml="http://www.opengis.net/gml">1 2</gml:pos>'
    data = RSS_20.replace("<category>", f"{position}<category>").replace(
        "</channel>", "<item><guid>2</guid></item></channel>"
    )
    assert [entry.guid for entry in parse_data(data).entries] == ["g1", "2"]


def test_a_namespace_with_a_no_break_space_in_it_costs_no_entry() -> None:
    data = RSS_20.replace("elements/1.1/", "elements/1.1/\u00a0x")
    assert [entry.guid for entry in parse_data(data).entries] == ["g1"]


def test_an_encoding_with_a_damaged_name_is_ignored() -> None:
    data = RSS_20.replace('version="1.0"', 'version="1.0" encoding="ut\x9b"', 1).encode("latin-1")
    assert [entry.guid for entry in parse_data(data).entries] == ["g1"]


@pytest.mark.parametrize("number", ["xD800", "1114112", "9" * 5000, f"x{'f' * 5000}"])
def test_a_reference_to_no_character_costs_no_entry(number: str) -> None:
    """In a document that is not well-formed, here because of a bare &, feedparser raises for it."""
    data = RSS_20.replace("Gate &amp; quay", f"Gate & quay &#{number};")
    (entry,) = parse_data(data).entries
    assert entry.title == "Gate & quay \ufffd"


def test_a_feed_that_can_be_mended_is_not_parsed_leniently_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lenient parser takes most of the time: a damaged feed of 400 kB took 6 s, half of them in vain."""
    monkeypatch.setattr("feedparser.api.LooseFeedParser", None)
    data = RSS_20.replace("Gate &amp; quay", "Gate & quay").replace("at eight", "at&nbsp;eight")
    (entry,) = parse_data(data).entries
    assert (entry.title, entry.content_html) == ("Gate & quay", "Opens at\u00a0eight")


def test_entities_do_not_expand(faults: dict[str, Page]) -> None:
    result = fault(faults, "/entities")
    assert result.entries[-1].title == "Notice 2"
    assert all(len(entry.title) < 100 for entry in result.entries)


def test_deep_nesting_is_kept(faults: dict[str, Page]) -> None:
    first, second = fault(faults, "/deep").entries
    assert first.content_html.count("<div>") == DEEP_DIVS
    assert second.title == "Notice 2"


def test_undeclared_namespaces(faults: dict[str, Page]) -> None:
    assert [entry.title for entry in fault(faults, "/undeclared-namespace").entries] == ["Notice 1", "Notice 2"]


def test_odd_dates(faults: dict[str, Page]) -> None:
    result = {entry.title: entry.published_at for entry in fault(faults, "/bad-dates").entries}
    assert result == {odd.form: odd.instant if odd.instant and odd.instant < NOW else None for odd in BAD_DATES}


GOOD = [s.encode() for s in (RSS_091, RSS_10, RSS_20, ATOM, ATOM_03)] + [JSON_11, GOOD_FEED.body]
_PIECES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [
            *(b"<", b">", b"&", b"&#x;", b"&#99999999999;", b"<![CDATA[", b"]]>", b"<!DOCTYPE x ["),
            *(b"xml:base='http://['", b"\x00", b"<item>", b"</item>", b"<entry>", b"<link/>"),
            *(b"<media:content url='http://['/>", b"<georss:point>a</georss:point>"),
        ]
    ),
)


@given(st.binary(max_size=300), st.sampled_from(["application/xml", "text/html", "text/xml; charset=no-such", ""]))
@example(b'<?xml version="1.0" encoding="ut\xa0-8"?><rss></rss>', "application/xml")
@example('<?xml version="1.0" encoding="utf-\0"?><rss></rss>'.encode("utf-16"), "application/xml")
@example(b"<rss><channel><title>a&#99999999999;</title><p></channel></rss>", "application/xml")
@example(b"<rss>&#xFFFFFFFFFFFFFFFFFFFF;", "application/xml")
@example(b'{"items": [{"id": 1e999}]}', "application/json")
@settings(max_examples=150)
def test_any_bytes_give_a_feed_or_a_parse_error(data: bytes, content_type: str) -> None:
    try:
        result = parse_data(data, content_type=content_type)
    except ParseError as error:
        assert str(error)
    else:
        assert isinstance(result, ParsedDocument)


@given(st.sampled_from(GOOD), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), _PIECES), min_size=1, max_size=4))
@settings(max_examples=250)
def test_a_damaged_feed_gives_a_feed_or_a_parse_error(feed: bytes, damages: list[tuple[float, int, bytes]]) -> None:
    for where, length, piece in damages:
        start = int(where * len(feed))
        feed = feed[:start] + piece + feed[start + length :]
    milled = mill_bytes(feed, document(feed), FEED)
    assert len(milled.articles) <= len(milled.entries)
    assert not [reject for reject in milled.rejects if reject.step != "parse"]


def _chinese(encoding: str) -> bytes:
    items = [Item(f"港口新闻{n}", f"<p>船坞今日油漆{n}</p>", f"https://quay.example/{n}", f"g{n}") for n in range(3)]
    return rss(*items, encoding=encoding)


@pytest.mark.parametrize(
    "whole",
    [*GOOD[:-1], *map(_chinese, ("utf-8", "gb18030", "utf-16"))],
    ids=["rss-0.91", "rss-1.0", "rss-2.0", "atom", "atom-0.3", "json", "utf-8", "gb18030", "utf-16"],
)
def test_a_feed_that_is_cut_off_anywhere_gives_only_entries_of_the_complete_one(whole: bytes) -> None:
    good = {key_fields(entry) for entry in parse_data(whole).entries}
    assert good
    for length in range(1, len(whole)):
        try:
            result = parse_data(whole[:length])
        except ParseError:
            continue
        assert {key_fields(entry) for entry in result.entries} <= good, f"cut after {length} bytes"


def test_a_complete_feed_is_never_reported_as_cut_off() -> None:
    for whole in [rss(Item()), *GOOD, _chinese("utf-16")]:
        assert parse_data(whole).rejects == ()
        assert parse_data(whole + b"\n<!-- served by a cache -->\n" if whole[:1] == b"<" else whole).rejects == ()


def test_many_unclosed_sections_are_read_once() -> None:
    """The end of each was looked for anew: 30 s for a document of 200 kB, found by fuzzing."""
    opened = b'<rss version="2.0"><channel><title>Quay' + b"<![CDATA[<!--" * 100_000
    assert mill_bytes(opened, document(opened), FEED).entries == ()


@pytest.mark.parametrize(
    "before",
    [
        "\n" * 1_000_000,
        '<?xml version="1.0"' + " encoding='a" * 100_000 + "?>",
        "<!DOCTYPE rss [" + "\n<!ENTITY a" * 60_000,
        "\n<!DOCTYPE" * 60_000,
    ],
)
def test_what_stands_before_the_root_element_is_read_once(before: str) -> None:
    """feedparser looks for declarations there. In the square of its length, each would take an hour."""
    with suppress(ParseError):
        parse_data(f'{before}<rss version="2.0"><channel><title>Quay</title></channel></rss>')


@pytest.mark.parametrize("padding", [" " * 10, " " * 2_000, "\n" * 2_000])
def test_neither_files_nor_billions_come_out_of_a_declaration_longer_than_is_looked_at(padding: str) -> None:
    doubled = "".join(f'<!ENTITY {name} "{f"&{inner};" * 10}">' for inner, name in pairwise("abcdefghij"))
    doctype = f'<!DOCTYPE rss [{padding}<!ENTITY a "lol">{doubled}<!ENTITY f SYSTEM "file:///etc/hosts">]>'
    item = "<item><guid>g1</guid><title>Quay &j; &f;</title></item>"
    data = f'<?xml version="1.0"?>{doctype}<rss version="2.0"><channel><title>The Quay</title>{item}</channel></rss>'
    assert parse_single_entry(data).title == "Quay &j; &f;"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('<title>a</title><content xml:lang="pt-BR">b</content>', "pt-BR"),
        ('<title>a</title><summary xml:lang="pt">b</summary>', "pt"),
        ('<title xml:lang="fr">a</title>', "fr"),
        ('<title xml:lang="fr">a</title><content xml:lang="de">b</content>', "de"),
        ("<title>a</title><content>b</content>", "en"),
        ('<title>a</title><content xml:lang="">b</content>', "en"),
        (
            '<title>a</title><content>b</content><dc:language xmlns:dc="http://purl.org/dc/elements/1.1/">nl</dc:language>',
            "nl",
        ),
    ],
)
def test_the_language_is_that_of_the_text(entry: str, expected: str) -> None:
    data = f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><entry>{entry}<id>a</id></entry></feed>'
    assert parse_single_entry(data).language == expected
    within = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry xml:lang="en">{entry}<id>a</id></entry></feed>'
    assert parse_single_entry(within).language == expected


def test_an_element_that_is_named_as_feedparser_names_its_list_of_links() -> None:
    item = "<item><guid>g1</guid><title>Quay</title><links>at eight</links></item>"
    entry = parse_single_entry(f'<rss version="2.0"><channel><title>The Quay</title>{item}</channel></rss>')
    assert (entry.guid, entry.title, entry.link) == ("g1", "Quay", None)


def test_the_entries_of_a_feed_with_very_many_authors_have_the_first_of_them() -> None:
    """Each repeats them: of some 100 kB would come gigabytes."""
    names = ["Oda " * 500, *(f"Oda {number}" for number in range(1_000))]
    authors = "".join(f"<author><name>{name}</name></author>" for name in names)
    entries = "<entry><id>a</id><title>Quay</title></entry>" * 2
    data = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Quay</title>{authors}{entries}</feed>'
    for entry in parse_data(data).entries:
        assert entry.authors == (names[0][:200], *names[1:50])
