"""The messages of each outbox: made of events, sent, given up, tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from warehouse.store.rows import fetch_dicts
from warehouse.store.sql_files import query
from warehouse.store.staging import fetch_by_ids, run_with_rows
from warehouse.store.transactions import Connection, transact

State = Literal["pending", "sent", "dead"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are wanted."""

    feeds: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    backfilled: bool = True

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "feeds": None if self.feeds is None else list(self.feeds),
            "kinds": None if self.kinds is None else list(self.kinds),
            "backfilled": self.backfilled,
        }


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an article; columns of ops.article_events."""

    position: int
    event_id: str
    kind: str
    article_id: str
    feed_id: str
    source: str
    content_hash: str | None
    version: int | None
    seen_at: datetime
    recorded_at: datetime
    reason: str | None
    article: Mapping[str, Any] | None = None
    """Its text as it was; as it is now, if that version is no more; None of a removed one."""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A message after an attempt; columns of ops.outbox."""

    outbox: str
    event_id: str
    state: State
    attempts: int
    tried_at: datetime
    next_try_at: datetime | None = None
    http_status: int | None = None
    error: str | None = None


def begin(connection: Connection, outboxes: Sequence[str]) -> None:
    """Give outboxes that are new their cursors: they begin with what is recorded from now on."""

    def work() -> None:
        connection.execute(query("take_turn"))
        for outbox in outboxes:
            connection.execute(query("begin_outbox"), {"outbox": outbox})

    transact(connection, work)


def fill(connection: Connection, outbox: str, wanted: Wanted, now: datetime) -> None:
    """Make messages of the events since the last time."""

    def work() -> None:
        connection.execute(query("take_turn"))
        connection.execute(query("begin_outbox"), {"outbox": outbox})
        connection.execute(query("fill_outbox"), {"outbox": outbox, "now": now, **wanted.parameters})
        connection.execute(query("advance_outbox"), {"outbox": outbox})

    transact(connection, work)


def due(connection: Connection, outbox: str, now: datetime, most: int) -> list[Event]:
    """The messages to send now, in order."""
    return _events(connection, fetch_dicts(connection, "due_messages", {"outbox": outbox, "now": now, "most": most}))


def since(connection: Connection, position: int, wanted: Wanted, most: int) -> list[Event]:
    """The events after the position, oldest first."""
    parameters = {"since": position, "most": most, **wanted.parameters}
    return _events(connection, fetch_dicts(connection, "events_since", parameters))


def _events(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Event]:
    versions: dict[str, list[dict[str, Any]]] = {}
    for row in fetch_by_ids(connection, "event_articles", {row["article_id"] for row in rows}):
        versions.setdefault(row["article_id"], []).append(row)
    return [Event(**row, article=_article(row, versions.get(row["article_id"], ()))) for row in rows]


def _article(event: Mapping[str, Any], versions: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The event's text: the version with its hash, or the newest."""
    if event["kind"] == "removed" or not versions:
        return None
    return next((row for row in versions if row["content_hash"] == event["content_hash"]), versions[0])


def record_sent(connection: Connection, sent: Sequence[Sent]) -> None:
    rows = [asdict(each) for each in sent]
    transact(
        connection,
        lambda: run_with_rows(connection, "merge_outbox", view="stage_sent", table="ops.outbox", rows=rows),
    )


def retry(connection: Connection, outbox: str | None, now: datetime) -> int:
    """Make dead messages pending again, and let waiting ones wait no longer; returns how many."""
    row = connection.execute(
        "UPDATE ops.outbox SET state = 'pending', next_try_at = $now, attempts = 0 "
        "WHERE state <> 'sent' AND ($outbox IS NULL OR outbox = $outbox)",
        {"now": now, "outbox": outbox},
    ).fetchone()
    return int(row[0]) if row else 0


def messages(connection: Connection, state: State | None, most: int) -> list[dict[str, Any]]:
    """Messages, the oldest first: those in the state, or all that were not sent."""
    return fetch_dicts(connection, "messages", {"state": state, "most": most})
