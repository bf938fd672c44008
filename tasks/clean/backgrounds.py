"""Pictures that HTML shows without an <img>: CSS backgrounds, <object>, <svg> around a picture.

They get the <img> that they stand for, so that cleaning sees images only.
"""

from __future__ import annotations

import re
from collections.abc import Set
from html import unescape

from tasks.text.markup import Element

_BACKGROUND = re.compile(
    r"""background(?:-image)?\s{0,9}:(?>[^;]{0,300}?\burl\()\s{0,9}"""
    r"""(?:"([^"]{0,4000})"|'([^']{0,4000})'|([^)'"\s]{1,4000}))\s{0,9}\)""",
    re.IGNORECASE,
)
_LAZY = ("data-bg", "data-background-image", "data-background", "data-bg-src", "data-bg-url")
"""Attributes that a script makes a background of."""
_MAY_HOLD_ONE = frozenset(["style", *_LAZY])
_URL = re.compile(r"""\s*(?:url\(\s*)?['"]?([^'")\s]+)""")
_SIGNS = frozenset(["object", "svg", *_LAZY])
"""Without one of these names, or an address in a style, the HTML has no such picture."""
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|bmp)(?:[?#]|$)", re.IGNORECASE)
MAX_STYLE = 2_000
"""Characters of a style that are read."""


def show_pictures(tree: Element, html: str, names: Set[str]) -> None:
    """Add the <img> of each such picture below `tree`, which was parsed from `html` and has elements and attributes of
    these names."""
    if not _SIGNS.isdisjoint(names) or ("style" in names and "url(" in html):
        _show(tree)


def _show(node: Element) -> None:
    for place, child in enumerate(node.children):
        if not isinstance(child, Element):
            continue
        _show(child)
        if picture := _picture(child):
            if child.tag in ("object", "svg"):
                node.children[place] = picture
            elif child.tag not in ("img", "amp-img", "video", "iframe"):
                child.children.insert(0, picture)


def _picture(node: Element) -> Element | None:
    """The <img> that the element stands for, if there is no other in it."""
    if node.tag not in ("object", "svg") and _MAY_HOLD_ONE.isdisjoint(node.attrs):
        return None
    address = _address(node)
    if not address or any(element.tag in ("img", "amp-img", "picture") for element in node.walk()):
        return None
    names = {"class": "class", "aria-label": "alt", "title": "alt", "alt": "alt", "width": "width", "height": "height"}
    attrs = {names[name]: value for name, value in node.attrs.items() if name in names}
    return Element("img", {"src": address, **attrs})


def _address(node: Element) -> str | None:
    match node.tag:
        case "object":
            data = node.attrs.get("data", "")
            is_picture = node.attrs.get("type", "").lower().startswith("image/") or _PICTURE.search(data)
            return data if is_picture and "svg" not in node.attrs.get("type", "") else None
        case "svg":
            inner = (e.attrs.get("href") or e.attrs.get("xlink:href") for e in node.walk() if e.tag == "image")
            return next(filter(None, inner), None) or _background(node)
        case _:
            return _background(node)


def _background(node: Element) -> str | None:
    """The address of the element's background, unless that lies behind a text: then it is decoration, if it is not
    made to cover all of the element."""
    style = node.attrs.get("style", "")[:MAX_STYLE]
    match = _BACKGROUND.search(unescape(style)) if "url(" in style else None
    address = next(filter(None, match.groups()), None) if match else None
    for name in _LAZY if not address else ():
        found = _URL.match(node.attrs.get(name, ""))
        if found and ("/" in found[1] or _PICTURE.search(found[1])):
            address = found[1]
    if not address:
        return None
    return address if "cover" in style or not node.text().strip() else None
