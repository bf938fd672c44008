"""Which image of an article leads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.clean.article import clean
from tasks.clean.lead_images import may_lead
from tasks.text.markup import Element
from tests.tasks.clean.cleaning import PHOTO
from tests.tasks.making import FEED, Item, entry, milled
from warehouse.records import Article, ImageRef

TEXT = "<p>The north gate opens at eight.</p>"
DECORATIONS = [
    '<img src="https://quay.example/img/logo_v2.svg">',
    '<img src="https://quay.example/img/quay-logo.png">',
    '<img src="https://secure.gravatar.com/avatar/0f3a?s=96">',
    '<img src="https://quay.example/avatars/oda.jpg">',
    '<img src="https://quay.example/img/avatar_12.png">',
    '<img src="https://quay.example/a.png" class="avatar avatar-96 photo">',
    '<img src="https://quay.example/a.png" class="authorPhoto">',
    '<div class="byline-img"><a href="/oda"><img src="https://quay.example/a.png"></a></div>',
    '<div id="author-bio"><img src="https://quay.example/a.png"></div>',
    '<img src="https://pbs.twimg.com/profile_images/1/x.jpg">',
    '<img src="https://wx.qlogo.cn/mmhead/x/0">',
    '<img src="https://yt3.ggpht.com/ytc/x=s88">',
    '<img src="https://quay.example/img/facebook.png">',
    '<img src="https://quay.example/img/icon-twitter-32x32.png">',
    '<img src="https://quay.example/icons/mail.png">',
    '<img src="https://static.addtoany.com/buttons/share_save_120_16.png">',
    '<img src="https://b.st-hatena.com/entry/image/https://quay.example/gate">',
    '<img src="https://img.shields.io/badge/gate-open-green">',
    '<a href="https://www.facebook.com/sharer/sharer.php?u=x"><img src="https://quay.example/f.png"></a>',
    '<a href="https://twitter.com/intent/tweet?url=x"><span><img src="https://quay.example/t.png"></span></a>',
    '<a href="mailto:?body=x"><img src="https://quay.example/m.png"></a>',
    '<ul class="social-share"><li><a href="/s"><img src="https://quay.example/s.png"></a></li></ul>',
    '<a href="https://shop.example/" rel="sponsored nofollow"><img src="https://quay.example/shop.jpg"></a>',
    '<img src="https://ads.quay.example/boots.jpg">',
    '<img src="https://quay.example/ads/boots.jpg">',
    '<img src="https://quay.example/boots-728x90.jpg">',
    '<img src="https://quay.example/boots.jpg" width="728" height="90">',
    '<div class="ad-container"><img src="https://quay.example/boots.jpg"></div>',
    '<img src="https://quay.example/boots.jpg" alt="Anzeige">',
    '<img src="https://quay.example/boots.jpg" alt=" 广告 ">',
    '<img src="https://quay.example/heart.svg.png" width="16" height="16">',
    '<img src="https://quay.example/line.png" width="600" height="8">',
    '<div class="jp-related-posts"><img src="https://quay.example/other.jpg"></div>',
]
PICTURES = [
    '<img src="https://quay.example/2022/avatar-the-way-of-water.jpg">',
    '<img src="https://quay.example/2019/facebook-hearing.jpg">',
    '<img src="https://quay.example/2019/twitter.jpg">',
    '<img src="https://quay.example/icons-of-jazz.jpg">',
    '<img src="https://quay.example/adserve.jpg" alt="The advertisement of 1962 at the quay">',
    '<img src="https://quay.example/downloads/a.jpg">',
    '<img src="https://quay.example/ad-astra.jpg">',
    '<img src="https://quay.example/banner-adorned.jpg">',
    '<img src="https://quay.example/lead-300x250.jpg">',
    '<img src="https://pixel.quay.example/a.jpg" width="700" height="467">',
    '<img src="https://quay.example/a.jpg" width="75" height="75">',
    '<article class="post category-social-media tag-ads"><img src="https://quay.example/a.jpg"></article>',
    '<figure class="wp-block-image size-large"><img src="https://quay.example/a.jpg" class="wp-image-12"></figure>',
    '<a href="https://www.facebook.com/quay/posts/1"><img src="https://quay.example/a.jpg"></a>',
    '<div class="social"><div><div><div><img src="https://quay.example/a.jpg"></div></div></div></div>',
]


ADDRESSES = [
    *("1.gravatar.com/avatar/x", "q.example/avatars/x", "q.example/x_avatar.jpg", "q.example/profile-photos/x.jpg"),
    *("q.example/userpics/x.jpg", "wx.qlogo.cn/x", "yt3.ggpht.com/x", "avatars1.githubusercontent.com/u/x"),
    *(
        "lh3.googleusercontent.com/a-/x",
        "q.example/author-photo.jpg",
        "q.example/vk.png",
        "q.example/share_facebook_16.png",
    ),
    *("q.example/email_32x32.png", "q.example/email.png", "q.example/mail.gif", "q.example/favicon.ico"),
    *("q.example/share-button.png", "q.example/buttons/x.png", "q.example/badges/x.png", "w.sharethis.com/x"),
    *("s7.addthis.com/x", "feeds.feedburner.com/~ff/x", "b.st-hatena.com/x", "licensebuttons.net/x"),
    *("i.creativecommons.org/l/by/4.0/88x31", "img.shields.io/x", "badge.fury.io/x", "www.paypalobjects.com/x"),
    *("cdn.buymeacoffee.com/x", "ko-fi.com/img/x", "q.example/wp-includes/images/x", "q.example/wp-content/plugins/x"),
    *("resources.blogblog.com/x", "ad.doubleclick.net/x", "pagead2.googlesyndication.com/x", "ads.q.example/x"),
    *("www.googleadservices.com/x", "ws.amazon-adsystem.com/x", "ib.adnxs.com/x", "cdn.buysellads.com/x"),
    *("www.awin1.com/x", "ad.linksynergy.com/x", "static.shareasale.com/x", "impde.tradedoubler.com/x"),
    *(
        "q.example/adserver/x",
        "q.example/ad/x",
        "q.example/adverts/x",
        "q.example/x-728x90.gif",
        "q.example/970x250.gif",
    ),
    *("q.example/ad-300x250.jpg", "q.example/img/ad.png", "q.example/banner-ad.jpg"),
    *("q.example/img/share.png", "q.example/adbanner.jpg"),
    *("q.example/468x60.gif", "q.example/234x60.gif", "q.example/160x600.gif", "q.example/320x50.gif"),
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_that_say_so(address: str) -> None:
    assert not may_lead(Element("img"), f"https://{address}", (None, None))
    assert not may_lead(Element("img"), f"https://{address.upper()}", (None, None))


def lead(html: str, *enclosures: str) -> str | None:
    image = clean(entry(content=html, enclosures=enclosures), FEED).lead_image
    return image.url if image else None


@pytest.mark.parametrize("html", DECORATIONS)
def test_what_never_leads(html: str) -> None:
    article = clean(entry(content=html + TEXT), FEED)
    assert article.lead_image is None
    assert len(article.images) == 1, "it stays an image of the article"
    assert lead(f'{html}{TEXT}<img src="{PHOTO}">') == PHOTO
    assert lead(html + TEXT, PHOTO) == PHOTO


@pytest.mark.parametrize("html", PICTURES)
def test_pictures_whose_names_only_remind_of_that(html: str) -> None:
    article = clean(entry(content=html + TEXT), FEED)
    assert article.lead_image == article.images[0]


def test_an_enclosed_avatar_is_passed_over() -> None:
    avatar = "https://1.gravatar.com/avatar/0f3a?s=96&d=identicon"  # the first media:content of WordPress.com's feeds
    assert lead(TEXT, avatar, PHOTO) == PHOTO
    assert clean(entry(content=TEXT, enclosures=(avatar,)), FEED).images == ()
    assert clean(entry(content=TEXT, enclosures=("https://pixel.wp.com/b.gif",)), FEED).images == ()


def test_an_enclosure_does_not_repeat_an_inline_image() -> None:
    article = clean(entry(content=f'<img src="{PHOTO}">{TEXT}', enclosures=("https://quay.example/e.jpg",)), FEED)
    assert article.images == (ImageRef(PHOTO),)


STATED = "https://quay.example/2024/north-gate-1200x630.jpg"
FERRY = '<img src="https://quay.example/2024/ferry.jpg">'


def stated_lead(html: str, stated: str = STATED) -> Article:
    return clean(replace(entry(content=html), lead_image=stated), FEED)


def test_the_picture_that_a_page_states_leads_though_it_stands_outside_of_the_text() -> None:
    article = stated_lead(FERRY + TEXT)
    assert [image.url for image in article.images] == [STATED, "https://quay.example/2024/ferry.jpg"]
    assert article.lead_image == ImageRef(STATED)


def test_the_same_picture_in_the_text_leads_with_its_caption_and_is_there_once() -> None:
    figure = '<figure><img src="https://quay.example/2024/north-gate.jpg"><figcaption>The gate</figcaption></figure>'
    article = stated_lead(FERRY + TEXT + figure)
    assert [image.url[26:] for image in article.images] == ["ferry.jpg", "north-gate.jpg"]
    assert article.lead_image == ImageRef("https://quay.example/2024/north-gate.jpg", caption="The gate")


def test_a_stated_picture_leads_whatever_its_element_is_called() -> None:
    shared = f'<div class="social"><img src="{STATED}" alt="The gate"></div>'
    assert stated_lead(FERRY + TEXT + shared).lead_image == ImageRef(STATED, alt="The gate")


@pytest.mark.parametrize("stated", ["https://quay.example/avatars/oda.jpg", "https://quay.example/img/facebook.png"])
def test_what_a_page_states_is_no_decoration(stated: str) -> None:
    assert stated_lead(FERRY + TEXT, stated).images == (ImageRef("https://quay.example/2024/ferry.jpg"),)


@pytest.mark.parametrize(
    ("media", "name"),
    [
        ('<media:thumbnail url="/s.jpg" width="120"/><media:thumbnail url="/l.jpg" width="976"/>', "l"),
        ('<media:thumbnail url="/l.jpg" width="976"/><media:thumbnail url="/s.jpg" width="120"/>', "l"),
        ('<media:content url="/s.jpg" width="140" medium="image"/><media:content url="/l.jpg" width="460"/>', "l"),
        (
            '<media:content url="/s.jpg" width="140px" medium="image"/><media:thumbnail url="/l.jpg" width="700px"/>',
            "l",
        ),
        ('<media:thumbnail url="/s.jpg" width="120"/><media:content url="/l.jpg" medium="image"/>', "l"),
        ('<media:thumbnail url="/l.jpg"/><media:thumbnail url="/s.jpg"/>', "l"),
        ('<media:thumbnail url="/l.jpg" width=""/><media:thumbnail url="/s.jpg" width="0"/>', "l"),
        ('<media:thumbnail url="/s.jpg" width="100"/><enclosure url="/l.jpg" type="image/jpeg" length="9"/>', "l"),
        (
            '<media:group><media:content url="/s.jpg" medium="image" width="90"/>'
            '<media:content url="/l.jpg" medium="image" width="1200"/></media:group>',
            "l",
        ),
        ('<media:content url="/v.mp4" type="video/mp4" width="1920"/><media:thumbnail url="/l.jpg" width="480"/>', "l"),
    ],
)
def test_the_widest_of_several_thumbnails(media: str, name: str) -> None:
    (article,) = milled(Item(text="The north gate opens at eight.", extra=media)).articles
    assert [image.url for image in article.images] == [f"https://quay.example/{name}.jpg"]


def test_an_entrys_id_does_not_depend_on_which_thumbnail_is_the_widest() -> None:
    def entry_id(first: int, second: int) -> str:
        media = f'<media:thumbnail url="/a.jpg" width="{first}"/><media:thumbnail url="/b.jpg" width="{second}"/>'
        return milled(Item(extra=media)).entries[0].entry_id

    assert entry_id(100, 200) == entry_id(200, 100)


@given(st.lists(st.sampled_from(DECORATIONS), max_size=3), st.sampled_from(PICTURES), st.booleans())
@settings(max_examples=60)
def test_the_first_picture_leads_whatever_decorates_the_article(
    before: list[str], picture: str, enclosed: bool
) -> None:
    article = clean(entry(content="".join(before) + TEXT + picture, enclosures=(PHOTO,) * enclosed), FEED)
    alone = clean(entry(content=picture), FEED)
    assert article.lead_image == alone.lead_image


def test_of_very_many_enclosures_only_the_first_that_may_lead_is_looked_for() -> None:
    """All of them, each compared with all images of the content, would take minutes."""
    adverts = "".join(f'<img src="/b{number}.jpg" alt="ad">' for number in range(500))
    enclosures = ("https://pixel.wp.com/b.gif", *(f"/{number}.jpg" for number in range(500_000)))
    images = clean(entry(content=TEXT + adverts, enclosures=enclosures), FEED).images
    assert [image.url for image in images if image.may_lead] == ["https://quay.example/0.jpg"]
    assert len(images) == 501
