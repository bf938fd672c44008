"""Web pages: the article on a page that was captured, archived or fetched for a backfill.

trafilatura tells the article's text from the menus, teasers and comments around it; what it gives back has lost most
lists, subheadings, pictures and captions. So its text only says where on the page the article is, and the article is
taken from the page's own markup, which cleaning then treats as it treats a feed's.

    bytes ─▶ text ─▶ tree ─▶ the rule's element, or trafilatura's text found again in the tree ─▶ an entry
                └▶ <meta>, JSON-LD, <link rel=canonical>, <time> ─▶ its title, author, dates, address …
"""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape, unescape
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from selectolax.lexbor import LexborHTMLParser
from trafilatura import bare_extraction
from trafilatura.metadata import extract_metadata
from w3lib.encoding import html_to_unicode

from tasks import urls
from tasks.dates import parse_date
from tasks.markup import MAX_HTML, Element, parse, serialise
from tasks.parse import LEGACY, Parsed, make_entry
from tasks.text import printable
from warehouse.errors import ParseError
from warehouse.records import Document, Entry, Feed, Rules

MAX_TAGS = 60_000
"""Tags of a page, closing ones included; reading it takes time and memory by the tag, and no article needs as many."""
MAX_WORDS = 20_000
"""Words of one tag: lexbor compares each attribute with all before it."""
MAX_ATTRIBUTES = 30
MAX_VALUE = 4_096
"""Characters of an attribute, or of a field of the metadata."""
MAX_JSON = 1_000_000
MAX_FIELDS = 200
ENOUGH = 120
"""Bytes of text, in UTF-8, that a page which doesn't call itself an article must have: some 40 Chinese characters."""

_MARKUP = re.compile(r"<(?:!doctype|[a-z][a-z0-9]*)[\s/>]", re.IGNORECASE)
_FEED = re.compile(r"(?>\s+|<\?[^>]*>|<!--.*?-->)*+<(?:rss|feed|rdf:rdf)\b", re.IGNORECASE | re.DOTALL)
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
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "lastmod", "dcterms.modified")
_AUTHOR = ("author", "article:author", "parsely-author", "sailthru.author", "byl", "dc.creator", "dcterms.creator")
_IMAGE = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src")

_CONTAINERS = frozenset(
    ["body", "div", "section", "article", "main", "center", "span", "table", "tbody", "tr", "td", "form", "header"]
)
"""Elements that may hold an article, or a part of the page beside it."""
_PARTS = frozenset(
    [
        "p",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "dl",
        "table",
        "blockquote",
        "pre",
        "figure",
        "picture",
        "img",
        "hr",
    ]
)
"""Elements an article is made of; kept between its paragraphs though trafilatura passes over them."""
_INLINE = frozenset(
    [
        *("a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "font", "i", "img", "ins", "kbd"),
        *("mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var"),
        "wbr",
    ]
)
_HIDDEN = frozenset(["script", "style", "noscript", "template", "svg", "nav", "button", "select", "textarea", "iframe"])

# What it says of pages that hold nothing is said by ParseError, with the page's name.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)


def parse_page(data: bytes, document: Document, feed: Feed) -> Parsed:
    """The page's article, as one entry. Raises ParseError, with the reason, where there is none."""
    if not data.strip():
        raise ParseError("the page is empty")
    html = _decoded(data, document.headers.get("content-type"), feed.language)
    if _FEED.match(html[:10_000]):
        raise ParseError("the document is a feed, not a web page")
    if not _MARKUP.search(html):
        raise ParseError("the document is no web page: it holds no HTML")
    if html.count("<") > MAX_TAGS:
        raise ParseError(f"the page has more than {MAX_TAGS:,} tags; no article needs as many")
    if any(len(piece) > MAX_WORDS and len(piece.partition(">")[0].split()) > MAX_WORDS for piece in html.split("<")):
        raise ParseError(f"a tag of the page has more than {MAX_WORDS:,} attributes")
    try:
        return Parsed((_entry(html, document, feed),))
    except ParseError:
        raise
    except Exception as error:  # trafilatura, htmldate and lxml raise whatever a page makes them raise
        raise ParseError(f"the page can't be read ({type(error).__name__}: {error})") from error


def _entry(html: str, document: Document, feed: Feed) -> Entry:
    head = _head(html, document)
    body = _body(html, feed.rules)
    known = _known(head, body)
    link = _link(head, document)
    if urls.resolve(None, link) and urls.identity(urls.resolve(None, link) or "") is None and not head.article:
        raise ParseError("the page is a site's front page, which is no article")
    content = _content(html, head, body, feed, link)
    for element in content.walk():
        _resolve(element, head.base)
    published, published_at = _published(head, known.date, body, feed, document)
    modified = next(iter([*_texts(head.article.get("dateModified")), *head.all(*_MODIFIED)]), "")
    title = _title(head) or _text(known.title)
    return make_entry(
        document,
        feed,
        position=0,
        guid=None,
        link=link or None,
        title=title,
        author=_authors(head) or _text(known.author).replace("; ", ", ") or None,
        published_at=published_at,
        updated_at=parse_date(modified, timezone=feed.timezone, now=document.fetched_at),
        stated=(published, modified),
        language=_language(head),
        categories=_categories(head) or tuple(dict.fromkeys(filter(None, map(_text, known.categories or ()))))[:50],
        content=serialise(content.children),
        content_type="text/html",
        summary="",
        base_url=head.base,
        enclosures=_images(head)[:1],
        parsed=json.dumps(
            {
                "title": title,
                "published": published,
                "modified": modified,
                "language": head.language,
                "canonical": head.canonical,
                "meta": head.meta,
                "json_ld": {name: list(_texts(value)) for name, value in head.article.items() if name != "articleBody"},
            },
            ensure_ascii=False,
        ),
    )


def _text(value: object) -> str:
    return " ".join(printable(str(value)).split())[:MAX_VALUE] if value else ""


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """The texts a JSON-LD value stands for: itself, its name or address, or those of its members."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        if text := _text(unescape(str(value)[:MAX_VALUE])):
            yield text
    elif isinstance(value, Mapping) and depth < 3:
        yield from _texts(value.get("name") or value.get("url") or value.get("@id") or value.get("@value"), depth + 1)
    elif isinstance(value, list) and depth < 3:
        for each in value[:50]:
            yield from _texts(each, depth + 1)


def _decoded(data: bytes, content_type: str | None, language: str | None) -> str:
    """The page as text: its mark, its header's charset, its own, else UTF-8 or what its language is written in."""
    data = data[: 4 * MAX_HTML]

    def guess(data: bytes) -> str:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.start < len(data) - 3:  # else cut off in the middle of a character
                return LEGACY.get((language or "").split("-")[0].lower(), "cp1252")
        return "utf-8"

    try:
        text = html_to_unicode(content_type, data, auto_detect_fun=guess)[1]
    except (LookupError, ValueError):  # a charset that Python knows and that isn't one of text
        text = data.decode("utf-8", "replace")
    return re.sub(r"[\x00\ud800-\udfff]", "", text[:MAX_HTML])


# --- what the page says of itself -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Head:
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


def _head(html: str, document: Document) -> _Head:
    page = LexborHTMLParser(html)
    base = next((each.attributes.get("href") for each in page.css("base[href]")), None)
    meta: dict[str, list[str]] = {}
    for node in page.css("meta[content]")[:MAX_FIELDS]:
        attrs = node.attributes
        name = _text(attrs.get("property") or attrs.get("name") or attrs.get("itemprop") or attrs.get("http-equiv"))
        if name and (value := _text(attrs.get("content"))):
            meta.setdefault(name.lower(), []).append(value)
    canonical = next((_text(each.attributes.get("href")) for each in page.css("link[rel~=canonical][href]")), "")
    scripts = [
        node.text(deep=True)
        for node in page.css("script[type]")[:MAX_FIELDS]
        if "ld+json" in (node.attributes.get("type") or "").lower()
    ]
    scripts = [script for script in scripts if len(script) <= MAX_JSON][:20]
    root = page.root
    times = [
        _text(node.attributes.get("datetime") or node.attributes.get("content"))
        for node in page.css("[itemprop~=datePublished], time[datetime]")[:20]
    ]
    title = page.css_first("title")
    return _Head(
        base=urls.resolve(document.final_url, base) or document.final_url,
        meta=meta,
        article=_json_article(scripts, document.url),
        canonical=canonical,
        language=_text(root.attributes.get("lang") or root.attributes.get("xml:lang")) if root else "",
        title=_text(title.text(deep=True)) if title else "",
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
        named = (address for name in ("url", "@id", "mainEntityOfPage") for address in _texts(node.get(name)))
        if any(_name(address) == _name(url) for address in named):
            return node
    return found[0] if found else {}


def _name(address: str) -> str | None:
    resolved = urls.resolve(None, address)
    return urls.identity(resolved) if resolved else None


def _known(head: _Head, body: Element) -> Any:
    """What trafilatura finds: title, author, day, categories. Its dates end in 2100, not today: the same page gives
    the same entry on any day, and parse_date drops what lies in the future."""
    dates = {"original_date": True, "extensive_search": False, "max_date": "2100-01-01"}
    return extract_metadata(_tree(body, head), head.base, dates)


def _title(head: _Head) -> str:
    said = [*_texts(head.article.get("headline")), *head.all("og:title", "twitter:title")]
    return next(iter(said), "")


def _authors(head: _Head) -> str | None:
    said = [*_texts(head.article.get("author"))] or [*head.all(*_AUTHOR)]
    names = [_BYLINE.sub("", name).strip() for name in said if not name.startswith(("http:", "https:", "/"))]
    return ", ".join(dict.fromkeys(filter(None, names))) or None


def _language(head: _Head) -> str | None:
    said = [head.language, *_texts(head.article.get("inLanguage")), *head.all("og:locale", "content-language")]
    found = next((value for value in said if _LANGUAGE.fullmatch(value)), None)
    return found.replace("_", "-") if found else None


def _categories(head: _Head) -> tuple[str, ...]:
    keywords = head.article.get("keywords")
    said = [*_texts(head.article.get("articleSection")), *head.all("article:section")]
    tags = [*_texts(keywords), *head.all("article:tag")] or [*head.all("keywords", "news_keywords")]
    every = [tag for value in (*said, *tags) for tag in _COMMA.split(value)]
    return tuple(dict.fromkeys(tag[:100] for tag in every if tag))[:50]


def _images(head: _Head) -> tuple[str, ...]:
    said = [*head.all(*_IMAGE), *_addresses(head.article.get("image"))]
    return tuple(dict.fromkeys(filter(None, (urls.resolve(head.base, address) for address in said))))


def _addresses(value: Any) -> Iterator[str]:
    """Of a schema.org image: an address, an ImageObject, or several of either."""
    for each in value[:10] if isinstance(value, list) else [value]:
        yield from _texts(each.get("url") or each.get("contentUrl") if isinstance(each, dict) else each)


def _link(head: _Head, document: Document) -> str:
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


def _published(
    head: _Head, day: str | None, body: Element, feed: Feed, document: Document
) -> tuple[str, datetime | None]:
    """The date as the page says it, and the moment. Of a date without its time of day the time is looked for."""

    def moment(said: str) -> datetime | None:
        return parse_date(said, timezone=feed.timezone, now=document.fetched_at)

    said = [*_texts(head.article.get("datePublished")), *head.all(*_PUBLISHED)]
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


# --- the article itself ---------------------------------------------------------------------------------------------


def _body(html: str, rules: Rules) -> Element:
    """The page's body without what the site's rules remove, attributes bounded."""
    if rules.remove:
        from tasks.site_rules import apply_rules  # BeautifulSoup takes long to import, and few sites need rules

        body = apply_rules(html, Rules(remove=rules.remove))
    else:
        body = parse(html)
    for element in body.walk():
        if len(element.attrs) > MAX_ATTRIBUTES or any(len(value) > MAX_VALUE for value in element.attrs.values()):
            kept = [(name, value) for name, value in element.attrs.items() if len(value) <= MAX_VALUE]
            element.attrs = dict(kept[:MAX_ATTRIBUTES])
    return body


def _content(html: str, head: _Head, body: Element, feed: Feed, link: str) -> Element:
    """The element whose children are the article. Raises ParseError."""
    if feed.rules.content and (ruled := _by_rule(html, feed.rules)) is not None:
        return ruled
    if not head.is_article():
        teasers = sum(1 for element in body.walk() if element.tag == "article" and _is_teaser(element))
        if teasers >= 3:
            raise ParseError(f"the page is a list of {teasers} articles, and none itself")
    found = _extracted(head, body, link)
    content = _located(body, found) if found is not None else None
    if content is None and (said := printable(str(head.article.get("articleBody") or "")).strip()):
        paragraphs = [part.strip() for part in re.split(r"\n\s*", said[:MAX_HTML]) if part.strip()]
        return Element("body", {}, [Element("p", {}, [_strip(part)]) for part in paragraphs])
    if content is None and found is not None:
        content = parse(_as_html(found))
    if content is None or not _solid(content):
        raise ParseError("the page holds no article: no text beside its menus and links")
    solid, linked = _solid(content), _linked(content)
    if not head.is_article() and solid < ENOUGH:
        raise ParseError(f"the page holds no article: {solid} bytes of text, and nothing that calls it one")
    if linked > (4 if head.is_article() else 1.5) * solid:
        raise ParseError("the page is a list of links, and no article")
    return content


def _strip(text: str) -> str:
    return parse(text).text() if "<" in text else unescape(text)


def _by_rule(html: str, rules: Rules) -> Element | None:
    """The elements that the site's rule names; None where the page has none, or none with anything in them.

    The elements themselves are kept, not only what is in them: cleaning applies the rule once more, and would find
    another element of that name inside.
    """
    from tasks.site_rules import from_soup, soup

    page = soup(html)
    for selector in rules.remove:
        for tag in page.select(selector):
            tag.decompose()
    found = page.select(rules.content or "")
    root = Element("body")
    for tag in found:
        if not any(parent in found for parent in tag.parents):
            attrs = {
                name: " ".join(value) if isinstance(value, list) else str(value) for name, value in tag.attrs.items()
            }
            root.children.append(Element(tag.name, attrs, from_soup(tag).children))
    says_something = root.text().strip() or any(element.tag == "img" for element in root.walk())
    return root if says_something else None


def _is_teaser(article: Element) -> bool:
    return any(
        element.tag in ("h1", "h2", "h3", "h4") and any(inner.tag == "a" for inner in element.walk())
        for element in article.walk()
    )


def _tree(body: Element, head: _Head) -> Any:
    """The page for lxml: of bounded depth, and its head of what is read there only."""
    metas = "".join(
        f'<meta {"property" if ":" in name else "name"}="{escape(name)}" content="{escape(value)}">'
        for name, values in head.meta.items()
        for value in values
    )
    scripts = "".join(
        f'<script type="application/ld+json">{script}</script>' for script in head.scripts if "</" not in script
    )
    canonical = f'<link rel="canonical" href="{escape(head.canonical)}">' if head.canonical else ""
    visible = [child for child in body.children if isinstance(child, str) or child.tag not in _HIDDEN]
    page = (
        f"<!DOCTYPE html><html><head><title>{escape(head.title)}</title>{metas}{canonical}{scripts}</head>"
        f"<body>{printable(serialise(visible))}</body></html>"
    )
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True)
    from lxml.html import HtmlElementClassLookup

    parser.set_element_class_lookup(HtmlElementClassLookup())
    return etree.fromstring(page.encode(), parser)


def _extracted(head: _Head, body: Element, link: str) -> Any:
    """trafilatura's tree of the article; None where it finds none. Raises whatever it raises."""
    found = bare_extraction(
        _tree(body, head),
        url=link or None,
        output_format="html",
        include_comments=False,
        include_formatting=True,
        include_images=True,
        include_links=True,
    )
    return found.body if found is not None else None  # type: ignore[union-attr]


def _as_html(found: Any) -> str:
    from trafilatura.htmlprocessing import convert_to_html

    return str(etree.tostring(convert_to_html(found), encoding="unicode"))


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


@dataclass(slots=True)
class _Weight:
    """Of an element: characters, those of them that trafilatura took, those in links, and its place in the page."""

    all: int = 0
    taken: int = 0
    linked: int = 0
    pictures: int = 0
    first: int = 0
    last: int = 0


def _located(body: Element, found: Any) -> Element | None:
    """The part of the page that holds the text found, without what lies between and isn't of the article's.

    None where the text isn't the page's own (trafilatura also reads JSON-LD).
    """
    said = _bare("".join(found.itertext()))
    weights: dict[int, _Weight] = {}
    _weigh(body, said, weights, [0], False)
    total = weights[id(body)].taken
    if not said or total < len(said) / 2:
        return None
    best = body
    while True:
        inner = next(
            (
                child
                for child in best.children
                if isinstance(child, Element) and child.tag in _CONTAINERS and weights[id(child)].taken >= 0.9 * total
            ),
            None,
        )
        if inner is None or _is_leaf(inner):
            break
        best = inner
    places = [weight for weight in weights.values() if weight.taken and weight.first == weight.last]
    return _pruned(best, weights, min(each.first for each in places), max(each.last for each in places))


def _is_leaf(element: Element) -> bool:
    """Whether it is a piece of text: with text of its own, or with nothing but inline elements in it."""
    children = element.children
    return any(isinstance(child, str) and child.strip() for child in children) or all(
        isinstance(child, str) or child.tag in _INLINE for child in children
    )


def _weigh(element: Element, said: str, weights: dict[int, _Weight], place: list[int], within: bool) -> _Weight:
    """Weigh the element and all below it; of what trafilatura took, a piece of text is found whole, or by its ends."""
    weight = weights[id(element)] = _Weight(first=place[0], last=place[0])
    if element.tag in _HIDDEN:
        return weight
    weight.pictures = int(element.tag == "img")
    leaf = not within and _is_leaf(element)
    if leaf:
        place[0] += 1
        weight.first = weight.last = place[0]
    elif not within:
        weight.first = place[0] + 1
    for child in element.children:
        if isinstance(child, str):
            size = len(_bare(child))
            weight.all += size
            weight.linked += size if element.tag == "a" else 0
            continue
        inner = _weigh(child, said, weights, place, within or leaf)
        weight.all += inner.all
        weight.pictures += inner.pictures
        weight.linked += inner.all if element.tag == "a" else inner.linked
        weight.taken += 0 if leaf else inner.taken
    if leaf and weight.all:
        text = _bare(element.text())
        if text in said or (len(text) > 60 and (text[:30] in said or text[-30:] in said)):
            weight.taken = weight.all
    if not leaf and not within:
        weight.last = max(weight.first, place[0])
    return weight


def _pruned(element: Element, weights: Mapping[int, _Weight], first: int, last: int) -> Element:
    """The element without what trafilatura didn't take; parts of an article in its midst stay, and pictures."""
    kept: list[Element | str] = []
    for child in element.children:
        if isinstance(child, str):
            kept.append(child)
            continue
        weight = weights[id(child)]
        if weight.taken:
            kept.append(
                child if _is_leaf(child) or weight.taken == weight.all else _pruned(child, weights, first, last)
            )
        elif child.tag in _HIDDEN:
            continue
        elif weight.pictures:
            captioned = weight.all <= 400 and 2 * weight.linked <= weight.all and weight.pictures <= 3
            if captioned and (weight.last <= last or child.tag in _PARTS):
                kept.append(child)
        elif child.tag == "br" or (
            child.tag in _PARTS and first <= weight.first and weight.last <= last and 2 * weight.linked <= weight.all
        ):
            kept.append(child)
    return Element(element.tag, element.attrs, kept)


def _solid(content: Element) -> int:
    """Bytes of text outside links."""
    return len("".join(content.text().split()).encode()) - _linked(content)


def _linked(content: Element) -> int:
    return sum(len("".join(element.text().split()).encode()) for element in content.walk() if element.tag == "a")


def _resolve(element: Element, base: str) -> None:
    """Addresses absolute by the page's own base, which cleaning, knowing the article's address only, can't know."""
    for name in ("href", "src", "data-src", "data-original", "data-lazy-src"):
        value = element.attrs.get(name)
        if value and not value.startswith(("http:", "https:", "data:", "#", "mailto:", "{")):
            element.attrs[name] = urls.resolve(base, value) or value
