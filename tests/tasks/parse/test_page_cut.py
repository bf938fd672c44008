from __future__ import annotations

import pytest

from tasks.parse.page_blocks import Section
from tasks.parse.page_cut import _Cut
from tasks.text.markup import Element, parse
from tests.tasks.parse.pages import ENGLISH, mill_article, page, paragraphs


@pytest.mark.parametrize(
    "illustration",
    [
        "<figure><img src=gate.jpg><figcaption>The gate at dawn.</figcaption></figure>",
        "<div class=media><img src=gate.jpg><p>The gate at dawn.</p></div>",
        "<div><div class=photo><picture><source srcset=gate.webp><img src=gate.jpg></picture></div>"
        "<div class=photo-caption>The gate at dawn.</div></div>",
    ],
)
def test_an_image_keeps_its_caption_which_is_not_in_the_text(illustration: str) -> None:
    article = mill_article(page(text=f"<p>{ENGLISH[0]}</p>{illustration}{paragraphs(ENGLISH[1:])}"))
    assert article.content_text.split("\n\n") == list(ENGLISH)
    assert [image.caption for image in article.images] == ["The gate at dawn."]


def test_images_of_other_articles_are_left_out() -> None:
    teaser = "<div class=related><a href=/whale><img src=whale.jpg><p>A whale in the bay</p></a></div>"
    article = mill_article(page(text=f"<p>{ENGLISH[0]}</p>{teaser}{paragraphs(ENGLISH[1:])}"))
    assert article.images == ()


def test_a_lazy_image_in_noscript_is_kept() -> None:
    lazy = "<figure><img data-empty src='data:,'><noscript><img src=gate.jpg></noscript></figure>"
    article = mill_article(page(text=f"<p>{ENGLISH[0]}</p>{lazy}{paragraphs(ENGLISH[1:])}"))
    assert [image.url for image in article.images] == ["https://quay.example/news/2024/gate.jpg"]


def test_the_texts_own_markup_is_kept() -> None:
    text = f"<p>{ENGLISH[0]}</p><p>The <em>north</em> gate, <a href=/gate>as planned</a>.</p>{paragraphs(ENGLISH[1:])}"
    html = mill_article(page(text=text)).content_html
    assert '<em>north</em> gate, <a href="https://quay.example/gate"' in html


@pytest.mark.parametrize(("piece", "count"), [("<noscript>x</noscript>", 100_001), ("<picture></picture>", 100_001)])
def test_thousands_of_pictures_without_an_image_are_one_figure(piece: str, count: int) -> None:
    """In the square of their number, this would take an hour; in a page of 67 kB they took 7 s."""
    picture, hidden = parse(f"<img src=gate.jpg>{piece}").children
    element = Element("div", {}, [picture, *[hidden] * (count - 1)])
    assert len(_Cut([], set(), {}, 0)._figure(Section(element, None)).children) == count
