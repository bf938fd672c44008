"""What newsmill keeps of its own work: runs, fetches, the state of feeds and of images."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from warehouse.records import Feed, FeedState, Fetch, Image, PendingImage, Rhythm, Source, Watermark
from warehouse.store.sql_files import query
from warehouse.store.staging import fetch, staged, write
from warehouse.store.transactions import Connection, transact


def feed_states(connection: Connection) -> dict[str, FeedState]:
    """feed_id → what is remembered of it."""
    return {row[0]: FeedState(*row) for row in connection.execute(query("feed_states")).fetchall()}


def record_fetches(
    connection: Connection,
    fetches: Sequence[tuple[Feed, Fetch, FeedState]],
    *,
    run_id: str,
) -> None:
    """Record how asking went, and what is now to be remembered of each feed. A skipped feed's state stays."""
    rows = [
        {
            "run_id": run_id,
            "feed_id": fetch.feed_id,
            "url": fetch.url,
            "started_at": fetch.started_at,
            "seconds": fetch.seconds,
            "outcome": fetch.outcome,
            "status": fetch.status,
            "bytes": fetch.bytes,
            "attempts": fetch.attempts,
            "error": fetch.error,
        }
        for _, fetch, _ in fetches
    ]
    states = [
        {
            "feed_id": feed.id,
            "name": feed.name,
            "url": feed.url,
            "site_url": feed.site_url,
            "language": feed.language,
            "feed_group": feed.group,
            "moved_to": state.moved_to,
            "last_fetched_at": fetch.started_at,
            "next_fetch_at": state.next_fetch_at,
            "consecutive_failures": state.consecutive_failures,
            "last_status": fetch.status,
            "last_error": fetch.error,
            "disabled_reason": state.disabled_reason,
            "max_age_seconds": _whole(state.max_age_seconds),
            "due_at": state.due_at,
            "interval_seconds": _whole(state.interval_seconds),
            "interval_reason": state.interval_reason,
            "missing_count": state.missing_count,
            "missing_since": state.missing_since,
        }
        for feed, fetch, state in fetches
        if fetch.outcome != "skipped"
    ]

    def work() -> None:
        write(connection, "merge_fetches", stage="stage_fetches", table="ops.fetches", rows=rows)
        write(connection, "merge_feed_states", stage="stage_states", table="ops.feeds", rows=states)

    transact(connection, work)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)


def learn_rhythms(
    connection: Connection, feed_ids: Collection[str], changed: Collection[str] = ()
) -> dict[str, Rhythm]:
    """How often the feeds publish, with what they say of it themselves.

    It is measured where they brought something (`changed`), or where it never was, and remembered in ops.feeds.
    """
    if not feed_ids:
        return {}
    unknown = [row["feed_id"] for row in fetch(connection, "rhythms", feed_ids) if row["newest_at"] is None]
    measured = fetch(connection, "measured_rhythms", [*changed, *unknown]) if changed or unknown else []
    write(connection, "merge_rhythms", stage="stage_rhythms", table="ops.feeds", rows=measured)
    found = fetch(connection, "rhythms", feed_ids)
    return {
        row.pop("feed_id"): Rhythm(
            **row | {"skip_hours": tuple(row["skip_hours"] or ()), "skip_days": tuple(row["skip_days"] or ())}
        )
        for row in found
    }


def record_run(
    connection: Connection,
    *,
    run_id: str,
    flow: str,
    parameters: Mapping[str, Any],
    started_at: datetime,
    state: str,
    counts: Mapping[str, Any] | None = None,
    error: str | None = None,
    flow_run_id: str | None = None,
) -> None:
    """Write the run's row, or bring it up to date."""
    row = {
        "run_id": run_id,
        "flow": flow,
        "parameters": json.dumps(parameters, ensure_ascii=False, default=str),
        "started_at": started_at,
        "finished_at": None if state == "running" else datetime.now(UTC),
        "state": state,
        "counts": json.dumps(counts or {}, ensure_ascii=False, default=str),
        "error": error,
        "flow_run_id": flow_run_id,
        "newsmill_version": version("newsmill"),
    }
    write(connection, "merge_run", stage="stage_runs", table="ops.runs", rows=[row])


def enable_feed(connection: Connection, feed_id: str) -> None:
    """Forget why a feed was disabled and its failures: the next ingest asks it again."""
    connection.execute(query("enable_feed"), [feed_id])


def pending_images(connection: Connection, *, max_attempts: int, not_since: datetime, limit: int) -> list[PendingImage]:
    """Images to fetch: those never tried, and those that failed fewer than `max_attempts` times, not lately."""
    found = connection.execute(query("pending_images"), [max_attempts, not_since, limit]).fetchall()
    return [PendingImage(*row) for row in found]


def want_images(connection: Connection, feeds: Sequence[Feed]) -> None:
    """Apply the feeds' image policies to images that were skipped under a narrower one."""
    table = pa.table({"feed_id": [feed.id for feed in feeds], "policy": [feed.images for feed in feeds]})
    with staged(connection, "stage_policies", table):
        connection.execute(query("want_images"))


def record_images(connection: Connection, images: Sequence[Image]) -> None:
    """Record how fetching images went."""
    rows = [{name: getattr(image, name) for name in Image.__slots__} for image in images]
    transact(
        connection,
        lambda: write(
            connection, "merge_fetched_images", stage="stage_fetched_images", table="clean.images", rows=rows
        ),
    )


@dataclass(frozen=True, slots=True)
class SilentFeed:
    """A feed that has brought nothing for longer than its rhythm says."""

    feed_id: str
    newest_at: datetime
    silent_from: datetime
    """When an article should have come at the latest."""


def silent_feeds(connection: Connection, run_id: str) -> list[SilentFeed]:
    """Feeds that the run found silent for the first time."""
    return [SilentFeed(*row) for row in connection.execute(query("silent_feeds"), {"run": run_id}).fetchall()]


def watermark(connection: Connection, beginning: Watermark) -> Watermark:
    """How far that backfill has come; `beginning` itself, where it was never begun or has been finished."""
    row = connection.execute(query("watermark"), [beginning.watermark_id]).fetchone()
    if not row or row[3]:
        return beginning
    return replace(beginning, mark=row[0], documents=row[1], started_at=row[2])


def record_watermark(connection: Connection, reached: Watermark, *, run_id: str) -> None:
    """Remember how far a backfill has come; in the same opening of the warehouse in which its batch was committed."""
    row = asdict(reached) | {
        "watermark_id": reached.watermark_id,
        "updated_at": datetime.now(UTC),
        "run_id": run_id,
    }
    write(connection, "merge_watermark", stage="stage_watermarks", table="ops.watermarks", rows=[row])


def loaded_finds(connection: Connection, source: Source) -> frozenset[int]:
    """Hashes of (document_id, feed_id, fetched_at) of the articles that came by that source: 100 bytes for each."""
    return frozenset(map(hash, connection.execute(query("loaded_finds"), [source]).fetchall()))


def captures(connection: Connection, source: Source, feed_id: str) -> dict[str, datetime]:
    """The addresses of the documents that came by that source, and when each was as it is."""
    return dict(connection.execute(query("captures"), [source, feed_id]).fetchall())
