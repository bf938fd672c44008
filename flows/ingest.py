"""The main job: feeds to rows.

feeds.toml ─▶ fetch ─▶ landing zone ─▶ mill (parse, clean) ─▶ load ─▶ raw.*, clean.* ─▶ pages ─▶ images ─▶ publish
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from prefect import flow
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.images import download_images
from flows.pages import read_pages
from flows.run.alerts import alert_on_feeds
from flows.run.artifacts import publish_report
from flows.run.client import open_run_client
from flows.run.failures import say_what_failed
from flows.run.finishing import check_and_publish
from flows.run.pending import load_pending
from flows.run.recording import open_run, tag_run
from flows.run.report import Report, RunFailedError
from flows.run.robots import open_robots, read_known
from tasks.fetch.feed import judge_by_content, next_state, reason_to_wait, state_of
from tasks.fetch.http import Client
from tasks.fetch.robots import Robots
from tasks.load import Batch
from tasks.mill.pool import MillingPool, open_milling_pool
from tasks.orchestration.limits import host_names
from tasks.orchestration.pipeline import batch_fetches, mill_ahead
from tasks.orchestration.progress import report_progress
from tasks.orchestration.steps import fetch_or_record_failure, load_batch, mill_batch, mills_remotely
from tasks.registry.feeds_file import choose, part_of, read_registry
from tasks.settings import Settings, current_settings
from warehouse.counting import counted
from warehouse.load.batch import known_entries
from warehouse.load.operations import WantedImages, failed_feeds, feed_states
from warehouse.records import Feed, FeedState, Fetch, Milled

NAMED = 3
"""Groups and feeds that a run's name has room for."""
TAGGED = 20
"""The most feeds for which a run has a tag each."""


def _run_name() -> str:
    parameters = flow_run.parameters
    names = [*(parameters.get("groups") or ()), *(parameters.get("feeds") or ())]
    subject = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    part = f", part {parameters['partition']}" if parameters.get("partition") else ""
    return f"ingest {subject or 'all feeds'}{part} {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@flow(name="ingest", flow_run_name=_run_name, validate_parameters=True)
@say_what_failed
async def ingest(
    feeds: list[str] | None = None,
    groups: list[str] | None = None,
    force: bool = False,
    pages: bool = True,
    images: bool = True,
    publish: bool = True,
    due_only: bool = False,
    partition: str | None = None,
) -> Report:
    """Fetch feeds, land their bytes, parse, clean and load what is new, download images, publish for analysts.

    Args:
        feeds: Ids of the feeds to ingest; all enabled ones when left empty.
        groups: Groups of feeds to ingest.
        force: Ask feeds that are backing off, too, and hosts that asked to be left alone.
        pages: Fetch the articles' own pages where the feed gives a teaser, as each feed's full_text says, and ask those
            again that are due.
        images: Download the images of the articles, as each feed's policy says.
        publish: Publish the analysts' copy when anything changed.
        due_only: Leave out feeds that are not due yet by their own rhythm, as well as those that wait or are disabled;
            feeds that are named are asked in any case.
        partition: A part of the feeds, such as 1/4, for several runs that share them; a feed's part stays the same.
    """
    settings = current_settings()
    registry, shared_filters = await asyncio.to_thread(read_registry, settings.feeds)
    chosen = choose(registry, feeds or (), groups or ())
    if partition:
        chosen = part_of(chosen, partition)
    asked = {"feeds": feeds, "groups": groups, "partition": partition, "due_only": due_only}
    parameters = {**asked, "force": force, "pages": pages, "images": images, "publish": publish}
    if feeds or groups:
        await tag_run(*_tags(chosen, groups or ()))
    async with (
        open_run("ingest", settings, parameters) as run,
        open_run_client(run, settings, registry, force=force) as client,
    ):
        known: dict[str, frozenset[str]] = {}
        with open_milling_pool(settings, registry, known, shared_filters=shared_filters) as pool:
            await load_pending(run, pool, settings)
            async with open_robots(client) as robots:
                ingesting = _Ingest(run, settings, client, robots, pool, force, known)
                ingesting.retried = await asyncio.to_thread(_failed_before, settings)
                await ingesting.choose_feeds(chosen, due_only=due_only and not force and not feeds)
                await ingesting.fetch_and_load()
                if pages:
                    part = chosen if feeds or groups or partition else None
                    await read_pages(run, client, robots, pool, registry, chosen=part)
        if images:
            await download_images(run, client, WantedImages(tuple(feed.id for feed in chosen), backfilled=False))
        run.failure = _failure(run, settings, ingesting.failing_before if due_only else ())
        await alert_on_feeds(run, settings, ingesting.failing_before)
        changed = bool(run.counts.documents or run.images_stored or run.gone)
        await check_and_publish(run, settings, changed=changed, publish=publish)
        await publish_report(run)
        if run.failure:
            raise RunFailedError(run.failure, run)
    return _told(run)


def _told(run: Report) -> Report:
    """The run's result. That nothing was asked stands in its state, too: a green run in Prefect's UI then says that no
    feed succeeded."""
    return cast("Report", Completed(message=run.asked_nothing, data=run)) if run.asked_nothing else run


def _failed_before(settings: Settings) -> frozenset[str]:
    """The feeds that failed in the last try of this flow run, if it is tried again: with Retry in Prefect's UI."""
    if not flow_run.id or (flow_run.run_count or 0) < 2:
        return frozenset()
    with settings.store.reading() as connection:
        return failed_feeds(connection, flow_run.id)


def _tags(chosen: Sequence[Feed], groups: Sequence[str]) -> list[str]:
    """The groups, the feeds and their hosts. With more than TAGGED feeds, only the tasks have these two as tags."""
    tagged = chosen if len(chosen) <= TAGGED else ()
    hosts = host_names(*(feed.url for feed in tagged))
    return (
        [f"group:{group}" for group in groups] + [f"feed:{f.id}" for f in tagged] + [f"host:{host}" for host in hosts]
    )


def _failure(run: Report, settings: Settings, failing_before: Collection[str]) -> str | None:
    """Why the run counts as failed; None if it doesn't.

    A run in which only feeds failed that were `failing_before`, asked again as they were due, does not.
    """
    failed = run.failed_feeds
    if run.loaded_nothing and not run.not_due:
        return "nothing could be loaded: all of it is in ops.rejects, with the reasons"
    if failed and len(failed) == len(run.feeds) and any(line.feed_id not in failing_before for line in run.feeds):
        return f"nothing could be fetched: {counted(len(failed), 'feed')} failed"
    if failed and run.failed_share > settings.fail_share:
        return (
            f"{len(failed)} of the feeds that were asked failed; with those left alone since they did, "
            f"{run.failed_share:.0%}; NEWSMILL_FAIL_SHARE allows {settings.fail_share:.0%}. What the others brought is "
            "loaded"
        )
    return None


@dataclass
class _Ingest:
    """Fetching, milling and loading the feeds of one run."""

    run: Report
    settings: Settings
    client: Client
    robots: Robots
    pool: MillingPool
    force: bool
    known: dict[str, frozenset[str]]
    """The entries that each feed held when it was last loaded, which the pool leaves out."""
    feeds: dict[str, Feed] = field(default_factory=dict)
    """The feeds to fetch, by id."""
    retried: frozenset[str] = frozenset()
    """Feeds that failed when this run was tried before, which it asks now even if they would have to wait."""
    states: dict[str, FeedState] = field(default_factory=dict)
    """Their states before this run."""

    async def choose_feeds(self, chosen: Sequence[Feed], *, due_only: bool) -> None:
        """Read the states of the chosen feeds and leave out those that are not due, if asked to."""
        feeds = await asyncio.to_thread(self._read_states, chosen, due_only)
        self.feeds = {feed.id: feed for feed in feeds}
        not_due = [state_of(feed, self.states) for feed in chosen if feed.id not in self.feeds]
        self.run.not_due = len(not_due)
        self.run.not_due_failing = sum(bool(state.consecutive_failures) for state in not_due)

    def _read_states(self, chosen: Sequence[Feed], due_only: bool) -> Sequence[Feed]:
        now = datetime.now(UTC)
        with self.settings.store.reading() as connection:
            self.states = feed_states(connection)
            read_known(self.robots, connection)
            if due_only:
                chosen = [
                    feed
                    for feed in chosen
                    if feed.id in self.retried or not reason_to_wait(state_of(feed, self.states), now, due_only=True)
                ]
            self.known.update(known_entries(connection, [feed.id for feed in chosen]))
        return chosen

    @property
    def failing_before(self) -> set[str]:
        """The ids of the feeds that were failing when this run asked them."""
        return {feed.id for feed in self.feeds.values() if state_of(feed, self.states).consecutive_failures}

    async def fetch_and_load(self) -> None:
        if not mills_remotely() and any(not state_of(feed, self.states).is_conditional for feed in self.feeds.values()):
            self.pool.start()  # at least one feed will send a document

        async def mill(batch: list[Fetch]) -> list[Milled]:
            documents = [document for fetch in batch for document in fetch.documents]
            return await mill_batch(documents, self.pool, counted(len(documents), "document")) if documents else []

        async with aclosing(mill_ahead(batch_fetches(self._fetch_all()), mill)) as ahead:
            async for fetches, milled in ahead:
                await self._load(fetches, milled)

    async def _fetch_all(self) -> AsyncIterator[Fetch]:
        """Every feed's fetch, in the order in which they finish."""
        gate = asyncio.Semaphore(self.settings.concurrency)
        landing = self.settings.landing_zone

        async def fetch_one(feed: Feed) -> Fetch:
            async with gate:
                state = state_of(feed, self.states)
                force = self.force or feed.id in self.retried
                fetch = await fetch_or_record_failure(feed, state, self.client, self.robots, landing, force=force)
            if not mills_remotely():
                # before it joins a batch, so that no batch waits for a document that takes long
                await asyncio.gather(*map(self.pool.mill_early, fetch.documents))
            return fetch

        fetching = [asyncio.ensure_future(fetch_one(feed)) for feed in self.feeds.values()]
        try:
            for done, fetch in enumerate(asyncio.as_completed(fetching), 1):
                yield await fetch
                report_progress("feeds", done, len(fetching))
        finally:
            for task in fetching:
                task.cancel()

    async def _load(self, fetches: Sequence[Fetch], milled: Sequence[Milled]) -> None:
        run, settings = self.run, self.settings
        by_document = {result.document.key: result for result in milled}
        fetches = [judge_by_content(f, [by_document[document.key] for document in f.documents]) for f in fetches]
        feeds = [self.feeds[fetch.feed_id] for fetch in fetches]
        batch = Batch(
            store=settings.store,
            run_id=run.run_id,
            milled=milled,
            fetches=[
                (feed, fetch, next_state(state_of(feed, self.states), fetch, settings.bounds))
                for feed, fetch in zip(feeds, fetches, strict=True)
            ],
            landing=settings.landing_zone,
            bounds=settings.bounds,
        )
        label = f"{counted(len(milled), 'document')} of {counted(len(fetches), 'feed')}"
        counts = await load_batch(batch, self.pool, label)
        run.counts.add(counts)
        run.add_feeds(fetches, milled, counts)
        log = get_run_logger()
        for fetch in fetches:
            if fetch.outcome == "failed":
                log.warning("%s failed after %.1f s: %s", fetch.feed_id, fetch.seconds, fetch.error)
            else:
                log.debug("%s: %s in %.1f s, %d bytes", fetch.feed_id, fetch.outcome, fetch.seconds, fetch.bytes)
        done, new = counted(len(run.feeds), "feed"), counted(run.counts.new, "new article")
        log.info("%s done: %s, %d changed", done, new, run.counts.changed)
