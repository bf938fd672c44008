"""Finding feeds in a page's links, and telling a feed by its first bytes."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.registry.discovery import COMMON_PATHS, Candidate, discover, looks_like_feed
from tests.sites.faults import FaultySite
from tests.sites.sample import SampleSite


@pytest.fixture(scope="module")
def front_page() -> tuple[str, bytes]:
    with SampleSite() as site:
        return site.url(), httpx.get(site.url()).content


def test_discover_on_the_sample_site(front_page: tuple[str, bytes]) -> None:
    url, html = front_page
    assert discover(html, url) == [
        Candidate(f"{url}en/feed.xml", "The Harbour Post", "application/rss+xml"),
        Candidate(f"{url}zh/feed.xml", "海港日报", "application/rss+xml"),
        Candidate(f"{url}world/atom.xml", "The World at the Quay", "application/atom+xml"),
        Candidate(f"{url}brief.json", "The Harbour Post in Brief", "application/feed+json"),
    ]


def test_linked_feeds_come_likeliest_first() -> None:
    html = """<html><head><base href="https://cdn.example.org/sub/">
<link rel="alternate" type="application/json" href="/api.json">
<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2" title="JSON">
<link rel="alternate" type="application/rss+xml" title="Tide » Comments Feed" href="comments/feed/">
<link rel="ALTERNATE home" type="Application/RSS+XML; charset=utf-8" title=" Tide
 » Feed" href="feed/">
<link rel="alternate" type="application/rss+xml" href="feed/">
<link rel="alternate" hreflang="de" href="/de/">
<link rel="stylesheet" type="text/css" href="/feed">
<link rel="alternate" type="application/atom+xml" href="javascript:alert(1)">
</head><body><a href="/rss">RSS</a></body></html>"""
    assert [(c.url, c.title) for c in discover(html.encode(), "https://example.org/")] == [
        ("https://cdn.example.org/sub/feed/", "Tide » Feed"),
        ("https://cdn.example.org/api.json", ""),
        ("https://cdn.example.org/sub/comments/feed/", "Tide » Comments Feed"),
    ]


def test_anchors_are_used_if_no_feed_is_linked() -> None:
    html = """<meta charset="gb18030"><p><a href="https://feedly.com/i/rss.xml">Feedly</a>
<a href="/feeders">about feeding</a> <a href="/blog/index.xml"><b>订阅</b> RSS</a> <a href="?feed=rss2">博客</a>
<a href="/feed/">x</a><a href="https://www.example.org/">home</a><a href="/news.rss">n</a>"""
    assert discover(html.encode("gb18030"), "https://www.example.org/") == [
        Candidate("https://www.example.org/blog/index.xml", "订阅 RSS", None),
        Candidate("https://www.example.org/?feed=rss2", "博客", None),
        Candidate("https://www.example.org/feed/", "x", None),
        Candidate("https://www.example.org/news.rss", "n", None),
        Candidate("https://feedly.com/i/rss.xml", "Feedly", None),
    ]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "data", [b"", b"plain", b"\x89PNG\r\n<\x00\xff", b'<?xml version="1.0"?><rss/>', b"<div>" * 20_000]
)
def test_pages_without_feeds(data: bytes) -> None:
    assert discover(data, "https://example.org/") == []


@settings(max_examples=200)
@given(st.binary(max_size=200) | st.text(alphabet="<>/=\"' abhreflinktypss&;{}[]:,", max_size=200).map(str.encode))
def test_any_bytes_break_nothing(data: bytes) -> None:
    discover(data, "https://example.org/")
    looks_like_feed(data)


@pytest.mark.parametrize("charset", ["gb\x0118030", "no-such", "hex", "gb18030", "utf-8"])
def test_a_feed_is_found_whatever_the_page_calls_its_encoding(charset: str) -> None:
    link = '<link rel=alternate type=application/rss+xml href=/feed title="海港日报">'
    coded = link.encode("gb18030" if charset == "gb18030" else "utf-8")
    (found,) = discover(f'<meta charset="{charset}">'.encode() + coded, "https://quay.example/")
    assert (found.url, found.title) == ("https://quay.example/feed", "海港日报")


def test_common_paths_are_paths() -> None:
    assert all(path.startswith("/") for path in COMMON_PATHS)
    assert len(set(COMMON_PATHS)) == len(COMMON_PATHS)


def test_looks_like_feed_on_the_sample_site() -> None:
    with SampleSite() as site, httpx.Client() as client:
        titles = {
            path: looks_like_feed(client.get(site.url(path)).content)
            for path in ("/en/feed.xml", "/zh/feed.xml", "/world/atom.xml", "/brief.json", "/", "/pixel.gif")
        }
    assert titles == {
        "/en/feed.xml": "The Harbour Post",
        "/zh/feed.xml": "海港日报",
        "/world/atom.xml": "The World at the Quay",
        "/brief.json": "The Harbour Post in Brief",
        "/": None,
        "/pixel.gif": None,
    }


def test_looks_like_feed_on_the_faulty_site() -> None:
    with FaultySite() as site, httpx.Client() as client:
        found = {
            path: looks_like_feed(client.get(site.url(path)).content)
            for path in ("/feed", "/html", "/empty", "/gb18030", "/utf16", "/many", "/nul", "/undeclared-namespace")
        }
    assert found.pop("/html") is None
    assert found.pop("/empty") is None
    assert all(title is not None for title in found.values()), found
    assert found["/feed"] == "Harbour notices"


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (b'{"version": "https://jsonfeed.org/version/1", "items": []}', ""),
        (b'\xef\xbb\xbf{"version": "https://jsonfeed.org/version/1.1", "title": "\xe6\xb5\xb7", "items": []}', "海"),
        (b'{"items": []}', None),
        (b'{"version": "https://jsonfeed.org/version/1"}', None),
        (b"{", None),
        (b'{"a":' * 100_000, None),
        (b"<rss version='2.0'><channel><title>A &lt;b&gt;bold&lt;/b&gt; one</title></channel></rss>", "A bold one"),
        (b"<rss version='2.0'><channel></channel></rss>", ""),
        (
            b"\n<?xml version='1.0' encoding='gbk'?><rss version='2'><channel><title>D&D \xc2\xeb\xcd\xb7\xff</title>",
            "D&D 码头\ufffd",
        ),
        ("<rss version='2.0'><channel><title>Évora</title>".encode("utf-16"), "Évora"),
        (b'{"version": "https://jsonfeed.org/version/1", "title": "A\nB", "items": []}', "A B"),
        (b"<p>&#xD800;", None),  # feedparser raises for a character that does not exist
    ],
)
def test_looks_like_feed(data: bytes, title: str | None) -> None:
    assert looks_like_feed(data) == title


def test_bytes_that_name_a_file_are_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text("<rss version='2.0'><channel><title>secret</title></channel></rss>")
    assert looks_like_feed(str(path).encode()) is None


def test_a_marked_section_that_no_parser_knows() -> None:
    """Python's own parser gives the whole page up for one."""
    page = b'<html><![enan[ x ]]><link rel="alternate" type="application/rss+xml" href="/feed.xml">'
    assert [candidate.url for candidate in discover(page, "https://quay.example/")] == ["https://quay.example/feed.xml"]
