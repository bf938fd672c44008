from __future__ import annotations

import pytest

from tasks.clean.article import clean_html
from tests.tasks.clean.cleaning import BASE, clean_fragment, text_of


@pytest.mark.parametrize(
    "html",
    [
        '[fusion_builder_container hundred_percent="no"][fusion_text columns="" class=""]<p>The gate.</p>[/fusion_text]'
        "[/fusion_builder_container]",
        "<p>[vc_row][vc_column width=&#8221;1/2&#8243;]</p><p>The gate.</p><p>[/vc_column][/vc_row]</p>",
        "<p>[et_pb_section bb_built=“1”]The gate.[/et_pb_section]</p>",
        "<p>The gate.</p><p>[contact-form-7 id=”12″ title=”Write to us”]</p>",
        "<p>[time-brightcove not-tgx=”true”]</p><p>The gate.</p>",
        "<p>The gate.</p>[gallery ids='1,2']",
        "<p>[button link='/x']The gate.[/button]</p>",
        "<p>[pullquote]The gate.[/pullquote]</p>",
        "<p>[dropcap]T[/dropcap]he gate.</p>",
        "<p>The gate.</p><p>[ad_1]</p>",
        "<p>The gate.[toc]</p>",
    ],
)
def test_shortcodes_are_removed(html: str) -> None:
    assert text_of(html) == "The gate."
    assert "[" not in clean_fragment(html).html


@pytest.mark.parametrize(
    "text",
    [
        "He said he seen [sic] it.",
        "The attribute [RequireHttps] does that, as [1] and [a] say.",
        "The mean [95 % CI, n=12] was low [odds ratio=1.2].",
        "It was […] so [laughs] funny [/s]",
        "Write [[gallery ids='1']] to show pictures.",
        "[dependencies] stands first, then [group].",
        "This is a [note] for you.",
    ],
)
def test_words_in_square_brackets_are_text(text: str) -> None:
    assert text_of(f"<p>{text}</p>") == text


def test_code_keeps_its_shortcodes() -> None:
    html = "<p>Write <code>[gallery ids='1']</code>:</p><pre><code>[vc_row]\n[/vc_row]</code></pre>"
    assert text_of(html) == "Write [gallery ids='1']:\n\n[vc_row]\n[/vc_row]"


def test_a_caption_is_the_pictures() -> None:
    html = "<p>[caption id='a' width='300']<img src='/a.jpg'> The gate at dawn[/caption]</p><p>It opens.</p>"
    content = clean_fragment(html)
    assert content.text == "It opens."
    assert [(image.url, image.caption) for image in content.images] == [
        ("https://quay.example/a.jpg", "The gate at dawn")
    ]


@pytest.mark.parametrize(
    "shortcode",
    [
        "[embed]https://video.example/1[/embed]",
        "[video width='640' mp4='https://video.example/1'][/video]",
        "[audio mp3=”https://video.example/1″][/audio]",
        "[youtube]https://video.example/1[/youtube]",
    ],
)
def test_a_player_becomes_a_link(shortcode: str) -> None:
    content = clean_fragment(f"<p>Watch:</p><p>{shortcode}</p>")
    assert content.html.count('href="https://video.example/1"') == 1
    assert "[" not in content.text


def test_plain_text_loses_them_too() -> None:
    text = "The gate.\n\n[vc_row][/vc_row]\n\nIt opens. Read more"
    assert clean_html(text, base=BASE, plain=True).text == "The gate.\n\nIt opens."


def test_thousands_of_names_are_not_tried_at_each_bracket() -> None:
    """In the square of their number, this would take an hour."""
    html = "".join(f"[a{number:x} b='c']x[/a{number:x}][sic{number:x}]" for number in range(50_000))
    assert text_of(html) == "".join(f"x[sic{number:x}]" for number in range(50_000))
