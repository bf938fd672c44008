"""What keeps forgotten articles from coming back: marks, hashes of what names them, without texts and addresses.

An entry is a forgotten article's by its own id, or by an address or guid that named only that article when it was
forgotten. Feeds reuse guids, and link all entries to one page: what several articles share counts only together with
the title. The article's text is gone, so that no other evidence can be weighed (`warehouse.load.evidence`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from warehouse.digest import digest
from warehouse.load.containment import letters
from warehouse.records import Document, Milled
from warehouse.store.staging import Row, fetch_by_ids, run_with_rows
from warehouse.store.transactions import Connection


def mark_entry(entry_id: str) -> str:
    return digest("forgotten entry", entry_id)


def mark_key(key: str) -> str:
    return digest("forgotten key", key)


def mark_key_and_title(key: str, title: str) -> str:
    return digest("forgotten key and title", key, letters(title))


def make_marks(connection: Connection, article_ids: Collection[str], entry_ids: Iterable[str]) -> set[str]:
    """The marks of articles and of entries that the warehouse still has."""
    titles: dict[str, list[str]] = {}
    for row in fetch_by_ids(connection, "titles_of_articles", article_ids):
        titles.setdefault(row["article_id"], []).append(row["title"] or "")
    marks = {mark_entry(entry_id) for entry_id in entry_ids}
    for row in fetch_by_ids(connection, "keys_of_articles", article_ids):
        if row["is_shared"]:
            marks |= {mark_key_and_title(row["key"], title) for title in titles.get(row["article_id"], ())}
        else:
            marks.add(mark_key(row["key"]))
    return marks


def store_marks(connection: Connection, marks: Iterable[str], now: datetime) -> None:
    rows = [{"mark": mark, "forgotten_at": now} for mark in sorted(marks)]
    run_with_rows(connection, "insert_marks", view="stage_marks", table="ops.forgotten", rows=rows)


def count_marks(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) FROM ops.forgotten").fetchone()
    return int(row[0]) if row else 0


def forgotten_entries(connection: Connection, batch: Sequence[Milled]) -> dict[tuple[str, str, datetime], set[str]]:
    """Document's key → ids of its entries that are a forgotten article's. A page without a text has the id ""."""
    if connection.execute("SELECT 1 FROM ops.forgotten LIMIT 1").fetchone() is None:
        return {}
    marks = {milled.document.key: {name: set(found) for name, found in _marks(milled)} for milled in batch}
    asked = {mark for each in marks.values() for found in each.values() for mark in found}
    known = {row["mark"] for row in fetch_by_ids(connection, "known_marks", asked)}
    hits = {key: {name for name, found in each.items() if found & known} for key, each in marks.items()}
    return {key: names for key, names in hits.items() if names}


def _marks(milled: Milled) -> Iterator[tuple[str, Iterator[str]]]:
    """entry_id → every mark that would tell that it is forgotten."""
    keys: dict[str, tuple[str, ...]] = dict(milled.blocked_keys)
    titles = {entry.entry_id: entry.title for entry in milled.entries}
    for article in milled.articles:
        keys[article.entry_id], titles[article.entry_id] = article.keys, article.title
    for entry_id in (*titles, *milled.seen):
        yield entry_id, _marks_of(entry_id, keys.get(entry_id, ()), titles.get(entry_id, ""))


def _marks_of(entry_id: str, keys: Iterable[str], title: str) -> Iterator[str]:
    yield mark_entry(entry_id)
    for key in keys:
        yield mark_key(key)
        yield mark_key_and_title(key, title)


def _without(milled: Milled, forgotten: Collection[str]) -> Milled:
    """The document without those entries."""
    return replace(
        milled,
        entries=tuple(entry for entry in milled.entries if entry.entry_id not in forgotten),
        articles=tuple(article for article in milled.articles if article.entry_id not in forgotten),
        seen=tuple(entry_id for entry_id in milled.seen if entry_id not in forgotten),
        blocked={entry_id: rule for entry_id, rule in milled.blocked.items() if entry_id not in forgotten},
    )


def leave_out_forgotten(connection: Connection, batch: Sequence[Milled]) -> tuple[list[Milled], int]:
    """The batch without the entries of forgotten articles, and how many those are. Their documents are queued: in the
    landing zone, too, nothing of them is to stay."""
    hits = forgotten_entries(connection, batch)
    if not hits:
        return list(batch), 0
    queue_documents(connection, [_queued(milled.document) for milled in batch if milled.document.key in hits])
    kept = [
        _without(milled, hits.get(milled.document.key, set()))
        for milled in batch
        if not (milled.page and milled.document.key in hits)
    ]
    return kept, sum(map(len, hits.values()))


def _queued(document: Document) -> Row:
    return {
        "path": document.landing_path,
        "document_id": document.document_id,
        "feed_id": document.feed_id,
        "fetched_at": document.fetched_at,
    }


def queue_documents(connection: Connection, documents: Iterable[Row]) -> None:
    """Documents that may hold forgotten entries: path, document_id, feed_id, fetched_at."""
    _queue(connection, ({"kind": "document", **document} for document in documents))


def queue(connection: Connection, kind: str, paths: Iterable[str | None] = (None,)) -> None:
    """Something else that is to be removed or rewritten."""
    others = {"document_id": None, "feed_id": None, "fetched_at": None}
    _queue(connection, ({"kind": kind, "path": path, **others} for path in paths))


def _queue(connection: Connection, erasures: Iterable[Mapping[str, object]]) -> None:
    now = datetime.now(UTC)
    rows = {}
    for erasure in erasures:
        parts = (erasure[name] for name in ("kind", "path", "document_id", "feed_id", "fetched_at"))
        erasure_id = digest("erasure", *(None if part is None else str(part) for part in parts))
        rows[erasure_id] = {"erasure_id": erasure_id, **erasure, "queued_at": now}
    run_with_rows(connection, "insert_erasures", view="stage_erasures", table="ops.erasures", rows=list(rows.values()))
