"""Batches: documents are gathered by size, and the next batches are milled while one loads."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from tasks.backfill.finds import Find
from tasks.mill.pool import BATCH_BYTES
from warehouse.errors import NewsmillError
from warehouse.records import Document, Fetch, Milled

BATCH_DOCUMENTS = 256
BATCH_FINDS = 1000
FINDS_BYTES = 4_500_000
"""Of a backfill's documents: they are all new, and what milling makes of one is many times its size."""
BATCH_SECONDS = 30.0
AHEAD = 2
"""Batches that are milled while one loads: bounds the memory."""

T = TypeVar("T")


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
