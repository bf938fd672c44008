"""Downloading images: those of the present run, and those that earlier runs left pending or failed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from prefect import flow
from prefect.logging import get_run_logger

from flows.run.artifacts import publish_report
from flows.run.client import open_run_client
from flows.run.finishing import check_and_publish
from flows.run.recording import open_run
from flows.run.report import Report
from tasks.fetch.http import Client
from tasks.orchestration.progress import report_progress
from tasks.orchestration.steps import fetch_images
from tasks.registry.feeds_file import read_feeds
from tasks.settings import Settings, current_settings
from warehouse.counting import counted
from warehouse.load.operations import pending_images, want_images
from warehouse.masking import mask
from warehouse.records import Feed, PendingImage

BATCH = 200
"""Images in a batch; a killed run repeats at most one."""


def _run_name() -> str:
    return f"images {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@flow(name="images", flow_run_name=_run_name)
async def images(limit: int | None = None, publish: bool = True) -> Report:
    """Download images that are pending, and those that failed and may be tried again.

    Args:
        limit: Download at most this many.
        publish: Publish the analysts' copy when anything changed.
    """
    settings = current_settings()
    registry = await asyncio.to_thread(read_feeds, settings.feeds)
    async with open_run("images", settings, {"limit": limit}) as run, open_run_client(run, settings) as client:
        await asyncio.to_thread(_want_images, settings, registry)
        await download_images(run, client, limit)
        await check_and_publish(run, settings, changed=bool(run.images_stored), publish=publish)
        await publish_report(run)
    return run


async def download_images(run: Report, client: Client, limit: int | None = None) -> None:
    """Download pending images, batch by batch; a run tries each image once, and none of a host to leave alone."""
    settings = client.settings
    total = limit or settings.images_per_run
    done, log = 0, get_run_logger()
    while done < total:
        refused = client.refusals.refused_hosts()
        batch = await asyncio.to_thread(_read_pending, settings, run.started_at, min(BATCH, total - done), refused)
        if not batch:
            return
        fetched = await fetch_images(batch, client, settings.store, f"{done + 1} to {done + len(batch)}")
        run.add_images(batch, fetched)
        done += len(batch)
        addresses = {pending.image_id: mask(pending.url) for pending in batch}
        for image in fetched:
            log.debug("%s: %s", addresses[image.image_id], image.error or f"{image.status} as {image.path}")
        log.info("%s stored, %d failed", counted(run.images_stored, "image"), run.images_failed)
        report_progress("images", done, min(total, done + BATCH) if len(batch) == BATCH else done)


def _read_pending(
    settings: Settings, since: datetime, limit: int, refused_hosts: Sequence[str]
) -> Sequence[PendingImage]:
    with settings.store.reading() as connection:
        return pending_images(
            connection,
            max_attempts=settings.image_attempts,
            not_since=since,
            limit=limit,
            refused_hosts=refused_hosts,
        )


def _want_images(settings: Settings, feeds: Sequence[Feed]) -> None:
    with settings.store.writing() as connection:
        want_images(connection, feeds)
