"""The steps as Prefect tasks: names, tags and retries. Their logic is in the other rooms of tasks/."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging import get_run_logger
from prefect.runtime import task_run
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import Task, exponential_backoff
from prefect.utilities.annotations import quote

from tasks.clean.identity import content_hash
from tasks.errors import FetchError, HostRefusedError, TransientFetchError
from tasks.fetch.failing_hosts import FailingHosts, host_of
from tasks.fetch.feed import CRAWLED, failed_fetch, fetch, reason_to_wait, skipped_fetch
from tasks.fetch.http import Client, permit_all
from tasks.fetch.images import fetch_image
from tasks.fetch.pages import land_pages
from tasks.fetch.robots import Robots
from tasks.forget import Erased, erase, forget, retention
from tasks.load import Batch, commit_batch, log_batch
from tasks.mill.pool import MillingPool, open_milling_pool
from tasks.orchestration.limits import WRITER, hold_slot
from tasks.orchestration.prefect_database import Pruned, prune
from tasks.orchestration.whole_pages import fetch_whole
from tasks.outbox import Posted, post_all
from tasks.publish import mark_repeats, write_copy
from tasks.settings import Settings, load_settings
from warehouse.access import NO_ACCESS
from warehouse.counts import Counts
from warehouse.errors import NewsmillError
from warehouse.landing import Landing
from warehouse.load import operations
from warehouse.load.entries import UnknownEntriesError
from warehouse.load.quality import Check, check
from warehouse.page_answers import PageAnswer, PendingPage
from warehouse.publish.copy import Published
from warehouse.records import Document, Feed, FeedState, Fetch, Image, Milled, PendingImage
from warehouse.store.connection import Warehouse
from warehouse.store.maintenance import Upkeep, maintain


async def _is_transient(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    try:
        await state.aresult()
    except TransientFetchError:
        return True
    except Exception:
        return False
    return False


def _tag(*tags: str) -> None:
    """Tag the running task.

    Tags set before it starts may name concurrency limits, for which Prefect calls its server twice (0.2 s a fetch);
    those added here are sent along with the task's next state.
    """
    if context := TaskRunContext.get():
        context.task_run.tags = list(dict.fromkeys([*context.task_run.tags, *tags]))


# Prefect searches a task's arguments for futures, object by object. `quote` exempts arguments that are large or
# passed often.
@task(
    name="fetch",
    task_run_name="fetch {feed.id}",
    retry_jitter_factor=1,
    retry_condition_fn=_is_transient,
    cache_policy=NO_CACHE,
)
async def fetch_feed(feed: Feed, state: FeedState, client: Client, robots: Robots, landing: Landing) -> Fetch:
    host = urlsplit(feed.url).hostname or ""
    _tag(f"feed:{feed.id}", f"host:{host}")
    permit = robots.require if feed.kind in CRAWLED else permit_all
    return await fetch(feed, state, client, landing, attempt=task_run.run_count or 1, permit=permit)


@cache  # setting a task's options takes Prefect as long as running it
def _fetch_feed_with(retries: int, delay: float) -> Task[..., Coroutine[Any, Any, Fetch]]:
    return fetch_feed.with_options(retries=retries, retry_delay_seconds=exponential_backoff(delay) if retries else 0)


async def fetch_or_record_failure(
    feed: Feed, state: FeedState, client: Client, robots: Robots, landing: Landing, *, force: bool = False
) -> Fetch:
    """Fetch one feed as a task, retried if its failure is transient; a feed that fails or has to wait yields a record
    that says why. Raises NewsmillError if the fault is not the feed's, such as a full disk."""
    if not force and (reason := reason_to_wait(state, datetime.now(UTC))):
        return skipped_fetch(feed, reason)
    settings, started_at = client.settings, datetime.now(UTC)
    step = _fetch_feed_with(settings.retries, settings.retry_delay)
    outcome: State[Fetch] = await cast(
        "Awaitable[State[Fetch]]", step(quote(feed), quote(state), client, robots, quote(landing), return_state=True)
    )
    result = await outcome.aresult(raise_on_failure=False)
    if isinstance(result, Fetch):
        return result
    if isinstance(result, HostRefusedError):
        return skipped_fetch(feed, str(result))
    if isinstance(result, NewsmillError) and not isinstance(result, FetchError):
        raise result
    tries = settings.retries + 1 if isinstance(result, TransientFetchError) else 1
    error = result if isinstance(result, Exception) else NewsmillError(outcome.message or outcome.name)
    return failed_fetch(feed, error, started_at=started_at, attempts=tries)


def mills_remotely() -> bool:
    """Whether the flow has a task runner such as Dask's, which then mills in place of this process's pool."""
    context = FlowRunContext.get()
    return context is not None and not isinstance(context.task_runner, ThreadPoolTaskRunner)


async def mill_batch(documents: Sequence[Document], pool: MillingPool, label: str) -> list[Milled]:
    """Parse and clean a batch of documents: here, or by the flow's task runner."""
    if not mills_remotely():
        return (await _mill_batch(quote(documents), pool, label)).milled
    future = _mill_remotely.submit(_RemoteBatch(documents, pool), label)
    return await asyncio.to_thread(cast("Callable[[], list[Milled]]", future.result))


class _RemoteBatch:
    """Documents and what it takes to mill them in another process. Not a dataclass: Prefect and Dask would search it
    field by field."""

    def __init__(self, documents: Sequence[Document], pool: MillingPool) -> None:
        ids = {document.feed_id for document in documents}
        self.documents = documents
        self.feeds = [replace(feed, access=NO_ACCESS) for id, feed in pool.feeds.items() if id in ids]
        self.known = {id: entries for id, entries in pool.known.items() if id in ids}
        self.patterns = pool.patterns.only_for(document.final_url for document in documents if document.form == "page")
        self.shared_filters = pool.shared_filters
        self.landing = pool.landing


@task(name="mill", task_run_name="mill {label} elsewhere", cache_policy=NO_CACHE)
async def _mill_remotely(batch: _RemoteBatch, label: str) -> list[Milled]:
    """Mill in a process that may run on another machine, which has to see the same landing zone.

    It opens a milling pool, too: a document that takes too long or kills its process does as little harm as here.
    """
    settings = load_settings(landing=batch.landing, workers=1)
    with open_milling_pool(settings, batch.feeds, batch.known, batch.patterns, batch.shared_filters) as pool:
        return await pool.mill(batch.documents)


class _MilledBatch:
    """What the task below returns. Not a list: Prefect would note each document of it as a result of the task."""

    def __init__(self, milled: list[Milled]) -> None:
        self.milled = milled


@task(name="mill", task_run_name="mill {label}", cache_policy=NO_CACHE)
async def _mill_batch(documents: Sequence[Document], pool: MillingPool, label: str) -> _MilledBatch:
    return _MilledBatch(await pool.mill(documents))


async def load_batch(batch: Batch, pool: MillingPool, label: str) -> Counts:
    """Load the batch; `pool` mills its documents again if the warehouse was rebuilt since they were milled."""
    return await _load_batch(cast("Batch", quote(batch)), pool, label)


@task(name="load", task_run_name="load {label}", cache_policy=NO_CACHE)
async def _load_batch(batch: Batch, pool: MillingPool, label: str) -> Counts:
    async with hold_slot(WRITER):
        try:
            counts = await _commit(batch)
        except UnknownEntriesError:  # the warehouse was rebuilt meanwhile
            milled = await pool.mill([milled.document for milled in batch.milled], afresh=True)
            batch = replace(batch, milled=milled)
            counts = await _commit(batch)
    log_batch(batch, get_run_logger())
    return counts


_LOADER = ThreadPoolExecutor(1, "load")
"""One thread for all loads: the allocator keeps what a batch took (a hundred megabytes) for each thread that loaded."""


async def _commit(batch: Batch) -> Counts:
    return await asyncio.get_running_loop().run_in_executor(_LOADER, commit_batch, batch)


@task(name="images", task_run_name="images {label}", cache_policy=NO_CACHE)
async def fetch_images(
    pending: Sequence[PendingImage], client: Client, store: Warehouse, label: str, hosts: FailingHosts
) -> list[Image]:
    """Fetch a batch of images and record each result; those of hosts to leave alone are left out."""
    settings = client.settings
    gate = asyncio.Semaphore(settings.concurrency)
    # an image waits for its host here, so that it is known by its turn whether the host only fails
    turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(settings.per_host))

    async def fetch_one(image: PendingImage) -> Image | None:
        async with turns[host_of(image)], gate:
            if hosts.leaves_alone(image):
                return None
            fetched = await fetch_image(image, client, settings.images_path)
            if fetched:
                hosts.note(image, fetched)
            return fetched

    fetched = [image for image in await asyncio.gather(*map(fetch_one, pending)) if image]
    async with hold_slot(WRITER):
        await asyncio.to_thread(_record_images, store, fetched)
    return fetched


@task(name="pages", task_run_name="pages {label}", cache_policy=NO_CACHE)
async def fetch_pages(
    pending: Sequence[PendingPage], client: Client, robots: Robots, pool: MillingPool, label: str
) -> list[PageAnswer]:
    """Ask for a batch of pages and land what came; those of hosts to leave alone are left out."""
    gate = asyncio.Semaphore(client.settings.concurrency)

    async def fetch_one(page: PendingPage) -> PageAnswer | None:
        async with gate:
            return await fetch_whole(page, client, robots, pool.feeds)

    answers = [answer for answer in await asyncio.gather(*map(fetch_one, pending)) if answer]
    return await asyncio.to_thread(land_pages, answers, client.settings.landing_zone)


def _record_images(store: Warehouse, fetched: Sequence[Image]) -> None:
    with store.writing() as connection:
        operations.record_images(connection, fetched)


async def check_quality(settings: Settings, run_id: str, counts: Counts) -> list[Check]:
    """Run the quality checks on the warehouse and record their results."""
    return await _check_quality(settings, run_id, cast("Counts", quote(counts)))


@task(name="check", cache_policy=NO_CACHE)
async def _check_quality(settings: Settings, run_id: str, counts: Counts) -> list[Check]:
    async with hold_slot(WRITER):
        return await asyncio.to_thread(_check, settings, run_id, counts)


def _check(settings: Settings, run_id: str, counts: Counts) -> list[Check]:
    # the images of a lake may lie on the machines that fetched them
    images = settings.images_path if isinstance(settings.location, Path) else None
    with settings.store.writing() as connection:
        return check(connection, run_id, counts, content_hash, images)


@task(name="duplicates", cache_policy=NO_CACHE)
async def find_duplicates(store: Warehouse) -> int:
    async with hold_slot(WRITER):
        return await asyncio.to_thread(mark_repeats, store)


@task(name="publish", cache_policy=NO_CACHE)
async def publish_copy(settings: Settings) -> Published:
    return await asyncio.to_thread(write_copy, settings)


@task(name="prune Prefect's database", cache_policy=NO_CACHE)
async def prune_prefect(settings: Settings) -> Pruned | None:
    """Delete old runs from the database of newsmill's own Prefect server."""
    return await asyncio.to_thread(prune, settings)


@task(name="keep in shape", cache_policy=NO_CACHE)
async def maintain_warehouse(settings: Settings) -> Upkeep:
    """Compact the warehouse, delete old records of runs, remove files that no row names."""
    async with hold_slot(WRITER):
        return await asyncio.to_thread(
            maintain, settings.store, settings.retention, settings.images_path, settings.landing_zone.root
        )


@task(name="forget", cache_policy=NO_CACHE)
async def forget_old(settings: Settings, feeds: Sequence[Feed]) -> int:
    """Forget the articles that are older than their feeds' keep_for; returns how many."""
    selection = retention(feeds, datetime.now(UTC))
    return len((await asyncio.to_thread(forget, settings, selection)).article_ids) if selection else 0


@task(name="erase what was forgotten", cache_policy=NO_CACHE)
async def erase_forgotten(settings: Settings, *, publish: bool) -> Erased | None:
    """Remove from the landing zone, the image store, the warehouse's file and the copy what was forgotten."""
    return await erase(settings, publish=publish)


@task(name="outbox", cache_policy=NO_CACHE)
async def post_outboxes(settings: Settings) -> Posted:
    """Post what happened to articles."""
    return await post_all(settings)
