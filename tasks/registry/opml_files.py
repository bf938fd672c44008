"""OPML, the format in which feed readers exchange lists of feeds: reading, writing, and importing into feeds.toml.

OPML has no attribute for newsmill's ids, so they are written to `category`, which is for labels of any kind:
category="/newsmill/bbc-world". Time zone, image policy, rules and whether a feed is enabled are not exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import opyml
from defusedxml import ElementTree  # type: ignore[import-untyped]
from pydantic import ValidationError

from tasks.errors import FeedsFileError
from tasks.references import escape_references
from tasks.registry.feed_table import FeedTable, canonical_address, fix_address, problems, slug
from tasks.registry.feeds_file import add_feeds, read_feeds
from warehouse.characters import UNPRINTABLE_IN_LINES
from warehouse.masking import mask
from warehouse.records import Feed

MAX_BYTES = 10_000_000
MAX_FEEDS = 5_000
MAX_DEPTH = 50
"""Levels of nested elements; a list of feeds has a handful."""

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_CATEGORY = re.compile(r"(?:^|,)\s*/newsmill/([a-z0-9][a-z0-9-]{0,62})\s*(?:,|$)")


def from_opml(data: bytes) -> tuple[list[Feed], list[str]]:
    """The feeds of an OPML file, and a sentence for each outline or detail left out. Outlines around feeds are groups.

    Raises FeedsFileError for a file that is not OPML, larger than 10 MB, nested deeper than 50 levels, or has too many
    feeds.
    """
    body = _body(data)
    feeds: dict[str, Feed] = {}
    ids: set[str] = set()
    notes: list[str] = []
    for outline in _outlines(opyml.Body.from_element_tree(body).outlines, ()):
        feed = _feed(outline, ids, notes)
        if feed is None:
            continue
        if other := feeds.get(canonical_address(feed.url)):
            notes.append(f'"{outline.name}" is listed more than once ({feed.url}); it is kept {_where(other)}')
            continue
        if len(feeds) == MAX_FEEDS:
            raise FeedsFileError(f"the OPML file lists more than {MAX_FEEDS:,} feeds; split it, and import the parts")
        feeds[canonical_address(feed.url)] = feed
        ids.add(feed.id)
    return list(feeds.values()), notes


def to_opml(feeds: Iterable[Feed], title: str) -> str:
    """The feeds as OPML 2.0, with an outline for each group around its feeds."""
    top: list[opyml.Outline] = []
    groups: dict[str, opyml.Outline] = {}
    for feed in feeds:
        outline = opyml.Outline(
            text=_one_line(feed.name),
            title=_one_line(feed.name),
            type="rss",
            xml_url=mask(feed.url),
            html_url=feed.site_url,
            language=feed.language,
            category=f"/newsmill/{feed.id}",
        )
        if feed.group is None:
            top.append(outline)
            continue
        if feed.group not in groups:
            groups[feed.group] = opyml.Outline(text=_one_line(feed.group))
            top.append(groups[feed.group])
        groups[feed.group].outlines.append(outline)
    document = opyml.OPML(head=opyml.Head(title=_one_line(title)), body=opyml.Body(top))
    # "><" occurs only between tags: both characters are escaped everywhere else
    lines = str(document.to_xml()).replace("><", ">\n<")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{lines}\n'


def import_opml(path: Path, data: bytes) -> tuple[list[Feed], list[str]]:
    """Add the OPML file's feeds that feeds.toml lacks, in one write; returns them, and notes for the user.

    Raises FeedsFileError for an OPML file or a feeds.toml that can't be used, and LandingError if feeds.toml can't be
    written; then nothing is added.
    """
    feeds, notes = from_opml(data)
    known = {canonical_address(feed.url): feed for feed in read_feeds(path)} if path.exists() else {}
    taken = {feed.id for feed in known.values()}
    added: list[Feed] = []
    for feed in feeds:
        if other := known.get(canonical_address(feed.url)):
            notes.append(f'"{feed.name}" is there already, as "{other.id}"')
            continue
        new = replace(feed, id=slug(feed.id, taken)) if feed.id in taken else feed
        if new.id != feed.id:
            notes.append(f'"{feed.name}" became "{new.id}": "{feed.id}" is another feed')
        taken.add(new.id)
        added.append(new)
    if added:
        add_feeds(path, added)
    return added, notes


@dataclass(frozen=True, slots=True)
class _FeedOutline:
    """An outline that should be a feed."""

    name: str
    outline: opyml.Outline
    group: str | None


def _body(data: bytes) -> ElementTree:
    """The <body> of an OPML file. Raises FeedsFileError."""
    if len(data) > MAX_BYTES:
        raise FeedsFileError(
            f"the OPML file has {len(data):,} bytes, and {MAX_BYTES:,} is the most; split it, and import the parts"
        )
    try:
        root = ElementTree.fromstring(_decode(data))
    except (ElementTree.ParseError, UnicodeError, LookupError) as error:
        raise FeedsFileError(f"the OPML file is not well-formed XML ({error}); export it again") from error
    except ValueError as error:  # defusedxml's own errors
        raise FeedsFileError(f"the OPML file defines entities, which no list of feeds needs ({error!r})") from error
    # checked before opyml reads the outlines: it recurses for each level
    level, depth = [root], 1
    while level := [child for element in level for child in element]:
        depth += 1
        if depth > MAX_DEPTH:
            raise FeedsFileError(f"the OPML file is nested deeper than {MAX_DEPTH} levels; export it again, flat")
    body = root.find("body") if root.tag == "opml" else None
    if body is None:
        raise FeedsFileError("the file is not OPML: it has no <opml> with a <body>; export it again, as OPML")
    return body


def _decode(data: bytes) -> str:
    """The text in its declared encoding. Raises UnicodeError, LookupError for an unknown encoding."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    declared = _DECLARED.match(data)
    name = declared[1].decode().lower() if declared else "utf-8"
    # files that declare GB 2312 are written in its superset
    return data.decode(
        {"utf-8": "utf-8-sig", "utf8": "utf-8-sig", "gb2312": "gb18030", "gbk": "gb18030"}.get(name, name)
    )


def _outlines(outlines: Iterable[opyml.Outline], groups: tuple[str, ...]) -> Iterator[_FeedOutline]:
    """The outlines that are not groups: those with an address, or without outlines of their own."""
    for outline in outlines:
        name = _one_line(outline.title or "") or _one_line(outline.text)
        if outline.xml_url or not outline.outlines:
            yield _FeedOutline(
                name or (outline.xml_url or "").strip() or "(unnamed)", outline, "/".join(groups) or None
            )
            yield from _outlines(outline.outlines, groups)
        else:
            yield from _outlines(outline.outlines, (*groups, _one_line(outline.text) or name) if name else groups)


def _feed(feed_outline: _FeedOutline, ids: set[str], notes: list[str]) -> Feed | None:
    """The feed of an outline, with an id that is not in `ids`; None, with a note, if it is not a valid feed."""
    outline, name = feed_outline.outline, feed_outline.name
    if not (outline.xml_url or "").strip():
        notes.append(f'"{name}" is left out: it has no xmlUrl, the address of a feed')
        return None
    address = escape_references(outline.xml_url.strip())  # a list that somebody else made
    if address.startswith("feed:"):
        address = fix_address(address) or address
    table: dict[str, object] = {
        "id": _newsmill_id(outline.category) or slug(address, ids),
        "name": name,
        "url": address,
        "group": feed_outline.group,
        "site_url": (outline.html_url or "").strip() or None,
        "language": _language(outline.language),
    }
    if table["id"] in ids:
        table["id"] = slug(str(table["id"]), ids)
    try:
        return FeedTable.model_validate(table).feed()
    except ValidationError as error:
        sentences = dict(problems(error, table))
    for key in ("site_url", "language"):
        if key in sentences:
            table[key] = None
            notes.append(f'"{name}" goes without its {key}: {sentences.pop(key)}')
    if sentences:
        notes.append(f'"{name}" is left out: {"; ".join(sentences.values())}')
        return None
    return FeedTable.model_validate(table).feed()


def _newsmill_id(category: str | None) -> str | None:
    match = _CATEGORY.search(category or "")
    return match[1] if match else None


def _language(tag: str | None) -> str | None:
    tag = (tag or "").strip().replace("_", "-")
    return None if tag.lower() in ("", "unknown") else tag  # "unknown" as in OPML 2.0's own examples


def _where(feed: Feed) -> str:
    return f'in group "{feed.group}"' if feed.group else "without a group"


def _one_line(text: str) -> str:
    return UNPRINTABLE_IN_LINES.sub(" ", text).strip()
