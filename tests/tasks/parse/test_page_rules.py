"""A site's own rules for its pages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.tasks.parse.pages import (
    ADDRESS,
    CHINESE,
    ENGLISH,
    FEED,
    MANDARIN,
    json_ld,
    mill_article,
    paragraphs,
    parse_entry,
)
from warehouse.records import Feed, PageRules, Rules

HTML = f"""<html lang=en><head><title>Gate | Quay</title><meta property=og:title content="A wrong title"></head><body>
<div class=top><h2 class=headline>The gate is open</h2><span class=by>By Oda Brandt</span>
<time class=pub datetime="2024-03-05T07:08:09+00:00">Tuesday</time></div>
<div class=story><p>{ENGLISH[0]}</p><div class=ad>Buy a boat from us today, and be at sea tomorrow.</div>
<p>{ENGLISH[1]}</p></div>
<div class=aside><p>{ENGLISH[2]} {ENGLISH[2]} {ENGLISH[2]}</p></div>
<div class=story><p>{ENGLISH[3]}</p></div>
<a class=more href="?part=two">More</a><a class=print href="/print/gate">Print</a></body></html>"""


def ruled(**rules: Any) -> Feed:
    return replace(FEED, page=PageRules(**rules))


def outcome(html: str, feed: Feed) -> tuple[dict[str, dict[str, int]], list[str]]:
    parsed = json.loads(parse_entry(html, feed).parsed)
    return parsed["rules"], parsed["rules_missed"]


@pytest.mark.parametrize("content", ["div.story", "//div[@class='story']"])
def test_only_the_elements_of_content_are_the_article_in_their_order(content: str) -> None:
    article = mill_article(HTML, ruled(content=(content,), remove=(".ad",)))
    assert article.content_text.split("\n\n") == [ENGLISH[0], ENGLISH[1], ENGLISH[3]]


def test_the_title_is_not_repeated_in_the_text() -> None:
    article = mill_article(HTML, ruled(content=("div.top, div.story",), title=("h2",)))
    assert article.content_text.startswith("By Oda Brandt")


def test_the_first_selector_that_matches_counts() -> None:
    feed = ruled(content=("div.body", "div.aside", "div.story"))
    assert mill_article(HTML, feed).content_text.startswith(ENGLISH[2])
    assert outcome(HTML, feed) == ({"content": {"div.body": 0, "div.aside": 1, "div.story": 2}}, [])


def test_of_elements_in_each_other_the_outer_one_is_taken_once() -> None:
    article = mill_article(HTML, ruled(content=("//div[@class='story'] | //div[@class='story']/p",), remove=(".ad",)))
    assert article.content_text.split("\n\n") == [ENGLISH[0], ENGLISH[1], ENGLISH[3]]


def test_title_author_and_date() -> None:
    feed = ruled(title=("h2.headline",), author=("//span[@class='by']",), date=("time.pub",), content=("div.story",))
    article = mill_article(HTML, feed)
    assert (article.title, article.author) == ("The gate is open", "Oda Brandt")
    assert article.published_at == datetime(2024, 3, 5, 7, 8, 9, tzinfo=UTC)


def test_they_are_found_in_what_is_removed() -> None:
    article = mill_article(HTML, ruled(title=("h2",), author=(".by",), date=("time",), remove=("div.top", ".aside")))
    assert (article.title, article.author) == ("The gate is open", "Oda Brandt")
    assert article.published_at
    assert ENGLISH[2] not in article.content_text


def test_a_rule_wins_over_what_the_page_says_of_itself() -> None:
    html = HTML.replace("</head>", json_ld(headline="Wrong", datePublished="2020-01-01T00:00:00Z") + "</head>")
    article = mill_article(html, ruled(title=("h2",), date=("time",)))
    assert article.title == "The gate is open"
    assert article.published_at == datetime(2024, 3, 5, 7, 8, 9, tzinfo=UTC)


def test_a_rule_that_finds_nothing_leaves_it_to_the_general_way_and_that_is_written_down() -> None:
    feed = ruled(content=("#gone",), title=("//h7",), author=(".nobody",), date=("h2",), remove=(".ad", ".none"))
    article = mill_article(HTML, feed)
    assert article.title == "A wrong title"
    assert ENGLISH[0] in article.content_text
    matched, missed = outcome(HTML, feed)
    assert matched["content"] == {"#gone": 0}
    assert matched["date"] == {"h2": 1}  # there is one, and no date in it
    assert matched["remove"] == {".ad": 1, ".none": 0}
    assert missed == ["content", "title", "author", "date"]


def test_an_element_without_text_and_image_is_no_content() -> None:
    html = HTML.replace("<body>", "<body><div class=body> <script>x</script></div>")
    assert ENGLISH[0] in mill_article(html, ruled(content=("div.body",))).content_text


def test_without_rules_nothing_is_written_down() -> None:
    assert "rules" not in json.loads(parse_entry(HTML).parsed)


def test_links() -> None:
    entry = parse_entry(HTML, ruled(next=("a.more",), whole=("//a[@class='print']",)))
    assert entry.next_page == f"{ADDRESS}?part=two"
    assert entry.plain_version == "https://quay.example/print/gate"
    made = parse_entry(HTML, ruled(whole=("(concat(//a[@class='print']/@href, '?all'))",), next=("a.none",)))
    assert (made.plain_version, made.next_page) == ("https://quay.example/print/gate?all", None)


def test_strings_are_replaced_before_the_page_is_read() -> None:
    html = HTML.replace("<div class=story>", "<noscript class=story>").replace(
        "</div>\n<div class=aside", "</noscript><div class=aside"
    )
    feed = ruled(
        replace=(("<noscript class=story>", "<div class=story>"), ("</noscript>", "</div>")), content=(".story",)
    )
    assert mill_article(html, feed).content_text.startswith(ENGLISH[0])


def test_chinese() -> None:
    head = "<h3>北门开放</h3><span id=source>记者 李军</span><i>2024年3月5日 07:08</i>"
    html = f"<html lang=zh><body>{head}<td>{paragraphs(MANDARIN)}"
    rules = PageRules(content=("body",), remove=("h3", "i", "#source"), title=("h3",), date=("//i",))
    article = mill_article(html, replace(CHINESE, page=rules))
    assert article.content_text.split("\n\n") == list(MANDARIN)
    assert article.title == "北门开放"
    assert article.published_at == datetime(2024, 3, 4, 23, 8, tzinfo=UTC)


def test_the_rules_for_the_feeds_own_html_hold_only_where_there_are_none_for_pages() -> None:
    own = Rules(content="div.aside", remove=(".ad",), drop_after="Bread sellers")
    assert mill_article(HTML, replace(FEED, rules=own)).content_text.startswith(ENGLISH[2])
    both = replace(FEED, rules=own, page=PageRules(content=("div.story",)))
    text = mill_article(HTML, both).content_text
    assert text.startswith(ENGLISH[0])
    assert "Buy a boat" in text
    assert ENGLISH[3] not in text  # drop_after is about texts, whichever element they are in


@pytest.mark.parametrize("selector", ["html", "body", "//*", "head", "//title", "*"])
def test_a_rule_that_removes_or_takes_everything_harms_nothing(selector: str) -> None:
    mill_article(HTML, ruled(content=(selector,)))
    if selector in ("head", "//title"):
        assert mill_article(HTML, ruled(remove=(selector,))).content_text
