"""Export as an Atom feed (RFC 4287)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from warehouse.characters import UNPRINTABLE_IN_XML
from warehouse.errors import WarehouseError
from warehouse.export.source import MEMORY, SQL_MEMORY, feed_names, open_source, select_query
from warehouse.store.connection import Warehouse
from warehouse.store.sql_files import query

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FeedExport:
    data: bytes
    entries: int
    left_out: int
    """Rows that repeat an article, or have neither title nor address."""


def export_feed(
    source: Path | Warehouse,
    *,
    sql: str | None = None,
    sites: Sequence[str] = (),
    limit: int = 100,
    title: str | None = None,
) -> FeedExport:
    """The newest articles, or the newest of a query's rows, as an Atom feed (RFC 4287).

    A query must return title, url and published_at; article_id, updated_at, summary, content_html, author, authors and
    enclosures (a list of structs with url, media_type and bytes) are optional. Raises WarehouseError.
    """
    with open_source(source, SQL_MEMORY if sql else MEMORY) as connection:
        if sql:
            name = title or "newsmill"
            relation = select_query(connection, sql)
            if missing := {"title", "url", "published_at"} - set(relation.columns):
                raise WarehouseError(
                    f"the query gives no {', '.join(sorted(missing))}; a feed needs title, url and published_at"
                )
            columns = relation.columns
            rows = relation.order("published_at DESC NULLS LAST").limit(limit).fetchall()
        else:
            feeds = feed_names(connection, sites)
            name = title or ", ".join(feeds.get(site, site) for site in sites) or "newsmill"
            result = connection.execute(query("export_feed"), {"sites": list(sites), "limit": limit})
            columns = [column[0] for column in result.description]
            rows = result.fetchall()
    entries = [dict(zip(columns, row, strict=True)) for row in rows]
    return _build_feed(entries, name, _urn("feed", sql or "", *sites))


def _urn(*parts: str) -> str:
    """An id that is always the same for the same parts (RFC 9562, 5.5)."""
    return uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(["newsmill", *parts])).urn


def _build_feed(rows: Sequence[Mapping[str, Any]], title: str, feed_id: str) -> FeedExport:
    from feedgen.feed import FeedGenerator  # only this needs it

    from warehouse.export.atom_enclosures import Enclosures

    feed = FeedGenerator()
    feed.id(feed_id)
    feed.title(_printable(title))
    feed.author(name="newsmill")
    newest, ids = _EPOCH, set[str]()
    for row in rows:
        url, heading = _printable(row["url"]), " ".join(_printable(row["title"]).split())
        key = row.get("article_id") or url or heading
        if not key:
            continue
        entry_id = _urn("article", str(key))
        if entry_id in ids:  # a query's join may repeat an article; a feed must not (RFC 4287, 4.1.1)
            continue
        ids.add(entry_id)
        published = _as_datetime(row["published_at"])
        updated = _as_datetime(row.get("updated_at")) or published or _EPOCH
        newest = max(newest, updated)
        entry = feed.add_entry(order="append")
        entry.id(entry_id)
        entry.title(heading or url)
        if url.startswith(("http://", "https://")):
            entry.link(href=url)
        if published:
            entry.published(published)
        entry.updated(updated)
        for name in _list(row.get("authors")) or [row.get("author")]:
            if author := _printable(name):
                entry.author(name=author)
        entry.register_extension("enclosures", Enclosures, rss=False)
        for file in _list(row.get("enclosures")):
            if isinstance(file, dict) and (address := _printable(file.get("url"))):
                entry.enclosures.add(address, _printable(file.get("media_type")), _printable(file.get("bytes")))
        if summary := _printable(row.get("summary")):
            entry.summary(summary)
        if content := _printable(row.get("content_html")):
            entry.content(content, type="html")
        elif not url.startswith(("http://", "https://")):
            entry.content(heading)  # an entry without a link needs content (RFC 4287, 4.1.1.1)
    feed.updated(newest)
    return FeedExport(feed.atom_str(pretty=True), len(ids), len(rows) - len(ids))


def _list(value: object) -> list[Any]:
    """The value if it is a list: a query may give a column any type."""
    return value if isinstance(value, list) else []


def _printable(value: object) -> str:
    """The value as text that XML 1.0 allows (2.2); "" for None."""
    return "" if value is None else UNPRINTABLE_IN_XML.sub("", str(value)).strip()


def _as_datetime(value: object) -> datetime | None:
    """Without a time zone it is UTC. Raises WarehouseError if it is not a time."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise WarehouseError(f"published_at and updated_at must be times, and one is {value!r}; cast it to TIMESTAMPTZ")
