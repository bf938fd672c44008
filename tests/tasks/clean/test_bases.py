from __future__ import annotations

import re

import pytest

from tests.tasks.clean.cleaning import clean_fragment
from warehouse.records import Rules


@pytest.mark.parametrize(
    "html",
    [
        '<html><head><base href="https://hafen.example/post/"></head><body><a href="tide">x</a></body></html>',
        "<BASE target=_blank HREF=https://hafen.example/post/><p><a href='tide'>x</a>",
        '<base href="//hafen.example/post/"><base href="https://other.example/"><p><a href="tide">x</a></p>',
        '<div xml:base="https://hafen.example/post/"><p><a href="tide">x</a></p></div>',
        '<div xml:base="https://hafen.example/"><p xml:base="post/"><a href="tide">x</a></p></div>',
        '<p><a xml:base="https://hafen.example/post/" href="tide">x</a></p>',
    ],
)
def test_the_base_that_html_states(html: str) -> None:
    assert re.findall('<a href="([^"]*)"', clean_fragment(html).html) == ["https://hafen.example/post/tide"]


def test_the_base_in_the_head_counts_beside_rules_for_the_site() -> None:
    html = '<head><base href="https://hafen.example/post/"></head><main><a href="tide">x</a></main><p>Menu</p>'
    content = clean_fragment(html, rules=Rules(content="main"))
    assert re.findall('<a href="([^"]*)"', content.html) == ["https://hafen.example/post/tide"]


@pytest.mark.parametrize(
    "html",
    [
        '<base target="_blank"><p><a href="tide">x</a></p>',
        '<base href="javascript:alert(1)"><p><a href="tide">x</a></p>',
        '<basefont href="https://hafen.example/"><p><a href="tide">x</a></p>',
        '<p xml:base="https://hafen.example/">Tide.</p><p><a href="tide">x</a></p>',
        '<p>About xml:base and <code>&lt;base href="https://hafen.example/"&gt;</code>: <a href="tide">x</a></p>',
    ],
)
def test_html_that_states_no_base_for_the_link(html: str) -> None:
    assert re.findall('<a href="([^"]*)"', clean_fragment(html).html) == ["https://quay.example/2024/tide"]


def test_images_have_a_base_too() -> None:
    (image,) = clean_fragment('<div xml:base="https://hafen.example/"><img data-src="tide.jpg"></div>').images
    assert image.url == "https://hafen.example/tide.jpg"


def test_tags_that_never_end_are_read_once() -> None:
    """In the square of its length, this would take an hour."""
    html = f'<p><a href="tide">x</a></p>{"<base " * 200_000}'
    assert clean_fragment(html).html.startswith('<p><a href="https://quay.example/2024/tide"')
