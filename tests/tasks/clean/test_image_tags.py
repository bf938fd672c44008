from __future__ import annotations

import pytest

from tests.tasks.clean.cleaning import PHOTO, clean_fragment, image_of, text_of


@pytest.mark.parametrize(
    "html",
    [
        '<img src="/a.jpg">',
        '<img src="../a.jpg">',
        '<img src="//quay.example/a.jpg">',
        '<img src="data:image/gif;base64,R0lGOD" data-src="/a.jpg">',
        '<img src="/img/blank.gif" data-original="/a.jpg">',
        '<img data-lazy-src="/a.jpg">',
        '<img src="/dummy.png" data-lazyload="/a.jpg">',
        '<img data-cfsrc="/a.jpg">',
        '<img data-cfsrc="/a.jpg" style="display:none;visibility:hidden"><noscript><img src="/a.jpg"></noscript>',
        '<img src="/small.jpg" data-src="/a.jpg">',
        '<img srcset="/s.jpg 320w, /a.jpg 1280w, /m.jpg 640w">',
        '<img srcset="/s.jpg, /a.jpg 2x">',
        '<img src="data:," data-srcset="/s.jpg 1x,/a.jpg 3x">',
        '<picture><source srcset="/a.jpg 900w, /s.jpg 300w"><img src="data:,"></picture>',
        '<picture><source srcset="/x.webp"><img src="/a.jpg"></picture>',
        '<a href="/full"><img src="/a.jpg"></a>',
        '<p><span><img src="/a.jpg"></span></p>',
        '<noscript><img src="/a.jpg"></noscript>',
        '<img src="/img/lazy.png" class="lazy"><noscript><img src="/a.jpg"></noscript>',
        '<img data-src="/a.jpg" src="data:,"><noscript><img src="/a.jpg"></noscript>',
        '<img src="/a.jpg"><img src="/a.jpg">',
        '<table><tr><td><img src="/a.jpg"></td><td>x</td></tr><tr><td>y</td><td>z</td></tr></table>',
        '<ul><li><img src="/a.jpg"></li></ul>',
        '<h2><img src="/a.jpg"></h2>',
        '<blockquote><img src="/a.jpg"></blockquote>',
        '<amp-img src="/a.jpg" layout="responsive"></amp-img>',
        '<section><img data-src="/a.jpg" style="visibility: hidden !important"></section>',
        '<img src="/a.jpg" style="visibility: hidden !important; width: 677px !important">',
        '<img src="/a.jpg" class="lazyload" style="display:none">',
        '<img src="/low.jpg" data-srcset="/m.jpg 640w, /a.jpg 1280w" style="display:none">',
        '<img src="/a.jpg" data-lazyload="true">',
        '<img src="/a.jpg" data-src="1" data-original="lazy">',
        '<img src="/low.jpg" data-srcset="/m.jpg 640w, /a.jpg 1280w">',
        '<img src="/low.jpg" data-lazy-srcset="/low.jpg 1x, /a.jpg 2x">',
        '<img src="/low.jpg" srcset="/low.jpg 150w, /m.jpg 640w, /a.jpg 1280w">',
        '<img src="/a.jpg" srcset="/low.jpg 150w, /a.jpg 1024w, /large.jpg 2048w">',
        '<img src="/a.jpg" srcset="/a.jpg 150w, /m.jpg 640w" sizes="150px">',
        '<img srcset="data:image/gif;base64,R0lGOD 1x, /a.jpg 2x">',
        '<img src="/static/none.gif" file="/a.jpg">',  # Discuz
        '<img src="/images/pixel.gif" real_src="/a.jpg">',
        '<img src="/s.gif" data-whatever="https://quay.example/a.jpg">',
        '<img src="about:blank" data-src="/a.jpg">',
        '<picture><source data-srcset="/a.jpg 900w"><img src="data:,"></picture>',
    ],
)
def test_images(html: str) -> None:
    assert [content.url for content in clean_fragment(html).images] == [PHOTO]
    assert f'src="{PHOTO}"' in clean_fragment(html).html


@pytest.mark.parametrize(
    "name",
    ["loading-dock.jpg", "grey-seal.png", "blank-verse.jpg", "lazy_sunday.jpg", "vi/9/default.jpg", "empty18.png"],
)
def test_a_picture_whose_name_begins_like_a_placeholders(name: str) -> None:
    assert image_of(f'<img src="/{name}">').url == f"https://quay.example/{name}"


@pytest.mark.parametrize(
    "name", ["loading.gif", "blank.png?v=2", "placeholder-300x200.jpg", "lazy_placeholder.gif", "1x1.png", "grey.gif"]
)
def test_a_placeholder_is_no_image(name: str) -> None:
    assert clean_fragment(f'<p>The gate.</p><img src="/img/{name}">').images == ()


def test_a_width_of_thousands_of_digits_is_none() -> None:
    assert image_of(f'<img src="/a.jpg" width="{"9" * 5000}" height="20">').url == PHOTO


def test_an_address_with_commas_in_a_srcset() -> None:
    html = '<img srcset="https://cdn.example/w_300,h_2/a.jpg 300w, https://cdn.example/w_900,h_6/a.jpg 900w">'
    assert image_of(html).url == "https://cdn.example/w_900,h_6/a.jpg"


@pytest.mark.parametrize(
    "html",
    [
        '<img src="/p.gif" width="1" height="1">',
        '<img src="/p.gif" height="0">',
        '<img src="/p.gif" style="display: none">',
        '<img src="/p.gif" style="border:0;width:1px;height:1px">',
        '<img src="https://pixel.wp.com/b.gif?v=noscript">',
        '<img src="https://feeds.feedburner.com/~r/quay/~4/x">',
        '<img src="https://www.google-analytics.com/collect?v=1">',
        '<img src="https://stats.quay.example/piwik.php?idsite=1">',
        '<img src="https://quay.example/pixel.gif?id=1">',
        '<img src="data:image/png;base64,AAAA">',
        '<img src="javascript:alert(1)">',
        '<img alt="nothing">',
        '<img src="">',
    ],
)
def test_an_img_that_shows_no_image(html: str) -> None:
    content = clean_fragment(f"<p>The gate.</p>{html}")
    assert (content.images, content.html) == ((), "<p>The gate.</p>")


@pytest.mark.parametrize(
    "address",
    [
        *(
            "feedburner.com/~r/q",
            "feeds.feedburner.com/~q",
            "stats.wordpress.com/b",
            "ad.doubleclick.net/x",
            "pheedo.com/x",
        ),
        *("b.scorecardresearch.com/p", "pixel.quantserve.com/p", "pixel.quantcount.com/p", "c.statcounter.com/1"),
        *("da.feedsportal.com/x", "rss.buysellads.com/x", "quay.example/beacon.gif", "quay.example/track.png"),
        *("quay.example/tracker.gif?a", "quay.example/open.gif", "medium.com/_/stat?x", "quay.example/matomo.php"),
        *(
            "www.facebook.com/tr?id=1",
            "analytics.quay.example/x",
            "tracking.quay.example/x",
            "www.count.quay.example/x",
        ),
        *("counter.quay.example/x", "PIXEL.quay.example/x", "quay.example/PIWIK.php"),
    ],
)
def test_addresses_of_trackers(address: str) -> None:
    assert clean_fragment(f'<p>The gate.</p><img src="https://{address}">').images == ()


@pytest.mark.parametrize(
    "address",
    [
        *("/img/loading-1x1.gif", "/lazy_200x300.png?v=2", "/p?u=https://quay.example/blank.gif", "/S.GIF?x/y.gif"),
        *("ABOUT:blank", "DATA:image/gif;base64,R0lGOD/grey.gif/a.jpg", "placeholder.svg", "/a/gray-bg.webp"),
    ],
)
def test_placeholders(address: str) -> None:
    (image,) = clean_fragment(f'<img src="{address}" srcset="/a.jpg 2x">').images
    assert image.url == PHOTO


def test_addresses_that_look_like_placeholders_only_in_part() -> None:
    for address in ("/loading-dock.jpg", "/blank.gif/a.jpg", "/pixel.gif.jpg", "/b.jpg?s.gif", f"/lazy{'1' * 90}!"):
        (image,) = clean_fragment(f'<img src="{address}" srcset="/a.jpg 2x">').images
        assert image.url.endswith(address)


@pytest.mark.parametrize(
    "html",
    [
        '<img src="https://pixel.quay.example/2026/ferry.jpg?w=700">',
        '<img src="https://pixel.quay.example/2026/ferry" width="700" height="467">',
    ],
)
def test_a_photo_of_a_host_whose_name_is_that_of_a_tracker(html: str) -> None:
    assert len(clean_fragment(html).images) == 1


def test_an_emoji_image_becomes_its_text() -> None:
    html = '<p>Fine <img class="emoji" alt="🙂" src="https://s.w.org/images/core/emoji/15/72x72/1f642.png"> day</p>'
    assert (text_of(html), clean_fragment(html).images) == ("Fine 🙂 day", ())


def test_a_width_in_percent_is_dropped() -> None:
    assert (
        clean_fragment('<img src="/a.jpg" width="100%" height="600">').html
        == f'<figure><img src="{PHOTO}" height="600"></figure>'
    )


def test_an_attribute_too_long_for_an_address_holds_none() -> None:
    """In the square of its length, this would take an hour."""
    assert image_of(f"<p>A boat.</p><img data-x='http://a{'.jpg?' * 200_000} x' data-y='/a.jpg'>").url == PHOTO


@pytest.mark.parametrize(
    ("sources", "images"),
    [
        ("<source srcset=data:>" * 20_000, []),
        ("<source srcset=data:>" * 20_000 + "<source data-srcset='/a.jpg 900w'><source srcset=/b.jpg>", [PHOTO]),
        (f"<source srcset='{'/b.jpg 1w, ' * 20_000}/a.jpg 900w'>", [PHOTO]),
    ],
)
def test_the_sources_of_a_picture_are_not_read_again_for_each_of_its_images(sources: str, images: list[str]) -> None:
    """In the product of their numbers, this would take an hour."""
    content = clean_fragment(f"<p>A boat.</p><picture>{sources}{'<img>' * 20_000}</picture>")
    assert [image.url for image in content.images] == images
