"""Cleaning: an entry's HTML to sanitised HTML, text and image references.

A pure function of the entry and its site's rules, so that everything that was ever landed can be cleaned again.

    html ─▶ tree ─▶ images found, proxies unwrapped ─▶ blocks (p, h2, ul, figure …) ─▶ boilerplate dropped
                                                        └▶ sanitised HTML, text, summary, language, hash
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape

import nh3

from tasks.clean import identity
from tasks.clean.blocks import BlockBuilder, join_datelines
from tasks.clean.boilerplate import remove_boilerplate
from tasks.text import language, urls
from tasks.text.markup import Element, parse, serialise
from tasks.text.plain import collapse, render, summarise, word_count
from tasks.text.tags import ATTRIBUTES, BLOCK, INLINE, TABLE
from warehouse.records import Article, Entry, Feed, ImageRef, Rules

_SANITISER = nh3.Cleaner(
    tags=set(INLINE | BLOCK | TABLE | {"img", "figcaption"}),
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer",
    strip_comments=True,
)


SUMMARY_HTML = 4_000
"""Characters of a summary's HTML that are looked at; some feeds put the article there once more."""
_NO_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Content:
    """What cleaning makes of a piece of HTML."""

    html: str
    text: str
    images: tuple[ImageRef, ...]


def clean(entry: Entry, feed: Feed, ambiguous: frozenset[str] = frozenset()) -> Article:
    """The entry as an article. `ambiguous` are the identity keys that say nothing in its document."""
    link = urls.resolve(entry.base_url, entry.link)
    url = urls.without_tracking(urls.unwrap_link(link)) if link else None
    base = link or entry.base_url
    content = clean_html(entry.content_html, base=base, rules=feed.rules, plain=entry.content_type == "text/plain")
    title = collapse(strip_tags(entry.title)) or summarise(content.text, 80)
    shown = {image.url for image in content.images}
    extra = [image for image in _enclosed(entry.enclosures, base) if image.url not in shown]
    # an enclosure is often the inline lead at another size; it stands for the article only where nothing else does
    images = content.images or tuple(extra[:1])
    return Article(
        entry_id=entry.entry_id,
        feed_id=feed.id,
        keys=identity.keys(entry, url, ambiguous),
        guid=entry.guid,
        url=url,
        canonical_url=urls.canonical(url) if url else None,
        title=title,
        author=collapse(strip_tags(entry.author)) or None if entry.author else None,
        published_at=entry.published_at,
        updated_at=entry.updated_at,
        language=language.detect(title, content.text, entry.language or feed.language),
        summary=_summary(entry, content, base),
        content_html=content.html,
        content_text=content.text,
        word_count=word_count(content.text),
        categories=tuple(dict.fromkeys(filter(None, (collapse(strip_tags(c)) for c in entry.categories)))),
        images=images,
        content_hash=identity.content_hash(title, content.text),
        fetch_images=feed.images,
    )


def clean_html(html: str, *, base: str | None, rules: Rules = _NO_RULES, plain: bool = False) -> Content:
    """Clean one piece of HTML, or of plain text. Addresses are resolved against `base`."""
    blocks, images = _blocks(html, base, rules, plain)
    return Content(html=_SANITISER.clean(serialise(blocks)), text=render(blocks), images=images)


def _blocks(html: str, base: str | None, rules: Rules, plain: bool) -> tuple[list[Element], tuple[ImageRef, ...]]:
    if plain and not _looks_like_html(html):
        return [Element("p", {}, [part.strip()]) for part in re.split(r"\n\s*\n", html) if part.strip()], ()
    if _is_escaped(html):
        html = unescape(html)
    tree = _tree(html, rules)
    cleaner = BlockBuilder(base)
    blocks = join_datelines(cleaner.blocks(tree))
    blocks = remove_boilerplate(blocks, rules.drop_after)
    return blocks, tuple(_images(blocks, cleaner.images))


def _tree(html: str, rules: Rules) -> Element:
    if not (rules.content or rules.remove):
        return parse(html)
    # imported here: BeautifulSoup takes as long to import as fifty articles to clean, and few sites need rules
    from tasks.text.site_rules import apply_rules

    return apply_rules(html, rules)


def strip_tags(text: str) -> str:
    """A title without the markup some feeds put into it."""
    if "<" not in text and "&" not in text:
        return text
    return parse(text).text()


def _looks_like_html(text: str) -> bool:
    return bool(re.search(r"<(p|br|div|a|img|span|ul|h[1-6])\b[^>]*>", text, re.IGNORECASE))


def _is_escaped(html: str) -> bool:
    """Whether the markup was escaped once more than it should have been."""
    return "<" not in html and bool(re.search(r"&lt;(p|br|div|a|img|span|ul|h[1-6])\b", html, re.IGNORECASE))


_HEADING = re.compile(r"(?m)^#{1,6} .*$")


def _summary(entry: Entry, content: Content, base: str | None) -> str:
    if entry.summary_html and entry.summary_html != entry.content_html:
        given = render(_blocks(entry.summary_html[:SUMMARY_HTML], base, _NO_RULES, plain=False)[0])
        if collapse(given):
            return summarise(given)
    paragraphs = _HEADING.sub("", content.text[:SUMMARY_HTML])
    return summarise(paragraphs if collapse(paragraphs) else content.text)


def _enclosed(addresses: Iterable[str], base: str | None) -> Iterable[ImageRef]:
    for address in addresses:
        if absolute := urls.resolve(base, address):
            origin, proxy = urls.unwrap_image(absolute)
            yield ImageRef(origin, proxy)


def _images(blocks: list[Element], found: dict[str, ImageRef]) -> Iterable[ImageRef]:
    """The images the blocks still show, in order, each once, with their captions."""
    shown: dict[str, ImageRef] = {}
    for block in blocks:
        if block.tag != "figure":
            continue
        img = next(el for el in block.walk() if el.tag == "img")
        caption = next((collapse(el.text()) for el in block.walk() if el.tag == "figcaption"), None)
        seen = found[img.attrs["src"]]
        kept = shown.get(seen.url)
        shown[seen.url] = ImageRef(
            seen.url,
            seen.proxy_url,
            (kept.alt if kept else None) or img.attrs.get("alt"),
            (kept.caption if kept else None) or caption,
        )
    return shown.values()
