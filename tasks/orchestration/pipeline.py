"""Batches: documents are gathered by size, and the next batches are milled while one loads."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

from more_itertools import constrained_batches

from tasks.backfill.finds import Find
from tasks.mill.pool import BATCH_BYTES
from warehouse.errors import NewsmillError
from warehouse.records import Document, Fetch, Milled

BATCH_DOCUMENTS = 256
BATCH_FINDS = 1000
FINDS_BYTES = 4_500_000
"""Limit for a backfill's documents: all of them are new, and what milling makes of one is many times its size."""
BATCH_SECONDS = 30.0
WAIT_SECONDS = 2.0
"""What was fetched does not wait longer for other feeds: a server that hangs delays none of them."""
PAUSE_SECONDS = 0.5
"""Nor longer than this for the next answer, once a load of its own is worth it."""
PAUSE_DOCUMENTS = 10
"""A load costs a twentieth of a second however little it loads: fewer documents wait for others."""
AHEAD = 2
"""Batches that are milled while one loads: bounds the memory."""

T = TypeVar("T")


def batch_finds(finds: AsyncIterator[Find]) -> AsyncIterator[list[Find]]:
    """Finds in their order, in batches by size, and by time: what a slow server gave is landed before long.

    If the source fails, the finds before the failure still come.
    """
    return _in_batches(
        finds,
        lambda find: (len(find.data), 1),
        max_bytes=FINDS_BYTES,
        max_documents=BATCH_FINDS,
        max_seconds=BATCH_SECONDS,
        flush_on=(NewsmillError,),
    )


def batch_fetches(fetches: AsyncIterator[Fetch]) -> AsyncIterator[list[Fetch]]:
    """Fetches in the order in which they end, in batches by size, and before one waits for long."""
    return _in_batches(
        fetches,
        lambda fetch: (fetch.bytes, len(fetch.documents)),
        max_bytes=BATCH_BYTES,
        max_documents=BATCH_DOCUMENTS,
        max_wait=WAIT_SECONDS,
        max_pause=PAUSE_SECONDS,
    )


async def _in_batches(
    items: AsyncIterator[T],
    measure: Callable[[T], tuple[int, int]],
    *,
    max_bytes: int,
    max_documents: int,
    max_seconds: float = math.inf,
    max_wait: float = math.inf,
    max_pause: float = math.inf,
    flush_on: tuple[type[Exception], ...] = (),
) -> AsyncIterator[list[T]]:
    """The items in batches; a batch ends with the item that reaches a limit. `measure` gives an item's bytes and number
    of documents. A batch also ends once its first item has waited `max_wait` seconds; one with PAUSE_DOCUMENTS, if no
    item comes for `max_pause` seconds. If the source raises one of `flush_on`, the unfinished batch comes before the
    error."""
    batch: list[T] = []
    size = documents = 0
    started = 0.0
    coming: asyncio.Future[T] | None = None
    try:
        while True:
            try:
                if not batch or max_wait == math.inf:
                    item = await anext(items)
                else:
                    coming = asyncio.ensure_future(anext(items))
                    left = started + max_wait - time.monotonic()
                    wait = min(left, max_pause) if documents >= PAUSE_DOCUMENTS else left
                    if not (await asyncio.wait({coming}, timeout=max(wait, 0)))[0]:
                        yield batch
                        batch, size, documents = [], 0, 0
                    item = await coming
            except StopAsyncIteration:
                break
            item_size, item_documents = measure(item)
            if not batch:
                started = time.monotonic()
            batch.append(item)
            size += item_size
            documents += item_documents
            if size >= max_bytes or documents >= max_documents or time.monotonic() - started > max_seconds:
                yield batch
                batch, size, documents = [], 0, 0
    except flush_on:
        if batch:
            yield batch
        raise
    finally:
        if coming:
            coming.cancel()
    if batch:
        yield batch


async def batch_documents(documents: Iterable[Document]) -> AsyncIterator[list[Document]]:
    """Documents in their order, in batches by size."""
    for batch in batch_records([document] for document in documents):
        yield batch


def batch_records(records: Iterable[Sequence[Document]]) -> Iterator[list[Document]]:
    """Documents in batches by size; those of one landing record stay together."""
    for batch in constrained_batches(records, BATCH_BYTES, get_len=_weight, strict=False):
        yield list(chain.from_iterable(batch))


def _weight(record: Sequence[Document]) -> int:
    """The bytes of a landing record; a small document counts as its share of a batch, so that BATCH_DOCUMENTS holds."""
    return sum(max(document.size, BATCH_BYTES // BATCH_DOCUMENTS) for document in record)


async def mill_ahead(
    batches: AsyncIterator[list[T]], mill: Callable[[list[T]], Awaitable[list[Milled]]]
) -> AsyncGenerator[tuple[list[T], list[Milled]]]:
    """Each batch with its milled documents, in order; the next batches are found and milled while the caller loads this
    one. The caller must close the generator. If the source fails, the batches before the failure still come.

    If the next batch is ready by then, the two come together: one load of two batches is cheaper than two loads. But
    together they stay within BATCH_BYTES, to bound the memory.
    """
    milling: deque[tuple[list[T], asyncio.Task[list[Milled]]]] = deque()
    room = asyncio.Semaphore(AHEAD)
    changed = asyncio.Event()

    async def mill_batch(batch: list[T]) -> list[Milled]:
        return await mill(batch)

    async def start_milling() -> None:
        async for batch in batches:
            await room.acquire()
            milling.append((batch, asyncio.create_task(mill_batch(batch))))
            changed.set()

    source = asyncio.create_task(start_milling())
    source.add_done_callback(lambda _: changed.set())
    try:
        while milling or not source.done():
            if not milling:
                changed.clear()
                await changed.wait()
                continue
            batch, task = milling[0]
            results = await task
            taken = 1
            if len(milling) > 1:
                next_batch, next_task = milling[1]
                # wait for a small last batch rather than load it alone
                is_small_last = source.done() and len(milling) == 2 and 4 * len(next_batch) < len(batch)
                if is_small_last:
                    await asyncio.wait({next_task})
                if next_task.done() and not next_task.exception():
                    next_results = next_task.result()
                    if is_small_last or _size(results) + _size(next_results) <= BATCH_BYTES:
                        batch, results, taken = batch + next_batch, results + next_results, 2
            for _ in range(taken):
                milling.popleft()
                room.release()
            yield batch, results
        await source
    finally:
        unfinished = {source, *(task for _, task in milling)}
        for job in unfinished:
            job.cancel()
        await asyncio.wait(unfinished)


def _size(milled: Sequence[Milled]) -> int:
    return sum(result.document.size for result in milled)
