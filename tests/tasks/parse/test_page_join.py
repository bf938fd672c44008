from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.clean.article import clean
from tasks.parse.page_join import MAX_PAGES, join_pages
from tests.tasks.making import FEED, entry
from tests.tasks.parse.pages import ADDRESS, CHINESE, ENGLISH, MANDARIN, json_ld, page, paragraphs, parse_entry
from warehouse.records import Entry

TITLE = "<h1>The gate is open</h1>"
TEASER = "<p>The north gate of the harbour opens again after a winter of repairs.</p>"
NOTE = "<p>Oda Brandt writes about harbours and their gates for this newspaper.</p>"


def part(html: str, number: int = 1) -> Entry:
    return replace(entry(content=html), entry_id=f"e{number}")


def text_of(joined: Entry) -> list[str]:
    return clean(joined, FEED).content_text.split("\n\n")


def test_the_pages_of_an_article_are_read_and_joined_in_their_order() -> None:
    more = "<a href='gate.html?page={}'>Next page</a>"
    first = parse_entry(page(text=paragraphs(ENGLISH[:2]) + more.format(2)))
    assert first.next_page == f"{ADDRESS}?page=2"
    second = parse_entry(page(text=paragraphs(ENGLISH[2:])), url=first.next_page)
    joined = join_pages(first, [second])
    assert clean(joined, FEED).content_text.split("\n\n") == list(ENGLISH)
    assert (joined.link, joined.title, joined.next_page) == (first.link, first.title, None)
    assert json.loads(joined.parsed)["pages"] == [ADDRESS, f"{ADDRESS}?page=2"]


def test_chinese_pages() -> None:
    first = parse_entry(page(text=paragraphs(MANDARIN[:2]) + "<a href='gate_2.html'>下一页</a>", lang="zh"), CHINESE)
    second = parse_entry(page(text=paragraphs(MANDARIN[2:]), lang="zh"), CHINESE, url=str(first.next_page))
    assert clean(join_pages(first, [second]), CHINESE).content_text.split("\n\n") == list(MANDARIN)


def test_what_each_page_repeats_is_there_once() -> None:
    image = "<figure><img src='https://quay.example/gate.jpg'><figcaption>The gate</figcaption></figure>"
    pages = [
        part(f"{TITLE}{TEASER}{image}<p>{text}</p>{NOTE}", number) for number, text in enumerate(ENGLISH[:3], start=1)
    ]
    joined = join_pages(pages[0], pages[1:])
    html = joined.content_html
    for repeated in ("The gate is open", "after a winter of repairs", "gate.jpg", "The gate<", "Oda Brandt"):
        assert html.count(repeated) == 1, repeated
    *_, last, note = text_of(joined)
    assert last == ENGLISH[2]
    assert note.startswith("Oda Brandt")


def test_a_short_text_that_the_article_says_twice_stays() -> None:
    first = part(f"<p>{ENGLISH[0]}</p><h2>What it costs</h2><p>{ENGLISH[1]}</p>")
    second = part(f"<p>{ENGLISH[2]}</p><h2>What it costs</h2><p>{ENGLISH[3]}</p>", 2)
    assert text_of(join_pages(first, [second])).count("## What it costs") == 2


def test_pages_in_a_circle_end() -> None:
    """Many sites answer a number that is too high with the first page, or with the last."""
    first, second = part(f"{TITLE}<p>{ENGLISH[0]}</p>"), part(f"{TITLE}<p>{ENGLISH[1]}</p>", 2)
    joined = join_pages(first, [second, first, second, second])
    assert joined == join_pages(first, [second])
    assert text_of(joined) == ["# The gate is open", ENGLISH[0], ENGLISH[1]]


def test_a_page_without_others_stays_as_it_is() -> None:
    first = part(f"<p>{ENGLISH[0]}</p>")
    assert join_pages(first, []) is first
    assert join_pages(first, [first]) is first


def test_the_number_of_pages_is_bounded_and_the_rest_can_be_seen() -> None:
    pages = [
        replace(
            part(f"<p>Part {number} of the story of the gate, which is a long one.</p>", number),
            next_page=f"p{number + 1}",
        )
        for number in range(1, 31)
    ]
    joined = join_pages(pages[0], pages[1:])
    assert len(text_of(joined)) == MAX_PAGES
    assert joined.next_page == f"p{MAX_PAGES + 1}"


def test_a_gallery_of_one_image_a_page() -> None:
    pages = [part(f"<p>{ENGLISH[0]}</p><img src='https://quay.example/{n}.jpg'>", n) for n in range(1, 4)]
    joined = join_pages(pages[0], pages[1:])
    assert [image.url[-5:] for image in clean(joined, FEED).images] == ["1.jpg", "2.jpg", "3.jpg"]
    assert text_of(joined) == [ENGLISH[0]]


def test_the_joined_entry_has_its_own_id_and_the_newest_update() -> None:
    first = replace(part(f"<p>{ENGLISH[0]}</p>"), updated_at=datetime(2024, 3, 5, tzinfo=UTC), categories=("harbour",))
    second = replace(
        part(f"<p>{ENGLISH[1]}</p>", 2), updated_at=datetime(2024, 3, 6, tzinfo=UTC), categories=("harbour", "gate")
    )
    joined = join_pages(first, [second])
    assert joined.entry_id not in (first.entry_id, second.entry_id)
    assert joined.entry_id == join_pages(first, [second]).entry_id
    assert joined.updated_at == second.updated_at
    assert joined.categories == ("harbour", "gate")


@pytest.mark.parametrize(
    ("first", "second", "whole"), [(None, None, None), (True, None, True), (True, False, False), (None, False, False)]
)
def test_an_article_is_free_if_no_page_says_otherwise(
    first: bool | None, second: bool | None, whole: bool | None
) -> None:
    pages = [replace(part(f"<p>{ENGLISH[n]}</p>", n), is_free=free) for n, free in enumerate((first, second))]
    assert join_pages(pages[0], pages[1:]).is_free is whole


def test_a_page_says_whether_it_is_free_and_where_its_plain_version_is() -> None:
    locked = parse_entry(page(head=json_ld(isAccessibleForFree=False) + '<link rel="amphtml" href="gate.amp.html">'))
    assert locked.is_free is False
    assert locked.plain_version == "https://quay.example/news/2024/gate.amp.html"
    silent = parse_entry(page())
    assert (silent.is_free, silent.plain_version, silent.next_page) == (None, None, None)
