"""Fetching articles' own pages: for the whole text where the feed gives a teaser, and again to see what was changed.

clean.pages ─▶ fetch, as robots.txt allows ─▶ landing zone ─▶ mill ─▶ load ─▶ clean.articles, clean.article_versions
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

from more_itertools import chunked
from prefect import flow
from prefect.logging import get_run_logger

from flows.images import download_images
from flows.run.alerts import alert_on_gone
from flows.run.artifacts import publish_report
from flows.run.client import open_run_client
from flows.run.failures import say_what_failed
from flows.run.finishing import check_and_publish
from flows.run.pending import load_pending
from flows.run.recording import open_run
from flows.run.report import Report
from flows.run.robots import open_robots, read_known
from tasks.fetch.http import Client
from tasks.fetch.robots import Robots
from tasks.load import Batch
from tasks.mill.pool import MillingPool, open_milling_pool
from tasks.orchestration.pipeline import mill_ahead
from tasks.orchestration.progress import report_progress
from tasks.orchestration.steps import fetch_pages, load_batch, mill_batch
from tasks.registry.feeds_file import choose, read_registry
from tasks.rhythm import period
from tasks.settings import Settings, current_settings
from warehouse.load.operations import WantedImages
from warehouse.load.pages import (
    GonePage,
    PagePolicy,
    due_pages,
    plan_pages,
)
from warehouse.masking import mask
from warehouse.page_answers import PageAnswer, PendingPage
from warehouse.records import Feed, Milled

BATCH = 60
"""Pages in a batch; a killed run repeats at most two."""


def _run_name() -> str:
    return f"pages {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@flow(name="pages", flow_run_name=_run_name)
@say_what_failed
async def pages(
    feeds: list[str] | None = None,
    groups: list[str] | None = None,
    limit: int | None = None,
    days: float | None = None,
    images: bool = True,
    publish: bool = True,
) -> Report:
    """Fetch articles' own pages: those whose text is missing, and those that are to be asked again.

    Args:
        feeds: Ids of the feeds whose articles' pages are fetched; all feeds' when left empty.
        groups: Groups of such feeds.
        limit: Fetch at most this many.
        days: Also those of articles first seen up to so many days ago.
        images: Download the images that the pages brought.
        publish: Publish the analysts' copy when anything changed.
    """
    settings = current_settings()
    registry, shared_filters = await asyncio.to_thread(read_registry, settings.feeds)
    chosen = choose(registry, feeds or (), groups or ()) if feeds or groups else None
    parameters = {"feeds": feeds, "groups": groups, "limit": limit, "days": days}
    async with open_run("pages", settings, parameters) as run, open_run_client(run, settings, registry) as client:
        with open_milling_pool(settings, registry, shared_filters=shared_filters) as pool:
            await load_pending(run, pool, settings)
            async with open_robots(client) as robots:
                await read_pages(run, client, robots, pool, registry, chosen=chosen, limit=limit, days=days)
        if images and run.counts.pages:
            feeds_read = tuple(feed.id for feed in chosen or registry)
            await download_images(run, client, WantedImages(feeds=feeds_read, backfilled=False))
        changed = bool(run.counts.documents or run.images_stored or run.gone)
        await check_and_publish(run, settings, changed=changed, publish=publish)
        await publish_report(run)
    return run


async def read_pages(
    run: Report,
    client: Client,
    robots: Robots,
    pool: MillingPool,
    registry: Sequence[Feed],
    *,
    chosen: Sequence[Feed] | None = None,
    limit: int | None = None,
    days: float | None = None,
) -> None:
    """Ask for the pages that are due, of the chosen feeds or of all, and load their texts."""
    settings = client.settings
    policies = page_policies(registry, settings)
    if all(policy.full_text == "never" for policy in policies):
        return
    reading = _Reading(run, client, pool, policies, robots)
    due = await asyncio.to_thread(reading.plan, chosen, limit or settings.pages_per_run, days)
    if due:
        pool.start()
        await reading.read(due)
        await asyncio.to_thread(reading.plan_again)
    alert_on_gone(run)


def page_policies(registry: Sequence[Feed], settings: Settings) -> list[PagePolicy]:
    """Whether each feed's pages are fetched: as it says itself, else as the settings say."""
    return [
        PagePolicy(
            feed.id,
            feed.full_text if feed.full_text != "auto" else settings.full_text,
            settings.recheck_seconds if feed.recheck is None else [period(text) for text in feed.recheck],
        )
        for feed in registry
    ]


def plan(settings: Settings, policies: Sequence[PagePolicy], days: float | None = None) -> list[GonePage]:
    """Bring clean.pages up to date: which pages are wanted and when they are asked; returns those that are gone."""
    with settings.store.writing() as connection:
        return plan_pages(
            connection,
            policies,
            now=datetime.now(UTC),
            days=days or settings.page_days,
            gone_after=settings.gone_seconds,
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    """Fetching, milling and loading the pages of one run."""

    run: Report
    client: Client
    pool: MillingPool
    policies: Sequence[PagePolicy]
    robots: Robots

    def plan(self, chosen: Sequence[Feed] | None, limit: int, days: float | None) -> list[PendingPage]:
        settings = self.client.settings
        self.run.gone += plan(settings, self.policies, days)
        with settings.store.reading() as connection:
            read_known(self.robots, connection)
            return due_pages(
                connection,
                self.policies,
                now=datetime.now(UTC),
                since=self.run.started_at,
                limit=limit,
                per_host=settings.pages_per_host,
                refused_hosts=self.client.refusals.refused_hosts(),
                feeds=None if chosen is None else [feed.id for feed in chosen],
            )

    def plan_again(self) -> None:
        """After the pages of this run: what they teach, and when they are asked again."""
        self.run.gone += plan(self.client.settings, self.policies)

    async def read(self, due: Sequence[PendingPage]) -> None:
        settings, log, done = self.client.settings, get_run_logger(), 0
        log.info("%d pages to ask for", len(due))
        until = time.monotonic() + settings.pages_seconds

        async def batches() -> AsyncIterator[list[PageAnswer]]:
            for number, batch in enumerate(chunked(due, BATCH)):
                if time.monotonic() > until:
                    log.info("no more pages are asked for in this run, after %g s", settings.pages_seconds)
                    return
                label = f"{number * BATCH + 1} to {number * BATCH + len(batch)}"
                yield await fetch_pages(batch, self.client, self.robots, self.pool, label)

        async def mill(answers: list[PageAnswer]) -> list[Milled]:
            documents = [answer.document for answer in answers if answer.document]
            return await mill_batch(documents, self.pool, f"{len(documents)} pages") if documents else []

        async with aclosing(mill_ahead(batches(), mill)) as ahead:
            async for answers, milled in ahead:
                await self._load(answers, milled)
                done += len(answers)
                report_progress("pages", done, len(due))

    async def _load(self, answers: Sequence[PageAnswer], milled: Sequence[Milled]) -> None:
        settings = self.client.settings
        batch = Batch(
            store=settings.store,
            run_id=self.run.run_id,
            milled=milled,
            landing=settings.landing_zone,
            page_answers=answers,
            page_attempts=settings.page_attempts,
        )
        self.run.counts.add(await load_batch(batch, self.pool, f"{len(milled)} pages"))
        failed = [answer for answer in answers if answer.error]
        self.run.pages_failed += len(failed)
        self.run.pages_unchanged += sum(answer.outcome == "not-modified" for answer in answers)
        log = get_run_logger()
        for answer in failed:
            log.debug("%s: %s", mask(answer.pending.request.url), answer.error)
        for page in milled:
            if page.page and page.page.error:
                log.debug("%s: %s", page.document.url, page.page.error)
        log.info("%d pages read, %d without a text", self.run.counts.pages, self.run.counts.pages_without_text)
