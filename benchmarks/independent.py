"""A second reading of a feed, by lxml and the words of the specifications, with nothing of newsmill in it.

It knows RSS 0.9 to 2.0, RDF and Atom with the modules that real feeds use, and what a text says: no boilerplate is
removed, no address is rewritten, no date is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.entities import html5
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

ATOM = ("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#")
RSS = (
    None,
    "http://purl.org/rss/1.0/",
    "http://purl.org/net/rss1.1#",
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://backend.userland.com/rss2",
)
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
DCTERMS = "http://purl.org/dc/terms/"
FEEDBURNER = "http://rssnamespace.org/feedburner/ext/1.0"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
MEDIA = "http://search.yahoo.com/mrss/"
XHTML = "http://www.w3.org/1999/xhtml"
ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
BASE = "{http://www.w3.org/XML/1998/namespace}base"

_MARKUP = re.compile(r"</?[a-zA-Z][\w:-]*(?:\s[^<>]*)?/?>|&#?\w+;")
_ENTITY = re.compile(rb"&(?!amp;|lt;|gt;|quot;|apos;)([a-zA-Z]+;)")
_CONTROLS = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f]")
_UNREAD = ("script", "style", "noscript", "template", "iframe", "object", "svg", "audio", "video", "option", "title")
_INLINE = re.compile(
    r"a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|math|mi|mn|mo|mrow|msub|msup|q|"
    r"s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr"
)
_NO_DATE = re.compile(r"\b0001\b")
"""The year of an empty date, which the standard library takes for 2001."""
_NO_WORD = re.compile(r"https?://[^\s\"<>]+|(?<!\S)\d+\.(?!\S)")
_UNSPACED = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_UNSPACED}]|\d+|[^\W\d_{_UNSPACED}]+")
_OF_PAGE = re.compile(r"</?(?:html|head|body)\b[^<>]*>", re.IGNORECASE)
"""Tags that an entry has in the middle of its text, after which lxml reads no further."""
_EMOJI = re.compile(r"/(?:emoji|twemoji|smilies)/")
_SLASHES = re.compile(r"^(https?:)/{3,}", re.IGNORECASE)
"""Browsers read https:///host/ as https://host/."""
_MAILBOX = re.compile(r"^\s*(?:[^\s()]+@[^\s()]+)\s*\((.+)\)\s*$")


@dataclass(frozen=True, slots=True)
class Reading:
    """What an item says."""

    title: str
    url: str | None
    guid: str | None
    published_at: datetime | None
    updated_at: datetime | None
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    summary: str
    """The text of the shorter of its texts; "" if it has only one."""
    text: str
    """Of the longest of its texts."""
    links: tuple[str, ...]
    """Addresses in it."""
    images: tuple[str, ...]
    """Addresses of images in it."""
    tree: Any = field(compare=False, repr=False)
    """lxml's tree of the text; None if there is none."""
    summary_tree: Any = field(compare=False, repr=False)


def read(data: bytes, url: str) -> tuple[Reading, ...]:
    """The items of a feed, in its order."""
    data = _CONTROLS.sub(b" ", _ENTITY.sub(_number, data.lstrip()))
    root = etree.fromstring(data, etree.XMLParser(recover=True, huge_tree=True, resolve_entities="internal"))
    items = [node for node in root.iter("{*}item", "{*}entry") if node.getparent() is not None]
    return tuple(_read_item(item, root, url) for item in items)


def _number(match: re.Match[bytes]) -> bytes:
    """The reference to a character that HTML names and XML doesn't."""
    return "".join(f"&#{ord(char)};" for char in html5.get(match[1].decode(), "")).encode() or match[0]


def _read_item(item: Any, root: Any, url: str) -> Reading:
    texts = sorted(_texts(item), key=len, reverse=True)
    page = _page(item, url)
    content = _tree(texts[0]) if texts else None
    return Reading(
        title=plain(_text(item, "title", *(f"{{{space}}}title" for space in ATOM))),
        url=page,
        guid=item.get(ABOUT) or next((_text_of(child) for child in _children(item, "guid", "id")), None) or None,
        published_at=_date(item, "pubDate", "published", "issued", f"{{{DC}}}date", f"{{{DCTERMS}}}issued", "created"),
        updated_at=_date(item, "updated", "modified", f"{{{DCTERMS}}}modified"),
        authors=tuple(_authors(item) or _authors(item.getparent() if _is_atom(root) else None)),
        categories=tuple(_categories(item)),
        summary=plain(texts[-1]) if len(texts) > 1 else "",
        text=words_of(content),
        links=tuple(addresses(content, "a", "href", page or url)),
        images=tuple(src for src in addresses(content, "img", "src", page or url) if not _EMOJI.search(src)),
        tree=content,
        summary_tree=_tree(texts[-1]) if len(texts) > 1 else None,
    )


def plain(text: str) -> str:
    """The text, read as HTML if it has markup."""
    text = text.strip()
    return " ".join((words_of(_tree(text)) if _MARKUP.search(text) else text).split())


def _is_atom(node: Any) -> bool:
    return etree.QName(node).namespace in ATOM


def _children(item: Any, *names: str) -> Iterator[Any]:
    """Children with these names. A name without namespace is of RSS (any version) or of Atom."""
    for name in names:
        for child in item.iterchildren(name if name.startswith("{") else f"{{*}}{name}"):
            if name.startswith("{") or etree.QName(child).namespace in (*RSS, *ATOM):
                yield child


def _text(item: Any, *names: str) -> str:
    return next((text for child in _children(item, *names) if (text := _inner(child))), "")


def _inner(node: Any) -> str:
    """The element's text; for Atom's xhtml its markup; for Atom's plain text the same escaped, to be read as HTML."""
    kind = node.get("type", "text") if _is_atom(node) else "html"
    if kind in ("xhtml", "application/xhtml+xml") or len(node):
        return (node.text or "") + "".join(etree.tostring(child, encoding="unicode") for child in node)
    text = (node.text or "").strip()
    is_markup = "html" in kind or node.get("mode") == "escaped"
    return text if is_markup else text.replace("&", "&amp;").replace("<", "&lt;")


def _texts(item: Any) -> Iterator[str]:
    names = (f"{{{CONTENT}}}encoded", "content", "summary", "description", f"{{{XHTML}}}body", f"{{{XHTML}}}div")
    texts = [*filter(None, map(_inner, _children(item, *names)))]
    texts += filter(None, (child.text for child in item.findall(f"{{{ITUNES}}}summary")))
    # a video's only text; beside another it says what the picture shows
    yield from texts or [child.text or "" for child in item.findall(f"{{{MEDIA}}}group/{{{MEDIA}}}description")]


def _page(item: Any, url: str) -> str | None:
    original = _text(item, f"{{{FEEDBURNER}}}origLink")
    if original:
        return original
    for link in _children(item, "link"):
        base = urljoin(url, next((node.get(BASE) for node in (link, *link.iterancestors()) if node.get(BASE)), ""))
        if _is_atom(link):
            if link.get("rel", "alternate") == "alternate" and "html" in link.get("type", "text/html"):
                return str(urljoin(base, link.get("href", "").strip()))
        elif link.text and link.text.strip():
            return str(urljoin(base, link.text.strip()))
    guid = next((_text_of(child) for child in _children(item, "guid", "id")), "")
    return guid if guid.startswith("http") else None


def _date(item: Any, *names: str) -> datetime | None:
    """The first of them that is a date in the form that RSS or Atom asks for."""
    for child in _children(item, *names):
        if _NO_DATE.search(_text_of(child)):
            continue
        for read_date in (datetime.fromisoformat, parsedate_to_datetime):
            try:
                moment = read_date(_text_of(child))
            except ValueError:
                continue
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _authors(item: Any) -> list[str]:
    if item is None:
        return []
    names = [_text(author, "name") or author.text or "" for author in _children(item, "author") if _is_atom(author)]
    for name in (f"{{{DC}}}creator", "{https://purl.org/dc/elements/1.1/}creator", "author", f"{{{ITUNES}}}author"):
        names = names or [_text_of(child) for child in _children(item, name)]
    names = [match[1] if (match := _MAILBOX.match(name)) else name for name in names]
    return [*dict.fromkeys(filter(None, map(plain, names)))]


def _text_of(node: Any) -> str:
    return "".join(node.itertext()).strip()


def _categories(item: Any) -> list[str]:
    found = [child.get("term") or child.get("label") or _text_of(child) for child in _children(item, "category")]
    found += [_text_of(child) for child in _children(item, f"{{{DC}}}subject")]
    return [*dict.fromkeys(filter(None, map(plain, found)))]


def _tree(text: str) -> Any:
    """lxml's tree of a piece of HTML, without what a browser doesn't show as text; None if there is nothing."""
    try:
        tree = html.fragment_fromstring(_OF_PAGE.sub("", text.replace("\0", "")), create_parent="div")
    except (etree.LxmlError, ValueError):
        return None
    for node in [*tree.iter(*_UNREAD, etree.Comment)]:
        node.drop_tree()
    for formula in [*tree.iter("img")]:
        if "latex" in formula.get("class", ""):  # WordPress shows formulas as pictures
            formula.tail = f" {formula.get('alt', '')} {formula.tail or ''}"
            formula.drop_tree()
    return tree


def words_of(tree: Any) -> str:
    if tree is None:
        return ""
    parts: list[str] = []
    for event, node in etree.iterwalk(tree, events=("start", "end", "comment", "pi")):
        gap = "" if isinstance(node.tag, str) and _INLINE.fullmatch(node.tag) else "\n"
        parts += [gap, (node.text or "") if event == "start" else (node.tail or "")]
    return "".join(parts)


def addresses(tree: Any, tag: str, attribute: str, base: str) -> Iterator[str]:
    for node in tree.iter(tag) if tree is not None else ():
        try:
            address = urljoin(base, _SLASHES.sub(r"\1//", (node.get(attribute) or "").strip()))
            host = urlsplit(address).netloc
        except ValueError:
            continue
        if address.startswith(("http://", "https://")) and " " not in host and node.get(attribute, "").strip():
            yield address


def words(text: str) -> Sequence[str]:
    """The words and numbers of a text; the characters of scripts without spaces.

    Addresses and the numbers of lists are none. Letters and digits are apart: a note is `Test[1]` here, `Test1` there.
    """
    return _WORD.findall(_NO_WORD.sub(" ", text.casefold()))
