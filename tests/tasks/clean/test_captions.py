from __future__ import annotations

import pytest

from tests.tasks.clean.cleaning import clean_fragment, image_of, text_of


@pytest.mark.parametrize(
    "html",
    [
        '<img src="/a.jpg"><div><small>A boat.</small></div>',
        '<div><img src="/a.jpg"><div><small>A boat.</small></div></div>',
        '<div><img src="/a.jpg"><div>A boat.</div></div>',
        '<div><img src="/a.jpg"><p>A boat.</p></div>',
        '<figure><img src="/a.jpg"><figcaption>A boat.</figcaption></figure>',
        '<figure><figcaption>A <b>boat</b>.</figcaption><img src="/a.jpg"></figure>',
        '<figure><a href="/a"><img src="/a.jpg"></a><p>A boat.</p></figure>',
        '<figure><div><picture><img src="/a.jpg"></picture></div><figcaption><p>A\nboat.</p></figcaption></figure>',
        '<img src="/a.jpg"><p class="wp-caption-text">A boat.</p>',
        '<img src="/a.jpg"><div class="image-caption">A boat.</div>',
        '<div class="wp-caption"><a href="/a"><img src="/a.jpg"></a><p class="wp-caption-text">A boat.</p></div>',
        '<img src="/a.jpg"><div id="photo-credit">A boat.</div>',
    ],
)
def test_captions(html: str) -> None:
    content = clean_fragment(f"<p>Before it.</p>{html}<p>After it.</p>")
    assert [(i.url, i.caption) for i in content.images] == [("https://quay.example/a.jpg", "A boat.")]
    assert content.text == "Before it.\n\nAfter it."
    assert "<figcaption>A boat.</figcaption>" in content.html


def test_paragraphs_of_a_caption_are_separated() -> None:
    html = '<figure><img src="/a.jpg"><figcaption><p>A boat.</p><p>Photo: Oda</p></figcaption></figure>'
    assert image_of(html).caption == "A boat. Photo: Oda"


def test_a_long_paragraph_after_an_image_is_not_a_caption() -> None:
    html = f'<div><img src="/a.jpg"><p>{"The gate opens at eight. " * 20}</p></div>'
    assert image_of(html).caption is None
    assert text_of(html).startswith("The gate opens")


def test_a_figure_without_an_image() -> None:
    content = clean_fragment("<figure><blockquote>Said.</blockquote><figcaption>Oda</figcaption></figure>")
    assert (content.text, content.images) == ("> Said.\n\nOda", ())
