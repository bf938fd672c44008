"""What happened to articles: recorded in the transaction in which it happens, so that no event is lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from warehouse.digest import digest
from warehouse.load.history import History
from warehouse.store.staging import fetch_by_ids, run_with_rows
from warehouse.store.transactions import Connection


def record_histories(connection: Connection, histories: Iterable[History]) -> None:
    """Articles that a batch brought, or whose text it changed."""
    events = [event for history in histories if (event := _event(history))]
    _record(connection, sorted(events, key=lambda event: event["seen_at"]))


def _event(history: History) -> dict[str, Any] | None:
    now = history.after[-1]
    if history.before and history.before[-1].content_hash == now.content_hash:
        return None
    document = next((s.document for s in history.in_batch if s.content_hash == now.content_hash), None)
    if document is None:  # an earlier text became the current one again
        document = history.newest.document
    return {
        "kind": "edited" if history.before else "new",
        "article_id": history.article_id,
        "feed_id": now.feed_id,
        "source": document.request.source if document.request else document.source,
        "content_hash": now.content_hash,
        "version": len(history.after),
        "seen_at": document.fetched_at,
        "reason": None,
    }


def record_removals(connection: Connection, removed: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Articles that are gone: article_id, feed_id, source and reason of each."""
    others = {"kind": "removed", "content_hash": None, "version": None, "seen_at": now}
    _record(connection, [{**row, **others} for row in removed])


def record_returns(connection: Connection, read: Mapping[str, datetime]) -> None:
    """Articles that were gone and whose pages were read again: article_id → when, before clean.pages has it.

    Whoever has removed them learns of it as of an edit.
    """
    others = {"kind": "edited", "reason": "its page, which was gone, is there again"}
    events = []
    for row in fetch_by_ids(connection, "gone_pages", read):
        asked_at, read_at = row.pop("fetched_at"), read[row["article_id"]]
        if read_at > asked_at:
            events.append({**row, **others, "seen_at": read_at})
    _record(connection, events)


def _record(connection: Connection, events: Iterable[dict[str, Any]]) -> None:
    now = datetime.now(UTC)
    rows = [{**event, "event_id": _name(event), "recorded_at": now} for event in events]
    run_with_rows(connection, "insert_events", view="stage_events", table="ops.article_events", rows=rows)


def _name(event: Mapping[str, Any]) -> str:
    """The same for the same event, in every warehouse that is built of the same documents."""
    seen_at: datetime = event["seen_at"]
    return digest("event", event["kind"], event["article_id"], event["content_hash"], seen_at.isoformat())
