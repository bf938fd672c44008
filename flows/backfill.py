"""Backfilling: history, from whatever form it survives in, into the same tables.

an archive, saved feeds, the Wayback Machine … ─▶ finds ─▶ landing zone ─▶ mill ─▶ load, watermark ─▶ publish
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit

from prefect import flow

from flows.finishing import check_and_publish
from flows.images import download_images
from flows.pending import load_pending
from flows.report import publish_report
from flows.runs import Report, open_run
from tasks.backfill.finds import BackfillSource, Find, Kind, Plan, Wanted
from tasks.backfill.polite import Asker
from tasks.feeds import read_feeds, slug
from tasks.http import Client, open_client
from tasks.milling import Mill, open_mill
from tasks.progress import progress
from tasks.settings import Settings, current_settings
from tasks.steps import finds_in_batches, land_and_mill, load_batch, milled_ahead
from warehouse.errors import BackfillError
from warehouse.operations import captures, record_watermark, watermark
from warehouse.records import Feed, Milled, Reject, Watermark


def _run_name() -> str:
    return f"backfill {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@flow(name="backfill", flow_run_name=_run_name)
async def backfill(
    source: Kind,
    where: str,
    since: date | None = None,
    until: date | None = None,
    sites: list[str] | None = None,
    feed: str | None = None,
    limit: int | None = None,
    revision: str | None = None,
    history: bool = False,
    pages: bool = False,
    images: bool = False,
    publish: bool = True,
    dry_run: bool = False,
) -> Report:
    """Fill the warehouse with history. Killed and started again, it goes on where it was.

    Args:
        source: The form the history survives in: article files (archive), saved feed files (feeds), the Wayback
            Machine (wayback), a feed's older pages (paged), WARC files (warc), or a site's sitemaps (sitemap).
        where: A folder or file; for wayback, paged and sitemap a feed's id in feeds.toml or an address.
        since: The first day that is wanted; all when left empty.
        until: The last day that is wanted.
        sites: Only these sites: feed ids, or the names the source gives them.
        feed: The id of the feed that everything is counted to, where the source doesn't tell.
        limit: Stop after this many documents.
        revision: Of a git repository: the branch, tag or commit.
        history: Of a git repository: every version that every article ever had.
        pages: Of the Wayback Machine: the article pages below the address, not the feed.
        images: Download the images afterwards; later, `newsmill images` does it.
        publish: Publish the analysts' copy when anything changed.
        dry_run: Only say what would be done.
    """
    settings = current_settings()
    registry = await asyncio.to_thread(read_feeds, settings.feeds)
    wanted = Wanted(where, _start_of(since), _end_of(until), tuple(sites or ()), feed, revision, history, pages)
    parameters = _said(source, wanted, limit)
    async with (
        open_run("backfill", settings, {**parameters, "dry_run": dry_run}) as run,
        open_client(settings) as client,
    ):
        beginning = Watermark(source, where, json.dumps(parameters), None, 0, run.started_at)
        reached, opened = await asyncio.to_thread(_open, source, wanted, registry, client, settings, beginning)
        # where planning means reading all of it, or asking the server for all of it, that is done once
        plan = await opened.plan() if dry_run or source in ("archive", "feeds", "wayback") else Plan(None)
        run.says += _explained(plan, reached, settings, limit)
        if not dry_run:
            with open_mill(settings, registry) as mill:
                await load_pending(run, mill, settings)
                with settings.store.holding():
                    await _fill(opened, plan, reached, limit, run, mill, settings)
            if images:
                await download_images(run, client)
            changed = bool(run.counts.new or run.counts.changed or run.images_stored)
            await check_and_publish(run, settings, changed=changed, publish=publish)
        await publish_report(run)
    return run


async def _fill(
    source: BackfillSource,
    plan: Plan,
    reached: Watermark,
    limit: int | None,
    run: Report,
    mill: Mill,
    settings: Settings,
) -> None:
    """Load what the source finds, batch by batch, each with the watermark it reaches."""
    landing = settings.landing_zone
    begun = reached

    async def limited() -> AsyncIterator[Find]:
        done = begun.documents
        async for find in source.finds(begun.mark):
            if limit is not None and done >= limit:
                return
            done += 1
            yield find

    async def milled(batch: list[Find]) -> list[Milled]:
        return await land_and_mill(batch, source.source, mill, landing)

    async for batch, results in milled_ahead(finds_in_batches(limited()), milled):
        reached = replace(reached, mark=batch[-1].mark, documents=reached.documents + len(batch))
        counts = await load_batch(
            results,
            [],
            settings.store,
            landing,
            mill,
            run.run_id,
            f"{len(batch)} documents",
            rejects=[Reject("find", find.error, find.feed.id, None, find.location) for find in batch if find.error],
            reached=reached,
        )
        run.counts.add(counts)
        progress("documents", reached.documents, max(plan.items or 0, reached.documents))
    await asyncio.to_thread(_finish, settings, replace(reached, finished_at=datetime.now(UTC)), run.run_id)


def _finish(settings: Settings, reached: Watermark, run_id: str) -> None:
    with settings.store.writing() as connection:
        record_watermark(connection, reached, run_id=run_id)


def _open(
    kind: Kind,
    wanted: Wanted,
    registry: Sequence[Feed],
    client: Client,
    settings: Settings,
    beginning: Watermark,
) -> tuple[Watermark, BackfillSource]:
    """How far this backfill came before, and its source."""
    # each source brings libraries of its own; only that of the wanted one is imported
    with settings.store.reading() as connection:
        reached = watermark(connection, beginning)
        match kind:
            case "archive":
                from tasks.backfill.archive import Archive

                clones = settings.landing_zone.root / "clones"
                private = settings.allow_private_addresses
                return reached, Archive(wanted, registry, settings.max_page_bytes, clones, private)
            case "feeds":
                from tasks.backfill.saved import Saved

                return reached, Saved(wanted, registry, settings.max_feed_bytes)
            case "warc":
                from tasks.backfill.warc import Warc

                return reached, Warc(wanted, registry, settings.max_feed_bytes)
        feed = _feed(wanted, registry)
        asker = Asker(client, pause=settings.backfill_pause, delay=settings.retry_delay)
        match kind:
            case "paged":
                from tasks.backfill.paged import Paged

                return reached, Paged(wanted, feed, asker, settings.max_feed_bytes)
            case "wayback":
                from tasks.backfill.wayback import Wayback

                known = frozenset(captures(connection, "wayback", feed.id))
                base, page_bytes = settings.wayback_url, settings.max_page_bytes
                return reached, Wayback(wanted, feed, asker, base, settings.max_feed_bytes, page_bytes, known)
            case _:
                from tasks.backfill.sitemap import Sitemap

                known_pages = captures(connection, "sitemap", feed.id)
                return reached, Sitemap(wanted, feed, asker, settings.max_page_bytes, known=known_pages)


def _feed(wanted: Wanted, registry: Sequence[Feed]) -> Feed:
    """The feed that `where` names by its id or its address, else one made of the address."""
    named = wanted.feed or wanted.where
    for feed in registry:
        if named in (feed.id, feed.url) or wanted.where in (feed.id, feed.url):
            return feed if wanted.where in (feed.id, feed.url) else replace(feed, url=wanted.where)
    host = urlsplit(wanted.where).hostname if "://" in wanted.where else None
    if not host:
        raise BackfillError(
            f"{wanted.where}: neither a feed in the registry nor an address; `newsmill feeds list` shows the feeds"
        )
    return Feed(wanted.feed or slug(host, ()), host, wanted.where, site_url=wanted.where)


def _start_of(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


def _end_of(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) + timedelta(days=1) if day else None


def _said(source: Kind, wanted: Wanted, limit: int | None) -> dict[str, object]:
    """What was asked for, without what was left empty; with the source and place it names a watermark."""
    asked = {
        "source": source,
        "where": wanted.where,
        "since": wanted.since and wanted.since.isoformat(),
        "until": wanted.until and wanted.until.isoformat(),
        "sites": sorted(wanted.sites),
        "feed": wanted.feed,
        "revision": wanted.revision,
        "history": wanted.history,
        "pages": wanted.pages,
        "limit": limit,
    }
    return {name: value for name, value in asked.items() if value}


def _explained(plan: Plan, reached: Watermark, settings: Settings, limit: int | None) -> list[str]:
    """The plan in words, with how long it may take."""
    says = list(plan.says)
    if reached.mark is not None:
        says.append(f"goes on where an earlier run was killed: {reached.documents:,} documents are done")
    if plan.items is not None:
        left = max(0, (min(plan.items, limit) if limit else plan.items) - reached.documents)
        seconds = left / RATE + min(plan.requests, left) * settings.backfill_pause
        says.append(f"{left:,} documents to read; about {_duration(seconds)}")
    elif plan.requests:
        says.append(f"a request each {settings.backfill_pause:g} s; only the server knows how many")
    return says


RATE = 500
"""Documents a second, about: what two cores do; see benchmarks/README.md."""


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
