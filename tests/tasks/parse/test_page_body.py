from __future__ import annotations

import pytest

from tasks.parse.page_body import MAX_MARKED, as_lxml
from tasks.text.markup import parse
from tests.tasks.parse.pages import (
    ENGLISH,
    MANDARIN,
    json_ld,
    mill_article,
    page,
    paragraphs,
    refusal_reason,
)
from warehouse.records import Feed, Rules


def test_lists_images_captions_tables_and_subheadings_are_kept() -> None:
    text = (
        f"<p>{ENGLISH[0]}</p><figure><img src='gate.jpg' alt='The gate'><figcaption>The gate at dawn.</figcaption>"
        f"</figure><h2>What the fishermen say</h2><p>{ENGLISH[1]}</p><ul><li>open at eight</li><li>shut at ten</li>"
        f"</ul><blockquote><p>{ENGLISH[2]}</p></blockquote><table><tr><th>Gate</th><th>Opens</th></tr>"
        f"<tr><td>north</td><td>eight</td></tr></table>"
        f"<p>{ENGLISH[3]}</p>"
    )
    article = mill_article(page(text=text))
    assert "<h2>What the fishermen say</h2>" in article.content_html
    assert "open at eight" in article.content_text
    assert "<blockquote>" in article.content_html
    assert "<th>Gate</th>" in article.content_html
    (image,) = article.images
    assert (image.url, image.alt, image.caption) == (
        "https://quay.example/news/2024/gate.jpg",
        "The gate",
        "The gate at dawn.",
    )
    for around in ("Home", "whale", "rights"):
        assert around not in article.content_text


def test_links_between_the_paragraphs_are_removed() -> None:
    text = (
        f"<p>{ENGLISH[0]}</p><p>{ENGLISH[1]}</p>"
        f"<ul><li><a href='/x'>A whale in the bay</a></li></ul><p>{ENGLISH[2]}</p><p>{ENGLISH[3]}</p>"
    )
    assert mill_article(page(text=text)).content_text.split("\n\n") == list(ENGLISH)


def test_addresses_are_resolved_against_the_pages_base() -> None:
    text = f"<p>{ENGLISH[0]} <a href='more'>More</a></p><p><img src='gate.jpg'></p>" + paragraphs(ENGLISH[1:])
    head = '<base href="https://static.quay.example/2024/"><link rel="canonical" href="https://quay.example/gate">'
    article = mill_article(page(head=head, text=text))
    assert article.images[0].url == "https://static.quay.example/2024/gate.jpg"
    assert "https://static.quay.example/2024/more" in article.content_html


def test_the_json_article_body_is_used_if_the_page_gets_its_text_by_script() -> None:
    head = json_ld(headline="The gate is open", articleBody="\n\n".join(MANDARIN))
    article = mill_article(f"<html><head>{head}</head><body><div id=app></div></body></html>")
    assert article.content_text.split("\n\n") == list(MANDARIN)


def test_the_rules_element_is_the_article() -> None:
    text = f"<div class=story><p>{ENGLISH[0]}</p><div class=story><p>An inner story.</p></div><p>Short.</p></div>"
    feed = Feed("quay", "The Quay", "https://quay.example/feed.xml", rules=Rules(content="div.story"))
    article = mill_article(page(text=f"<p>{ENGLISH[1]}</p>{text}<p>{ENGLISH[2]}</p>"), feed)
    assert article.content_text.split("\n\n") == [ENGLISH[0], "An inner story.", "Short."]


def test_a_rule_with_an_ancestor_still_matches_when_cleaning_applies_it_again() -> None:
    rules = Rules(content="div.page > div.article-body", remove=("div.page p.ad",), drop_after="^Bread sellers")
    feed = Feed("quay", "The Quay", "https://quay.example/feed.xml", rules=rules)
    text = f"<p class=ad>Buy a boat</p>{paragraphs(ENGLISH)}"
    assert mill_article(page(text=text), feed).content_text.split("\n\n") == list(ENGLISH[:3])


def test_a_rule_can_remove_elements_without_selecting_the_content() -> None:
    feed = Feed("quay", "The Quay", "https://quay.example/feed.xml", rules=Rules(remove=(".boats",)))
    advert = (
        "<p class=boats>Boats are sold cheap at the end of Harbour Street, and every buyer is given a rope for it.</p>"
    )
    text = f"<p>{ENGLISH[0]}</p>{advert}{paragraphs(ENGLISH[1:])}"
    assert "Boats are sold" in mill_article(page(text=text)).content_text
    assert mill_article(page(text=text), feed).content_text.split("\n\n") == list(ENGLISH)


def test_a_page_without_the_rules_element_is_parsed_like_any_other() -> None:
    feed = Feed("quay", "The Quay", "https://quay.example/feed.xml", rules=Rules(content="#story"))
    assert mill_article(page(), feed).content_text.split("\n\n") == list(ENGLISH)


def test_a_short_article_needs_metadata_of_an_article() -> None:
    text = "<html><body><article><p>The gate is shut.</p></article></body></html>"
    assert "no article" in refusal_reason(text)
    with_head = text.replace("<body>", '<head><meta property="og:type" content="article"></head><body>')
    assert mill_article(with_head).content_text == "The gate is shut."


@pytest.mark.parametrize("tag", ["div", "blockquote", "section"])
def test_text_under_thousands_of_elements_is_found(tag: str) -> None:
    html = f"<html><head>{json_ld(headline='Gate')}</head><body>{f'<{tag}>' * 5_000}{paragraphs(ENGLISH)}</body></html>"
    assert ENGLISH[2] in mill_article(html).content_text


def test_trafilatura_gets_the_text_of_a_paragraph_in_which_thousands_of_words_are_marked() -> None:
    """It takes the square of them: 15 s for 16,000 in a page of 193 kB."""
    body = parse(f"<p>{'<b>The</b> gate ' * MAX_MARKED}</p><p>{'<b>The</b> ferry ' * (MAX_MARKED + 1)}</p>")
    few, many = as_lxml(body).findall(".//p")
    assert (len(few), len(many)) == (MAX_MARKED, 0)
    assert many.text == "The ferry " * (MAX_MARKED + 1)
