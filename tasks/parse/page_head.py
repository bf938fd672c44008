"""Reading a web page's metadata: <meta>, JSON-LD, <link rel=canonical>, <time>."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from tasks.text import urls
from tasks.text.dates import parse_date
from tasks.text.markup import Element
from tasks.text.plain import printable
from warehouse.records import Document, Feed

MAX_VALUE = 4_096
"""Characters of an attribute or of a field of the metadata."""
MAX_ATTRIBUTES = 30
"""Attributes of an element; more are dropped."""
MAX_JSON = 1_000_000
"""Characters of a JSON-LD script; a longer one is passed over."""
MAX_FIELDS = 200
"""<meta> elements that are read, and scripts."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_SEPARATOR = re.compile("[,，;；、|]")
_BYLINE_PREFIX = re.compile(r"^(?:by\s+|作者\s*[:：]\s*|文\s*[/／]\s*)", re.IGNORECASE)
_DIVIDERS = ("|", "–", "—", "·", "•", "»", " -")
_DIVIDERS_AND_SPACE = "|–—·•»- "
"""Between a title and the name of the site."""
_TIME_OF_DAY = re.compile(r"\d\s*[:：时時]\s*\d\d|T\d\d")
_DATE_AND_TIME = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?[\s,T]{0,4}(\d{1,2})\s*[:：]\s*(\d\d)(?:\s*[:：]\s*(\d\d))?"
)
_ARTICLE_TYPE = re.compile(r"(?:Article|BlogPosting|SocialMediaPosting|Report)$")

_PUBLISHED_NAMES = (
    *("article:published_time", "og:article:published_time", "og:published_time", "datepublished", "pubdate"),
    *("publishdate", "publish-date", "publish_date", "parsely-pub-date", "sailthru.date", "weibo:article:create_at"),
    *("bt:pubdate", "cxenseparse:recs:publishtime", "dcterms.created", "dc.date.issued", "dc.date", "date"),
)
MODIFIED_NAMES = ("article:modified_time", "og:updated_time", "datemodified", "lastmod", "dcterms.modified")
_AUTHOR_NAMES = (
    *("author", "article:author", "parsely-author", "sailthru.author", "byl", "dc.creator", "dcterms.creator"),
)
_IMAGE_NAMES = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src")


def bounded_text(value: object) -> str:
    """The value as text, at most MAX_VALUE characters, without unprintable ones and with white space collapsed."""
    return " ".join(printable(str(value)).split())[:MAX_VALUE] if value else ""


def bound_attributes(tree: Element) -> None:
    """Drop the attributes of elements that have too many, and those that are too long."""
    for element in tree.walk():
        attrs = element.attrs
        if attrs and (len(attrs) > MAX_ATTRIBUTES or max(map(len, attrs.values())) > MAX_VALUE):
            short = [(name, value) for name, value in attrs.items() if len(value) <= MAX_VALUE]
            element.attrs = dict(short[:MAX_ATTRIBUTES])


def json_ld_texts(value: Any, depth: int = 0) -> Iterator[str]:
    """The texts of a JSON-LD value: itself, an object's name or address, or the texts of a list's members."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        if text := bounded_text(unescape(str(value)[:MAX_VALUE])):
            yield text
    elif isinstance(value, Mapping) and depth < 3:
        yield from json_ld_texts(
            value.get("name") or value.get("url") or value.get("@id") or value.get("@value"), depth + 1
        )
    elif isinstance(value, list) and depth < 3:
        for member in value[:50]:
            yield from json_ld_texts(member, depth + 1)


@dataclass(frozen=True, slots=True)
class PageHead:
    """The metadata of a page. Texts are empty if the page does not have them."""

    base: str
    """The page's relative addresses are resolved against it."""
    meta: Mapping[str, list[str]] = field(default_factory=dict)
    """The contents of <meta>, by lower-case name or property."""
    article: Mapping[str, Any] = field(default_factory=dict)
    """The JSON-LD node of the article; empty without one."""
    canonical: str = ""
    amp: str = ""
    """The address of its AMP version, as the page writes it."""
    language: str = ""
    title: str = ""
    times: Sequence[str] = ()
    """The dates of its <time> elements."""
    scripts: Sequence[str] = ()
    """The texts of its JSON-LD scripts."""

    def all(self, *names: str) -> Iterator[str]:
        """The contents of the <meta> elements of these names, in the order of the names."""
        for name in names:
            yield from self.meta.get(name, ())

    def is_article(self) -> bool:
        return bool(self.article) or "article" in self.meta.get("og:type", ())


def read_head(page: LexborHTMLParser, document: Document) -> PageHead:
    base = next((node.attributes.get("href") for node in page.css("base[href]")), None)
    meta: dict[str, list[str]] = {}
    for node in page.css("meta[content]")[:MAX_FIELDS]:
        attrs = node.attributes
        name = bounded_text(
            attrs.get("property") or attrs.get("name") or attrs.get("itemprop") or attrs.get("http-equiv")
        )
        if name and (value := bounded_text(attrs.get("content"))):
            meta.setdefault(name.lower(), []).append(value)
    canonical = next((bounded_text(node.attributes.get("href")) for node in page.css("link[rel~=canonical][href]")), "")
    amp = next((bounded_text(node.attributes.get("href")) for node in page.css("link[rel~=amphtml][href]")), "")
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
        amp=amp,
        language=bounded_text(root.attributes.get("lang") or root.attributes.get("xml:lang")) if root else "",
        title=bounded_text(title.text(deep=True)) if title else "",
        times=[time for time in times if time],
        scripts=scripts,
    )


def _json_article(scripts: Iterable[str], url: str) -> Mapping[str, Any]:
    """The node of the page's article: the one with the page's address, else the first. Empty if there is none.

    See https://schema.org/Article.
    """
    articles: list[Mapping[str, Any]] = []
    for script in scripts:
        try:
            top = json.loads(script.strip().removeprefix("<!--").removesuffix("-->"), strict=False)
        except (ValueError, RecursionError):
            continue
        queue = [top]
        for _ in range(1_000):
            if not queue:
                break
            node = queue.pop(0)
            if isinstance(node, list):
                queue.extend(node[:200])
            elif isinstance(node, dict):
                types = node.get("@type")
                if any(_ARTICLE_TYPE.search(str(name)) for name in (types if isinstance(types, list) else [types])):
                    articles.append(node)
                queue.extend(node[name] for name in ("@graph", "mainEntity", "mainEntityOfPage") if name in node)
    for node in articles:
        addresses = (text for name in ("url", "@id", "mainEntityOfPage") for text in json_ld_texts(node.get(name)))
        if any(_identity(address) == _identity(url) for address in addresses):
            return node
    return articles[0] if articles else {}


def _identity(address: str) -> str | None:
    resolved = urls.resolve(None, address)
    return urls.identity(resolved) if resolved else None


def find_title(head: PageHead) -> str:
    titles = [*json_ld_texts(head.article.get("headline")), *head.all("og:title", "twitter:title")]
    title = next(iter(titles), "")
    for name in _site_names(head):  # "The gate is open | The Quay"
        before = title[: -len(name)].rstrip()
        if title.casefold().endswith(name) and before.endswith(_DIVIDERS) and before.rstrip(_DIVIDERS_AND_SPACE):
            return before.rstrip(_DIVIDERS_AND_SPACE)
    return title


def _site_names(head: PageHead) -> set[str]:
    """What the page's site is called: "The Quay" behind a title, or as the author of everything."""
    names = [*head.all("og:site_name", "application-name"), *json_ld_texts(head.article.get("publisher"))]
    return {name.casefold() for name in names if name}


def find_authors(head: PageHead, *, also_sites: bool = False) -> tuple[str, ...]:
    """The authors, without the site itself unless `also_sites`: many sites name themselves where they print a name."""
    sites = set() if also_sites else _site_names(head)
    in_json = [name for name in json_ld_texts(head.article.get("author")) if name.casefold() not in sites]
    authors = in_json or [name for name in head.all(*_AUTHOR_NAMES) if name.casefold() not in sites]
    return without_byline(authors)


def without_byline(authors: Iterable[str]) -> tuple[str, ...]:
    """The authors without "By" in front, and without their pages' addresses."""
    names = [_BYLINE_PREFIX.sub("", name).strip() for name in authors if not name.startswith(("http:", "https:", "/"))]
    return tuple(dict.fromkeys(filter(None, names)))


def find_language(head: PageHead) -> str | None:
    in_json = json_ld_texts(head.article.get("inLanguage"))
    values = [head.language, *in_json, *head.all("og:locale", "content-language")]
    language = next((value for value in values if _LANGUAGE.fullmatch(value)), None)
    return language.replace("_", "-") if language else None


def find_categories(head: PageHead) -> tuple[str, ...]:
    keywords = head.article.get("keywords")
    sections = [*json_ld_texts(head.article.get("articleSection")), *head.all("article:section")]
    tags = [*json_ld_texts(keywords), *head.all("article:tag")] or [*head.all("keywords", "news_keywords")]
    names = [name.strip() for value in (*sections, *tags) for name in _SEPARATOR.split(value)]
    return tuple(dict.fromkeys(name[:100] for name in names if name))[:50]


def find_images(head: PageHead) -> tuple[str, ...]:
    addresses = [*head.all(*_IMAGE_NAMES), *_json_images(head.article.get("image"))]
    return tuple(dict.fromkeys(filter(None, (urls.resolve(head.base, address) for address in addresses))))


def _json_images(value: Any) -> Iterator[str]:
    """The addresses of a schema.org image, which is an address, an ImageObject or a list of either."""
    for image in value[:10] if isinstance(value, list) else [value]:
        yield from json_ld_texts(image.get("url") or image.get("contentUrl") if isinstance(image, dict) else image)


def find_link(head: PageHead, document: Document) -> str:
    """The page's canonical address, or the address it was fetched from.

    A canonical address counts only if it is on the same site, and is not the front page of an article's site.
    """
    for canonical in (head.canonical, *head.all("og:url")):
        address = urls.resolve(head.base, canonical)
        if not address or not _is_same_site(address, document.url):
            continue
        if urls.identity(address) or not _identity(document.url):
            return address
    return document.url


def _is_same_site(address: str, other: str) -> bool:
    first, second = urls.site_of(address), urls.site_of(other)
    return bool(first and second) and (first == second or first.endswith(f".{second}") or second.endswith(f".{first}"))


def find_published(
    head: PageHead, found: Sequence[str], printed: Callable[[], Sequence[str]], feed: Feed, document: Document
) -> tuple[str, datetime | None]:
    """(date as the page writes it, moment); ("", None) without one. `found` are the dates that the site's rule finds,
    or that trafilatura has found where nothing else was; they come first. `printed` gives the page's `printed_dates`,
    which few pages are asked for.

    If the first date has no time of day, another date of the same day that has one is preferred.
    """

    def moment(text: str) -> datetime | None:
        return parse_date(text, timezone=feed.timezone, now=document.fetched_at)

    stated = [*found, *json_ld_texts(head.article.get("datePublished")), *head.all(*_PUBLISHED_NAMES)]
    first = next((text for text in stated if moment(text)), None)
    if first is not None and _TIME_OF_DAY.search(first):
        return first, moment(first)
    first = first or next((text for text in printed() if moment(text)), None)
    if first is None:
        return "", None
    for text in (*stated, *head.times, *printed()):
        if _TIME_OF_DAY.search(text) and _is_same_day(text, first) and (published_at := moment(text)):
            return text, published_at
    return first, moment(first)


def printed_dates(body: Element) -> list[str]:
    """Dates with a time of day in the page's text: rare in an article, and above it if the metadata has none."""
    return [
        "{:0>4}-{:0>2}-{:0>2}T{:0>2}:{}:{}".format(*(part or "00" for part in match.groups()))
        for match in islice(_DATE_AND_TIME.finditer(body.text()[:100_000]), 20)
    ]


def _is_same_day(date: str, other: str) -> bool:
    """Whether the first three numbers of both are the same: year, month and day."""
    first, second = ([int(number) for number in re.findall(r"\d+", text)[:3]] for text in (date, other))
    return first == second
