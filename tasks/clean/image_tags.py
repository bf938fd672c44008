"""Reading an <img>: its address, its size, and whether it is an emoji or a tracking pixel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tasks.text import urls
from tasks.text.markup import Element

_LAZY_ATTRIBUTES = (
    *("data-src", "data-original", "data-lazy-src", "data-lazy", "data-lazyload", "data-cfsrc", "data-actualsrc"),
    *("data-original-src", "data-url", "data-echo", "data-hi-res-src", "data-full-src", "data-orig-file"),
)
_LAZY_SRCSETS = ("data-srcset", "data-lazy-srcset")
_LAZY = frozenset([*_LAZY_ATTRIBUTES, *_LAZY_SRCSETS])
_PLACEHOLDER = re.compile(
    r"(?:blank|placeholder|spacer|transparent|lazy|loading|loader|gr[ae]y|1x1)"
    r"(?:[_-]?(?:\d++(?:x\d++)?|image|img|load|placeholder|bg|gif|icon|small|large|animation))*"
    r"\.(?:gif|png|svg|jpe?g|webp)|(?:none|empty|dummy|clear|pixel|trans|s)\.gif",
    re.IGNORECASE,
)
"""The file's name of what stands in an <img> until a script shows the image. `loading-dock.jpg` is a picture."""
_ADDRESS = re.compile(r"/|\.[a-z]{2,}", re.IGNORECASE)
_PICTURE = re.compile(r"^[^\s{]+\.(?:jpe?g|png|gif|webp|avif)(?:[?#!@]\S*)?$", re.IGNORECASE)
NARROW = 400
"""Pixels; an image whose srcset has wider ones is not read in a narrower size than this."""
_TRACKER = re.compile(
    r"//([\w.-]+\.)?(feedburner\.com/~r|feeds\.feedburner\.com/~|pixel\.wp\.com|stats\.wordpress\.com|"
    r"doubleclick\.net|google-analytics\.com|scorecardresearch\.com|quantserve\.com|pixel\.quantcount\.com|"
    r"statcounter\.com|pheedo\.com|feedsportal\.com|rss\.buysellads\.com|b\.scorecardresearch)|/(pixel|beacon|track|tracker|open)\.(gif|png)(\?|$)|"
    r"medium\.com/_/stat|/piwik\.php|/matomo\.php|facebook\.com/tr\?",
    re.IGNORECASE,
)
_TRACKING_HOST = re.compile(r"//([\w.-]+\.)?(?:analytics|tracking|pixel|counter|count)\.", re.IGNORECASE)
_TRACKER_WORDS = (
    *("feedburner.com/", "pixel", "stats.wordpress", "doubleclick", "analytics", "scorecard", "quantserve", "count"),
    *("pheedo", "feedsportal", "buysellads", "track", "/beacon.", "/open.", "/_/stat", "/piwik", "/matomo"),
    "facebook.com/tr?",
)
"""Each address that one of these two matches contains one of them; most addresses contain none."""
_PHOTO = re.compile(r"\.(?:jpe?g|webp|avif)$", re.IGNORECASE)
_EMOJI = re.compile(r"\b(emoji|wp-smiley|emoticon)\b|s\.w\.org/images/core/emoji|/emoji/")
_LEADING_NUMBER = re.compile(r"^\s*(\d{1,9})(?!\d)")
_PIXELS_WIDE = re.compile(r"(?:^|;)(?:width|height):\d{2,}")
_HIDDEN_BY_SIZE = re.compile(r"(?:^|;)(?:width|height):[01](?:px)?(?:;|$)")


def _is_placeholder(address: str) -> bool:
    if address[:6].lower().startswith(("data:", "about:")):
        return True
    path, *rest = address.split("?")  # an image proxy has the image's own address in its query
    parts = (path, *(part for part in rest if "/" in part))
    return any(_PLACEHOLDER.fullmatch(part.rpartition("/")[2]) for part in parts)


def pixel_size(value: str | None) -> int | None:
    """Pixels of a width or height attribute; None for a percentage or anything else."""
    if not value or "%" in value:
        return None
    match = _LEADING_NUMBER.match(value)
    return int(match[1]) if match else None


def _candidates(srcset: str) -> list[tuple[float, str]]:
    """(width or density, address) of a srcset (HTML 4.8.4.2.1). Addresses may contain commas."""
    candidates = []
    for candidate in re.split(r",\s+|,(?=https?:|/)", srcset.strip()):
        address, _, size = candidate.strip().rstrip(",").partition(" ")
        number = re.match(r"([\d.]+)[wx]", size.strip())
        weight = float(number[1]) if number and number[1].count(".") < 2 and number[1] != "." else 1.0
        if address and not _is_placeholder(address):
            candidates.append((weight, address))
    return candidates


def _widest(srcset: str) -> str | None:
    return max(_candidates(srcset), key=lambda candidate: candidate[0], default=(0.0, None))[1]


def _wider(img: Element, src: str) -> str | None:
    """The widest of the image's srcset, if that has `src` as a narrow one: browsers don't show `src` then."""
    srcset = img.attrs.get("srcset", "")
    if src not in srcset or ((size := pixel_size(img.attrs.get("sizes"))) and size < NARROW):
        return None
    candidates = _candidates(srcset)
    narrow = any(address == src and 2 < width < NARROW for width, address in candidates)
    return max(candidates)[1] if narrow else None


def image_address(img: Element, sources: Iterable[Element] = ()) -> str | None:
    """The address that a browser would show in the end: a lazy loader's, else src, else the largest of a srcset, else
    whatever attribute holds a picture's address.

    `sources` are the <source> elements of the <picture> around it. Placeholders are passed over.
    """
    if is_lazy(img) and (lazy := _lazy_address(img)):
        return lazy
    src = img.attrs.get("src", "").strip()
    if src and not _is_placeholder(src):
        return _wider(img, src) or src
    srcsets = (element.attrs.get(name) for element in (img, *sources) for name in ("srcset", *_LAZY_SRCSETS))
    for srcset in filter(None, srcsets):
        if widest := _widest(srcset):
            return widest
    others = (value for name, value in img.attrs.items() if name not in ("src", "alt", "title", "class", "id"))
    # `.jpg?` over and over is tried at each: 50 kB of it took 6 s, and none so long is an address
    short = (value for value in others if len(value) <= urls.MAX_LENGTH)
    return next((value for value in short if _PICTURE.match(value) and not _is_placeholder(value)), None)


def telling_sources(picture: Element, images: int) -> Sequence[Element]:
    """The <source> elements of a <picture> with so many <img> that `image_address` needs.

    Where there are several, it is found once for all of them: 2,000 of both, without addresses, took 22 s.
    """
    sources = [element for element in picture.walk() if element.tag == "source"]
    if images < 2:
        return sources
    srcsets = (source.attrs.get(name, "") for source in sources for name in ("srcset", *_LAZY_SRCSETS))
    widest = next(filter(None, map(_widest, srcsets)), None)
    return [Element("source", {"srcset": widest})] if widest else []


def _lazy_address(img: Element) -> str | None:
    for name in _LAZY_ATTRIBUTES:
        lazy = img.attrs.get(name)
        if lazy and _ADDRESS.search(lazy) and not _is_placeholder(lazy) and not lazy.startswith("{"):
            return lazy
    return next(filter(None, (_widest(img.attrs.get(name, "")) for name in _LAZY_SRCSETS)), None)


def is_lazy(img: Element) -> bool:
    """Whether a script shows the image, so that a <noscript> after it may hold the same image in another size."""
    return not _LAZY.isdisjoint(img.attrs)


def is_emoji(img: Element, address: str) -> bool:
    text = f"{img.attrs.get('class', '')} {address}".lower()
    return ("emo" in text or "smiley" in text) and _EMOJI.search(text) is not None


def is_tracking_pixel(img: Element, address: str) -> bool:
    width, height = pixel_size(img.attrs.get("width")), pixel_size(img.attrs.get("height"))
    if (width is not None and width <= 2) or (height is not None and height <= 2):
        return True
    style = img.attrs.get("style", "").replace(" ", "").lower()
    if style and (_is_hidden(img, style, address) or _HIDDEN_BY_SIZE.search(style)):
        return True
    if not any(map(address.lower().__contains__, _TRACKER_WORDS)):
        return False
    if _TRACKING_HOST.search(address):  # pixel.nymag.com serves the magazine's photos
        return not (width and height) and not _PHOTO.search(address.partition("?")[0])
    return _TRACKER.search(address) is not None


def _is_hidden(img: Element, style: str, address: str) -> bool:
    """Whether it stays hidden: a lazy loader shows its images once it has loaded them."""
    invisible, absent = "visibility:hidden" in style, "display:none" in style
    if not (invisible or absent) or is_lazy(img):
        return False
    if "lazy" in img.attrs.get("class", "").lower():
        return False
    # WeChat's pictures are invisible until its script runs; converters take the script's work, and leave the style
    return absent or not (_PIXELS_WIDE.search(style) or _PHOTO.search(address.partition("?")[0]))
