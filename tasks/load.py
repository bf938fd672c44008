"""Loading a batch: what was milled, how fetching went, and how far a backfill came, in one opening of the warehouse."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from tasks import rhythm
from tasks.rhythm import Bounds
from warehouse.landing import Landing
from warehouse.load import operations
from warehouse.load.batch import load, load_rejects
from warehouse.records import Counts, Feed, FeedState, Fetch, Milled, Reject, Rhythm, Watermark
from warehouse.store.connection import Warehouse
from warehouse.store.transactions import Connection

Log = logging.Logger | logging.LoggerAdapter[Any]


@dataclass(frozen=True, slots=True)
class Batch:
    milled: Sequence[Milled]
    fetches: Sequence[tuple[Feed, Fetch, FeedState]]
    rejects: Sequence[Reject]
    reached: Watermark | None
    store: Warehouse
    landing: Landing | None
    run_id: str
    bounds: Bounds


def log_batch(work: Batch, log: Log) -> None:
    """At DEBUG: each document that was loaded, and all that was rejected."""
    if not log.isEnabledFor(logging.DEBUG):
        return
    for milled in work.milled:
        feed, document, entries, seen = milled.document.feed_id, milled.document, milled.entries, milled.seen
        log.debug("%s: %s: %d entries, %d seen before", feed, document.document_id, len(entries), len(seen))
    for reject in chain(work.rejects, *(milled.rejects for milled in work.milled)):
        log.debug("%s: rejected (%s): %s: %s", reject.feed_id, reject.step, reject.location, reject.error)


def commit_batch(work: Batch) -> Counts:
    counts = Counts()
    with work.store.writing(sum(each.document.size for each in work.milled)) as connection:
        if work.milled:
            counts = load(connection, work.milled, run_id=work.run_id)
        if work.fetches:
            operations.record_fetches(connection, _scheduled(connection, work), run_id=work.run_id)
        if work.rejects:
            load_rejects(connection, work.rejects, run_id=work.run_id)
            counts.rejected += len(work.rejects)
        if work.reached:
            operations.record_watermark(connection, work.reached, run_id=work.run_id)
    if work.landing:
        work.landing.settle(each.document for each in work.milled)
    return counts


def _scheduled(connection: Connection, work: Batch) -> list[tuple[Feed, Fetch, FeedState]]:
    """The fetches with the states in which the feeds are due again, as what was just loaded shows."""
    answered = [each.feed_id for _, each, _ in work.fetches if each.outcome in ("fetched", "not-modified")]
    rhythms = operations.learn_rhythms(connection, answered, [each.document.feed_id for each in work.milled])
    return [
        (feed, each, rhythm.due(state, each, rhythms.get(feed.id, Rhythm()), work.bounds))
        for feed, each, state in work.fetches
    ]
