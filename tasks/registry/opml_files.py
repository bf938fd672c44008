"""OPML, the lists of feeds that readers exchange: read, written, and imported into feeds.toml.

OPML has no place for newsmill's ids, so they are kept in `category`, which is for labels of any kind:
category="/newsmill/bbc-world". Time zone, pictures, rules and whether a feed is enabled are not exchanged.
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
from tasks.registry.feed_table import UNPRINTABLE, FeedTable, mended_address, problems, same_address, slug
from tasks.registry.feeds_file import add_feeds, read_feeds
from warehouse.records import Feed

MAX_BYTES = 10_000_000
MAX_FEEDS = 5_000
MAX_DEPTH = 50
"""Levels of elements; a list of feeds has a handful."""

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_CATEGORY = re.compile(r"(?:^|,)\s*/newsmill/([a-z0-9][a-z0-9-]{0,62})\s*(?:,|$)")


def from_opml(data: bytes) -> tuple[list[Feed], list[str]]:
    """The feeds of an OPML file, and a sentence for each outline or detail left out. Outlines around them are groups.

    Raises FeedsFileError for what is no OPML, is larger than 10 MB, nested deeper than 50 levels, or too long a list.
    """
    body = _body(data)
    feeds: dict[str, Feed] = {}
    ids: set[str] = set()
    notes: list[str] = []
    for outline in _outlines(opyml.Body.from_element_tree(body).outlines, ()):
        feed = _feed(outline, ids, notes)
        if feed is None:
            continue
        if other := feeds.get(same_address(feed.url)):
            notes.append(f'"{outline.name}" is listed more than once ({feed.url}); it is kept {_where(other)}')
            continue
        if len(feeds) == MAX_FEEDS:
            raise FeedsFileError(f"the OPML file lists more than {MAX_FEEDS:,} feeds; split it, and import the parts")
        feeds[same_address(feed.url)] = feed
        ids.add(feed.id)
    return list(feeds.values()), notes


def to_opml(feeds: Iterable[Feed], title: str) -> str:
    """The feeds as OPML 2.0, an outline around each group's."""
    top: list[opyml.Outline] = []
    groups: dict[str, opyml.Outline] = {}
    for feed in feeds:
        outline = opyml.Outline(
            text=_plain(feed.name),
            title=_plain(feed.name),
            type="rss",
            xml_url=feed.url,
            html_url=feed.site_url,
            language=feed.language,
            category=f"/newsmill/{feed.id}",
        )
        if feed.group is None:
            top.append(outline)
            continue
        if feed.group not in groups:
            groups[feed.group] = opyml.Outline(text=_plain(feed.group))
            top.append(groups[feed.group])
        groups[feed.group].outlines.append(outline)
    document = opyml.OPML(head=opyml.Head(title=_plain(title)), body=opyml.Body(top))
    # "><" stands between tags only: both characters are escaped everywhere else
    lines = str(document.to_xml()).replace("><", ">\n<")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{lines}\n'


def import_opml(path: Path, data: bytes) -> tuple[list[Feed], list[str]]:
    """Add the OPML file's feeds that feeds.toml lacks, in one write; returns them, and what there is to say.

    Raises FeedsFileError for an OPML file or a feeds.toml that can't be used, and LandingError where it can't be
    written; nothing is added then.
    """
    feeds, notes = from_opml(data)
    known = {same_address(feed.url): feed for feed in read_feeds(path)} if path.exists() else {}
    taken = {feed.id for feed in known.values()}
    added: list[Feed] = []
    for feed in feeds:
        if other := known.get(same_address(feed.url)):
            notes.append(f'"{feed.name}" is there already, as "{other.id}"')
            continue
        fresh = replace(feed, id=slug(feed.id, taken)) if feed.id in taken else feed
        if fresh.id != feed.id:
            notes.append(f'"{feed.name}" became "{fresh.id}": "{feed.id}" is another feed')
        taken.add(fresh.id)
        added.append(fresh)
    if added:
        add_feeds(path, added)
    return added, notes


@dataclass(frozen=True, slots=True)
class _Outline:
    """An outline that should be a feed."""

    name: str
    outline: opyml.Outline
    group: str | None


def _body(data: bytes) -> ElementTree:
    if len(data) > MAX_BYTES:
        raise FeedsFileError(
            f"the OPML file has {len(data):,} bytes, and {MAX_BYTES:,} is the most; split it, and import the parts"
        )
    try:
        root = ElementTree.fromstring(_decode(data))
    except (ElementTree.ParseError, UnicodeError, LookupError) as error:
        raise FeedsFileError(f"the OPML file is no well-formed XML ({error}); export it again") from error
    except ValueError as error:  # defusedxml's own errors
        raise FeedsFileError(f"the OPML file defines entities, which no list of feeds needs ({error!r})") from error
    # checked before opyml follows the outlines: it calls itself for each level
    level, depth = [root], 1
    while level := [child for element in level for child in element]:
        depth += 1
        if depth > MAX_DEPTH:
            raise FeedsFileError(f"the OPML file is nested deeper than {MAX_DEPTH} levels; export it again, flat")
    body = root.find("body") if root.tag == "opml" else None
    if body is None:
        raise FeedsFileError("the file is no OPML: it has no <opml> with a <body>; export it again, as OPML")
    return body


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    declared = _DECLARED.match(data)
    name = declared[1].decode().lower() if declared else "utf-8"
    # GB 2312 is declared for what is really its superset
    return data.decode(
        {"utf-8": "utf-8-sig", "utf8": "utf-8-sig", "gb2312": "gb18030", "gbk": "gb18030"}.get(name, name)
    )


def _outlines(outlines: Iterable[opyml.Outline], groups: tuple[str, ...]) -> Iterator[_Outline]:
    """What is a feed, or neither a feed nor a group."""
    for outline in outlines:
        name = _plain(outline.title or "") or _plain(outline.text)
        if outline.xml_url or not outline.outlines:
            yield _Outline(name or (outline.xml_url or "").strip() or "(unnamed)", outline, "/".join(groups) or None)
            yield from _outlines(outline.outlines, groups)
        else:
            yield from _outlines(outline.outlines, (*groups, _plain(outline.text) or name) if name else groups)


def _feed(found: _Outline, ids: set[str], notes: list[str]) -> Feed | None:
    """The feed of an outline, with an id that is free; None, and a note, where there is none."""
    outline = found.outline
    if not (outline.xml_url or "").strip():
        notes.append(f'"{found.name}" is left out: it has no xmlUrl, the address of a feed')
        return None
    address = outline.xml_url.strip()
    if address.startswith("feed:"):
        address = mended_address(address) or address
    table: dict[str, object] = {
        "id": _given_id(outline.category) or slug(address, ids),
        "name": found.name,
        "url": address,
        "group": found.group,
        "site_url": (outline.html_url or "").strip() or None,
        "language": _language(outline.language),
    }
    if table["id"] in ids:
        table["id"] = slug(str(table["id"]), ids)
    try:
        return FeedTable.model_validate(table).feed()
    except ValidationError as error:
        wrong = dict(problems(error, table))
    for key in ("site_url", "language"):
        if key in wrong:
            table[key] = None
            notes.append(f'"{found.name}" goes without its {key}: {wrong.pop(key)}')
    if wrong:
        notes.append(f'"{found.name}" is left out: {"; ".join(wrong.values())}')
        return None
    return FeedTable.model_validate(table).feed()


def _given_id(category: str | None) -> str | None:
    found = _CATEGORY.search(category or "")
    return found[1] if found else None


def _language(tag: str | None) -> str | None:
    tag = (tag or "").strip().replace("_", "-")
    return None if tag.lower() in ("", "unknown") else tag  # "unknown" is what OPML 2.0's own examples say


def _where(feed: Feed) -> str:
    return f'in group "{feed.group}"' if feed.group else "without a group"


def _plain(text: str) -> str:
    return UNPRINTABLE.sub(" ", text).strip()
