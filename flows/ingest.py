"""The main job: feeds to rows.

feeds.toml ─▶ fetch ─▶ landing zone ─▶ mill (parse, clean) ─▶ load ─▶ raw.*, clean.* ─▶ images ─▶ publish
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from prefect import flow

from flows.finishing import check_and_publish
from flows.images import download_images
from flows.pending import load_pending
from flows.report import publish_report
from flows.runs import NothingDoneError, Report, open_run
from tasks.feeds import choose, read_feeds
from tasks.fetch import next_state, state_of
from tasks.http import Client, open_client
from tasks.milling import Mill, open_mill
from tasks.progress import progress
from tasks.settings import Settings, current_settings
from tasks.steps import (
    fetch_or_explain,
    in_batches,
    load_batch,
    mill_batch,
    milled_ahead,
)
from warehouse.load import known_entries
from warehouse.operations import feed_states
from warehouse.records import Feed, FeedState, Fetch, Milled


def _run_name() -> str:
    return f"ingest {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@flow(name="ingest", flow_run_name=_run_name, validate_parameters=True)
async def ingest(
    feeds: list[str] | None = None,
    groups: list[str] | None = None,
    force: bool = False,
    images: bool = True,
    publish: bool = True,
) -> Report:
    """Fetch feeds, land their bytes, parse, clean and load what is new, download images, publish for analysts.

    Args:
        feeds: Ids of the feeds to ingest; all enabled ones when left empty.
        groups: Groups of feeds to ingest.
        force: Ask feeds that are backing off, too.
        images: Download the images of the articles, as each feed's policy says.
        publish: Publish the analysts' copy when anything changed.
    """
    settings = current_settings()
    registry = await asyncio.to_thread(read_feeds, settings.feeds)
    chosen = choose(registry, feeds or (), groups or ())
    parameters = {"feeds": feeds, "groups": groups, "force": force, "images": images, "publish": publish}
    async with open_run("ingest", settings, parameters) as run, open_client(settings) as client:
        known: dict[str, frozenset[str]] = {}
        with open_mill(settings, registry, known) as mill:
            await load_pending(run, mill, settings)
            states = await asyncio.to_thread(_remember, settings, chosen, known)

            async def milled(batch: list[Fetch]) -> list[Milled]:
                documents = [fetch.document for fetch in batch if fetch.document]
                return await mill_batch(documents, mill, f"{len(documents)} documents") if documents else []

            fetched = _fetched(chosen, states, client, mill, settings, force=force)
            async for batch, results in milled_ahead(in_batches(fetched), milled):
                await _load(batch, results, run, mill, chosen, states, settings)
        if images:
            await download_images(run, client)
        changed = bool(run.counts.documents or run.images_stored)
        await check_and_publish(run, settings, changed=changed, publish=publish)
        await publish_report(run)
        if run.feeds and len(run.failed) == len(run.feeds):
            raise NothingDoneError(f"none of the {len(run.feeds)} feeds could be fetched", run)
    return run


def _remember(settings: Settings, chosen: Sequence[Feed], known: dict[str, frozenset[str]]) -> dict[str, FeedState]:
    """What is remembered of the feeds; the entries they last held go into `known`."""
    with settings.store.reading() as connection:
        known.update(known_entries(connection, [feed.id for feed in chosen]))
        return feed_states(connection)


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
        if fetch.document:
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
        remembered.append((feed, each, next_state(state_of(feed, states), each)))
    counts = await load_batch(
        milled,
        remembered,
        settings.store,
        settings.landing_zone,
        mill,
        run.run_id,
        f"{len(milled)} documents of {len(batch)} feeds",
    )
    run.counts.add(counts)
    run.note(batch, milled, counts)
