"""Making an entry from the fields that a parser has read. Shared by all formats."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from time import struct_time
from typing import Any

from tasks.errors import error_text
from tasks.text.dates import parse_date
from tasks.text.plain import printable
from warehouse.digest import digest
from warehouse.feed_descriptions import About, Hints
from warehouse.records import Document, Enclosure, Entry, Feed, Reject

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
MAX_LANGUAGE = 100
"""Characters of a feed's language. Each entry repeats it, and no tag of a language is so long."""
MIN_REPEATED_TEXT = 200
"""Characters from which a text that is the entry's content is left out of `Entry.parsed`."""


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    entries: tuple[Entry, ...]
    rejects: tuple[Reject, ...] = ()
    hints: Hints = field(default_factory=Hints)
    about: About | None = None


@dataclass(frozen=True, slots=True)
class EntryFields:
    """What a parser reads of one entry; see `warehouse.records.Entry` for the fields."""

    guid: str | None
    link: str | None
    title: str
    authors: tuple[str, ...]
    published_at: datetime | None
    updated_at: datetime | None
    stated_dates: tuple[str, str]
    """The dates of publication and update as the document writes them. They are a part of the entry's id."""
    language: str | None
    categories: tuple[str, ...]
    content: str
    content_type: str
    summary: str
    base_url: str
    enclosures: tuple[str, ...]
    parsed: str
    content_base: str | None = None
    widest_first: tuple[str, ...] = ()
    """The enclosures in the order in which they may stand for the entry, if that is not the document's. The entry's id
    depends on the document's order only."""
    title_is_plain: bool = False
    files: tuple[Enclosure, ...] = ()
    is_free: bool | None = None
    next_page: str | None = None
    plain_version: str | None = None
    lead_image: str | None = None


def make_entry(fields: EntryFields, document: Document, feed: Feed, position: int) -> Entry:
    """The entry at this position in the document, counted from 0. Its id is a digest of its content and metadata."""
    author = ", ".join(fields.authors) or None
    return Entry(
        entry_id=digest(
            "entry",
            feed.id,
            fields.guid,
            fields.link,
            fields.title,
            author,
            *fields.stated_dates,
            fields.content,
            fields.summary,
            *fields.categories,
            "|",
            *fields.enclosures,
            # addresses without their queries: some hosts sign each answer's anew
            *(file.url.partition("?")[0] for file in fields.files if file.url not in fields.enclosures),
        ),
        feed_id=feed.id,
        document_id=document.document_id,
        position=position,
        guid=fields.guid,
        link=fields.link,
        title=fields.title,
        author=author,
        published_at=fields.published_at,
        updated_at=fields.updated_at,
        language=fields.language,
        categories=fields.categories,
        content_html=fields.content,
        content_type=fields.content_type,
        summary_html=fields.summary,
        base_url=fields.base_url,
        enclosures=fields.widest_first or fields.enclosures,
        parsed=fields.parsed,
        content_base=fields.content_base,
        title_is_plain=fields.title_is_plain,
        authors=fields.authors,
        files=fields.files,
        is_free=fields.is_free,
        next_page=fields.next_page,
        plain_version=fields.plain_version,
        lead_image=fields.lead_image,
    )


def reject_entry(document: Document, feed: Feed, position: int, name: object, error: Exception) -> Reject:
    """The reject of an entry that cannot be parsed; `name` is its guid or address."""
    return Reject("parse", error_text(error), feed.id, document.document_id, f"entry {position}: {name or ''}")


def clean_text(value: object) -> str:
    return printable(str(value)).strip()


def optional_text(value: object) -> str | None:
    return clean_text(value) or None if value else None


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """The values that are not empty, each once, in order."""
    return tuple(dict.fromkeys(value for value in values if value))


def entry_date(text: object, parsed: object, feed: Feed, document: Document) -> datetime | None:
    """The moment of a date as the entry writes it; `parsed` is what feedparser made of it."""
    if not text:
        return None
    moment = parse_date(str(text), timezone=feed.timezone, now=document.fetched_at)
    if moment or not isinstance(parsed, struct_time):
        return moment
    # only feedparser knows the formats of Greek, Hungarian and Korean feeds
    return parse_date("{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}Z".format(*parsed[:6]), now=document.fetched_at)


def to_json(raw: Mapping[str, Any], content: str) -> str:
    """Everything the parser has read, as JSON, without repeating `content`, which raw.entries has in content_html."""
    return _ENCODER.encode(_to_plain(dict(raw), content))


def _to_plain(value: Any, content: str) -> Any:
    """The value in types that JSON has."""
    if isinstance(value, str):
        if len(value) > MIN_REPEATED_TEXT and value.strip() == content:
            return None
        return clean_text(value)
    if isinstance(value, dict):
        return {
            name if name.isidentifier() else clean_text(name): _to_plain(member, content)
            for name, member in value.items()
            if not name.endswith("_parsed")
        }
    if isinstance(value, struct_time):
        return None
    if isinstance(value, list | tuple):
        return [_to_plain(member, content) for member in value]
    if isinstance(value, float) and not isfinite(value):  # Python reads NaN and 1e999, which JSON does not have
        return None
    return value if isinstance(value, int | float | bool) or value is None else clean_text(value)
