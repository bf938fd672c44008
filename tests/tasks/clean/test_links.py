"""Links are whole after cleaning, wherever they stand, and never change the text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.clean.article import Content
from tests.tasks.clean.cleaning import assert_safe, clean_fragment

ONE = "https://quay.example/one"
TWO = "https://quay.example/two"


def linked(content: Content) -> list[tuple[str, str]]:
    """(address, what is linked: its text, or the name of its image)"""
    html = content.html.replace(' rel="noopener noreferrer"', "")
    links = re.findall(r'<a href="([^"]*)">(.*?)</a>', html, re.DOTALL)
    return [(href, re.sub(r'<img src="[^"]*/([^/"]*)"[^>]*>', r"\1", inner)) for href, inner in links]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h3>North gate</h3><p>It opens at eight.</p>", "North gate"),
        ("<p>It opens at eight.</p><h3>North gate</h3>", "North gate"),
        ("<div><span>Harbour</span><div>It opens at eight.</div></div>", "Harbour"),
        ('<img src="gate.jpg"><h3>North gate</h3>', "North gate"),
        ('<div><img src="gate.jpg"></div><div>North gate</div>', "North gate"),
        ("<article><header><h2>北闸</h2></header><p>今天八点开放。</p></article>", "北闸"),
        ("<section><p>Открыто в восемь.</p><p>Вход с севера.</p></section>", "Открыто в восемь."),
        ("<blockquote><p>We waited all winter.</p></blockquote>", "We waited all winter."),
        ("<ul><li>Gate</li><li>Hinge</li></ul>", "Gate"),
        ("<dl><dt>Gate</dt><dd>It opens.</dd></dl>", "Gate"),
        ("<table><tr><td>High</td><td>9:04</td></tr><tr><td>Low</td><td>15:10</td></tr></table>", "High"),
        ("<pre>gate --open</pre>", "gate --open"),
        ('<img src="gate.jpg">', "gate.jpg"),
        ('<picture><source srcset="gate.webp"><img src="gate.jpg"></picture>', "gate.jpg"),
        ('<figure><img src="gate.jpg"><figcaption>The gate.</figcaption></figure>', "gate.jpg"),
        ('<noscript><img src="gate.jpg"></noscript>', "gate.jpg"),
        ('<amp-img src="gate.jpg"></amp-img>', "gate.jpg"),
    ],
)
@pytest.mark.parametrize("around", ["{}", "<div>{}</div>", "<strong>{}</strong>", "<td>{}</td>"])
def test_a_link_around_blocks_stays_one_link(html: str, text: str, around: str) -> None:
    content = clean_fragment(around.format(f'<a href="/one">{html}</a>') + "<p>More.</p>")
    assert linked(content) == [(ONE, text)]


@pytest.mark.parametrize(
    "html",
    [
        '<figure><img src="a.jpg"><figcaption>By <a href="/one">Oda</a> &amp; <em>us</em>.</figcaption></figure>',
        '<img src="a.jpg"><p class="caption">By <a href="/one"><b>Oda</b></a> &amp; us.</p>',
        '<div><img src="a.jpg"><p>By <a href="/one"> Oda </a>&amp; us.</p></div>',
        '<figure><img src="a.jpg"><figcaption><p>By</p><p><a href="/one">Oda</a> &amp; us.</p></figcaption></figure>',
        '<img src="a.jpg"><div><small>By <a href="/one">Oda</a> &amp; us.</small></div>',
    ],
)
def test_links_in_captions(html: str) -> None:
    content = clean_fragment(html + "<p>The north gate opens at eight.</p>")
    assert linked(content) == [(ONE, "Oda")]
    assert [image.caption for image in content.images] == [content.images[0].caption]
    assert re.fullmatch(r"By Oda & us\.", content.images[0].caption or "")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            '<table><tr><td>1</td><td><a href="/one">Oda</a></td></tr><tr><td>2</td><td>3</td></tr></table>',
            "1 | Oda\n2 | 3",
        ),
        (
            '<table><tr><td><h4><a href="/one">Oda</a></h4></td><td>1</td></tr><tr><td>2</td><td>3</td></tr></table>',
            "#### Oda | 1\n2 | 3",
        ),
        (
            '<table><tr><td><ul><li>a <a href="/one">Oda</a></li></ul></td><td>1</td></tr><tr><td>2</td></tr></table>',
            "- a Oda | 1\n2",
        ),
        ('<ul><li><a href="/one"><p>Oda</p></a></li></ul>', "- Oda"),
        ('<ul><li><div><a href="/one">Oda</a></div></li></ul>', "- Oda"),
        ('<dl><dt><a href="/one">Oda</a></dt><dd>Master</dd></dl>', "Oda\n  Master"),
        ('<pre>x = <a href="/one">Oda</a>(1)\n  y</pre>', "x = Oda(1)\n  y"),
        ('<pre><code>x <span><a href="/one"> Oda</a></span></code></pre>', "x  Oda"),
        ('<h2><a href="/one">Oda</a></h2>', "## Oda"),
        ('<h2><a href="/one"><div>Oda</div></a></h2>', "## Oda"),
        ('<blockquote>By <a href="/one">Oda</a></blockquote>', "> By Oda"),
        (
            '<figure><blockquote>Wait</blockquote><figcaption><a href="/one">Oda</a></figcaption></figure>',
            "> Wait\n\nOda",
        ),
    ],
)
def test_links_in_cells_lists_headings_and_code(html: str, text: str) -> None:
    content = clean_fragment(html)
    assert linked(content) == [(ONE, "Oda")]
    assert content.text == text


def test_an_image_and_its_caption_have_links_of_their_own() -> None:
    html = '<figure><a href="/one"><img src="a.jpg"></a><figcaption>By <a href="/two">Oda</a></figcaption></figure>'
    content = clean_fragment(html)
    assert linked(content) == [(ONE, "a.jpg"), (TWO, "Oda")]
    assert [(image.url, image.caption) for image in content.images] == [("https://quay.example/2024/a.jpg", "By Oda")]


@pytest.mark.parametrize("href", ["#", "#top", "javascript:open()", "data:text/html,x", "", "tel:+4940"])
def test_what_leads_to_no_page_is_no_link_around_blocks(href: str) -> None:
    content = clean_fragment(
        f'<a href="{href}"><img src="a.jpg"><h3>Gate</h3></a><a href="{href}"><img src="b.jpg"></a>'
    )
    assert linked(content) == []
    assert len(content.images) == 2


_TEXT = st.sampled_from(["tide", "gate open", " nine ", "潮水", "قارب", "x &lt; y", "a\nb"])
_ADDRESSES = st.integers(0, 99).map(lambda number: f"/p/{number}")


def _joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(parts, min_size=1, max_size=3).map("".join)


def _in_one_of(shapes: list[str], content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda shape, html: shape.format(html), st.sampled_from(shapes), content)


def _linked(content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda address, html: f'<a href="{address}">{html}</a>', _ADDRESSES, content)


def _leaves(inline: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Elements that hold no blocks: an <a> around one in them would end them (HTML 13.2.6.4.7)."""
    shapes = ["<p>{}</p>", "<h3>{}</h3>", "<pre>{}</pre>", "<em>{}</em>", "<p>{}<br>end</p>", "{}"]
    return _in_one_of([*shapes, "<figure><img src='f.jpg'><figcaption>{}</figcaption></figure>"], _joined(inline))


@pytest.mark.parametrize("caption", ["<pre>{}</pre>", "<p>{}</p>"])
def test_white_space_beside_a_link_is_read_once(caption: str) -> None:
    """In the square of its length, this would take an hour."""
    line = caption.format(f'<a href="/one">Boat </a>{"&emsp;" * 400_000}by Oda')
    html = f"<p>The gate.</p><figure><img src=/a.jpg><figcaption>{line}</figcaption></figure>"
    (image,) = clean_fragment(html).images
    assert image.caption is not None
    assert image.caption.split() == ["Boat", "by", "Oda"]


def _containers(blocks: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    shapes = [
        "<div>{}</div>",
        "<ul><li>{}</li><li>end</li></ul>",
        "<ol><li>{}</li></ol>",
        "<blockquote>{}</blockquote>",
        "<table><tr><td>{}</td><td>1</td></tr><tr><td>2</td><td>3</td></tr></table>",
        "<table><tr><td>{}</td></tr></table>",
        "<dl><dt>{}</dt><dd>end</dd></dl>",
    ]
    return _in_one_of(shapes, _joined(blocks))


_UNLINKED = st.recursive(_leaves(_TEXT), _containers, max_leaves=4)
_PIECES = st.one_of(_leaves(st.one_of(_TEXT, _linked(_TEXT))), _linked(_joined(_UNLINKED)))
_PAGES = _joined(st.recursive(_PIECES, _containers, max_leaves=5))


@given(_PAGES)
@settings(max_examples=200)
def test_every_link_is_there_once_and_the_text_is_as_without_links(html: str) -> None:
    content = clean_fragment(html)
    assert_safe(content.html)
    addresses = sorted(href.removeprefix("https://quay.example") for href, _ in linked(content))
    assert addresses == sorted(re.findall(r'<a href="([^"]*)"', html))
    unlinked = clean_fragment(re.sub(r"<a [^>]*>", "<span>", html).replace("</a>", "</span>"))
    assert content.text == unlinked.text
    assert [image.caption for image in content.images] == [image.caption for image in unlinked.images]
