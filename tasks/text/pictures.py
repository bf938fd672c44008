"""What an image's address says of its picture: whether another is the same in another size, or it is any page's."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

MIN_NAME = 5
"""Letters of a name that two pictures don't share by chance."""
_WORD = re.compile(r"[^\W_]+")
_SIZE = re.compile(
    r"\d{1,4}x\d{1,4}|[whrqvs]\d{1,4}|\d{1,4}[wp]|[124]x|\d{3,4}|fpx\d+|fpy\d+|scaled|original|large|medium|small|thumb|thumbnail|"
    r"square|wide|retina|crop|cropped|og|amp|webp|jpe?g|png|gif|avif|image|photo|picture|img",
    re.IGNORECASE,
)
"""A word that a server writes into the address for the size, the shape or the format."""
_DATE = re.compile(r"(?:19|20)\d{6}(?:\d{2}){0,3}")
_ID = re.compile(r"(?=.*\d)\w{7,}")
_HASH = re.compile(r"(?=.*\d)[\da-f]{16,}")
_EXTENSION = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg|bmp|ashx|php)$", re.IGNORECASE)
_ANY_PAGES = frozenset(["logo", "logos", "favicon", "placeholder", "fallback", "noimage", "nophoto"])
_ANY_PAGES_ALONE = frozenset(
    [
        *("default", "share", "sharing", "social", "facebook", "twitter", "opengraph", "og", "ogimage", "card", "icon"),
        *("image", "img", "photo", "picture", "thumbnail", "thumb", "site", "header", "cover", "no", "meta", "preview"),
    ]
)


def _parts(address: str) -> list[str]:
    """The parts of the path, the last first; of an address in an address, those of the inner one."""
    text = unquote(unquote(address))
    inner = text.rfind("://")
    start = text.rfind("http", 0, inner + 1)
    try:
        path = urlsplit(text[max(start, 0) :]).path
    except ValueError:  # a host such as "["
        return []
    return [part for part in reversed(path.partition("&")[0].split("/")) if part]


def _words(part: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(_EXTENSION.sub("", part))]


def is_same_picture(one: str, other: str) -> bool:
    """Whether both addresses are of one picture, in whichever sizes and shapes: their names are the same but for those,
    or they share a long number or a hash."""
    first, second = _parts(one), _parts(other)
    if not first or not second:
        return one == other
    if first == second and _EXTENSION.search(first[0]):
        return True
    name, other_name = ([word for word in _words(parts[0]) if not _SIZE.fullmatch(word)] for parts in (first, second))
    if name == other_name and sum(map(len, name)) >= MIN_NAME:
        return True
    return not _ids(first).isdisjoint(_ids(second))


def _ids(parts: list[str]) -> set[str]:
    """The long numbers and hashes in the name and in the folders next to it; further up they are often the site's."""
    words = {word for part in parts[:2] for word in _words(part)}
    near = {word for word in words if _ID.fullmatch(word) and not (_DATE.fullmatch(word) or _SIZE.fullmatch(word))}
    return near | {word for part in parts[2:4] for word in _words(part) if _HASH.fullmatch(word)}


def is_any_pages(address: str) -> bool:
    """Whether the picture stands for the site and not for one article: its logo, or what it shows without a picture."""
    parts = _parts(address)
    if not parts or parts[0].lower().endswith((".svg", ".ico")):
        return True
    words = [word for word in _words(parts[0]) if not re.fullmatch(r"v?\d{1,2}|\d+x\d+", word)]
    if not _ANY_PAGES.isdisjoint(words) and len(words) <= 4:
        return True
    return bool(words) and _ANY_PAGES_ALONE.issuperset(words)
