"""A sitemap as a live feed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.errors import ParseError
from tasks.mill.document import mill_bytes
from tasks.parse.entry import ParsedDocument
from tasks.parse.sitemap import MAX_ENTRIES, parse_sitemap
from tests.tasks.backfill.sitemaps import SITEMAPS, entry, index, urlset
from tests.tasks.making import document
from tests.tasks.text.test_sitemaps import news
from warehouse.records import CUT_OFF, Document, Feed, Form

FEED = Feed("quay", "The Quay", "https://quay.example/sitemap.xml", kind="sitemap")


def landed(data: bytes, form: Form = "sitemap") -> Document:
    return replace(document(data, feed=FEED), form=form)


def parsed(data: bytes, form: Form = "sitemap") -> ParsedDocument:
    return parse_sitemap(data, landed(data, form), FEED)


def test_a_news_sitemap_s_pages_become_articles() -> None:
    data = news(title="Bread &amp;amp; butter", more="<image:image><image:loc>/img/1.jpg</image:loc></image:image>")
    (article,) = mill_bytes(data, landed(data), FEED).articles
    assert (article.title, article.url, article.language) == ("Bread & butter", "https://quay.example/1", "zh")
    assert article.published_at == datetime(2026, 11, 19, 8, tzinfo=UTC)
    assert article.categories == ("ferry", "harbour")
    assert article.keys == ("url:quay.example/1",)
    assert article.lead_image
    assert article.lead_image.url == "https://quay.example/img/1.jpg"


def test_a_lastmod_is_when_a_page_was_changed_not_published() -> None:
    pages = [
        entry("https://quay.example/"),
        entry("https://quay.example/1", "2026-11-18"),
        entry("https://quay.example/2", "2026-11-19"),
    ]
    first, second = parsed(urlset(*pages).body).entries
    assert [each.link for each in (first, second)] == ["https://quay.example/1", "https://quay.example/2"]
    assert (first.published_at, first.updated_at) == (None, datetime(2026, 11, 18, tzinfo=UTC))


def test_a_lastmod_that_all_pages_share_says_nothing() -> None:
    """It is the moment at which the sitemap was made: each page would be a new entry each time."""

    def ids(made: str) -> list[str]:
        pages = (entry(f"https://quay.example/{n}", made) for n in (1, 2))
        return [each.entry_id for each in parsed(urlset(*pages).body).entries]

    assert ids("2026-11-18T10:00:00Z") == ids("2026-11-18T11:00:00Z")


def test_the_newest_pages_of_a_large_sitemap_are_entries() -> None:
    days = [f"{2020 + n % 6}-05-{n % 28 + 1:02}" for n in range(MAX_ENTRIES + 500)]
    entries = parsed(urlset(*(entry(f"https://quay.example/{n}", day) for n, day in enumerate(days))).body).entries
    assert len(entries) == MAX_ENTRIES
    left_out = set(days) - {f"{each.updated_at:%Y-%m-%d}" for each in entries}
    assert max(left_out) <= min(f"{each.updated_at:%Y-%m-%d}" for each in entries)


def test_a_list_of_addresses_is_a_sitemap() -> None:
    entries = parsed(b"https://quay.example/1\nhttps://quay.example/2\n").entries
    assert [each.link for each in entries] == ["https://quay.example/1", "https://quay.example/2"]


def test_a_sitemap_that_is_cut_off_gives_what_is_whole_and_is_asked_for_again() -> None:
    data = urlset(*(entry(f"https://quay.example/{n}", f"2026-11-0{n}") for n in (1, 2, 3))).body
    cut = parsed(data[: data.rindex(b"<lastmod>")])
    assert [each.link for each in cut.entries] == ["https://quay.example/1", "https://quay.example/2"]
    assert [reject.error for reject in cut.rejects] == [CUT_OFF]


@pytest.mark.parametrize("data", [f"<urlset {SITEMAPS}></urlset>".encode(), f"<urlset {SITEMAPS}/>".encode()])
def test_a_news_sitemap_without_news_is_no_failure(data: bytes) -> None:
    assert not mill_bytes(data, landed(data), FEED).is_unreadable


def test_an_index_has_no_entries_itself() -> None:
    data = index("https://quay.example/1.xml").body
    assert parsed(data, "sitemap index") == ParsedDocument(())
    with pytest.raises(ParseError, match="lists only sitemaps again"):
        parsed(data, "listed sitemap")


@pytest.mark.parametrize("data", [b"", b"<html><body><p>Not found</p></body></html>", b'{"a": 1}', b"\x00\x01"])
def test_what_is_no_sitemap_is_unreadable(data: bytes) -> None:
    with pytest.raises(ParseError):
        parsed(data)
    assert mill_bytes(data, landed(data), FEED).is_unreadable
