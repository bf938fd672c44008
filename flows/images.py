"""Downloading images: those of the present run, and those that earlier runs left pending or failed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from prefect import flow
from prefect.logging import get_run_logger

from flows.run.artifacts import publish_report
from flows.run.client import open_run_client
from flows.run.failures import say_what_failed
from flows.run.finishing import check_and_publish
from flows.run.recording import open_run
from flows.run.report import Report
from tasks.backfill.sources import sources_named
from tasks.fetch.failing_hosts import FailingHosts
from tasks.fetch.http import Client
from tasks.orchestration.progress import report_progress
from tasks.orchestration.steps import fetch_images
from tasks.registry.feeds_file import read_feeds_if_any
from tasks.settings import Settings, current_settings
from warehouse.counting import counted
from warehouse.load.operations import WantedImages, pending_images, want_images
from warehouse.masking import mask
from warehouse.records import Feed, PendingImage

BATCH = 200
"""Images in a batch; a killed run repeats at most one."""


def _run_name() -> str:
    return f"images {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@flow(name="images", flow_run_name=_run_name, validate_parameters=True)
@say_what_failed
async def images(
    limit: int | None = None,
    publish: bool = True,
    feeds: list[str] | None = None,
    sources: list[str] | None = None,
    since: date | None = None,
) -> Report:
    """Download images that are pending, and those that failed and may be tried again.

    Args:
        limit: Download at most this many.
        publish: Publish the analysts' copy when anything changed.
        feeds: Only images of articles in these feeds.
        sources: Only images of articles that backfills from these sources brought, such as archive.
        since: Only images of articles published on this day or later (UTC).
    """
    settings = current_settings()
    registry = await asyncio.to_thread(read_feeds_if_any, settings.feeds)
    wanted = WantedImages(
        feeds=tuple(feeds) if feeds else None,
        sources=tuple(sources_named(sources)) if sources else None,
        backfilled=True if sources else None,
        published_since=datetime.combine(since, time(), UTC) if since else None,
    )
    parameters = {"limit": limit, "feeds": feeds, "sources": sources, "since": since and since.isoformat()}
    async with open_run("images", settings, parameters) as run, open_run_client(run, settings, registry) as client:
        await asyncio.to_thread(_want_images, settings, registry)
        await download_images(run, client, wanted, limit)
        await check_and_publish(run, settings, changed=bool(run.images_stored), publish=publish)
        await publish_report(run)
    return run


async def download_images(run: Report, client: Client, wanted: WantedImages, limit: int | None = None) -> None:
    """Download pending images, batch by batch; a run tries each image once, and none of a host to leave alone."""
    settings = client.settings
    total = limit or settings.images_per_run
    done, log, hosts = 0, get_run_logger(), FailingHosts()
    while done < total:
        refused = [*client.refusals.refused_hosts(), *hosts.left_alone()]
        size = min(BATCH, total - done)
        batch = await asyncio.to_thread(_read_pending, settings, run.started_at, size, refused, wanted)
        if not batch:
            break
        fetched = await fetch_images(batch, client, settings.store, f"{done + 1} to {done + len(batch)}", hosts)
        run.add_images(batch, fetched)
        done += len(batch)
        addresses = {pending.image_id: mask(pending.url) for pending in batch}
        for image in fetched:
            log.debug("%s: %s", addresses[image.image_id], image.error or f"{image.status} as {image.path}")
        log.info("%s stored, %d failed", counted(run.images_stored, "image"), run.images_failed)
        report_progress("images", done, min(total, done + BATCH) if len(batch) == BATCH else done)
    run.failing_hosts = hosts.counts()
    for sentence in hosts.explain():
        run.notes.append(sentence)
        log.warning(sentence)


def _read_pending(
    settings: Settings, since: datetime, limit: int, refused_hosts: Sequence[str], wanted: WantedImages
) -> Sequence[PendingImage]:
    with settings.store.reading() as connection:
        return pending_images(
            connection,
            max_attempts=settings.image_attempts,
            not_since=since,
            limit=limit,
            refused_hosts=refused_hosts,
            wanted=wanted,
        )


def _want_images(settings: Settings, feeds: Sequence[Feed]) -> None:
    with settings.store.writing() as connection:
        want_images(connection, feeds)
