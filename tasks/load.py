"""Loading a batch: milled documents, the feeds' states and a backfill's watermark, in one opening of the warehouse."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from tasks.rhythm import Bounds, schedule
from warehouse.counting import counted
from warehouse.counts import Counts
from warehouse.feed_descriptions import Rhythm
from warehouse.landing import Landing
from warehouse.load import operations
from warehouse.load.batch import load, load_rejects
from warehouse.load.pages import record_answers
from warehouse.page_answers import PageAnswer
from warehouse.records import Feed, FeedState, Fetch, Milled, Reject
from warehouse.store.connection import Warehouse
from warehouse.store.transactions import Connection
from warehouse.watermark import Watermark

Log = logging.Logger | logging.LoggerAdapter[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is loaded in one opening of the warehouse."""

    store: Warehouse
    run_id: str
    milled: Sequence[Milled] = ()
    fetches: Sequence[tuple[Feed, Fetch, FeedState]] = ()
    """Each fetch with its feed and the state that the feed is left in."""
    rejects: Sequence[Reject] = ()
    """What was rejected before milling."""
    watermark: Watermark | None = None
    """How far a backfill is once this is loaded."""
    landing: Landing | None = None
    """The landing zone, where the documents are then marked as loaded; None to leave them as they are."""
    bounds: Bounds = field(default_factory=Bounds)
    """For the fetches' states: when a feed may be due."""
    page_answers: Sequence[PageAnswer] = ()
    """What asking for pages brought; those without a document are recorded."""
    page_attempts: int = 1
    """Runs that try a page before it is given up."""


def log_batch(batch: Batch, log: Log) -> None:
    """At DEBUG: each document that was loaded, and everything that was rejected."""
    if not log.isEnabledFor(logging.DEBUG):
        return
    for milled in batch.milled:
        feed, document, entries, seen = milled.document.feed_id, milled.document, milled.entries, milled.seen
        log.debug("%s: %s: %s, %d seen before", feed, document.document_id, counted(len(entries), "entry"), len(seen))
    for reject in chain(batch.rejects, *(milled.rejects for milled in batch.milled)):
        log.debug("%s: rejected (%s): %s: %s", reject.feed_id, reject.step, reject.location, reject.error)


def commit_batch(batch: Batch) -> Counts:
    counts = Counts()
    with batch.store.writing(sum(milled.document.size for milled in batch.milled)) as connection:
        if batch.milled:
            counts = load(connection, batch.milled, run_id=batch.run_id)
        if batch.fetches:
            operations.record_fetches(connection, _schedule(connection, batch), run_id=batch.run_id)
        if batch.page_answers:
            record_answers(connection, batch.page_answers, max_attempts=batch.page_attempts)
        if batch.rejects:
            load_rejects(connection, batch.rejects, run_id=batch.run_id)
            counts.rejected += len(batch.rejects)
        if batch.watermark:
            operations.record_watermark(connection, batch.watermark, run_id=batch.run_id)
    if batch.landing:
        batch.landing.mark_loaded(milled.document for milled in batch.milled)
    return counts


def _schedule(connection: Connection, batch: Batch) -> list[tuple[Feed, Fetch, FeedState]]:
    """The fetches, their states completed with the time at which the feed is due; the articles just loaded count."""
    answered = [fetch.feed_id for _, fetch, _ in batch.fetches if fetch.outcome in ("fetched", "not-modified")]
    rhythms = operations.learn_rhythms(connection, answered, [milled.document.feed_id for milled in batch.milled])
    return [
        (feed, fetch, schedule(state, fetch, rhythms.get(feed.id, Rhythm()), batch.bounds))
        for feed, fetch, state in batch.fetches
    ]
