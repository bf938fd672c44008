"""OPML, the format in which feed readers exchange lists of feeds: reading, writing, and importing into feeds.toml.

OPML has no attribute for newsmill's ids, so they are written to `category`, which is for labels of any kind:
category="/newsmill/bbc-world". The type of an outline says what is at its address: "rss" for a feed, else newsmill's
kind. Time zone, image policy, rules, `list` and whether a feed is enabled are not exchanged.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import opyml
from voluptuous import Invalid

from tasks.errors import FeedsFileError
from tasks.references import escape_references
from tasks.registry.feed_checks import fix_address
from tasks.registry.feed_ids import slug, unshared_id
from tasks.registry.feed_problems import problems
from tasks.registry.feed_table import read_table
from tasks.registry.feeds_file import add_feeds, read_feeds
from tasks.registry.opml_body import read_body
from tasks.text import urls
from warehouse.characters import UNPRINTABLE_IN_LINES
from warehouse.masking import mask
from warehouse.records import Feed

MAX_FEEDS = 5_000

_ID_IN_ADDRESS = re.compile(r"[?&](?:\w+_)?id=")
"""As YouTube's channel_id: the host has a feed for each."""
_CATEGORY = re.compile(r"(?:^|,)\s*/newsmill/([a-z0-9][a-z0-9-]{0,62})\s*(?:,|$)")


def from_opml(data: bytes) -> tuple[list[Feed], list[str]]:
    """The feeds of an OPML file, and a sentence for each outline or detail left out. Outlines around feeds are groups.

    Raises FeedsFileError for a file that is not OPML, larger than 10 MB, nested deeper than 50 levels, or has too many
    feeds.
    """
    notes: list[str] = []
    body = read_body(data, notes)
    outlines = list(_outlines(opyml.Body.from_element_tree(body).outlines, ()))
    hosts = Counter(slug(address, ()) for outline in outlines if (address := outline.address))
    feeds: dict[str, Feed] = {}
    ids: set[str] = set()
    for outline in outlines:
        feed = _feed(outline, ids, hosts, notes)
        if feed is None:
            continue
        if other := feeds.get(urls.normalize(feed.url)):
            notes.append(f'"{outline.name}" is listed more than once ({feed.url}); it is kept {_where(other)}')
            continue
        if len(feeds) == MAX_FEEDS:
            raise FeedsFileError(f"the OPML file lists more than {MAX_FEEDS:,} feeds; split it, and import the parts")
        feeds[urls.normalize(feed.url)] = feed
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
            type="rss" if feed.kind == "feed" else feed.kind,
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
    known = {urls.normalize(feed.url): feed for feed in read_feeds(path)} if path.exists() else {}
    taken = {feed.id for feed in known.values()}
    added: list[Feed] = []
    for feed in feeds:
        if other := known.get(urls.normalize(feed.url)):
            notes.append(f'"{feed.name}" is there already, as "{other.id}"')
            continue
        new = replace(feed, id=unshared_id(feed.url, feed.name, taken, of_many=True)) if feed.id in taken else feed
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

    @property
    def address(self) -> str:
        return (self.outline.xml_url or "").strip()


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


def _feed(feed_outline: _FeedOutline, ids: set[str], hosts: Mapping[str, int], notes: list[str]) -> Feed | None:
    """The feed of an outline, with an id that is not in `ids`; None, with a note, if it is not a valid feed.

    `hosts` says how many feeds of each host the file has.
    """
    outline, name = feed_outline.outline, feed_outline.name
    if not feed_outline.address:
        notes.append(f'"{name}" is left out: it has no xmlUrl, the address of a feed')
        return None
    address = escape_references(feed_outline.address)  # a list that somebody else made
    if address.startswith("feed:"):
        address = fix_address(address) or address
    of_many = hosts[slug(feed_outline.address, ())] > 1 or bool(_ID_IN_ADDRESS.search(address))
    table: dict[str, object] = {
        "id": _newsmill_id(outline.category) or unshared_id(address, name, ids, of_many=of_many),
        "name": name,
        "url": address,
        "group": feed_outline.group,
        "site_url": (outline.html_url or "").strip() or None,
        "language": _language(outline.language),
    }
    if outline.type in ("page", "sitemap", "json"):
        table["kind"] = outline.type
    if table["id"] in ids:
        table["id"] = slug(str(table["id"]), ids)
    try:
        return read_table(table)
    except Invalid as error:
        sentences = dict(problems(error, table))
    for key in ("site_url", "language"):
        if key in sentences:
            table[key] = None
            notes.append(f'"{name}" goes without its {key}: {sentences.pop(key)}')
    if sentences:
        notes.append(f'"{name}" is left out: {"; ".join(sentences.values())}')
        return None
    return read_table(table)


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
