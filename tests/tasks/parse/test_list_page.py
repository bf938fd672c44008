"""A page that lists articles becomes an entry for each of them, and nothing else on it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest

from tasks.errors import ParseError
from tasks.mill.document import mill_bytes
from tasks.parse.entry import ParsedDocument
from tasks.parse.list_items import MAX_ITEMS
from tasks.parse.list_page import parse_list_page
from tests.tasks.making import document
from tests.tasks.parse import list_pages, more_list_pages
from tests.tasks.parse.list_pages import BASE, EN, MENU, ListPage, each, link, page
from warehouse.records import Document, Feed

PAGES = [*list_pages.PAGES, *more_list_pages.PAGES]
FEED = Feed("quay", "The Quay", f"{BASE}/news/", kind="page")


def landed(html: str, feed: Feed = FEED) -> Document:
    return replace(document(html.encode(), feed=feed, content_type="text/html"), form="list page")


def parsed(html: str, feed: Feed = FEED) -> ParsedDocument:
    return parse_list_page(html.encode(), landed(html, feed), feed)


@pytest.mark.parametrize("each_page", PAGES, ids=lambda each_page: each_page.name)
def test_exactly_the_articles_are_found(each_page: ListPage) -> None:
    entries = parsed(each_page.html, replace(FEED, url=BASE + each_page.path)).entries
    assert [entry.title for entry in entries] == [story.title for story in each_page.stories]
    for entry, story in zip(entries, each_page.stories, strict=True):
        assert entry.link and entry.link.endswith(story.path)
        assert entry.link.startswith("http")
        assert (entry.published_at and entry.published_at.date()) == (story.day if "d" in each_page.shows else None)
        if "s" in each_page.shows:
            assert story.teaser in unescape(entry.summary_html)
        elif "?" not in each_page.shows:
            assert not entry.summary_html
        assert entry.enclosures or "i" not in each_page.shows


def test_an_entry_is_the_same_each_time_the_page_is_read() -> None:
    html = list_pages.PAGES[0].html
    later = replace(landed(html), fetched_at=datetime(2026, 12, 24, tzinfo=UTC))
    again = parse_list_page(html.encode(), later, FEED).entries
    assert [entry.entry_id for entry in again] == [entry.entry_id for entry in parsed(html).entries]


def test_an_entry_goes_on_as_one_of_a_feed() -> None:
    html = list_pages.PAGES[2].html  # cards
    milled = mill_bytes(html.encode(), landed(html), FEED)
    assert not milled.rejects
    article = milled.articles[0]
    assert (article.title, article.summary, article.content_text) == (EN[0].title, EN[0].teaser, EN[0].teaser)
    assert article.keys == ("url:quay.example" + EN[0].path,)
    assert article.lead_image
    assert article.lead_image.url == f"{BASE}/img/0.jpg"
    assert milled.about
    assert (milled.about.title, milled.about.language) == ("The Quay", "en")


def test_a_title_is_plain_text() -> None:
    titles = [
        "Why a <b> is not a <strong> in our markup",
        "Bread &amp; butter: what the &lt;harbour&gt; eats",
        "5 < 7 is true",
    ]
    rows = "".join(f'<li><a href="/{n}-x">{title.replace("<", "&lt;")}</a></li>' for n, title in enumerate(titles))
    articles = mill_bytes(page(f"<ul>{rows}</ul>").encode(), landed(page(f"<ul>{rows}</ul>")), FEED).articles
    assert [article.title for article in articles] == [titles[0], "Bread & butter: what the <harbour> eats", titles[2]]


def test_relative_addresses_are_relative_to_the_base_that_the_page_states() -> None:
    rows = each(lambda n, s: f'<li><a href="story-{n}.html">{s.title}</a></li>', EN)
    html = page(f"<ul>{rows}</ul>", head='<base href="https://cdn.example/archive/">')
    assert parsed(html).entries[0].link == "https://cdn.example/archive/story-0.html"


def test_dates_of_day_and_month_are_read_as_the_language_writes_them() -> None:
    def first_date(language: str) -> datetime | None:
        rows = each(lambda n, s: f"<li>{link(s)} <span>{n + 1:02}/10/2026</span></li>", EN)
        return parsed(page(f"<ul>{rows}</ul>", language=language)).entries[1].published_at

    assert first_date("fr") == datetime(2026, 10, 2, tzinfo=UTC)
    assert first_date("en-US") == datetime(2026, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("html", "message"),
    [
        (page('<div id="root"></div><script src="/app.js"></script>'), "scripts fill it in"),
        (page(MENU), "no list of articles was found among the page's 6 links"),
        (page("<p>Nothing here.</p>"), "no list of articles was found among the page's 0 links"),
        ("", "the page is empty"),
        ('<?xml version="1.0"?><rss version="2.0"><channel/></rss>', "is a feed, not a web page"),
        ('{"a": 1}', "holds no HTML"),
    ],
)
def test_a_page_without_a_list_is_unreadable_and_says_what_to_do(html: str, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        parsed(html)
    assert mill_bytes(html.encode(), landed(html), FEED).is_unreadable


def test_a_list_without_end_is_cut() -> None:
    rows = "".join(f'<li><a href="/{n}">The ferry number {n} leaves on time</a></li>' for n in range(3 * MAX_ITEMS))
    assert len(parsed(page(f"<ul>{rows}</ul>")).entries) == MAX_ITEMS
