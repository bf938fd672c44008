"""One sitemap, as it is read: dates, limits, any bytes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.backfill.sitemap_files import parse_sitemap
from tasks.fetch.http import Response
from tasks.text.sitemaps import MAX_URLS
from tasks.text.urls import resolve
from tests.tasks.backfill.sitemaps import NEWS, entry, urlset


def test_a_day_without_a_zone_is_in_the_feeds_time_zone() -> None:
    found = parse_sitemap(
        Response("http://quay.example/sitemap.xml", 200, {}, urlset(entry("/1", "2024-03-05")).body),
        9999,
        "Asia/Shanghai",
    )
    assert found.pages[0].changed == datetime(2024, 3, 4, 16, tzinfo=UTC)


def test_a_date_with_a_huge_number_is_none_and_costs_no_page() -> None:
    body = urlset(entry("/1", "2024-03-05T10:2147483648"), entry("/2", "2024-03-05")).body
    found = parse_sitemap(Response("http://quay.example/sitemap.xml", 200, {}, body), 9999, "UTC")
    assert [page.changed for page in found.pages] == [None, datetime(2024, 3, 5, tzinfo=UTC)]
    assert found.problems == ()


def test_a_lastmod_without_text_is_no_date() -> None:
    body = urlset(entry("/1", "x"), entry("/2")).body.replace(b"<lastmod>x<", b"<lastmod><priority>x</priority><")
    found = parse_sitemap(Response("http://quay.example/sitemap.xml", 200, {}, body), 9999, "UTC")
    assert [(page.url[-2:], page.changed) for page in found.pages] == [("/1", None), ("/2", None)]


def test_more_addresses_than_the_protocol_allows_are_left_out() -> None:
    many = urlset(*(entry(f"/{n}") for n in range(MAX_URLS + 5)))
    found = parse_sitemap(Response("http://quay.example/sitemap.xml", 200, {}, many.body), 50_000_000, "UTC")
    assert len(found.pages) == MAX_URLS
    assert "50,000" in found.problems[0]
    lines = "\n".join(f"http://quay.example/{n}" for n in range(MAX_URLS + 5)).encode()
    found = parse_sitemap(Response("http://quay.example/sitemap.txt", 200, {}, lines), 50_000_000, "UTC")
    assert len(found.pages) == MAX_URLS
    assert "50,000" in found.problems[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<urlset", '<!DOCTYPE urlset PUBLIC "-//x" ><urlset'),
        ("<urlset", "\n<!-- made by hand --><!doctype urlset>\n<urlset"),
        ("<?xml", "\ufeff\n<?xml"),
        ("<?xml", "<b>Notice</b>: undefined <br>\n<?xml"),
        ("&amp;", "&"),
        ("<lastmod>", "<x>D&D, &nbsp;\x0b5 < 6</x><lastmod>"),
        (NEWS, ""),
        ("<lastmod>", '<xhtml:link rel="alternate" href="/de?a=1&b=2"/><lastmod>'),
    ],
)
def test_a_sitemap_that_is_not_well_formed_loses_no_page(before: str, after: str) -> None:
    listed = [f"http://quay.example/?渡={n}&section=1&copy=2" for n in range(3)]
    text = urlset(*(entry(address, "2024-03-05", "2024-03-04") for address in listed)).body.decode()
    found = parse_sitemap(Response("http://quay.example/s", 200, {}, text.replace(before, after).encode()), 9999, "UTC")
    assert [page.url for page in found.pages] == [str(resolve(None, address)) for address in listed]
    assert {page.published for page in found.pages} == {datetime(2024, 3, 4, tzinfo=UTC)}
    assert found.problems == ()


@pytest.mark.parametrize("encoding", ["utf-16", "windows-1251"])
def test_a_sitemap_in_another_encoding(encoding: str) -> None:
    text = urlset(entry("http://quay.example/причал")).body.decode().replace("UTF-8", encoding)
    found = parse_sitemap(Response("http://quay.example/s", 200, {}, text.encode(encoding)), 9999, "UTC")
    assert [page.url for page in found.pages] == [str(resolve(None, "http://quay.example/причал"))]


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: f"<urlset>{text}</urlset>".encode()))
def test_any_bytes_give_pages_or_a_reason(body: bytes) -> None:
    found = parse_sitemap(Response("http://quay.example/sitemap.xml", 200, {}, body), 1_000_000, "UTC")
    assert all(page.url.startswith(("http://", "https://")) for page in found.pages)
    assert found.pages or found.problems or b"urlset" in body


@given(st.lists(st.text("abcdé渡口&=;?/%20", min_size=1, max_size=20), min_size=1, max_size=8))
def test_addresses_survive_being_written_and_read(names: list[str]) -> None:
    listed = [f"http://quay.example/{name}x" for name in names]
    plain = parse_sitemap(Response("http://quay.example/s", 200, {}, "\n".join(listed).encode()), 1_000_000, "UTC")
    marked_up = parse_sitemap(
        Response("http://quay.example/s", 200, {}, urlset(*map(entry, listed)).body), 1_000_000, "UTC"
    )
    assert [page.url for page in plain.pages] == [page.url for page in marked_up.pages]
    assert len(plain.pages) == len(set(listed))
