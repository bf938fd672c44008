"""The Prefect skins of the steps: names, tags and retries. The logic is in the modules beside this one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Iterator,
    Sequence,
)
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from itertools import chain, compress
from pathlib import Path
from typing import Any, TypeVar, cast
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

from tasks import fetch, images, rhythm
from tasks.backfill.finds import Find
from tasks.http import Client
from tasks.identity import content_hash
from tasks.limits import WRITER, turn
from tasks.milling import BATCH_BYTES, Mill, open_mill
from tasks.rhythm import Bounds
from tasks.settings import Settings, load_settings
from warehouse import load, operations
from warehouse.connection import Connection, Warehouse
from warehouse.duplicates import mark_duplicates
from warehouse.errors import FetchError, NewsmillError, TransientFetchError
from warehouse.landing import Landing
from warehouse.maintenance import Upkeep, upkeep
from warehouse.publish import Published, publish
from warehouse.quality import Check, check
from warehouse.records import (
    Counts,
    Document,
    Feed,
    FeedState,
    Fetch,
    Image,
    Milled,
    PendingImage,
    Reject,
    Rhythm,
    Source,
    Watermark,
)

BATCH_DOCUMENTS = 256
BATCH_FINDS = 1000
FINDS_BYTES = 4_500_000
"""Of a backfill's documents: they are all new, and what milling makes of one is many times its size."""
BATCH_SECONDS = 30.0
AHEAD = 2
"""Batches that are milled while one loads: bounds the memory."""

T = TypeVar("T")
Log = logging.Logger | logging.LoggerAdapter[Any]


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
    return await fetch.fetch(feed, state, client, landing, attempt=task_run.run_count or 1)


@cache  # Prefect takes as long for the options as for the task
def _fetch_feed_with(retries: int, delay: float) -> Task[..., Coroutine[Any, Any, Fetch]]:
    return fetch_feed.with_options(retries=retries, retry_delay_seconds=exponential_backoff(delay) if retries else 0)


async def fetch_or_explain(
    feed: Feed, state: FeedState, client: Client, landing: Landing, *, force: bool = False
) -> Fetch:
    """Fetch one feed as a task of its own, retried as its failure deserves; what comes to nothing is a record."""
    if not force and (reason := fetch.reason_to_wait(state, datetime.now(UTC))):
        return fetch.skipped(feed, reason)
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
    return fetch.failed(feed, error, started_at=started_at, attempts=tries)


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
    work = _Work(milled, fetches, rejects, reached, store, landing, run_id, bounds)
    return await _load_batch(cast("_Work", quote(work)), mill, label)


@dataclass(frozen=True, slots=True)
class Landed:
    """A find of a backfill, once its bytes are durable: it has them no more."""

    mark: str
    document: Document | None
    """None where there is nothing to load: it can't be read, or was loaded before."""
    reject: Reject | None = None


async def land_finds(finds: Sequence[Find], loaded: Collection[int], source: Source, landing: Landing) -> list[Landed]:
    """Make a batch of a backfill durable, as one pack. Those whose keys are in `loaded` are passed over."""
    wanted = [not find.error and not (loaded and find.key in loaded) for find in finds]
    drafts = [
        (
            Document(
                document_id="",
                feed_id=find.feed.id,
                url=find.url,
                final_url=find.location,
                fetched_at=find.seen_at,
                status=200,
                headers=find.headers,
                size=len(find.data),
                landing_path="",
                source=source,
                form=find.form,
            ),
            find.data,
        )
        for find in compress(finds, wanted)
    ]
    documents = iter(await asyncio.to_thread(landing.land_pack, drafts) if drafts else ())
    return [
        Landed(
            find.mark,
            next(documents) if lands else None,
            Reject("find", find.error, find.feed.id, None, find.location) if find.error else None,
        )
        for find, lands in zip(finds, wanted, strict=True)
    ]


async def finds_in_batches(finds: AsyncIterator[Find]) -> AsyncIterator[list[Find]]:
    """Finds in their order, in batches by size, and by time: what a slow server gave is landed before long.

    Should the source fail, what it gave before comes first.
    """
    batch: list[Find] = []
    size, since = 0, time.monotonic()
    try:
        async for find in finds:
            batch.append(find)
            size += len(find.data)
            if size >= FINDS_BYTES or len(batch) >= BATCH_FINDS or time.monotonic() - since > BATCH_SECONDS:
                yield batch
                batch, size, since = [], 0, time.monotonic()
    except NewsmillError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class _Work:
    milled: Sequence[Milled]
    fetches: Sequence[tuple[Feed, Fetch, FeedState]]
    rejects: Sequence[Reject]
    reached: Watermark | None
    store: Warehouse
    landing: Landing | None
    run_id: str
    bounds: Bounds


@task(name="load", task_run_name="load {label}", cache_policy=NO_CACHE)
async def _load_batch(work: _Work, mill: Mill, label: str) -> Counts:
    async with turn(WRITER):
        try:
            counts = await _in_loader(work)
        except load.UnknownEntriesError:  # the warehouse was rebuilt meanwhile
            work = replace(work, milled=await mill([m.document for m in work.milled], afresh=True))
            counts = await _in_loader(work)
    _tell_of(work, get_run_logger())
    return counts


def _tell_of(work: _Work, log: Log) -> None:
    """At DEBUG: each document that was loaded, and all that was rejected."""
    if not log.isEnabledFor(logging.DEBUG):
        return
    for milled in work.milled:
        feed, document, entries, seen = milled.document.feed_id, milled.document, milled.entries, milled.seen
        log.debug("%s: %s: %d entries, %d seen before", feed, document.document_id, len(entries), len(seen))
    for reject in chain(work.rejects, *(milled.rejects for milled in work.milled)):
        log.debug("%s: rejected (%s): %s: %s", reject.feed_id, reject.step, reject.location, reject.error)


_LOADER = ThreadPoolExecutor(1, "load")
"""One thread for all loads: each thread's allocators keep what a batch took, which is a hundred megabytes."""


async def _in_loader(work: _Work) -> Counts:
    return await asyncio.get_running_loop().run_in_executor(_LOADER, _load, work)


def _load(work: _Work) -> Counts:
    counts = Counts()
    with work.store.writing(sum(each.document.size for each in work.milled)) as connection:
        if work.milled:
            counts = load.load(connection, work.milled, run_id=work.run_id)
        if work.fetches:
            operations.record_fetches(connection, _scheduled(connection, work), run_id=work.run_id)
        if work.rejects:
            load.load_rejects(connection, work.rejects, run_id=work.run_id)
            counts.rejected += len(work.rejects)
        if work.reached:
            operations.record_watermark(connection, work.reached, run_id=work.run_id)
    if work.landing:
        work.landing.settle(each.document for each in work.milled)
    return counts


def _scheduled(connection: Connection, work: _Work) -> list[tuple[Feed, Fetch, FeedState]]:
    """The fetches with the states in which the feeds are due again, as what was just loaded shows."""
    answered = [each.feed_id for _, each, _ in work.fetches if each.outcome in ("fetched", "not-modified")]
    rhythms = operations.learn_rhythms(connection, answered, [each.document.feed_id for each in work.milled])
    return [
        (feed, each, rhythm.due(state, each, rhythms.get(feed.id, Rhythm()), work.bounds))
        for feed, each, state in work.fetches
    ]


@task(name="images", task_run_name="images {label}", cache_policy=NO_CACHE)
async def fetch_images(pending: Sequence[PendingImage], client: Client, store: Warehouse, label: str) -> list[Image]:
    """Fetch a batch of images and record how each went."""
    settings = client.settings
    gate = asyncio.Semaphore(settings.concurrency)

    async def one(image: PendingImage) -> Image:
        async with gate:
            return await images.fetch_image(image, client, settings.images_path)

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
    from tasks.similarity import MEASURE  # only what publishes needs it

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


async def in_batches(fetches: AsyncIterator[Fetch]) -> AsyncIterator[list[Fetch]]:
    """Fetches as they come, in batches by size."""
    batch: list[Fetch] = []
    size = 0
    async for each in fetches:
        batch.append(each)
        size += each.bytes
        if size >= BATCH_BYTES or sum(f.document is not None for f in batch) >= BATCH_DOCUMENTS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


async def documents_in_batches(documents: Iterable[Document]) -> AsyncIterator[list[Document]]:
    """Documents in their order, in batches by size."""
    for batch in in_packs([document] for document in documents):
        yield batch


def in_packs(records: Iterable[Sequence[Document]]) -> Iterator[list[Document]]:
    """Documents in batches by size; those of one landing record stay together."""
    batch: list[Document] = []
    size = 0
    for documents in records:
        batch += documents
        size += sum(document.size for document in documents)
        if size >= BATCH_BYTES or len(batch) >= BATCH_DOCUMENTS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


async def milled_ahead(
    batches: AsyncIterator[list[T]], mill: Callable[[list[T]], Awaitable[list[Milled]]]
) -> AsyncGenerator[tuple[list[T], list[Milled]]]:
    """Each batch with what it was milled to, in order; the next ones are found and milled while the caller loads this
    one. To be closed by the caller. Should finding fail, what was found before comes first.

    Where the next one is ready by then, the two come together: one load of two batches is cheaper than two of one. But
    no more than a batch may have: that takes memory enough.
    """
    milling: deque[tuple[list[T], asyncio.Task[list[Milled]]]] = deque()
    room = asyncio.Semaphore(AHEAD)
    news = asyncio.Event()

    async def milled(batch: list[T]) -> list[Milled]:
        return await mill(batch)

    async def find() -> None:
        async for batch in batches:
            await room.acquire()
            milling.append((batch, asyncio.create_task(milled(batch))))
            news.set()

    finding = asyncio.create_task(find())
    finding.add_done_callback(lambda _: news.set())
    try:
        while milling or not finding.done():
            if not milling:
                news.clear()
                await news.wait()
                continue
            batch, result = milling[0]
            results = await result
            taken = 1
            if len(milling) > 1:
                more, result = milling[1]
                # what little comes last is waited for
                little = finding.done() and len(milling) == 2 and 4 * len(more) < len(batch)
                if little:
                    await asyncio.wait({result})
                if result.done() and not result.exception():
                    added = result.result()
                    if little or _size(results) + _size(added) <= BATCH_BYTES:
                        batch, results, taken = batch + more, results + added, 2
            for _ in range(taken):
                milling.popleft()
                room.release()
            yield batch, results
        await finding
    finally:
        tasks = {finding, *(result for _, result in milling)}
        for each in tasks:
            each.cancel()
        await asyncio.wait(tasks)


def _size(milled: Sequence[Milled]) -> int:
    return sum(each.document.size for each in milled)
