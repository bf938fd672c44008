from __future__ import annotations

import re

import pytest

from tests.tasks.clean.cleaning import clean_fragment

VIDEO = "https://tube.example/embed/9"


def links(html: str) -> list[str]:
    return re.findall('<a href="([^"]*)"', clean_fragment(f"<p>The gate.</p>{html}").html)


@pytest.mark.parametrize(
    "html",
    [
        f'<iframe src="{VIDEO}"></iframe>',
        f'<iframe src="about:blank" data-src="{VIDEO}"></iframe>',
        f'<iframe data-lazy-src="{VIDEO}" loading="lazy"></iframe>',
        f'<iframe data-litespeed-src="{VIDEO}" src="about:blank"></iframe>',
        f'<iframe data-src-consent="{VIDEO}" data-cookies="marketing"></iframe>',
        f'<iframe src="{VIDEO}" data-other-src="https://tube.example/other"></iframe>',
        f'<amp-video src="{VIDEO}" width="9" height="9" poster="p.jpg"></amp-video>',
        f'<amp-video><source src="{VIDEO}" type="video/mp4"><div fallback>No video</div></amp-video>',
        f'<amp-iframe src="{VIDEO}"><amp-img placeholder src="p.jpg"></amp-img></amp-iframe>',
        f'<amp-facebook data-href="{VIDEO}"></amp-facebook>',
        f'<object data="{VIDEO}" type="application/x-shockwave-flash"></object>',
        f'<object width="480"><param name="wmode" value="x/y"><param name="Movie" value="{VIDEO}"></object>',
        f'<object classid="clsid:D27CDB6E"><embed src="{VIDEO}"></object>',
        f'<object data="{VIDEO}"><p>Your browser shows no <a href="{VIDEO}">videos</a>.</p></object>',
        f'<embed src="{VIDEO}">',
        f'<div class="player"></div><noscript><iframe src="{VIDEO}"></iframe></noscript>',
        f'<iframe data-src="{VIDEO}"></iframe><noscript><iframe src="{VIDEO}"></iframe></noscript>',
    ],
)
def test_a_player_leaves_a_link_to_what_it_plays(html: str) -> None:
    assert links(html) == [VIDEO]


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ('<amp-youtube data-videoid="aB-9_x"></amp-youtube>', "https://www.youtube.com/watch?v=aB-9_x"),
        ('<lite-youtube videoid="aB-9_x"></lite-youtube>', "https://www.youtube.com/watch?v=aB-9_x"),
        ('<amp-vimeo data-videoid="27246366"></amp-vimeo>', "https://vimeo.com/27246366"),
        (
            '<amp-twitter data-tweetid="885634330868850689"></amp-twitter>',
            "https://twitter.com/i/status/885634330868850689",
        ),
        ('<amp-instagram data-shortcode="1totVhIFXl"></amp-instagram>', "https://www.instagram.com/p/1totVhIFXl/"),
    ],
)
def test_a_player_that_states_an_id(html: str, address: str) -> None:
    assert links(html) == [address]


@pytest.mark.parametrize(
    "html",
    [
        '<amp-youtube data-videoid="a b&amp;c"></amp-youtube>',
        '<iframe src="about:blank"></iframe>',
        '<iframe src="javascript:alert(1)"></iframe>',
        '<noscript><iframe src="https://tags.example/ns" height="0" width="0"></iframe></noscript>',
        '<object data="https://stats.example/o" width="1" height="1"></object>',
        '<ins><iframe src="http://quay.example/market/content_inside_ad.html" width="300" height="250"></iframe></ins>',
        '<iframe src="https://ad.doubleclick.net/ddm/adi/quay;sz=300x250"></iframe>',
        '<iframe src="https://quay.example/b?size=728x90"></iframe>',
        "<object></object>",
        "<video></video>",
    ],
)
def test_a_player_of_nothing_leaves_nothing(html: str) -> None:
    assert clean_fragment(f"<p>The gate.</p>{html}").html == "<p>The gate.</p>"


def test_what_an_object_shows_if_it_states_nothing() -> None:
    content = clean_fragment('<object><p>See <a href="/gate">the gate</a>.</p></object>')
    assert content.text == "See the gate."


def test_a_video_without_an_address_leaves_its_poster() -> None:
    (image,) = clean_fragment('<video src="blob:https://quay.example/1" poster="/p.jpg"></video>').images
    assert image.url == "https://quay.example/p.jpg"


@pytest.mark.parametrize(
    "attributes",
    [
        'class="twitter-tweet"><a href="{}"></a>',
        'class="bluesky-embed"><p lang="en"></p> <a href="{}"> </a>',
        'class="instagram-media" data-instgrm-permalink="{}"><div></div>',
        'class="tiktok-embed" cite="{}" data-video-id="9"><section></section>',
    ],
)
def test_a_post_that_a_script_shows_is_a_link(attributes: str) -> None:
    address = "https://net.example/oda/9"
    content = clean_fragment(f"<p>They said:</p><blockquote {attributes.format(address)}</blockquote><p>Well.</p>")
    assert content.text == f"They said:\n\n{address}\n\nWell."
    assert links(f"<blockquote {attributes.format(address)}</blockquote>") == [address]


def test_a_quotation_with_words_is_itself() -> None:
    assert clean_fragment('<blockquote cite="https://quay.example/a"><p>So.</p></blockquote>').text == "> So."
    assert clean_fragment("<p>The gate.</p><blockquote> </blockquote>").text == "The gate."
