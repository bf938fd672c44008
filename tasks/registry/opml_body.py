"""The <body> of an OPML file as opyml wants it, whatever the file's encoding and capitalisation, well-formed or not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement

from bs4 import Tag
from bs4.exceptions import ParserRejectedMarkup
from defusedxml import ElementTree  # type: ignore[import-untyped]

from tasks.errors import FeedsFileError
from tasks.text.bounded_soup import BoundedSoup
from tasks.text.encodings import to_utf8
from tasks.text.mending import mend_xml

MAX_BYTES = 10_000_000
MAX_DEPTH = 50
"""Levels of nested elements; a list of feeds has a handful."""

_END = re.compile(rb"</(?:[\w.-]+:)?(?:opml|body)\s*>", re.IGNORECASE)
_DECLARATION = re.compile(r"<\?xml\b[^<>]{0,1000}>")
_SPELLINGS = {"xmlurl": "xmlUrl", "htmlurl": "htmlUrl", "iscomment": "isComment", "isbreakpoint": "isBreakpoint"}
"""Attributes, by their name in lower case without hyphens and underscores, as OPML 2.0 spells them."""
_FEED_TYPES = frozenset(["rss", "atom", "feed"])


def read_body(data: bytes, notes: list[str]) -> Element:
    """The <body>. `notes` receives what the user should know of the file. Raises FeedsFileError."""
    if len(data) > MAX_BYTES:
        raise FeedsFileError(
            f"the OPML file has {len(data):,} bytes, and {MAX_BYTES:,} is the most; split it, and import the parts"
        )
    root = _tidy(_parse(to_utf8(data).lstrip(b" \t\r\n\0"), notes))
    body = root.find("body") if root.tag == "opml" else None
    if body is None:
        raise FeedsFileError("the file is not OPML: it has no <opml> with a <body>; export it again, as OPML")
    return body


def _parse(data: bytes, notes: list[str]) -> Element | Tag:
    """The root element; of a file that is not well-formed, mended, and then as a browser would read it."""
    try:
        try:
            return _parse_xml(data)
        except ElementTree.ParseError as error:
            problem = error
        try:
            return _parse_xml(mended := mend_xml(data))
        except ElementTree.ParseError:
            text = _DECLARATION.sub("", mended.decode())
            root = BoundedSoup(text).find(re.compile("(?:^|:)opml$"))
    except ParserRejectedMarkup:  # Python's HTML parser gives up for `<![CDATAfeed[`, for example
        root = None
    except ValueError as error:  # defusedxml's own errors
        raise FeedsFileError(f"the OPML file defines entities, which no list of feeds needs ({error!r})") from error
    if not isinstance(root, Tag) or not _END.search(data):  # what is missing at the end would go unnoticed
        raise FeedsFileError(f"the OPML file is not well-formed XML ({problem}); export it again") from problem
    notes.append(f"the file is not well-formed XML ({problem}); look whether feeds are missing")
    return root


def _parse_xml(data: bytes) -> Element:
    root: Element = ElementTree.fromstring(data.decode())  # text, as the declaration may name another encoding
    return root


def _tidy(root: Element | Tag) -> Element:
    """The elements with their names in lower case, without namespaces, and their attributes as OPML spells them."""
    tidy = Element(_local_name(root))
    level: list[tuple[Element | Tag, Element]] = [(root, tidy)]
    depth = 1
    while level := [
        (child, SubElement(to, _local_name(child), _attributes(child)))
        for element, to in level
        for child in _children(element)
    ]:
        depth += 1
        if depth > MAX_DEPTH:
            raise FeedsFileError(f"the OPML file is nested deeper than {MAX_DEPTH} levels; export it again, flat")
    return tidy


def _children(element: Element | Tag) -> Iterable[Element | Tag]:
    children: Iterable[object] = element.children if isinstance(element, Tag) else element
    return [
        child
        for child in children
        if isinstance(child, Tag) or (isinstance(child, Element) and isinstance(child.tag, str))
    ]


def _local_name(element: Element | Tag) -> str:
    name = element.name if isinstance(element, Tag) else str(element.tag)
    return re.split("[}:]", name)[-1].lower()


def _attributes(element: Element | Tag) -> dict[str, str]:
    pairs = (element.attrs if isinstance(element, Tag) else element.attrib).items()
    attributes: dict[str, str] = {}
    for name, value in pairs:
        plain = re.sub("[-_]", "", name.lower())
        attributes.setdefault(_SPELLINGS.get(plain, plain), str(value))
    if "url" in attributes and attributes.get("type", "").lower() in _FEED_TYPES:
        attributes.setdefault("xmlUrl", attributes["url"])
    return attributes
