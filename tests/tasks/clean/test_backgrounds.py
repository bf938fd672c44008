from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tasks.clean.cleaning import PHOTO, assert_safe, clean_fragment, image_of

TEXT = "<p>The gate.</p>"


@pytest.mark.parametrize(
    "html",
    [
        '<div style="background-image: url(&#34;/a.jpg&#34;);width:100%"></div>',
        "<div style=\"background:#fff url('/a.jpg') no-repeat center\"></div>",
        '<div style="BACKGROUND-IMAGE:url(/a.jpg)"> &nbsp; </div>',
        '<div style="background-image:linear-gradient(#000,#fff), url(/a.jpg)"></div>',
        '<div style="background-image:url(/a.jpg);height:0;padding-bottom:56.25%"></div>',
        '<a href="/full" style="background-image:url(/a.jpg)"></a>',
        '<p>The quay <span style="background-image:url(/a.jpg)"></span></p>',
        '<section><section style="background-image: url(/a.jpg)"><svg viewBox="0 0 1 1"></svg></section></section>',
        '<svg viewBox="0 0 9 9" style="background-image: url(/a.jpg)"></svg>',
        '<svg><image xlink:href="/a.jpg" width="9" height="9"></image></svg>',
        '<div style="background: url(/a.jpg) center / cover"><h2>Gate</h2></div>',
        '<div data-bg="url(/a.jpg)"></div>',
        '<div class="lazy" data-background-image="/a.jpg"></div>',
        '<figure style="background-image:url(/a.jpg)"></figure>',
        '<object data="/a.jpg" type="image/jpeg">A gate</object>',
        '<object data="/a.jpg"></object>',
        '<object data="/a.svg" type="image/svg+xml"><img src="/a.jpg"></object>',
    ],
)
def test_a_picture_without_an_img(html: str) -> None:
    assert image_of(TEXT + html).url == PHOTO


@pytest.mark.parametrize(
    "html",
    [
        '<section style="background-image:url(/pattern.png)">The gate.</section>',  # WeChat's editors decorate so
        '<p style="background:url(/line.png) repeat-x">The gate.</p>',
        '<div style="background-image:url(data:image/png;base64,AAAA)">The gate.</div>',
        '<div style="background-image:none">The gate.</div>',
        '<div style="background-image:url()">The gate.</div>',
        '<div data-bg="dark"></div><p>The gate.</p>',
        '<svg viewBox="0 0 9 9"><path d="M0 0"></path></svg><p>The gate.</p>',
        '<p>The gate.</p><div style="background-image:url(javascript:alert(1))"></div>',
    ],
)
def test_what_is_no_picture(html: str) -> None:
    content = clean_fragment(html)
    assert (content.text, content.images) == ("The gate.", ())


def test_the_background_of_an_image_is_not_shown() -> None:
    assert image_of('<div style="background-image:url(/blur.jpg)"><img src="/a.jpg"></div>').url == PHOTO
    assert image_of('<img src="/a.jpg" style="background-image:url(/blur.jpg)">').url == PHOTO


def test_its_label_is_its_alternative_text_and_the_link_around_it_stays() -> None:
    html = '<a href="/full"><div role="img" aria-label="North gate" style="background-image:url(/a.jpg)"></div></a>'
    assert image_of(html).alt == "North gate"
    assert '<a href="https://quay.example/full"' in clean_fragment(html).html


@given(
    st.text(alphabet="background-image:url(/a.jpg);'\"& <>", max_size=60),
    st.sampled_from(["div", "a", "svg", "object"]),
)
@settings(max_examples=100)
def test_any_style_is_safe(style: str, tag: str) -> None:
    attribute = style.replace("&", "&amp;").replace('"', "&quot;")
    content = clean_fragment(f'<{tag} style="{attribute}" data-bg="{attribute}" data="{attribute}">x</{tag}>')
    assert_safe(content.html)
