"""The Prefect skins of the steps: names, tags and retries. The logic is in the modules beside this one."""

from __future__ import annotations

import asyncio
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
from tasks.errors import FetchError, TransientFetchError
from tasks.fetch.feed import failed, fetch, reason_to_wait, skipped
from tasks.fetch.http import Client
from tasks.fetch.images import fetch_image
from tasks.load import Batch, commit_batch, log_batch
from tasks.mill.pool import Mill, open_mill
from tasks.orchestration.limits import WRITER, turn
from tasks.rhythm import Bounds
from tasks.settings import Settings, load_settings
from warehouse.errors import NewsmillError
from warehouse.landing import Landing
from warehouse.load import operations
from warehouse.load.batch import UnknownEntriesError
from warehouse.load.duplicates import mark_duplicates
from warehouse.load.quality import Check, check
from warehouse.publish.copy import Published, publish
from warehouse.records import Counts, Document, Feed, FeedState, Fetch, Image, Milled, PendingImage, Reject, Watermark
from warehouse.store.connection import Warehouse
from warehouse.store.maintenance import Upkeep, upkeep


async def _is_transient(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    try:
        await state.aresult()
    except TransientFetchError:
        return True
    except Exception:
        return False
    return False


def _tag(*tags: str) -> None:
    """Tag the running task. A tag given beforehand costs two calls of the server for each task (0.2 s of a fetch),
    as it may name a concurrency limit; one added here goes with the task's next state."""
    if context := TaskRunContext.get():
        context.task_run.tags = list(dict.fromkeys([*context.task_run.tags, *tags]))


# Prefect looks for futures in all that a task is given, object by object. `quote` keeps it out of what is large, or
# given often.
@task(
    name="fetch",
    task_run_name="fetch {feed.id}",
    retry_jitter_factor=1,
    retry_condition_fn=_is_transient,
    cache_policy=NO_CACHE,
)
async def fetch_feed(feed: Feed, state: FeedState, client: Client, landing: Landing) -> Fetch:
    host = urlsplit(feed.url).hostname or ""
    _tag(f"feed:{feed.id}", f"host:{host}")
    return await fetch(feed, state, client, landing, attempt=task_run.run_count or 1)


@cache  # Prefect takes as long for the options as for the task
def _fetch_feed_with(retries: int, delay: float) -> Task[..., Coroutine[Any, Any, Fetch]]:
    return fetch_feed.with_options(retries=retries, retry_delay_seconds=exponential_backoff(delay) if retries else 0)


async def fetch_or_explain(
    feed: Feed, state: FeedState, client: Client, landing: Landing, *, force: bool = False
) -> Fetch:
    """Fetch one feed as a task of its own, retried as its failure deserves; what comes to nothing is a record."""
    if not force and (reason := reason_to_wait(state, datetime.now(UTC))):
        return skipped(feed, reason)
    settings, started_at = client.settings, datetime.now(UTC)
    step = _fetch_feed_with(settings.retries, settings.retry_delay)
    outcome: State[Fetch] = await cast(
        "Awaitable[State[Fetch]]", step(quote(feed), quote(state), client, quote(landing), return_state=True)
    )
    result = await outcome.aresult(raise_on_failure=False)
    if isinstance(result, Fetch):
        return result
    if isinstance(result, NewsmillError) and not isinstance(result, FetchError):
        raise result  # a full disk is nobody's feed's fault
    tries = settings.retries + 1 if isinstance(result, TransientFetchError) else 1
    error = result if isinstance(result, Exception) else NewsmillError(outcome.message or outcome.name)
    return failed(feed, error, started_at=started_at, attempts=tries)


def elsewhere() -> bool:
    """Whether the flow has a task runner of its own, such as Dask's, to mill with."""
    context = FlowRunContext.get()
    return context is not None and not isinstance(context.task_runner, ThreadPoolTaskRunner)


async def mill_batch(documents: Sequence[Document], mill: Mill, label: str) -> list[Milled]:
    """Parse and clean a batch of documents: here, or by the flow's task runner."""
    if not elsewhere():
        return await _mill_batch(quote(documents), mill, label)
    future = _mill_elsewhere.submit(_Share(documents, mill), label)
    return await asyncio.to_thread(cast("Callable[[], list[Milled]]", future.result))


class _Share:
    """Documents, and what a mill elsewhere needs for them. No dataclass, which Prefect and Dask would walk through."""

    def __init__(self, documents: Sequence[Document], mill: Mill) -> None:
        ids = {document.feed_id for document in documents}
        self.documents = documents
        self.feeds = [feed for id, feed in mill.feeds.items() if id in ids]
        self.known = {id: entries for id, entries in mill.known.items() if id in ids}
        self.landing = mill.landing


@task(name="mill", task_run_name="mill {label} elsewhere", cache_policy=NO_CACHE)
async def _mill_elsewhere(share: _Share, label: str) -> list[Milled]:
    """In a process that may be another machine's: it sees the same landing zone, and has a mill of its own, so that a
    document that takes too long or kills its process does no more harm than here."""
    with open_mill(load_settings(landing=share.landing, workers=1), share.feeds, share.known) as mill:
        return await mill(share.documents)


@task(name="mill", task_run_name="mill {label}", cache_policy=NO_CACHE)
async def _mill_batch(documents: Sequence[Document], mill: Mill, label: str) -> list[Milled]:
    return await mill(documents)


async def load_batch(
    milled: Sequence[Milled],
    fetches: Sequence[tuple[Feed, Fetch, FeedState]],
    store: Warehouse,
    landing: Landing | None,
    mill: Mill,
    run_id: str,
    label: str,
    *,
    rejects: Sequence[Reject] = (),
    reached: Watermark | None = None,
    bounds: Bounds = Bounds(),  # noqa: B008 - frozen
) -> Counts:
    """Load what was milled and record how fetching went, or how far a backfill came, in one opening of the warehouse.

    The documents are settled in the landing zone, where it is given.
    """
    work = Batch(milled, fetches, rejects, reached, store, landing, run_id, bounds)
    return await _load_batch(cast("Batch", quote(work)), mill, label)


@task(name="load", task_run_name="load {label}", cache_policy=NO_CACHE)
async def _load_batch(work: Batch, mill: Mill, label: str) -> Counts:
    async with turn(WRITER):
        try:
            counts = await _in_loader(work)
        except UnknownEntriesError:  # the warehouse was rebuilt meanwhile
            work = replace(work, milled=await mill([m.document for m in work.milled], afresh=True))
            counts = await _in_loader(work)
    log_batch(work, get_run_logger())
    return counts


_LOADER = ThreadPoolExecutor(1, "load")
"""One thread for all loads: each thread's allocators keep what a batch took, which is a hundred megabytes."""


async def _in_loader(work: Batch) -> Counts:
    return await asyncio.get_running_loop().run_in_executor(_LOADER, commit_batch, work)


@task(name="images", task_run_name="images {label}", cache_policy=NO_CACHE)
async def fetch_images(pending: Sequence[PendingImage], client: Client, store: Warehouse, label: str) -> list[Image]:
    """Fetch a batch of images and record how each went."""
    settings = client.settings
    gate = asyncio.Semaphore(settings.concurrency)

    async def one(image: PendingImage) -> Image:
        async with gate:
            return await fetch_image(image, client, settings.images_path)

    fetched = await asyncio.gather(*map(one, pending))
    async with turn(WRITER):
        await asyncio.to_thread(_record_images, store, fetched)
    return list(fetched)


def _record_images(store: Warehouse, fetched: Sequence[Image]) -> None:
    with store.writing() as connection:
        operations.record_images(connection, fetched)


async def check_quality(settings: Settings, run_id: str, counts: Counts) -> list[Check]:
    """Check what must hold of the warehouse, and record how it does."""
    return await _check_quality(settings, run_id, cast("Counts", quote(counts)))


@task(name="check", cache_policy=NO_CACHE)
async def _check_quality(settings: Settings, run_id: str, counts: Counts) -> list[Check]:
    async with turn(WRITER):
        return await asyncio.to_thread(_check, settings, run_id, counts)


def _check(settings: Settings, run_id: str, counts: Counts) -> list[Check]:
    # the images of a lake may lie on the machines that fetched them
    images = settings.images_path if isinstance(settings.place, Path) else None
    with settings.store.writing() as connection:
        return check(connection, run_id, counts, content_hash, images)


@task(name="duplicates", cache_policy=NO_CACHE)
async def find_duplicates(store: Warehouse) -> int:
    """Compare what is new or changed with all the rest, and mark what repeats another article."""
    from tasks.clean.similarity import MEASURE  # only what publishes needs it

    async with turn(WRITER):
        return await asyncio.to_thread(mark_duplicates, store, MEASURE)


@task(name="publish", cache_policy=NO_CACHE)
async def publish_copy(settings: Settings) -> Published:
    return await asyncio.to_thread(publish, settings.store, settings.published_path)


@task(name="keep in shape", cache_policy=NO_CACHE)
async def keep_in_shape(settings: Settings) -> Upkeep:
    """Compact the warehouse, forget old records of runs, remove files that nothing names."""
    async with turn(WRITER):
        return await asyncio.to_thread(
            upkeep, settings.store, settings.retention, settings.images_path, settings.landing_zone.root
        )
