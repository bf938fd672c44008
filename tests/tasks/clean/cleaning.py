"""Cleaning pieces of HTML of https://quay.example, and checking that the result is safe."""

from __future__ import annotations

import re

from tasks.clean.article import Content, clean_html
from tasks.text.markup import parse
from warehouse.records import ImageRef, Rules

BASE = "https://quay.example/2024/gate.html"
PHOTO = "https://quay.example/a.jpg"


def clean_fragment(html: str, rules: Rules = Rules()) -> Content:  # noqa: B008 - frozen
    return clean_html(html, base=BASE, rules=rules)


def text_of(html: str) -> str:
    return clean_fragment(html).text


def image_of(html: str) -> ImageRef:
    (image,) = clean_fragment(html).images
    return image


ALLOWED_TAGS = frozenset(
    [
        *("a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q"),
        *("rp", "rt", "ruby", "s", "samp", "small", "strong", "sub", "sup", "time", "u", "var", "p", "h1", "h2"),
        *("h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "table", "figure", "figcaption", "hr", "dl"),
        *("dt", "dd", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "img"),
    ]
)
ALLOWED_ATTRIBUTES = frozenset(
    ["href", "title", "src", "alt", "width", "height", "colspan", "rowspan", "start", "value", "datetime", "dir", "rel"]
)


def assert_safe(html: str) -> None:
    for element in parse(html).walk():
        assert element.tag in ALLOWED_TAGS, element.tag
        assert set(element.attrs) <= ALLOWED_ATTRIBUTES, element.attrs
        for name in ("href", "src"):
            assert re.match(r"https?://|mailto:|$", element.attrs.get(name, ""), re.IGNORECASE), element.attrs
