"""What an <img> shows: its address, its size, and whether it is an emoji or a tracking pixel."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tasks.text.markup import Element

_LAZY = (
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-lazy",
    "data-lazyload",
    "data-cfsrc",
    "data-actualsrc",
    "data-original-src",
    "data-url",
    "data-echo",
    "data-hi-res-src",
    "data-full-src",
    "data-orig-file",
)
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "srcset")
_PLACEHOLDER = re.compile(
    r"(^data:)|/(blank|placeholder|spacer|transparent|lazy|loading|grey|1x1)[\w-]*\.(gif|png|svg|jpe?g)", re.IGNORECASE
)
_TRACKER = re.compile(
    r"//([\w.-]+\.)?(feedburner\.com/~r|feeds\.feedburner\.com/~|pixel\.wp\.com|stats\.wordpress\.com|"
    r"doubleclick\.net|google-analytics\.com|scorecardresearch\.com|quantserve\.com|pixel\.quantcount\.com|"
    r"statcounter\.com|pheedo\.com|feedsportal\.com|rss\.buysellads\.com|b\.scorecardresearch|"
    r"analytics\.|tracking\.|pixel\.|counter\.|count\.)|/(pixel|beacon|track|tracker|open)\.(gif|png)(\?|$)|"
    r"medium\.com/_/stat|/piwik\.php|/matomo\.php|facebook\.com/tr\?",
    re.IGNORECASE,
)
_EMOJI = re.compile(r"\b(emoji|wp-smiley|emoticon)\b|s\.w\.org/images/core/emoji|/emoji/")
_SIZE = re.compile(r"^\s*(\d+)")
_SIZED_AWAY = re.compile(r"(?:^|;)(?:width|height):[01](?:px)?(?:;|$)")


def pixel_size(value: str | None) -> int | None:
    if not value or "%" in value:
        return None
    match = _SIZE.match(value)
    return int(match[1]) if match else None


def _widest(srcset: str) -> str | None:
    """The candidate of most pixels in a srcset (HTML 4.8.4.2.1); addresses may hold commas."""
    best, best_size = None, -1.0
    for candidate in re.split(r",\s+|,(?=https?:|/)", srcset.strip()):
        address, _, size = candidate.strip().rstrip(",").partition(" ")
        number = re.match(r"([\d.]+)[wx]", size.strip())
        weight = float(number[1]) if number and number[1].count(".") < 2 and number[1] != "." else 1.0
        if address and weight > best_size:
            best, best_size = address, weight
    return best


def image_address(img: Element, sources: Iterable[Element] = ()) -> str | None:
    """The address a browser would end up showing: lazy-loading attributes and srcset before a placeholder src."""
    candidates = [img.attrs[name] for name in _LAZY if img.attrs.get(name)]
    sets = [img.attrs[name] for name in _LAZY_SETS if img.attrs.get(name)]
    sets += [source.attrs[name] for source in sources for name in _LAZY_SETS if source.attrs.get(name)]
    source = img.attrs.get("src", "")
    lazy = [c for c in candidates if not _PLACEHOLDER.search(c) and not c.startswith("{")]
    if lazy:
        return lazy[0]
    if source and not _PLACEHOLDER.search(source):
        return source
    for srcset in sets:
        if (widest := _widest(srcset)) and not _PLACEHOLDER.search(widest):
            return widest
    return None


def is_emoji(img: Element, address: str) -> bool:
    named = f"{img.attrs.get('class', '')} {address}".lower()
    return ("emo" in named or "smiley" in named) and _EMOJI.search(named) is not None


def is_tracking_pixel(img: Element, address: str) -> bool:
    width, height = pixel_size(img.attrs.get("width")), pixel_size(img.attrs.get("height"))
    if (width is not None and width <= 2) or (height is not None and height <= 2):
        return True
    style = img.attrs.get("style", "").replace(" ", "").lower()
    if style and ("display:none" in style or "visibility:hidden" in style or _SIZED_AWAY.search(style)):
        return True
    return _TRACKER.search(address) is not None
