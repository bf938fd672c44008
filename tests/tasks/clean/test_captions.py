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
        '<figure><img src="/a.jpg"><figcaption><h4>A boat.</h4></figcaption></figure>',
        '<figure><a href="/a"><img src="/a.jpg"></a><p>A boat.</p></figure>',
        '<figure><div><picture><img src="/a.jpg"></picture></div><figcaption><p>A\nboat.</p></figcaption></figure>',
        '<img src="/a.jpg"><p class="wp-caption-text">A boat.</p>',
        '<img src="/a.jpg"><div class="image-caption">A boat.</div>',
        '<div class="wp-caption"><a href="/a"><img src="/a.jpg"></a><p class="wp-caption-text">A boat.</p></div>',
        '<img src="/a.jpg"><div id="photo-credit">A boat.</div>',
        '<div><img src="/a.jpg"></div> <div> <div class="photo-caption"><p>A boat.</p></div> </div>',
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


def test_a_photo_has_its_credit_and_its_caption() -> None:
    """As Drupal writes them, each in a box of its own."""
    credit = '<div><div class="photo-credit">Photo: Oda</div></div>'
    content = clean_fragment(f'<img src="/a.jpg">{credit}<div><div class="photo-caption">A boat.</div></div><p>So.</p>')
    assert (content.images[0].caption, content.text) == ("Photo: Oda A boat.", "So.")
    html = f'<figure><img src="/a.jpg"><figcaption>A boat. Photo: Oda</figcaption></figure>{credit}<p>So.</p>'
    content = clean_fragment(html)
    assert (content.images[0].caption, content.text) == ("A boat. Photo: Oda", "So.")
    boats = "".join(f'<div class="caption">Boat {number} of a hundred.</div>' for number in range(100))
    content = clean_fragment(f'<img src="/a.jpg">{boats}')
    assert (content.images[0].caption or "").startswith("Boat 0 of a hundred. Boat 1 of a hundred.")
    assert content.text.endswith("Boat 99 of a hundred.")


def test_a_long_paragraph_after_an_image_is_not_a_caption() -> None:
    html = f'<div><img src="/a.jpg"><p>{"The gate opens at eight. " * 20}</p></div>'
    assert image_of(html).caption is None
    assert text_of(html).startswith("The gate opens")


def test_a_figure_without_an_image() -> None:
    content = clean_fragment("<figure><blockquote>Said.</blockquote><figcaption>Oda</figcaption></figure>")
    assert (content.text, content.images) == ("> Said.\n\nOda", ())


TEASER = "The ferry company cancels all crossings until Friday because of the storm."


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f'<div><img src="/a.jpg"><p>{TEASER}</p></div>', TEASER),
        (f'<div><img src="/a.jpg"><p>{TEASER}</p></div><p><a href="/c">Comments</a></p>', TEASER),
        (f'<div><img src="/a.jpg"><div>{TEASER}</div></div><p>By Oda</p>', f"{TEASER}\n\nBy Oda"),
        (f'<h2>News</h2><div><img src="/a.jpg"><p>{TEASER}</p></div>', f"## News\n\n{TEASER}"),
        (f'<figure><img src="/a.jpg"><p>{TEASER}</p></figure>', TEASER),
        (
            f'<p>This week at the quay.</p><div><img src="/a.jpg"><p>{TEASER}</p></div>'
            '<div><img src="/b.jpg"><p>Two boats wait at the gate.</p></div>',
            f"This week at the quay.\n\n{TEASER}\n\nTwo boats wait at the gate.",
        ),
        (
            '<div><img src="/a.jpg"><p>渡轮公司因风暴取消周五前的所有航班。</p></div>',
            "渡轮公司因风暴取消周五前的所有航班。",
        ),
    ],
)
def test_teasers_are_no_captions(html: str, text: str) -> None:
    content = clean_fragment(html)
    assert content.text == text
    assert {image.caption for image in content.images} == {None}


def test_a_gallerys_text_is_its_captions() -> None:
    html = "".join(f'<figure><img src="/{n}.jpg"><figcaption>Boat {n}.</figcaption></figure>' for n in "12")
    content = clean_fragment(html)
    assert content.text == "Boat 1.\n\nBoat 2."
    assert [image.caption for image in content.images] == ["Boat 1.", "Boat 2."]


@pytest.mark.parametrize(
    ("caption", "more", "times"),
    [("a" * 1_000_000 + " ab", "ab", 50_000), ("A quay. " + "<a href=/b>a</a>" * 50_000, "A quay.", 3_000)],
    ids=["text", "links"],
)
def test_a_long_caption_is_not_searched_for_each_paragraph_that_is_marked_as_one(
    caption: str, more: str, times: int
) -> None:
    """In the product of their lengths, this would take minutes."""
    figure = f"<figure><img src=/a.jpg><figcaption>{caption}</figcaption></figure>"
    (image,) = clean_fragment(figure + f"<p class=caption>{more}</p>" * times).images
    assert image.caption is not None
    assert image.caption[:3] == caption[:3]
    assert image.caption.count("A quay.") < 2
