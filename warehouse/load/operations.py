"""The records newsmill keeps of its own work: runs, fetches, the state of feeds and images, watermarks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from warehouse.feed_descriptions import Rhythm
from warehouse.masking import mask
from warehouse.records import (
    Feed,
    FeedState,
    Fetch,
    HostRefusal,
    Image,
    PendingImage,
    Source,
    Validators,
)
from warehouse.store.sql_files import query
from warehouse.store.staging import fetch_by_ids, run_with_rows, stage
from warehouse.store.transactions import Connection, transact
from warehouse.watermark import Watermark


def feed_states(connection: Connection) -> dict[str, FeedState]:
    """feed_id → its state after the last run."""
    listed: dict[str, dict[str, Validators]] = defaultdict(dict)
    for feed_id, address, *validators in connection.execute(query("listed_sitemaps")).fetchall():
        listed[feed_id][address] = Validators(*validators)
    states = connection.execute(query("feed_states")).fetchall()
    return {row[0]: replace(FeedState(*row), listed=listed.get(row[0], {})) for row in states}


def failed_feeds(connection: Connection, flow_run_id: str) -> frozenset[str]:
    """The feeds that failed when a try of this flow run of Prefect's last asked them."""
    return frozenset(row[0] for row in connection.execute(query("failed_feeds"), [flow_run_id]).fetchall())


def record_fetches(
    connection: Connection,
    fetches: Sequence[tuple[Feed, Fetch, FeedState]],
    *,
    run_id: str,
) -> None:
    """Record the fetches and the new state of each feed. A skipped feed keeps its state."""
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
            "url": mask(feed.url),
            "site_url": feed.site_url and mask(feed.site_url),
            "language": feed.language,
            "feed_group": feed.group,
            "moved_to": state.moved_to,
            "last_fetched_at": fetch.started_at,
            "next_fetch_at": state.next_fetch_at,
            "consecutive_failures": state.consecutive_failures,
            "last_status": fetch.status,
            "last_error": fetch.error,
            "etag": _validator(fetch, fetch.etag),
            "last_modified": _validator(fetch, fetch.last_modified),
            "disabled_reason": state.disabled_reason,
            "max_age_seconds": _rounded(state.max_age_seconds),
            "due_at": state.due_at,
            "interval_seconds": _rounded(state.interval_seconds),
            "interval_reason": state.interval_reason,
            "missing_count": state.missing_count,
            "missing_since": state.missing_since,
        }
        for feed, fetch, state in fetches
        if fetch.outcome != "skipped"
    ]

    def work() -> None:
        run_with_rows(connection, "merge_fetches", view="stage_fetches", table="ops.fetches", rows=rows)
        run_with_rows(connection, "merge_feed_states", view="stage_states", table="ops.feeds", rows=states)

    transact(connection, work)


def _validator(fetch: Fetch, stated: str | None) -> str | None:
    """The validator if it replaces the document's; "" if that is of an address from which the feed moves, None if it
    stays."""
    if fetch.document and fetch.moved_to and fetch.document.final_url != fetch.moved_to:
        return ""
    return stated if fetch.status == 304 else None


def _rounded(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)


def learn_rhythms(
    connection: Connection, feed_ids: Collection[str], changed: Collection[str] = ()
) -> dict[str, Rhythm]:
    """feed_id → how often it publishes, and what it states about that itself.

    Measures the feeds that brought something (`changed`) or were never measured, and stores that in ops.feeds.
    """
    if not feed_ids:
        return {}
    rows = fetch_by_ids(connection, "rhythms", feed_ids)
    unmeasured = [row["feed_id"] for row in rows if row["newest_at"] is None]
    if changed or unmeasured:
        measured = fetch_by_ids(connection, "measured_rhythms", [*changed, *unmeasured])
        run_with_rows(connection, "merge_rhythms", view="stage_rhythms", table="ops.feeds", rows=measured)
    return {
        row.pop("feed_id"): Rhythm(
            **row | {"skip_hours": tuple(row["skip_hours"] or ()), "skip_days": tuple(row["skip_days"] or ())}
        )
        for row in fetch_by_ids(connection, "rhythms", feed_ids)
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
    """Insert the run's row, or update it."""
    row = {
        "run_id": run_id,
        "flow": flow,
        "parameters": mask(json.dumps(parameters, ensure_ascii=False, default=str)),
        "started_at": started_at,
        "finished_at": None if state == "running" else datetime.now(UTC),
        "state": state,
        "counts": json.dumps(counts or {}, ensure_ascii=False, default=str),
        "error": error and mask(error),
        "flow_run_id": flow_run_id,
        "newsmill_version": version("newsmill"),
    }
    run_with_rows(connection, "merge_run", view="stage_runs", table="ops.runs", rows=[row])


def enable_feed(connection: Connection, feed_id: str) -> None:
    """Clear why the feed was disabled and its failures, so that the next ingest fetches it."""
    connection.execute(query("enable_feed"), [feed_id])


def host_refusals(connection: Connection, now: datetime) -> list[HostRefusal]:
    """The hosts that must not be asked now."""
    return [HostRefusal(*row) for row in connection.execute(query("host_refusals"), [now]).fetchall()]


def record_host_refusals(connection: Connection, refusals: Sequence[HostRefusal], *, run_id: str) -> None:
    rows = [
        {
            "host": refusal.host,
            "refused_until": refusal.until,
            "status": refusal.status,
            "refused_at": refusal.refused_at,
            "run_id": run_id,
        }
        for refusal in refusals
    ]
    run_with_rows(connection, "merge_hosts", view="stage_hosts", table="ops.hosts", rows=rows)


@dataclass(frozen=True, slots=True)
class WantedImages:
    """Whose images a run fetches; None: of whatever."""

    feeds: tuple[str, ...] | None = None
    """Of articles in these feeds."""
    sources: tuple[Source, ...] | None = None
    """Of articles that came from these sources."""
    backfilled: bool | None = None
    """Of articles that a backfill brought (True), or that feeds brought when they were asked (False)."""
    published_since: datetime | None = None


EVERY_IMAGE = WantedImages()


def pending_images(
    connection: Connection,
    *,
    max_attempts: int,
    not_since: datetime,
    limit: int,
    refused_hosts: Sequence[str] = (),
    wanted: WantedImages = EVERY_IMAGE,
) -> list[PendingImage]:
    """At most `limit` images to fetch: never tried, or failed fewer than `max_attempts` times and not since then.

    Those of `refused_hosts` are left out, unless a proxy has them.
    """
    parameters = {
        "attempts": max_attempts,
        "since": not_since,
        "refused": list(refused_hosts),
        "limit": limit,
        "feeds": None if wanted.feeds is None else list(wanted.feeds),
        "sources": None if wanted.sources is None else list(wanted.sources),
        "backfilled": wanted.backfilled,
        "published_since": wanted.published_since,
    }
    rows = connection.execute(query("pending_images"), parameters).fetchall()
    return [PendingImage(*row) for row in rows]


def want_images(connection: Connection, feeds: Sequence[Feed]) -> None:
    """Make images pending that were skipped and that the feeds' image policies now ask for."""
    table = pa.table({"feed_id": [feed.id for feed in feeds], "policy": [feed.images for feed in feeds]})
    with stage(connection, "stage_policies", table):
        connection.execute(query("want_images"))


def record_images(connection: Connection, images: Sequence[Image]) -> None:
    """Store the results of fetching images."""
    rows = [{name: getattr(image, name) for name in Image.__slots__} for image in images]
    transact(
        connection,
        lambda: run_with_rows(
            connection, "merge_fetched_images", view="stage_fetched_images", table="clean.images", rows=rows
        ),
    )


@dataclass(frozen=True, slots=True)
class SilentFeed:
    """A feed that has brought nothing for longer than its rhythm says."""

    feed_id: str
    newest_at: datetime
    silent_from: datetime
    """By when an article should have come."""


def silent_feeds(connection: Connection, run_id: str) -> list[SilentFeed]:
    """Feeds that were not yet silent before this run."""
    return [SilentFeed(*row) for row in connection.execute(query("silent_feeds"), {"run": run_id}).fetchall()]


def watermark(connection: Connection, start: Watermark) -> Watermark:
    """How far that backfill has come; `start` itself if it never ran or has finished."""
    row = connection.execute(query("watermark"), [start.watermark_id]).fetchone()
    if not row or row[3]:
        return start
    return replace(start, mark=row[0], documents=row[1], started_at=row[2])


def record_watermark(connection: Connection, reached: Watermark, *, run_id: str) -> None:
    """Store how far a backfill has come; call it with the connection on which its batch was committed."""
    row = asdict(reached) | {
        "watermark_id": reached.watermark_id,
        "updated_at": datetime.now(UTC),
        "run_id": run_id,
    }
    run_with_rows(connection, "merge_watermark", view="stage_watermarks", table="ops.watermarks", rows=[row])


def loaded_finds(connection: Connection, source: Source) -> frozenset[int]:
    """Hashes of (document_id, feed_id, fetched_at) of the source's loaded articles. A hash takes 100 bytes."""
    return frozenset(map(hash, connection.execute(query("loaded_finds"), [source]).fetchall()))


def captures(connection: Connection, source: Source, feed_id: str) -> dict[str, datetime]:
    """Address → fetched_at of its newest document from that source."""
    return dict(connection.execute(query("captures"), [source, feed_id]).fetchall())
