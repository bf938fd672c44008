"""What relative addresses of feeds become: in links, contents, images."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urljoin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.mill.document import mill_bytes
from tasks.parse.bases import document_base, feed_base
from tests.places import SHARED
from tests.tasks.making import FEED, document
from tests.tasks.parse.feeds import JSON_ITEM, json_feed
from warehouse.records import Article, Document, Feed

PORT = Feed("port", "Port", "https://port.example/news/feed.xml")
CONFORMANCE = SHARED / "conformance" / "feedparser.tar.xz"


def fetched(data: bytes, feed: Feed = PORT, headers: Mapping[str, str] = {}) -> Document:
    return replace(document(data, feed=feed), headers={"content-type": "application/xml"} | dict(headers))


def milled(data: str | bytes, feed: Feed = PORT, headers: Mapping[str, str] = {}) -> Article:
    data = data.encode() if isinstance(data, str) else data
    result = mill_bytes(data, fetched(data, feed, headers), feed)
    assert result.rejects == ()
    (article,) = result.articles
    return article


def rss(channel_link: str, item: str) -> str:
    link = f"<link>{channel_link}</link>" if channel_link else ""
    return (
        f'<rss version="2.0"><channel><title>Port</title>{link}<item><title>Tide</title>{item}</item></channel></rss>'
    )


def atom(feed: str = "", entry: str = "", content: str = "", html: str = '<a href="x">x</a>', head: str = "") -> str:
    def base(value: str) -> str:
        return f' xml:base="{value}"' if value else ""

    escaped = html.replace("<", "&lt;")
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"{base(feed)}><title>Port</title>{head}<entry{base(entry)}>'
        f'<title>Tide</title><content type="html"{base(content)}>{escaped}</content></entry></feed>'
    )


def linked(article: Article) -> list[str]:
    return re.findall(r'<a href="([^"]*)"', article.content_html)


@pytest.mark.parametrize(
    ("stated", "base"),
    [
        ("https://www.port.example/", "https://www.port.example/"),
        ("/sport", "https://port.example/sport"),
        ("/", "https://port.example/"),
        ("sport/", "https://port.example/news/sport/"),
        ("../", "https://port.example/"),
        ("index.html", "https://port.example/news/index.html"),
        ("index.php?id=3", "https://port.example/news/index.php?id=3"),
        ("//cdn.port.example/", "https://cdn.port.example/"),
        ("www.port.example", "https://www.port.example"),
        ("port.example/news/", "https://port.example/news/"),
        ("hafen.example", "https://hafen.example"),
        ("гавань.рф/новости", "https://xn--80aafc7c0e.xn--p1ai/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8"),
        ("port.example:8080/news", "https://port.example:8080/news"),
        ("https:///port.example/news/", "https://port.example/news/"),
        ("urn:uuid:0b0fbe2c", PORT.url),
        ("tag:port.example,2024:feed", PORT.url),
        ("3f2a", "https://port.example/news/3f2a"),  # an id without colon can't be told from a relative address
        ("javascript:alert(1)", PORT.url),
        ("mailto:desk@port.example", PORT.url),
        ("https://", PORT.url),
        ("", PORT.url),
        (None, PORT.url),
        (["/"], PORT.url),
    ],
)
def test_the_base_by_what_the_feed_states_as_its_site(stated: object, base: str) -> None:
    assert feed_base(stated, fetched(b""), PORT) == base


def test_a_feed_that_another_host_serves_is_about_its_site() -> None:
    mirrored = replace(PORT, url="https://feeds.mirror.example/port", site_url="https://port.example/news/")
    assert milled(rss("/", "<link>/news/tide</link>"), mirrored).url == "https://port.example/news/tide"
    assert milled(rss("", "<link>tide</link>"), mirrored).url == "https://port.example/news/tide"


def test_on_its_own_host_a_feed_is_relative_to_its_address_not_to_the_sites() -> None:
    own = replace(PORT, site_url="https://www.port.example/")
    assert milled(rss("", "<link>tide</link>"), own).url == "https://port.example/news/tide"


def test_a_document_from_a_file_is_relative_to_the_site() -> None:
    stored = replace(fetched(b"", FEED), final_url="feeds/quay.xml")
    assert document_base(stored, FEED) == "https://quay.example/"
    assert document_base(stored, replace(FEED, site_url=None)) == FEED.url
    assert document_base(stored, Feed("quay", "Quay", "")) == ""


@pytest.mark.parametrize(
    ("location", "base"),
    [
        ("https://hafen.example/de/", "https://hafen.example/de/"),
        ("/en/feed.xml", "https://port.example/en/feed.xml"),
        ("feed.en.xml", "https://port.example/news/feed.en.xml"),
        ("http://10.2.0.7/feed.xml", PORT.url),  # IIS behind a proxy
        ("http://web03/feed.xml", PORT.url),
        ("http://web03.internal/feed.xml", PORT.url),
        ("cid:feed", PORT.url),
    ],
)
def test_content_location(location: str, base: str) -> None:
    article = milled(rss("", "<link>tide</link>"), headers={"content-location": location})
    assert article.url == urljoin(base, "tide")


@pytest.mark.parametrize("guid", ["/news/tide", "//port.example/news/tide"])
def test_a_guid_that_is_a_path_is_the_link_of_an_item_without_one(guid: str) -> None:
    assert milled(rss("", f"<guid>{guid}</guid>")).url == "https://port.example/news/tide"
    assert milled(rss("", f'<guid isPermaLink="false">{guid}</guid>')).url is None


def test_no_guid_becomes_an_address_because_of_a_base() -> None:
    feed = '<rss version="2.0" xml:base="https://port.example/">'
    article = milled(rss("", "<guid>4711</guid>").replace('<rss version="2.0">', feed))
    assert (article.guid, article.url) == ("4711", None)


def test_json_feed() -> None:
    item = JSON_ITEM | {"url": "tide", "content_html": '<a href="/x">x</a>'}
    for home, base in (("/news/", "https://port.example/news/"), (None, PORT.url), ("port.example/a/", None)):
        article = milled(json_feed(item, home_page_url=home))
        assert article.url == urljoin(base or "https://port.example/a/", "tide")
        assert linked(article) == ["https://port.example/x"]


_BASES = st.sampled_from(
    [
        "",
        "https://hafen.example/a/",
        "http://hafen.example/b/c.xml",
        "/d/",
        "e/",
        "/f",
        "g/h",
        "https://port.example/news/feed.xml",
    ]
)


@given(_BASES, _BASES, _BASES, st.sampled_from(["x", "/x", "?x=1", "y/x"]))
@settings(max_examples=200)
def test_the_innermost_xml_base_holds_joined_to_those_around_it(
    feed: str, entry: str, content: str, address: str
) -> None:
    link = '<link href="https://kai.example/tide/1"/>'
    data = atom(feed, entry, content, f'<a href="{address}">x</a>').replace(
        "<title>Tide</title>", f"<title>Tide</title>{link}"
    )
    base = "https://kai.example/tide/1" if not (feed or entry or content) else PORT.url
    for stated in (feed, entry, content):
        base = urljoin(base, stated)
    assert linked(milled(data)) == [urljoin(base, address)]


@given(_BASES, _BASES)
@settings(max_examples=50)
def test_a_link_is_relative_to_the_xml_base_around_it(feed: str, entry: str) -> None:
    data = atom(feed, entry).replace("<title>Tide</title>", '<title>Tide</title><link href="tide"/>')
    assert milled(data).url == urljoin(urljoin(urljoin(PORT.url, feed), entry), "tide")


@pytest.mark.parametrize("stated", ["javascript:alert(1)", "data:text/html,x", "http://[", "about:blank"])
def test_an_xml_base_that_is_no_web_address_does_not_count(stated: str) -> None:
    assert linked(milled(atom("https://hafen.example/", "", stated))) == ["https://hafen.example/x"]
    assert linked(milled(atom(stated))) == ["https://port.example/news/x"]


def test_images_outside_the_content_are_relative_to_the_entrys_xml_base() -> None:
    media = '<m:thumbnail xmlns:m="http://search.yahoo.com/mrss/" url="tide.jpg"/>'
    data = atom("https://hafen.example/", "p/", html="High at nine.").replace("<content", f"{media}<content")
    assert [image.url for image in milled(data).images] == ["https://hafen.example/p/tide.jpg"]


def _conformance_cases() -> Iterator[tuple[str, bytes]]:
    if not CONFORMANCE.is_file():
        return
    with tarfile.open(CONFORMANCE) as archive:
        for member in archive:
            if "/base/" in member.name and (file := archive.extractfile(member)):
                yield member.name.rpartition("/")[2], file.read()


_CHECK = re.compile(
    rb"Expect:\s*not bozo and entries\[0\]\['(content|summary|summary_detail|description|link)'\](.*?) == (.*)"
)
_ADDRESS = re.compile(rb"""https?://[^'"<]*""")
CASES = {name: data for name, data in _conformance_cases() if _CHECK.search(data)}


@pytest.mark.skipif(not CONFORMANCE.is_file(), reason=f"{CONFORMANCE} is absent")
@pytest.mark.parametrize("name", CASES)
def test_feedparsers_cases_of_bases(name: str) -> None:
    data = CASES[name]
    if name == "rel_uri_with_unicode_character.xml":
        pytest.skip("newsmill percent-encodes the address")
    check = _CHECK.search(data)
    assert check
    address = _ADDRESS.search(check[3])
    assert address
    location = re.search(rb"Header:\s+Content-Location: (.*)", data)
    headers = {"content-location": location[1].decode().strip()} if location else {}
    server = Feed("port", "Port", "http://127.0.0.1:8097/")
    entry, article = _milled_with_entry(data, server, headers)
    if check[1] == b"link":
        assert article.url == address[0].decode()
    elif check[2].endswith(b"['base']"):
        assert entry == address[0].decode()
    else:
        assert linked(article) == [address[0].decode()]


def _milled_with_entry(data: bytes, feed: Feed, headers: Mapping[str, str]) -> tuple[str | None, Article]:
    result = mill_bytes(data, fetched(data, feed, headers), feed)
    return result.entries[0].content_base, result.articles[0]


def test_the_cases_were_found() -> None:
    if CONFORMANCE.is_file():
        assert len(CASES) > 30
