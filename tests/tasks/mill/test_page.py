"""An article's own page: whether it is the article's, and what the article is made of then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.errors import ParseError
from tasks.mill.document import mill_bytes
from tasks.mill.page import mill_page, reject_page
from tests.sites.teasers import STORIES, Story, page, story_page
from tests.tasks.making import FEED, NOW, document
from warehouse.records import Article, Document, Milled, PageRequest

HOST = "https://ridge.example"
BRIDGE, LIBRARY, TEA, *_ = STORIES
(BUDGET,) = (story for story in STORIES if not story.is_free)


def request(story: Story = BRIDGE, **known: object) -> PageRequest:
    return PageRequest(**{"url": HOST + story.path, "title": story.title, **known})  # type: ignore[arg-type]


def answer(
    data: bytes,
    asked: PageRequest,
    *,
    final_url: str | None = None,
    status: int = 200,
    content_type: str = "text/html; charset=utf-8",
) -> Document:
    plain = document(data, content_type=content_type, source="page")
    return replace(plain, url=asked.url, final_url=final_url or asked.url, status=status, form="page", request=asked)


def read(data: bytes, asked: PageRequest | None = None, **options: object) -> Milled:
    landed = answer(data, asked or request(), **options)  # type: ignore[arg-type]
    found = mill_bytes(data, landed, FEED)
    assert found.page
    assert found.rejects == (), "what a page lacks is a status of its own, and no reject"
    assert len(found.articles) == 1, "the article that its keys find"
    return found


def body(story: Story = BRIDGE) -> bytes:
    return story_page(story, HOST + story.path).body


def article(data: bytes, asked: PageRequest | None = None, **options: object) -> Article:
    found = read(data, asked, **options)
    assert found.page
    assert (found.page.status, found.page.error) == ("stored", None)
    return found.articles[0]


def outcome(data: bytes, asked: PageRequest | None = None, **options: object) -> tuple[str, str]:
    """(status, reason) of a page without the article's text."""
    found = read(data, asked, **options)
    assert found.page
    assert found.page.error
    assert found.entries == ()
    assert (found.articles[0].content_text, found.articles[0].word_count) == ("", 0)
    return found.page.status, found.page.error


@pytest.mark.parametrize("story", STORIES, ids=[story.path for story in STORIES])
def test_the_text_is_the_page_s(story: Story) -> None:
    found = article(body(story), request(story))
    assert found.content_text == "\n\n".join(story.paragraphs)
    assert (found.title, found.url, found.teaser) == (story.title, HOST + story.path, None)


def test_what_is_known_of_the_page() -> None:
    reading = read(body()).page
    assert reading
    assert (reading.title, reading.is_free) == (BRIDGE.title, True)
    assert reading.words == read(body()).articles[0].word_count > 100
    paid = read(body(BUDGET), request(BUDGET)).page
    assert paid
    assert (paid.status, paid.is_free) == ("stored", False)


def test_the_article_keeps_what_its_feed_says_of_it() -> None:
    published, updated = datetime(2026, 11, 20, 8, tzinfo=UTC), datetime(2026, 11, 20, 9, tzinfo=UTC)
    asked = request(
        title="Footbridge shut",
        guid="ridge-1",
        published_at=published.isoformat(),
        updated_at=updated.isoformat(),
        authors=("Mira Oster", "Jonas Wiede"),
        categories=("bridges",),
        summary="Divers found washed-out gravel.",
    )
    head = '<link rel="canonical" href="https://elsewhere.example/x">'
    found = article(story_page(replace(BRIDGE, head=head), HOST + BRIDGE.path).body, asked)
    assert (found.title, found.guid, found.url) == ("Footbridge shut", "ridge-1", asked.url)
    assert found.canonical_url == asked.url, "a page may claim to be another"
    assert (found.authors, found.author) == (("Mira Oster", "Jonas Wiede"), "Mira Oster, Jonas Wiede")
    assert (found.published_at, found.updated_at) == (published, updated)
    assert (found.categories, found.summary) == (("bridges",), "Divers found washed-out gravel.")


def test_what_the_feed_does_not_say_is_the_page_s() -> None:
    found = article(body(), request(title=""))
    assert (found.title, found.authors) == (BRIDGE.title, ("Ada Kern",))


def test_keys_are_those_that_the_feed_s_entry_has() -> None:
    """The page is found by them, whatever its own address is after redirects."""
    with_guid = request(guid="ridge-1")
    stored = article(body(), with_guid, final_url=f"{HOST}/2026/11/bridge-closed")
    assert stored.keys == read(b"", with_guid, status=404).articles[0].keys
    assert stored.keys == article(body(), with_guid).keys
    assert set(stored.keys) > set(article(body()).keys), "the guid is one of them"


def test_a_headline_that_the_page_changes_is_the_article_s_from_then_on() -> None:
    edited = replace(BRIDGE, title="Footbridge over the Orra closed until summer")
    feed_s = request(title="Footbridge shut for months")
    first = article(body(), feed_s)
    same = article(body(), replace(feed_s, page_title=BRIDGE.title))
    assert (first.title, first.content_hash) == (same.title, same.content_hash) == (feed_s.title, first.content_hash)
    other = article(body(edited), replace(feed_s, page_title=BRIDGE.title))
    assert other.title == edited.title
    assert other.content_hash != first.content_hash


def test_what_stands_around_the_article_does_not_change_it() -> None:
    """Sidebars, comments and tokens differ with each request; an article must not be edited by them."""
    first = article(body())
    around = (
        body().replace(b"Goats back on the north slope", b"Ferry late again").replace(b"<main>", b"<main data-t=42>")
    )
    again = article(around.replace(b"</body>", b"<div class='comments'><p>12 comments</p></div></body>"))
    assert (again.content_hash, again.content_text) == (first.content_hash, first.content_text)
    assert article(body(replace(BRIDGE, paragraphs=BRIDGE.paragraphs[:-1]))).content_hash != first.content_hash


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "text/html; charset=iso-8859-1"),
        ("utf-8", "text/html; charset=gb2312"),
        ("gb18030", "text/html; charset=gb2312"),
        ("gb18030", "text/html"),
        ("utf-8", ""),
    ],
)
def test_a_charset_that_is_wrong_or_missing(encoding: str, content_type: str) -> None:
    data = body(TEA)
    if encoding != "utf-8":
        data = data.decode().replace("charset='utf-8'", f"charset='{encoding}'").encode(encoding)
    assert article(data, request(TEA), content_type=content_type).content_text == "\n\n".join(TEA.paragraphs)


@pytest.mark.parametrize(("status", "words"), [(404, "not found"), (410, "gone for good"), (451, "legal reasons")])
def test_answers_that_say_that_the_page_is_missing(status: int, words: str) -> None:
    kind, reason = outcome(b"", status=status)
    assert kind == "missing"
    assert str(status) in reason
    assert words in reason


def test_a_redirect_to_the_front_page_is_a_missing_page() -> None:
    front = page("The Ridge Gazette", "".join(f"<h2>{story.title}</h2><p>{story.teaser}</p>" for story in STORIES))
    kind, reason = outcome(front.body, final_url=f"{HOST}/")
    assert kind == "missing"
    assert f"{HOST}/" in reason


def test_an_error_page_that_answers_200_is_a_missing_page() -> None:
    soft = page("Page not found - The Ridge Gazette", "<h1>Oops</h1><p>This page does not exist.</p>")
    assert outcome(soft.body) == (
        "missing",
        "an error page, though it answers 200: “Page not found - The Ridge Gazette”",
    )


def test_a_notice_under_the_article_s_title_is_a_missing_page() -> None:
    withdrawn = story_page(replace(BRIDGE, paragraphs=("This article has been removed for legal reasons.",)), HOST)
    kind, reason = outcome(withdrawn.body)
    assert kind == "missing"
    assert "has been removed" in reason


def test_another_article_is_none_of_this_one() -> None:
    kind, reason = outcome(body(LIBRARY))
    assert kind == "skipped"
    assert f"another article: “{LIBRARY.title}”" in reason


@pytest.mark.parametrize(
    ("title", "text", "status"),
    [
        ("Just a moment...", "Enable JavaScript and cookies to continue", "forbidden"),
        ("Log in - The Ridge Gazette", "Email, password", "forbidden"),
        ("Before you continue", "Accept all", "forbidden"),
        ("The Ridge Gazette", "You need to enable JavaScript to run this app.", "skipped"),
    ],
)
def test_walls(title: str, text: str, status: str) -> None:
    kind, reason = outcome(page(title, f"<p>{text}</p>").body)
    assert kind == status
    assert len(reason) > 20


def test_a_pdf_is_kept_as_a_file_and_not_read() -> None:
    found = read(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", content_type="application/pdf").page
    assert found
    assert (found.status, found.media_type) == ("skipped", "application/pdf")
    assert "PDF" in (found.error or "")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n ",
        b"\x00\x01\x02" * 400,
        b"Meeting cancelled",
        b'{"error": "not signed in"}',
        b"<html><head><title>The Ridge Gazette</title></head><body></body></html>",
        b"<p>" * 3_000,
        b"<html><body>" + b"<div>" * 5_000 + b"deep",
        page("The Ridge Gazette", "<script>render()</script><div id='app'></div>").body,
    ],
)
def test_what_holds_no_article_is_skipped_with_a_reason(data: bytes) -> None:
    assert outcome(data)[0] == "skipped"


def test_a_fault_of_a_library_is_no_reject_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault of our own")

    monkeypatch.setattr("tasks.mill.page.glance", fail)
    assert outcome(body()) == ("skipped", "a fault of our own")


def test_a_page_that_takes_too_long_is_skipped() -> None:
    landed = answer(body(), request())
    found = reject_page(landed, FEED, ParseError("it takes longer than 120 s"))
    assert found.page
    assert (found.page.status, found.page.error) == ("skipped", "it takes longer than 120 s")
    assert found.articles[0].keys == read(body()).articles[0].keys


def test_a_page_without_its_request_cannot_be_read() -> None:
    landed = document(body(), source="page", at=NOW)
    with pytest.raises(ParseError, match="which article's page"):
        mill_page(body(), landed, FEED, lambda *_: pytest.fail("nothing to clean"))
