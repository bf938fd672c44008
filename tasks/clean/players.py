"""What an embedded player plays, or what post a script shows: the address that stands for it in an article."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tasks.text.markup import Element
from tasks.text.tags import BY_ID

_FIRST = ("src", "data-src", "data-lazy-src", "data", "data-href", "data-url", "data-original")
"""Attributes with the address; all but the first and `data` (<object>) until a script moves it to the first."""
_PARAMETERS = frozenset(["movie", "src", "url", "filename", "file"])
"""Names of an <object>'s <param> that holds the address."""
_ID = re.compile(r"[\w-]{1,64}")


def played_addresses(player: Element) -> Iterable[str]:
    """The addresses of what it plays, as stated, the likeliest first; `about:blank` and texts may be among them."""
    attribute, page = BY_ID.get(player.tag, ("", ""))
    if _ID.fullmatch(name := player.attrs.get(attribute, "")):
        yield page.format(name)
    yield from filter(None, (player.attrs.get(name) for name in _FIRST))
    # the names that cookie banners and caches give it: data-cmplz-src, data-litespeed-src, data-src-consent
    yield from (value for name, value in player.attrs.items() if "src" in name and name not in _FIRST and "/" in value)
    for inner in player.walk():
        if inner.tag in ("source", "embed", "iframe", "video"):
            yield inner.attrs.get("src", "")
        elif inner.tag == "param" and inner.attrs.get("name", "").lower() in _PARAMETERS:
            yield inner.attrs.get("value", "")


def embedded_post(quotation: Element) -> Element:
    """The link to the post that a script of Twitter, Instagram or TikTok shows in place of an empty quotation."""
    links = (element for element in quotation.walk() if element.tag == "a" and element.attrs.get("href"))
    address = quotation.attrs.get("data-instgrm-permalink") or quotation.attrs.get("cite", "")
    return next(links, Element("a", {"href": address}))


def address_line(address: str) -> Element:
    return Element("p", {}, [Element("a", {"href": address}, [address])])
