"""Which images may stand for an article: not its author's avatar, the icons to share it, badges and adverts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tasks.text.markup import Element
from tasks.text.pictures import is_any_pages

AROUND = 4
"""Elements whose class counts, from the image outwards; those further out are about the whole article."""
MAX_ICON = 48
"""Pixels of an icon's longer side; half of it is too little for either side of a picture."""
MAX_NAMES = 300
"""Characters of a class that are read."""

_NETWORKS = (
    "facebook|fb|twitter|linkedin|whatsapp|telegram|pinterest|reddit|instagram|youtube|tumblr|tiktok|mastodon|bluesky|"
    "threads|weibo|wechat|weixin|qzone|vk|vkontakte|odnoklassniki|line|kakao|pocket|hatena|flipboard|rss|feed|e?mail|print|share"
)
_ADVERTS = (
    r"doubleclick\.net/|googlesyndication\.com/|googleadservices\.com/|amazon-adsystem\.com/|adnxs\.com/|buysellads\.|"
    r"awin1\.com/|linksynergy\.com/|shareasale\.com/|tradedoubler\.com/|//ads?\d*\.|adserver|/ads?/|/advert|"
    r"[/_-]ads?[_-]?\d+x\d+|[/_-]ads?\.\w+$|banner[_-]?ad(?![a-z])|(?<![a-z])ad[_-]?banner|"
    # sizes that only adverts have
    r"(?<!\d)(?:728x90|970x90|970x250|468x60|234x60|160x600|120x600|300x600|320x50)(?!\d)"
)
_ADVERT = re.compile(_ADVERTS, re.IGNORECASE)
_DECORATION = re.compile(
    # avatars; "avatar-fire-and-ash.jpg" is a film
    r"gravatar\.com/|/avatars?/|[/_-]avatars?[_-]?[\da-f]*\.\w+$|[_-]avatar[_.-]|/profile[_-]?(?:image|photo|pic|picture)s?/|"
    r"userpics?/|\.qlogo\.cn/|//yt\d\.(?:ggpht|googleusercontent)\.com/|//avatars\d*\.githubusercontent\.com/|"
    r"//lh\d\.googleusercontent\.com/a[-/]|[/_-]author[_-]?(?:photo|image|pic|avatar)|"
    # buttons and icons
    rf"/(?:icons?[_-])?(?:share[_-])?(?:{_NETWORKS})(?:[_-]?(?:icons?|share|button|btn|circle|square|round|\d++(?:x\d++)?))*"
    r"\.(?:png|gif|svg|ico|webp)\Z|/(?:icons?|favicons?|buttons?|badges?)[/.]|share[_-]?(?:icon|button)|"
    r"addtoany\.com/|sharethis\.com/|addthis\.com/|feedburner\.com/(?:~ff|fb)/|st-hatena\.com/|licensebuttons\.net/|"
    r"//i\.creativecommons\.org/|//img\.shields\.io/|//badge\.|paypalobjects\.com/|buymeacoffee\.com/|ko-fi\.com/|"
    r"/wp-includes/images/|/wp-content/plugins/|blogblog\.com/|"
    rf"{_ADVERTS}",
    re.IGNORECASE,
)
_WORDS = (
    *("avatar", "profile", "userpic", "qlogo", "//yt", "googleusercontent", "author", "icon", "share", "button"),
    "badge",
    *("addtoany", "sharethis", "addthis", "feedburner", "st-hatena", "creativecommons", "shields.io", "paypalobjects"),
    *("buymeacoffee", "ko-fi", "/wp-includes/", "/wp-content/plugins/", "blogblog", "doubleclick", "googlesyndication"),
    *("googleadservices", "amazon-adsystem", "adnxs", "buysellads", "awin1", "linksynergy", "tradedoubler", "/ad"),
    *("-ad", "_ad", "ad-", "ad_", "bannerad", "adbanner"),
    *("adserver", "728x90", "970x", "468x60", "234x60", "x600", "320x50"),
)
_ICON_ENDINGS = (".png", ".gif", ".svg", ".ico", ".webp")
_NETWORK_WORDS = (*_WORDS, *_NETWORKS.replace("e?mail", "mail").split("|"))
"""Each address that _DECORATION matches contains one of _WORDS, or has one of these endings and contains one of
_NETWORK_WORDS; the pattern takes fifty times as long to search."""
_SHARED_BY = re.compile(
    r"facebook\.com/(?:sharer|share|dialog)|(?:twitter|x)\.com/(?:intent|share)|linkedin\.com/(?:share|cws)|"
    r"//(?:t|telegram)\.me/share|//wa\.me/|whatsapp\.com/send|pinterest\.[a-z.]+/pin/create|reddit\.com/submit|"
    r"tumblr\.com/(?:share|widgets/share)|vk\.com/share|ok\.ru/dk|service\.weibo\.com/share|b\.hatena\.ne\.jp/|"
    r"line\.(?:me|naver\.jp)/|getpocket\.com/(?:save|edit)|addtoany\.com/|news\.ycombinator\.com/submitlink|^mailto:",
    re.IGNORECASE,
)
_NAMES = re.compile(r"(?:^|(?<=\s))(?:category|cat|tag)-\S*|([A-Z]?[a-z]+|[A-Z]+)")
"""A word; what WordPress makes of an article's categories is skipped (`category-social-media` on the whole of it)."""
_DECORATIONS = frozenset(
    [
        *("avatar", "gravatar", "userpic", "ad", "ads", "advert", "advertisement", "adsbygoogle", "sponsor"),
        *("sponsored", "sponsors", "werbung", "anzeige", "publicidad", "publicite", "reklama", "reklam", "share"),
        *("sharing", "sharedaddy", "social", "addtoany", "feedflare", "icon", "icons", "badge", "related"),
        "relatedposts",
    ]
)
"""Words of a class or id."""
_PEOPLE, _PORTRAITS = (
    frozenset(["author", "byline", "profile"]),
    frozenset(["photo", "image", "img", "pic", "thumb", "bio"]),
)
_CALLED = frozenset(
    [
        *("ad", "advert", "advertisement", "advertising", "sponsored", "anzeige", "werbung", "publicidad", "publicité"),
        *("publicidade", "pubblicità", "reklama", "reklam", "advertentie", "реклама", "广告", "廣告", "広告", "광고"),
        *("إعلان", "avatar", "share", "facebook", "twitter", "linkedin", "whatsapp", "email", "print"),
    ]
)
"""Alternative texts."""
_ADVERT_SIZES = frozenset(
    [(728, 90), (970, 90), (970, 250), (468, 60), (234, 60), (160, 600), (120, 600), (300, 600), (320, 50)]
)


def may_lead(img: Element, address: str, size: tuple[int | None, int | None], around: Sequence[Element] = ()) -> bool:
    """Whether the image may stand for its article. `size` is its width and height as stated, `around` the elements that
    it is in, the outermost first; it may be the last of them."""
    width, height = size
    if width and height and (max(width, height) <= MAX_ICON or (width, height) in _ADVERT_SIZES):
        return False
    if min(width or MAX_ICON, height or MAX_ICON) <= MAX_ICON // 2:
        return False
    if img.attrs.get("alt", "").strip().casefold() in _CALLED or _is_named_decoration(address.partition("?")[0]):
        return False
    if img.attrs and _is_the_sites(address):  # an enclosure has none: what a podcast encloses is often its logo
        return False
    if any(_is_sharing(element) for element in around if element.tag == "a"):
        return False
    return not any(map(_is_decoration, (img, *around[-AROUND:])))


def _is_named_decoration(address: str) -> bool:
    lower = address.lower()
    words = _NETWORK_WORDS if lower.endswith(_ICON_ENDINGS) else _WORDS
    return any(map(lower.__contains__, words)) and _DECORATION.search(address) is not None


def is_advert(address: str) -> bool:
    return _ADVERT.search(address) is not None


def _is_the_sites(address: str) -> bool:
    lower = address.lower()
    return any(map(lower.__contains__, ("logo", "placeholder", "fallback", ".svg"))) and is_any_pages(address)


def _is_sharing(link: Element) -> bool:
    """Whether the link shares the article, or is paid for."""
    return "sponsored" in link.attrs.get("rel", "") or _SHARED_BY.search(link.attrs.get("href", "")) is not None


def _is_decoration(element: Element) -> bool:
    attrs = element.attrs
    return bool(attrs) and _are_of_decoration(attrs.get("class", "")[:MAX_NAMES], attrs.get("id", "")[:MAX_NAMES])


@lru_cache(maxsize=1024)  # a site's articles share most of them
def _are_of_decoration(classes: str, id: str) -> bool:
    names = _names(classes) | _names(id)
    return not names.isdisjoint(_DECORATIONS) or not (names.isdisjoint(_PEOPLE) or names.isdisjoint(_PORTRAITS))


def _names(value: str) -> frozenset[str]:
    """The words of a class or id, which may be joined with hyphens or by capitals."""
    return frozenset(word.lower() for word in _NAMES.findall(value) if word)
