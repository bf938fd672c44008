"""What a web page says of itself: <meta>, JSON-LD, <link rel=canonical>, <time>."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from tasks.text import urls
from tasks.text.dates import parse_date
from tasks.text.markup import Element
from tasks.text.plain import printable
from warehouse.records import Document, Feed

MAX_VALUE = 4_096
"""Characters of an attribute, or of a field of the metadata."""
MAX_JSON = 1_000_000
MAX_FIELDS = 200
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_COMMA = re.compile(r"\s*[,，;；、|]\s*")
_BYLINE = re.compile(r"^(?:by\s+|作者\s*[:：]\s*|文\s*[/／]\s*)", re.IGNORECASE)
_HOST = re.compile(r"^(?:www\d?|m|mobile|amp)\.(?=.+\.)")
_CLOCK = re.compile(r"\d\s*[:：时時]\s*\d\d|T\d\d")
_CLOCKED = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?[\s,T]{0,4}(\d{1,2})\s*[:：]\s*(\d\d)(?:\s*[:：]\s*(\d\d))?"
)
_ARTICLE = re.compile(r"(?:Article|BlogPosting|SocialMediaPosting|Report)$")

_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "parsely-pub-date",
    "sailthru.date",
    "weibo:article:create_at",
    "bt:pubdate",
    "cxenseparse:recs:publishtime",
    "dcterms.created",
    "dc.date.issued",
    "dc.date",
    "date",
)
MODIFIED_NAMES = ("article:modified_time", "og:updated_time", "datemodified", "lastmod", "dcterms.modified")
_AUTHOR = ("author", "article:author", "parsely-author", "sailthru.author", "byl", "dc.creator", "dcterms.creator")
_IMAGE = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src")


def bounded_text(value: object) -> str:
    return " ".join(printable(str(value)).split())[:MAX_VALUE] if value else ""


def json_ld_texts(value: Any, depth: int = 0) -> Iterator[str]:
    """The texts a JSON-LD value stands for: itself, its name or address, or those of its members."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        if text := bounded_text(unescape(str(value)[:MAX_VALUE])):
            yield text
    elif isinstance(value, Mapping) and depth < 3:
        yield from json_ld_texts(
            value.get("name") or value.get("url") or value.get("@id") or value.get("@value"), depth + 1
        )
    elif isinstance(value, list) and depth < 3:
        for each in value[:50]:
            yield from json_ld_texts(each, depth + 1)


@dataclass(frozen=True, slots=True)
class PageHead:
    """What the page says of itself, apart from its text."""

    base: str
    """The address that its relative addresses are relative to."""
    meta: Mapping[str, list[str]] = field(default_factory=dict)
    """By lower-case name or property."""
    article: Mapping[str, Any] = field(default_factory=dict)
    """The JSON-LD node of the article; empty without one."""
    canonical: str = ""
    language: str = ""
    title: str = ""
    times: Sequence[str] = ()
    scripts: Sequence[str] = ()

    def all(self, *names: str) -> Iterator[str]:
        for name in names:
            yield from self.meta.get(name, ())

    def is_article(self) -> bool:
        return bool(self.article) or "article" in self.meta.get("og:type", ())


def read_head(html: str, document: Document) -> PageHead:
    page = LexborHTMLParser(html)
    base = next((each.attributes.get("href") for each in page.css("base[href]")), None)
    meta: dict[str, list[str]] = {}
    for node in page.css("meta[content]")[:MAX_FIELDS]:
        attrs = node.attributes
        name = bounded_text(
            attrs.get("property") or attrs.get("name") or attrs.get("itemprop") or attrs.get("http-equiv")
        )
        if name and (value := bounded_text(attrs.get("content"))):
            meta.setdefault(name.lower(), []).append(value)
    canonical = next((bounded_text(each.attributes.get("href")) for each in page.css("link[rel~=canonical][href]")), "")
    scripts = [
        node.text(deep=True)
        for node in page.css("script[type]")[:MAX_FIELDS]
        if "ld+json" in (node.attributes.get("type") or "").lower()
    ]
    scripts = [script for script in scripts if len(script) <= MAX_JSON][:20]
    root = page.root
    times = [
        bounded_text(node.attributes.get("datetime") or node.attributes.get("content"))
        for node in page.css("[itemprop~=datePublished], time[datetime]")[:20]
    ]
    title = page.css_first("title")
    return PageHead(
        base=urls.resolve(document.final_url, base) or document.final_url,
        meta=meta,
        article=_json_article(scripts, document.url),
        canonical=canonical,
        language=bounded_text(root.attributes.get("lang") or root.attributes.get("xml:lang")) if root else "",
        title=bounded_text(title.text(deep=True)) if title else "",
        times=[time for time in times if time],
        scripts=scripts,
    )


def _json_article(scripts: Iterable[str], url: str) -> Mapping[str, Any]:
    """The node of the page's own article: the one with its address, else the first (https://schema.org/Article)."""
    found: list[Mapping[str, Any]] = []
    for script in scripts:
        try:
            top = json.loads(script.strip().removeprefix("<!--").removesuffix("-->"), strict=False)
        except (ValueError, RecursionError):
            continue
        waiting = [top]
        for _ in range(1_000):
            if not waiting:
                break
            node = waiting.pop(0)
            if isinstance(node, list):
                waiting.extend(node[:200])
            elif isinstance(node, dict):
                kinds = node.get("@type")
                if any(_ARTICLE.search(str(kind)) for kind in (kinds if isinstance(kinds, list) else [kinds])):
                    found.append(node)
                waiting.extend(node[name] for name in ("@graph", "mainEntity", "mainEntityOfPage") if name in node)
    for node in found:
        named = (address for name in ("url", "@id", "mainEntityOfPage") for address in json_ld_texts(node.get(name)))
        if any(_name(address) == _name(url) for address in named):
            return node
    return found[0] if found else {}


def _name(address: str) -> str | None:
    resolved = urls.resolve(None, address)
    return urls.identity(resolved) if resolved else None


def find_title(head: PageHead) -> str:
    said = [*json_ld_texts(head.article.get("headline")), *head.all("og:title", "twitter:title")]
    return next(iter(said), "")


def find_authors(head: PageHead) -> str | None:
    said = [*json_ld_texts(head.article.get("author"))] or [*head.all(*_AUTHOR)]
    names = [_BYLINE.sub("", name).strip() for name in said if not name.startswith(("http:", "https:", "/"))]
    return ", ".join(dict.fromkeys(filter(None, names))) or None


def find_language(head: PageHead) -> str | None:
    said = [head.language, *json_ld_texts(head.article.get("inLanguage")), *head.all("og:locale", "content-language")]
    found = next((value for value in said if _LANGUAGE.fullmatch(value)), None)
    return found.replace("_", "-") if found else None


def find_categories(head: PageHead) -> tuple[str, ...]:
    keywords = head.article.get("keywords")
    said = [*json_ld_texts(head.article.get("articleSection")), *head.all("article:section")]
    tags = [*json_ld_texts(keywords), *head.all("article:tag")] or [*head.all("keywords", "news_keywords")]
    every = [tag for value in (*said, *tags) for tag in _COMMA.split(value)]
    return tuple(dict.fromkeys(tag[:100] for tag in every if tag))[:50]


def find_images(head: PageHead) -> tuple[str, ...]:
    said = [*head.all(*_IMAGE), *_addresses(head.article.get("image"))]
    return tuple(dict.fromkeys(filter(None, (urls.resolve(head.base, address) for address in said))))


def _addresses(value: Any) -> Iterator[str]:
    """Of a schema.org image: an address, an ImageObject, or several of either."""
    for each in value[:10] if isinstance(value, list) else [value]:
        yield from json_ld_texts(each.get("url") or each.get("contentUrl") if isinstance(each, dict) else each)


def find_link(head: PageHead, document: Document) -> str:
    """The canonical address where it is one of the same site's, and names an article where the page's own does."""
    own = document.url
    for said in (head.canonical, *head.all("og:url")):
        address = urls.resolve(head.base, said)
        if not address or not _same_site(address, own):
            continue
        if urls.identity(address) or not _name(own):
            return address
    return own


def _same_site(one: str, other: str) -> bool:
    try:
        first, second = (_HOST.sub("", (urlsplit(each).hostname or "").lower()) for each in (one, other))
    except ValueError:
        return False
    return bool(first and second) and (first == second or first.endswith(f".{second}") or second.endswith(f".{first}"))


def find_published(
    head: PageHead, day: str | None, body: Element, feed: Feed, document: Document
) -> tuple[str, datetime | None]:
    """The date as the page says it, and the moment. Of a date without its time of day the time is looked for."""

    def moment(said: str) -> datetime | None:
        return parse_date(said, timezone=feed.timezone, now=document.fetched_at)

    said = [*json_ld_texts(head.article.get("datePublished")), *head.all(*_PUBLISHED)]
    printed = [
        "{:0>4}-{:0>2}-{:0>2}T{:0>2}:{}:{}".format(*(part or "00" for part in match.groups()))
        for match in islice(_CLOCKED.finditer(body.text()[:100_000]), 20)
    ]
    # a page that states none prints it above the article; in its midst a date with a clock is rare
    first = next((value for value in (*said, day or "", *printed) if moment(value)), None)
    if first is None:
        return "", None
    if not _CLOCK.search(first):
        for value in (*said, *head.times, *printed):
            if _CLOCK.search(value) and _same_day(value, first) and (at := moment(value)):
                return value, at
    return first, moment(first)


def _same_day(one: str, other: str) -> bool:
    first, second = ([int(part) for part in re.findall(r"\d+", each)[:3]] for each in (one, other))
    return first == second
