"""The main job: feeds to rows.

feeds.toml ─▶ fetch ─▶ landing zone ─▶ mill (parse, clean) ─▶ load ─▶ raw.*, clean.* ─▶ images ─▶ publish
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from prefect import flow
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from flows.images import download_images
from flows.run.alerts import tell_of_feeds
from flows.run.artifacts import publish_report
from flows.run.finishing import check_and_publish
from flows.run.pending import load_pending
from flows.run.recording import open_run, tag
from flows.run.report import Report, RunFailedError
from tasks.fetch.feed import next_state, reason_to_wait, state_of
from tasks.fetch.http import Client, open_client
from tasks.mill.pool import Mill, open_mill
from tasks.orchestration.limits import hosts_of, turn_of
from tasks.orchestration.pipeline import in_batches, milled_ahead
from tasks.orchestration.progress import progress
from tasks.orchestration.steps import elsewhere, fetch_or_explain, load_batch, mill_batch
from tasks.registry.feeds_file import choose, part_of, read_feeds
from tasks.settings import Settings, current_settings
from warehouse.load.batch import known_entries
from warehouse.load.operations import feed_states
from warehouse.records import Feed, FeedState, Fetch, Milled

NAMED = 3
"""Groups and feeds that a run's name has room for."""
TAGGED = 20
"""Feeds that are tags of their run, too."""


def _run_name() -> str:
    asked = flow_run.parameters
    named = [*(asked.get("groups") or ()), *(asked.get("feeds") or ())]
    which = ", ".join(named[:NAMED]) + (f" and {len(named) - NAMED} more" if len(named) > NAMED else "")
    part = f", part {asked['partition']}" if asked.get("partition") else ""
    return f"ingest {which or 'all feeds'}{part} {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@flow(name="ingest", flow_run_name=_run_name, validate_parameters=True)
async def ingest(
    feeds: list[str] | None = None,
    groups: list[str] | None = None,
    force: bool = False,
    images: bool = True,
    publish: bool = True,
    due_only: bool = False,
    partition: str | None = None,
) -> Report:
    """Fetch feeds, land their bytes, parse, clean and load what is new, download images, publish for analysts.

    Args:
        feeds: Ids of the feeds to ingest; all enabled ones when left empty.
        groups: Groups of feeds to ingest.
        force: Ask feeds that are backing off, too.
        images: Download the images of the articles, as each feed's policy says.
        publish: Publish the analysts' copy when anything changed.
        due_only: Leave out feeds that are not due yet by their own rhythm, as well as those that wait or are disabled;
            feeds that are named are asked in any case.
        partition: A part of the feeds, such as 1/4, for several runs that share them; a feed's part stays the same.
    """
    settings = current_settings()
    registry = await asyncio.to_thread(read_feeds, settings.feeds)
    chosen = choose(registry, feeds or (), groups or ())
    if partition:
        chosen = part_of(chosen, partition)
    parameters = {
        "feeds": feeds,
        "groups": groups,
        "force": force,
        "images": images,
        "publish": publish,
        "due_only": due_only,
        "partition": partition,
    }
    if feeds or groups:
        await tag(*_tags(chosen, groups or ()))
    async with open_run("ingest", settings, parameters) as run, open_client(settings, turn_of) as client:
        known: dict[str, frozenset[str]] = {}
        with open_mill(settings, registry, known) as mill:
            await load_pending(run, mill, settings)
            wanted, only_due = chosen, due_only and not force and not feeds
            chosen, states = await asyncio.to_thread(_remember, settings, chosen, known, only_due)
            asked = {feed.id for feed in chosen}
            left_out = [state_of(feed, states) for feed in wanted if feed.id not in asked]
            run.not_due, run.not_due_failing = len(left_out), sum(bool(s.consecutive_failures) for s in left_out)
            if not elsewhere() and any(not state_of(feed, states).is_conditional for feed in chosen):
                mill.warm()

            async def milled(batch: list[Fetch]) -> list[Milled]:
                documents = [fetch.document for fetch in batch if fetch.document]
                return await mill_batch(documents, mill, f"{len(documents)} documents") if documents else []

            fetched = _fetched(chosen, states, client, mill, settings, force=force)
            async with aclosing(milled_ahead(in_batches(fetched), milled)) as batches:
                async for batch, results in batches:
                    await _load(batch, results, run, mill, chosen, states, settings)
        if images:
            await download_images(run, client)
        await tell_of_feeds(run, settings)
        changed = bool(run.counts.documents or run.images_stored)
        await check_and_publish(run, settings, changed=changed, publish=publish)
        await publish_report(run)
        failing = {feed.id for feed in chosen if due_only and state_of(feed, states).consecutive_failures}
        _judge(run, settings, failing)
    return run


def _tags(chosen: Sequence[Feed], groups: Sequence[str]) -> list[str]:
    """By feed and host, as the tasks are; of a run with very many the tasks alone are."""
    few = chosen if len(chosen) <= TAGGED else ()
    hosts = hosts_of(*(feed.url for feed in few))
    return [f"group:{group}" for group in groups] + [f"feed:{f.id}" for f in few] + [f"host:{host}" for host in hosts]


def _judge(run: Report, settings: Settings, failing: Collection[str]) -> None:
    """Raises RunFailedError for a run that is to count as failed.

    That none could be fetched is no news where all that were due, for another try, are `failing` anyway.
    """
    if run.feeds and len(run.failed) == len(run.feeds) and any(line.feed_id not in failing for line in run.feeds):
        raise RunFailedError(f"none of the {len(run.feeds)} feeds could be fetched", run)
    if run.failed and run.failed_share > settings.fail_share:
        raise RunFailedError(
            f"{len(run.failed)} of the feeds that were asked failed; with those left alone since they did, "
            f"{run.failed_share:.0%}; NEWSMILL_FAIL_SHARE allows {settings.fail_share:.0%}. What the others brought is "
            "loaded",
            run,
        )
    if run.loaded_nothing and not run.not_due:
        raise RunFailedError("nothing could be loaded: all of it is in ops.rejects, with the reasons", run)


def _remember(
    settings: Settings, chosen: list[Feed], known: dict[str, frozenset[str]], due_only: bool
) -> tuple[list[Feed], dict[str, FeedState]]:
    """The feeds to ask and what is remembered of them; the entries they last held go into `known`."""
    now = datetime.now(UTC)
    with settings.store.reading() as connection:
        states = feed_states(connection)
        if due_only:
            chosen = [feed for feed in chosen if not reason_to_wait(state_of(feed, states), now, due_only=True)]
        known.update(known_entries(connection, [feed.id for feed in chosen]))
    return chosen, states


async def _fetched(
    chosen: Sequence[Feed],
    states: dict[str, FeedState],
    client: Client,
    mill: Mill,
    settings: Settings,
    *,
    force: bool,
) -> AsyncIterator[Fetch]:
    """Every feed, in the order in which they answer."""
    gate = asyncio.Semaphore(settings.concurrency)
    landing = settings.landing_zone

    async def one(feed: Feed) -> Fetch:
        async with gate:
            fetch = await fetch_or_explain(feed, state_of(feed, states), client, landing, force=force)
        if fetch.document and not elsewhere():
            mill.begin(fetch.document)  # while its batch is still being gathered
        return fetch

    asking = [asyncio.ensure_future(one(feed)) for feed in chosen]
    try:
        for done, answer in enumerate(asyncio.as_completed(asking), 1):
            yield await answer
            progress("feeds", done, len(chosen))
    finally:
        for each in asking:
            each.cancel()


async def _load(
    batch: Sequence[Fetch],
    milled: Sequence[Milled],
    run: Report,
    mill: Mill,
    chosen: Sequence[Feed],
    states: dict[str, FeedState],
    settings: Settings,
) -> None:
    feeds = {feed.id: feed for feed in chosen}
    remembered = []
    for each in batch:
        feed = feeds[each.feed_id]
        remembered.append((feed, each, next_state(state_of(feed, states), each, settings.bounds)))
    counts = await load_batch(
        milled,
        remembered,
        settings.store,
        settings.landing_zone,
        mill,
        run.run_id,
        f"{len(milled)} documents of {len(batch)} feeds",
        bounds=settings.bounds,
    )
    run.counts.add(counts)
    run.note(batch, milled, counts)
    log = get_run_logger()
    for each in batch:
        if each.outcome == "failed":
            log.warning("%s failed after %.1f s: %s", each.feed_id, each.seconds, each.error)
        else:
            log.debug("%s: %s in %.1f s, %d bytes", each.feed_id, each.outcome, each.seconds, each.bytes)
    log.info("%d feeds done: %d new articles, %d changed", len(run.feeds), run.counts.new, run.counts.changed)
