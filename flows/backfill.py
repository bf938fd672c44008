"""Backfilling: history, from whatever form it survives in, into the same tables.

an archive, saved feeds, the Wayback Machine … ─▶ finds ─▶ landing zone ─▶ mill ─▶ load, watermark ─▶ publish
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from prefect import flow
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from flows.images import download_images
from flows.run.artifacts import publish_report
from flows.run.finishing import check_and_publish
from flows.run.pending import load_pending
from flows.run.recording import open_run, tag
from flows.run.report import Report, RunFailedError
from tasks.backfill.finds import BackfillSource, Find, Kind, Landed, Plan, Wanted, land_finds
from tasks.backfill.forms import Archive, Backfill, Paged, SavedFeeds, Sitemap, Warc, Wayback
from tasks.backfill.polite import Asker
from tasks.errors import BackfillError
from tasks.fetch.http import Client, open_client
from tasks.mill.pool import Mill, open_mill
from tasks.orchestration.limits import turn_of
from tasks.orchestration.pipeline import finds_in_batches, milled_ahead
from tasks.orchestration.progress import progress
from tasks.orchestration.steps import load_batch, mill_batch
from tasks.registry.feed_table import slug
from tasks.registry.feeds_file import read_feeds
from tasks.settings import Settings, current_settings
from tasks.text.urls import presentable
from warehouse.load.operations import captures, loaded_finds, record_watermark, watermark
from warehouse.read.queries import knows_source
from warehouse.records import Feed, Milled, Watermark, digest


def _run_name() -> str:
    wanted = flow_run.parameters["wanted"]
    kind, where = wanted.kind, presentable(wanted.where).rstrip("/").rpartition("/")[2]
    return f"backfill {kind} {where} {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


# A flow for each source, so that each deployment's form asks for what its source takes. To Prefect they are one.


@flow(name="backfill", flow_run_name=_run_name)
async def archive(wanted: Archive) -> Report:
    """Article files: a folder, zip, tar or git repository. Killed and started again, it goes on where it was."""
    return await _backfill(wanted)


@flow(name="backfill", flow_run_name=_run_name)
async def feeds(wanted: SavedFeeds) -> Report:
    """Saved feed files: a folder or zip. Killed and started again, it goes on where it was."""
    return await _backfill(wanted)


@flow(name="backfill", flow_run_name=_run_name)
async def wayback(wanted: Wayback) -> Report:
    """The Wayback Machine's captures of a feed or of pages. Killed and started again, it goes on where it was."""
    return await _backfill(wanted)


@flow(name="backfill", flow_run_name=_run_name)
async def paged(wanted: Paged) -> Report:
    """A feed's older pages (RFC 5005, WordPress, Blogger, JSON Feed). Killed, it goes on where it was."""
    return await _backfill(wanted)


@flow(name="backfill", flow_run_name=_run_name)
async def warc(wanted: Warc) -> Report:
    """WARC files: a file or a folder. Killed and started again, it goes on where it was."""
    return await _backfill(wanted)


@flow(name="backfill", flow_run_name=_run_name)
async def sitemap(wanted: Sitemap) -> Report:
    """The pages that a site's sitemaps name. Killed and started again, it goes on where it was."""
    return await _backfill(wanted)


BACKFILLS: dict[Kind, Callable[[Any], Coroutine[Any, Any, Report]]] = {
    "archive": archive,
    "feeds": feeds,
    "wayback": wayback,
    "paged": paged,
    "warc": warc,
    "sitemap": sitemap,
}


async def _backfill(asked: Backfill) -> Report:
    settings = current_settings()
    registry = await asyncio.to_thread(read_feeds, settings.feeds)
    source, where, wanted, limit = asked.kind, _named(asked.where), asked.wanted(), asked.limit
    parameters = _said(source, wanted, limit)
    async with (
        open_run("backfill", settings, {**parameters, "dry_run": asked.dry_run}) as run,
        open_client(settings, turn_of) as client,
    ):
        beginning = Watermark(source, where, json.dumps(parameters), None, 0, run.started_at)
        with open_mill(settings, registry) as mill:
            if not asked.dry_run:
                mill.warm()  # while we look for what there is, and for what is loaded
            reached, opened = await asyncio.to_thread(_open, source, wanted, registry, client, settings, beginning)
            host = urlsplit(asked.where).hostname if "://" in asked.where else None
            await tag(
                f"source:{source}", *([f"feed:{asked.feed}"] if asked.feed else []), *([f"host:{host}"] if host else [])
            )
            # where planning means reading all of it, or asking the server for all of it, that is done once
            plan = await opened.plan() if asked.dry_run or source in ("archive", "feeds", "wayback") else Plan(None)
            run.says += _explained(plan, reached, settings, limit)
            for said in run.says:
                get_run_logger().info(said)
            if not asked.dry_run:
                await load_pending(run, mill, settings)
                loaded = await asyncio.to_thread(_loaded, settings, opened)
                with settings.store.holding():
                    await _fill(opened, plan, reached, limit, loaded, run, mill, settings)
        if not asked.dry_run:
            if asked.images:
                await download_images(run, client)
            changed = bool(run.counts.new or run.counts.changed or run.images_stored)
            await check_and_publish(run, settings, changed=changed, publish=asked.publish)
        await publish_report(run)
        if run.loaded_nothing and not await asyncio.to_thread(knows_source, settings.store, opened.source):
            raise RunFailedError("nothing could be loaded: all of it is in ops.rejects, with the reasons", run)
    return run


async def _fill(
    source: BackfillSource,
    plan: Plan,
    reached: Watermark,
    limit: int | None,
    loaded: frozenset[int],
    run: Report,
    mill: Mill,
    settings: Settings,
) -> None:
    """Load what the source finds, batch by batch, each with the watermark it reaches. What is loaded is passed over."""
    begun = reached

    async def limited() -> AsyncIterator[Find]:
        done = begun.documents
        async for find in source.finds(begun.mark):
            if limit is not None and done >= limit:
                return
            done += 1
            yield find

    async def landed() -> AsyncIterator[list[Landed]]:
        async for batch in finds_in_batches(limited()):
            mill.feeds.update((find.feed.id, find.feed) for find in batch)
            yield await land_finds(batch, loaded, source.source, settings.landing_zone)

    async def milled(batch: list[Landed]) -> list[Milled]:
        documents = [each.document for each in batch if each.document]
        return await mill_batch(documents, mill, f"{len(documents)} documents") if documents else []

    async with aclosing(milled_ahead(landed(), milled)) as ahead:
        async for batch, results in ahead:
            reached = replace(reached, mark=batch[-1].mark, documents=reached.documents + len(batch))
            rejects = [each.reject for each in batch if each.reject]
            run.counts.unchanged += len(batch) - len(results) - len(rejects)
            counts = await load_batch(
                results,
                [],
                settings.store,
                settings.landing_zone,
                mill,
                run.run_id,
                f"{len(batch)} documents",
                rejects=rejects,
                reached=reached,
            )
            run.counts.add(counts)
            get_run_logger().info(
                "%d documents done: %d new articles, %d changed", reached.documents, run.counts.new, run.counts.changed
            )
            progress("documents", reached.documents, max(plan.items or 0, reached.documents))
    await asyncio.to_thread(_finish, settings, replace(reached, finished_at=datetime.now(UTC)), run.run_id)


def _loaded(settings: Settings, source: BackfillSource) -> frozenset[int]:
    with settings.store.reading() as connection:
        return loaded_finds(connection, source.source)


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
                from tasks.backfill import archive

                clones = settings.landing_zone.root / "clones"
                private = settings.allow_private_addresses
                return reached, archive.Archive(wanted, registry, settings.max_page_bytes, clones, private)
            case "feeds":
                from tasks.backfill import saved

                return reached, saved.Saved(wanted, registry, settings.max_feed_bytes)
            case "warc":
                from tasks.backfill import warc

                return reached, warc.Warc(wanted, registry, settings.max_feed_bytes)
        feed = _feed(wanted, registry)
        asker = Asker(client, pause=settings.backfill_pause, delay=settings.retry_delay)
        match kind:
            case "paged":
                from tasks.backfill import paged

                return reached, paged.Paged(wanted, feed, asker, settings.max_feed_bytes)
            case "wayback":
                from tasks.backfill import wayback

                known = frozenset(captures(connection, "wayback", feed.id))
                base, page_bytes = settings.wayback_url, settings.max_page_bytes
                return reached, wayback.Wayback(wanted, feed, asker, base, settings.max_feed_bytes, page_bytes, known)
            case _:
                from tasks.backfill import sitemap

                known_pages = captures(connection, "sitemap", feed.id)
                return reached, sitemap.Sitemap(wanted, feed, asker, settings.max_page_bytes, known=known_pages)


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


def _said(source: Kind, wanted: Wanted, limit: int | None) -> dict[str, object]:
    """What was asked for, without what was left empty; with the source and place it names a watermark."""
    asked = {
        "source": source,
        "where": _named(wanted.where),
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


def _named(where: str) -> str:
    """The place as ops.* keep it, and analysts see it: without passwords and keys, and yet told from any other."""
    shown = presentable(where)
    return shown if shown == where else f"{shown} ({digest('where', where)[:8]})"


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


RATE = 1000
"""Documents a second, about: what two cores do; see benchmarks/README.md."""


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
