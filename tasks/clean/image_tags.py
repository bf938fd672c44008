"""Reading an <img>: its address, its size, and whether it is an emoji or a tracking pixel."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tasks.text.markup import Element

_LAZY_ATTRIBUTES = (
    *("data-src", "data-original", "data-lazy-src", "data-lazy", "data-lazyload", "data-cfsrc", "data-actualsrc"),
    *("data-original-src", "data-url", "data-echo", "data-hi-res-src", "data-full-src", "data-orig-file"),
)
_SRCSET_ATTRIBUTES = ("data-srcset", "data-lazy-srcset", "srcset")
_PLACEHOLDER = re.compile(
    r"(^data:)|/(blank|placeholder|spacer|transparent|lazy|loading|grey|1x1)[\w-]*\.(gif|png|svg|jpe?g)", re.IGNORECASE
)
_TRACKER = re.compile(
    r"//([\w.-]+\.)?(feedburner\.com/~r|feeds\.feedburner\.com/~|pixel\.wp\.com|stats\.wordpress\.com|"
    r"doubleclick\.net|google-analytics\.com|scorecardresearch\.com|quantserve\.com|pixel\.quantcount\.com|"
    r"statcounter\.com|pheedo\.com|feedsportal\.com|rss\.buysellads\.com|b\.scorecardresearch)|/(pixel|beacon|track|tracker|open)\.(gif|png)(\?|$)|"
    r"medium\.com/_/stat|/piwik\.php|/matomo\.php|facebook\.com/tr\?",
    re.IGNORECASE,
)
_TRACKING_HOST = re.compile(r"//([\w.-]+\.)?(?:analytics|tracking|pixel|counter|count)\.", re.IGNORECASE)
_PHOTO = re.compile(r"\.(?:jpe?g|webp|avif)$", re.IGNORECASE)
_EMOJI = re.compile(r"\b(emoji|wp-smiley|emoticon)\b|s\.w\.org/images/core/emoji|/emoji/")
_LEADING_NUMBER = re.compile(r"^\s*(\d{1,9})(?!\d)")
_HIDDEN_BY_SIZE = re.compile(r"(?:^|;)(?:width|height):[01](?:px)?(?:;|$)")


def pixel_size(value: str | None) -> int | None:
    """Pixels of a width or height attribute; None for a percentage or anything else."""
    if not value or "%" in value:
        return None
    match = _LEADING_NUMBER.match(value)
    return int(match[1]) if match else None


def _widest(srcset: str) -> str | None:
    """The address with the largest width or density in a srcset (HTML 4.8.4.2.1). Addresses may contain commas."""
    best, best_size = None, -1.0
    for candidate in re.split(r",\s+|,(?=https?:|/)", srcset.strip()):
        address, _, size = candidate.strip().rstrip(",").partition(" ")
        number = re.match(r"([\d.]+)[wx]", size.strip())
        weight = float(number[1]) if number and number[1].count(".") < 2 and number[1] != "." else 1.0
        if address and weight > best_size:
            best, best_size = address, weight
    return best


def image_address(img: Element, sources: Iterable[Element] = ()) -> str | None:
    """The address that a browser would show in the end: a lazy loader's, else src, else the largest of a srcset.

    `sources` are the <source> elements of the <picture> around it. Placeholders are passed over.
    """
    for name in _LAZY_ATTRIBUTES:
        lazy = img.attrs.get(name)
        if lazy and not _PLACEHOLDER.search(lazy) and not lazy.startswith("{"):
            return lazy
    src = img.attrs.get("src", "")
    if src and not _PLACEHOLDER.search(src):
        return src
    srcsets = (element.attrs.get(name) for element in (img, *sources) for name in _SRCSET_ATTRIBUTES)
    for srcset in filter(None, srcsets):
        if (widest := _widest(srcset)) and not _PLACEHOLDER.search(widest):
            return widest
    return None


def is_emoji(img: Element, address: str) -> bool:
    text = f"{img.attrs.get('class', '')} {address}".lower()
    return ("emo" in text or "smiley" in text) and _EMOJI.search(text) is not None


def is_tracking_pixel(img: Element, address: str) -> bool:
    width, height = pixel_size(img.attrs.get("width")), pixel_size(img.attrs.get("height"))
    if (width is not None and width <= 2) or (height is not None and height <= 2):
        return True
    style = img.attrs.get("style", "").replace(" ", "").lower()
    if style and (_is_hidden(img, style) or _HIDDEN_BY_SIZE.search(style)):
        return True
    if _TRACKING_HOST.search(address):  # pixel.nymag.com serves the magazine's photos
        return not (width and height) and not _PHOTO.search(address.partition("?")[0])
    return _TRACKER.search(address) is not None


def _is_hidden(img: Element, style: str) -> bool:
    """Whether it stays hidden: a lazy loader shows its images once it has loaded them."""
    return ("display:none" in style or "visibility:hidden" in style) and img.attrs.keys().isdisjoint(_LAZY_ATTRIBUTES)
