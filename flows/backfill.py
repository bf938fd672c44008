"""Backfilling: history, in whatever form it survives, into the same tables as an ingest's.

archive, saved feeds, Wayback Machine … ─▶ finds ─▶ landing zone ─▶ mill ─▶ load, watermark ─▶ publish
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from prefect import Flow, flow
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from flows.images import download_images
from flows.run.artifacts import publish_report
from flows.run.client import open_run_client
from flows.run.failures import say_what_failed
from flows.run.finishing import check_and_publish
from flows.run.pending import load_pending
from flows.run.recording import open_run, tag_run
from flows.run.report import Report, RunFailedError
from tasks.backfill.finds import BackfillRequest, Find, Landed, Plan, land_finds
from tasks.backfill.forms import Backfill
from tasks.backfill.sources import SOURCES, Opening, SourceKind, registry_of
from tasks.load import Batch
from tasks.mill.pool import MillingPool, open_milling_pool
from tasks.orchestration.pipeline import batch_finds, mill_ahead
from tasks.orchestration.progress import report_progress
from tasks.orchestration.steps import load_batch, mill_batch
from tasks.settings import Settings, current_settings
from warehouse.counting import are, counted
from warehouse.digest import digest
from warehouse.load.operations import WantedImages, captures, loaded_finds, record_watermark, watermark
from warehouse.masking import mask
from warehouse.read.queries import knows_source
from warehouse.records import Milled, Source
from warehouse.watermark import Watermark

Backfilling = Flow[[Any], Coroutine[Any, Any, Report]]


@cache
def backfill_flow(source: str) -> Backfilling:
    """The flow of a row of SOURCES. Each source has one, so that the form of its deployment asks for what it takes; to
    Prefect they are all the flow `backfill`. A run makes only its own, as Prefect takes its time for each."""
    kind = SOURCES[source]

    def run_name() -> str:
        where = mask(flow_run.parameters["wanted"].where).rstrip("/").rpartition("/")[2]
        return f"backfill {kind.name} {where} {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"

    async def run(wanted: Backfill) -> Report:
        return await _backfill(kind, wanted)

    run.__name__ = run.__qualname__ = kind.name
    run.__doc__ = f"{kind.reads[0].upper()}{kind.reads[1:]}. Killed and started again, it goes on where it was."
    run.__annotations__["wanted"] = kind.form  # Prefect makes the deployment's form of it
    return flow(name="backfill", flow_run_name=run_name)(say_what_failed(run))


def __getattr__(name: str) -> Backfilling:
    """The entrypoints of the deployments: `flows/backfill.py:archive` is the flow of the source `archive`."""
    if name in SOURCES:
        return backfill_flow(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


async def _backfill(kind: SourceKind, form: Backfill) -> Report:
    settings = current_settings()
    registry, shared_filters = await asyncio.to_thread(registry_of, kind, settings.feeds)
    request = form.request()
    parameters = _parameters(kind, request, form.limit)
    async with (
        open_run("backfill", settings, {**parameters, "dry_run": form.dry_run}) as run,
        open_run_client(run, settings, registry) as client,
    ):
        with open_milling_pool(settings, registry, shared_filters=shared_filters) as pool:
            if not form.dry_run:
                pool.start()  # the processes start while the source is opened and planned
            opening = Opening(request, registry, settings, client, _loaded_addresses(settings, kind.source))
            source = await asyncio.to_thread(kind.open, opening)
            beginning = Watermark(
                kind.name, _without_secrets(form.where), json.dumps(parameters), None, 0, run.started_at
            )
            reached = await asyncio.to_thread(_read_watermark, settings, beginning)
            await tag_run(*_tags(kind, form))
            plan = await source.plan() if form.dry_run or kind.always_planned else Plan(None)
            run.messages += _explain(plan, reached, settings, form.limit)
            for line in run.messages:
                get_run_logger().info(line)
            if not form.dry_run:
                await load_pending(run, pool, settings)
                loaded = await asyncio.to_thread(_loaded_finds, settings, kind.source)
                finds = _limit(source.finds(reached.mark), reached.documents, form.limit)
                with settings.store.keep_open():
                    await _load_all(finds, kind.source, loaded, reached, plan.items or 0, run, pool, settings)
        if not form.dry_run:
            if form.images:
                feeds = (form.feed,) if form.feed else None
                await download_images(run, client, WantedImages(feeds, (kind.source,), backfilled=True))
            changed = bool(run.counts.new or run.counts.changed or run.images_stored)
            await check_and_publish(run, settings, changed=changed, publish=form.publish)
        if run.loaded_nothing and not await asyncio.to_thread(knows_source, settings.store, kind.source):
            run.failure = "nothing could be loaded: all of it is in ops.rejects, with the reasons"
        await publish_report(run)
        if run.failure:
            raise RunFailedError(run.failure, run)
    return run


async def _limit(finds: AsyncIterator[Find], done: int, limit: int | None) -> AsyncIterator[Find]:
    """The finds until `limit` documents are done, those of earlier runs included."""
    async for find in finds:
        if limit is not None and done >= limit:
            return
        done += 1
        yield find


async def _load_all(
    finds: AsyncIterator[Find],
    source: Source,
    loaded: frozenset[int],
    reached: Watermark,
    expected: int,
    run: Report,
    pool: MillingPool,
    settings: Settings,
) -> None:
    """Load the finds, batch by batch, each together with the watermark that it reaches. Those that are `loaded`
    already are passed over. `expected` is how many documents there are, 0 where that is not known."""

    async def land() -> AsyncIterator[list[Landed]]:
        async for batch in batch_finds(finds):
            pool.feeds.update((find.feed.id, find.feed) for find in batch)
            yield await land_finds(batch, loaded, source, settings.landing_zone)

    async def mill_landed(batch: list[Landed]) -> list[Milled]:
        documents = [landed.document for landed in batch if landed.document]
        return await mill_batch(documents, pool, counted(len(documents), "document")) if documents else []

    async with aclosing(mill_ahead(land(), mill_landed)) as ahead:
        async for batch, milled in ahead:
            reached = replace(reached, mark=batch[-1].mark, documents=reached.documents + len(batch))
            rejects = [landed.reject for landed in batch if landed.reject]
            # finds that were loaded before are neither milled nor rejected
            run.counts.unchanged += len(batch) - len(milled) - len(rejects)
            loading = Batch(
                store=settings.store,
                run_id=run.run_id,
                milled=milled,
                rejects=rejects,
                watermark=reached,
                landing=settings.landing_zone,
            )
            counts = await load_batch(loading, pool, counted(len(batch), "document"))
            run.counts.add(counts)
            done, new = counted(reached.documents, "document"), counted(run.counts.new, "new article")
            get_run_logger().info("%s done: %s, %d changed", done, new, run.counts.changed)
            report_progress("documents", reached.documents, max(expected, reached.documents))
    await asyncio.to_thread(_finish, settings, replace(reached, finished_at=datetime.now(UTC)), run.run_id)


def _read_watermark(settings: Settings, beginning: Watermark) -> Watermark:
    with settings.store.reading() as connection:
        return watermark(connection, beginning)


def _loaded_addresses(settings: Settings, source: Source) -> Callable[[str], Mapping[str, datetime]]:
    """A function that reads which addresses of a feed the source loaded before."""

    def read(feed_id: str) -> Mapping[str, datetime]:
        with settings.store.reading() as connection:
            return captures(connection, source, feed_id)

    return read


def _loaded_finds(settings: Settings, source: Source) -> frozenset[int]:
    with settings.store.reading() as connection:
        return loaded_finds(connection, source)


def _finish(settings: Settings, reached: Watermark, run_id: str) -> None:
    with settings.store.writing() as connection:
        record_watermark(connection, reached, run_id=run_id)


def _tags(kind: SourceKind, form: Backfill) -> list[str]:
    tags = [f"source:{kind.name}"]
    if form.feed:
        tags.append(f"feed:{form.feed}")
    if "://" in form.where and (host := urlsplit(form.where).hostname):
        tags.append(f"host:{host}")
    return tags


def _parameters(kind: SourceKind, request: BackfillRequest, limit: int | None) -> dict[str, object]:
    """What was asked for, without what was left empty. Together with the source it identifies the watermark."""
    asked = {
        "source": kind.name,
        "where": _without_secrets(request.where),
        "since": request.since and request.since.isoformat(),
        "until": request.until and request.until.isoformat(),
        "sites": sorted(request.sites),
        "feed": request.feed,
        "revision": request.revision,
        "history": request.history,
        "pages": request.pages,
        "limit": limit,
    }
    return {name: value for name, value in asked.items() if value}


def _without_secrets(where: str) -> str:
    """The location as ops.* stores it and analysts see it: without passwords and keys. A digest tells two locations
    apart that differ only in those."""
    shown = mask(where)
    return shown if shown == where else f"{shown} ({digest('where', where)[:8]})"


DOCUMENTS_PER_SECOND = 1000
"""About what two cores load; see benchmarks/README.md."""


def _explain(plan: Plan, reached: Watermark, settings: Settings, limit: int | None) -> list[str]:
    """The plan in words, with how long it may take."""
    lines = list(plan.says)
    if reached.mark is not None:
        done = f"{counted(reached.documents, 'document')} {are(reached.documents)} done"
        lines.append(f"goes on where an earlier run was killed: {done}")
    if plan.items is not None:
        left = max(0, (min(plan.items, limit) if limit else plan.items) - reached.documents)
        seconds = left / DOCUMENTS_PER_SECOND + min(plan.requests, left) * settings.backfill_pause
        lines.append(f"{counted(left, 'document')} to read; about {_duration(seconds)}")
    elif plan.requests:
        lines.append(f"a request each {settings.backfill_pause:g} s; only the server knows how many")
    return lines


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
