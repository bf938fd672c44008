"""Cleaning: from an entry's HTML to sanitised HTML, text and image references.

A pure function of the entry and its site's rules, so that everything in the landing zone can be cleaned again.

    HTML ─▶ tree ─▶ blocks (p, h2, ul, figure …) ─▶ without boilerplate ─▶ sanitised HTML, text, summary, language, hash
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import unescape
from itertools import islice

import nh3

from tasks.clean import identity
from tasks.clean.authors import clean_names, split_names
from tasks.clean.backgrounds import show_pictures
from tasks.clean.bases import apply_inner_bases, stated_base
from tasks.clean.blocks import BlockBuilder
from tasks.clean.boilerplate import remove_boilerplate
from tasks.clean.captions import without_only_captions
from tasks.clean.image_tags import is_tracking_pixel
from tasks.clean.lead_images import may_lead
from tasks.clean.only_text import captions_text, is_without_text, open_elements
from tasks.clean.paragraphs import join_datelines, paragraphs_of_text
from tasks.clean.shortcodes import may_have_shortcodes, remove_shortcodes, shortcodes_as_html
from tasks.clean.teaser import why_teaser
from tasks.text import language, urls
from tasks.text.markup import Element, parse_named, serialise
from tasks.text.pictures import is_same_picture
from tasks.text.plain import beginning, collapse, render, summarise, word_count
from tasks.text.tags import ATTRIBUTES, BLOCK, INLINE, TABLE
from tasks.text.text_or_markup import is_escaped, reads_as_markup, strip_tags, without_references
from warehouse.characters import BIDI_CONTROLS
from warehouse.records import Article, Enclosure, Entry, Feed, ImageRef, Rules

_SANITISER = nh3.Cleaner(
    tags=set(INLINE | BLOCK | TABLE | {"img", "figcaption"}),
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer",
    strip_comments=True,
)

MAX_SUMMARY_HTML = 4_000
"""Characters of a summary's HTML that are read; some feeds repeat the whole article there."""
_NO_RULES = Rules()
_ENCLOSED = Element("img")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")


@dataclass(frozen=True, slots=True)
class Content:
    """A piece of HTML after cleaning."""

    html: str
    text: str
    images: tuple[ImageRef, ...]
    read: list[Element]
    """The blocks that the text is made of."""

    @property
    def beginning(self) -> str:
        """What a summary is made of: for a gallery, which has no other text, its captions."""
        return beginning(self.read) or self.text


def clean(entry: Entry, feed: Feed) -> Article:
    """The entry as an article."""
    link = urls.resolve(entry.base_url, entry.link)
    enclosures = tuple(_enclosures(entry))
    own_url = urls.without_tracking(urls.unwrap_link(link)) if link else None
    url = own_url or _address_of_file(enclosures)
    base = entry.content_base or link or entry.base_url
    is_plain = entry.content_type == "text/plain"
    content = clean_html(entry.content_html, base=base, rules=feed.rules, plain=is_plain, link=link)
    if not content.text and entry.summary_html:  # the longest of an entry's texts may hold an image and nothing to read
        html = f"{entry.content_html}<div>{entry.summary_html}</div>"
        content = clean_html(html, base=base, rules=Rules(drop_after=feed.rules.drop_after), link=link)
    title = collapse(BIDI_CONTROLS.sub("", strip_tags(entry.title, plain=entry.title_is_plain)))
    title = title or summarise(content.beginning, 80)
    detected = language.detect(title, content.text, entry.language or feed.language)
    names = clean_names(map(strip_tags, entry.authors))
    words = word_count(content.text)
    # an enclosure is often an inline image in another size, so it counts only if no inline image may lead
    images = _led(content.images, urls.resolve(base, entry.lead_image))
    if not any(image.may_lead for image in images):
        # Only the first is looked for. All of thousands of enclosures, each compared with thousands of images, took
        # minutes, and none of the images is equal to it: it may lead.
        images += tuple(islice(_enclosed_images(entry.enclosures, base), 1))
    return Article(
        entry_id=entry.entry_id,
        feed_id=feed.id,
        keys=identity.keys(entry, own_url),
        guid=entry.guid,
        url=url,
        canonical_url=urls.canonical(url) if url else None,
        title=title,
        author=", ".join(names) or None,
        published_at=entry.published_at,
        updated_at=entry.updated_at,
        language=detected.language,
        summary=_summary(entry, content, base, link),
        content_html=content.html,
        content_text=content.text,
        word_count=words,
        categories=_categories(entry.categories),
        images=images,
        content_hash=identity.content_hash(title, content.text),
        fetch_images=feed.images,
        authors=split_names(names),
        language_confidence=detected.confidence,
        enclosures=enclosures,
        teaser=why_teaser(content.text, words, entry.content_html, has_summary=bool(entry.summary_html)),
    )


def clean_html(
    html: str, *, base: str | None, rules: Rules = _NO_RULES, plain: bool = False, link: str | None = None
) -> Content:
    """Clean a piece of HTML, or of plain text if `plain`. Addresses are resolved against `base`; `link` is its own."""
    builder = BlockBuilder(base)
    blocks, read = _clean_blocks(html, builder, rules, plain, link)
    text = render(read) or captions_text(blocks)
    return Content(_SANITISER.clean(serialise(blocks)), text, tuple(_shown_images(blocks, builder.images)), read)


def _clean_blocks(
    html: str, builder: BlockBuilder, rules: Rules, plain: bool, link: str | None
) -> tuple[list[Element], list[Element]]:
    """(the blocks, those of them that are text)"""
    if plain and not reads_as_markup(html):
        blocks = _plain_blocks(without_references(html))
    else:
        blocks = _blocks(unescape(html) if is_escaped(html) else html, builder, rules)
    return remove_boilerplate(join_datelines(without_only_captions(blocks)), rules.drop_after, link)


def _plain_blocks(text: str) -> list[Element]:
    tree = Element("body", {}, list(paragraphs_of_text(text)))
    if may_have_shortcodes(text):
        remove_shortcodes(tree)
    return [paragraph for paragraph in tree.children if isinstance(paragraph, Element)]


def _blocks(html: str, builder: BlockBuilder, rules: Rules) -> list[Element]:
    if "<" not in html and _BLANK_LINE.search(html):  # nothing but a plain text has paragraphs without markup
        return _plain_blocks(unescape(html))
    if "[" in html and "<![CDATA[" in html:  # escaped twice by some feeds; HTML knows no CDATA and would show its end
        html = html.replace("<![CDATA[", "").replace("]]>", "").replace("]]&gt;", "")
    tree, names = _tree(shortcodes_as_html(html), rules)
    if may_have_shortcodes(html):
        remove_shortcodes(tree)
    if "base" in names:
        builder.base = stated_base(html, builder.base)
    if "xml:base" in names:
        apply_inner_bases(tree, builder.base)
    show_pictures(tree, html, names)
    blocks = builder.blocks(tree)
    if is_without_text(blocks) and not captions_text(blocks) and open_elements(tree):
        blocks = builder.blocks(tree)
    return blocks


def _tree(html: str, rules: Rules) -> tuple[Element, set[str]]:
    """(the HTML's body, after the site's rules; the names that `parse_named` gives)"""
    if not (rules.content or rules.remove):
        return parse_named(html)
    # imported here: few sites need rules, and importing BeautifulSoup takes as long as cleaning fifty articles
    from tasks.text.site_rules import apply_rules

    tree = apply_rules(html, rules)
    return tree, tree.names() | {"base"}  # which may be in the head, and that is not in the tree


def _enclosures(entry: Entry) -> Iterable[Enclosure]:
    for file in entry.files:
        if url := urls.resolve(entry.base_url, file.url):
            yield replace(file, url=url, image=urls.resolve(entry.base_url, file.image))


def _address_of_file(enclosures: Iterable[Enclosure]) -> str | None:
    """The address of what an entry without a link is about: of its first recording, else of its first file."""
    return next((file.url for file in sorted(enclosures, key=lambda file: not _is_recording(file))), None)


def _is_recording(file: Enclosure) -> bool:
    return (file.media_type or "").startswith(("audio/", "video/"))


def _categories(given: Iterable[str]) -> tuple[str, ...]:
    """Each category once: of spellings that differ only by case, the first."""
    categories: dict[str, str] = {}
    for text in given:
        if category := collapse(strip_tags(text)):
            categories.setdefault(category.casefold(), category)
    return tuple(categories.values())


def _summary(entry: Entry, content: Content, base: str | None, link: str | None) -> str:
    if entry.summary_html and entry.summary_html != entry.content_html:
        html = entry.summary_html[:MAX_SUMMARY_HTML]
        _, read = _clean_blocks(html, BlockBuilder(base), _NO_RULES, plain=False, link=link)
        if summary := summarise(beginning(read)):
            return summary
    return summarise(content.beginning)


def _enclosed_images(addresses: Iterable[str], base: str | None) -> Iterable[ImageRef]:
    for address in addresses:
        if absolute := urls.resolve(base, address):
            origin, proxy = urls.unwrap_image(absolute)
            if may_lead(_ENCLOSED, origin, (None, None)) and not is_tracking_pixel(_ENCLOSED, absolute):
                yield ImageRef(origin, proxy)


def _led(images: tuple[ImageRef, ...], stated: str | None) -> tuple[ImageRef, ...]:
    """The images with the one first to lead that the page states for itself. It often stands above the text, out of the
    content, and what stands in the text before it may be the author's portrait or another article's picture."""
    if stated is None or not may_lead(_ENCLOSED, stated, (None, None)):
        return images
    lead = ImageRef(*urls.unwrap_image(stated))
    for number, image in enumerate(images):
        if image.url == lead.url or (image.may_lead and is_same_picture(image.url, stated)):
            before = (replace(other, may_lead=False) for other in images[:number])
            return (*before, replace(image, may_lead=True), *images[number + 1 :])
    return (lead, *images)


def _shown_images(blocks: list[Element], images: dict[str, ImageRef]) -> Iterable[ImageRef]:
    """The images of the blocks that are left, with their captions, in order and each once."""
    shown: dict[str, ImageRef] = {}
    for block in blocks:
        if block.tag != "figure":
            continue
        img = next(element for element in block.walk() if element.tag == "img")
        captions = (collapse(element.text()) for element in block.walk() if element.tag == "figcaption")
        image = images[img.attrs["src"]]
        before = shown.get(image.url)
        shown[image.url] = ImageRef(
            image.url,
            image.proxy_url,
            (before.alt if before else None) or img.attrs.get("alt"),
            (before.caption if before else None) or next(captions, None),
            image.may_lead,
        )
    return shown.values()
