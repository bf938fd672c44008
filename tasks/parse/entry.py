"""An entry, made of what a parser found; shared by every kind of document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import struct_time
from typing import Any

from tasks.text.dates import parse_date
from tasks.text.plain import printable
from warehouse.records import Document, Entry, Feed, Hints, Reject, digest


@dataclass(frozen=True, slots=True)
class Parsed:
    entries: tuple[Entry, ...]
    rejects: tuple[Reject, ...] = ()
    hints: Hints = field(default_factory=Hints)


LEGACY = {"zh": "gb18030", "ja": "shift_jis", "ko": "cp949", "ru": "windows-1251", "th": "cp874"}
"""What documents that don't say are most likely written in, where it isn't UTF-8."""


def reject_entry(document: Document, feed: Feed, position: int, name: object, error: Exception) -> Reject:
    message = f"{type(error).__name__}: {error}"
    return Reject("parse", message, feed.id, document.document_id, f"entry {position}: {name or ''}")


def make_entry(
    document: Document,
    feed: Feed,
    *,
    position: int,
    guid: str | None,
    link: str | None,
    title: str,
    author: str | None,
    published_at: datetime | None,
    updated_at: datetime | None,
    stated: tuple[str, str],
    language: str | None,
    categories: tuple[str, ...],
    content: str,
    content_type: str,
    summary: str,
    base_url: str,
    enclosures: tuple[str, ...],
    parsed: str,
) -> Entry:
    """The entry; its id is a digest of all that it says. `stated` are its dates as the document gives them."""
    entry_id = digest(
        "entry", feed.id, guid, link, title, author, *stated, content, summary, *categories, "|", *enclosures
    )
    return Entry(
        entry_id=entry_id,
        feed_id=feed.id,
        document_id=document.document_id,
        position=position,
        guid=guid,
        link=link,
        title=title,
        author=author,
        published_at=published_at,
        updated_at=updated_at,
        language=language,
        categories=categories,
        content_html=content,
        content_type=content_type,
        summary_html=summary,
        base_url=base_url,
        enclosures=enclosures,
        parsed=parsed,
    )


def clean_text(value: object) -> str:
    return printable(str(value)).strip()


def optional_text(value: object) -> str | None:
    return clean_text(value) or None if value else None


def unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def entry_date(text: object, parsed: object, feed: Feed, document: Document) -> datetime | None:
    if not text:
        return None
    moment = parse_date(str(text), timezone=feed.timezone, now=document.fetched_at)
    if moment or not isinstance(parsed, struct_time):
        return moment
    # a form only feedparser knows (Greek, Hungarian, Korean …)
    return parse_date("{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}Z".format(*parsed[:6]), now=document.fetched_at)


def to_json(raw: Mapping[str, Any], content: str) -> str:
    """Everything that was parsed. The text that raw.entries holds as content_html isn't repeated."""
    return json.dumps(_plain(dict(raw), content), ensure_ascii=False, allow_nan=False)


def _plain(value: Any, content: str) -> Any:
    if isinstance(value, str):
        if len(value) > 200 and value.strip() == content:
            return None
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(k): _plain(v, content) for k, v in value.items() if not str(k).endswith("_parsed")}
    if isinstance(value, struct_time):
        return None
    if isinstance(value, list | tuple):
        return [_plain(v, content) for v in value]
    return value if isinstance(value, int | float | bool) or value is None else clean_text(value)
