"""Batches of documents, and what is milled ahead and loaded together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.backfill.finds import Find
from tasks.mill.pool import BATCH_BYTES
from tasks.orchestration.pipeline import (
    BATCH_DOCUMENTS,
    BATCH_FINDS,
    FINDS_BYTES,
    PAUSE_DOCUMENTS,
    batch_documents,
    batch_fetches,
    batch_finds,
    batch_records,
    mill_ahead,
)
from warehouse.errors import NewsmillError
from warehouse.records import Document, Feed, Fetch, Milled

T = TypeVar("T")
MOMENT = datetime(2024, 1, 1, tzinfo=UTC)


def document(number: int, size: int = 1) -> Document:
    return Document(str(number), "f", "", "", MOMENT, 200, {}, size, "")


def milled(number: int, size: int = 1) -> Milled:
    return Milled(document(number, size))


# --- batches --------------------------------------------------------------------------------------------------------


async def gather(batches: AsyncIterator[list[T]]) -> list[list[T]]:
    return [batch async for batch in batches]


@given(st.lists(st.lists(st.integers(0, BATCH_BYTES), min_size=1, max_size=400), max_size=6))
def test_landing_records_stay_whole_and_in_order(sizes: list[list[int]]) -> None:
    records = [[document(number, size) for size in record] for number, record in enumerate(sizes)]
    batches = list(batch_records(records))
    assert [each for batch in batches for each in batch] == [each for record in records for each in record]
    for batch in batches:
        ids = {each.document_id for each in batch}
        assert sum(len(records[int(number)]) for number in ids) == len(batch), "no record is split"
        if len(ids) > 1:
            assert len(batch) <= BATCH_DOCUMENTS
            assert sum(each.size for each in batch) <= BATCH_BYTES


def test_documents_are_batched_by_number_and_by_size() -> None:
    small = [document(number) for number in range(BATCH_DOCUMENTS + 1)]
    batches = asyncio.run(gather(batch_documents(small)))
    assert [len(batch) for batch in batches] == [BATCH_DOCUMENTS, 1]
    large = [document(number, BATCH_BYTES // 2) for number in range(5)]
    assert [len(batch) for batch in asyncio.run(gather(batch_documents(large)))] == [2, 2, 1]


def fetch(size: int, number: int | None) -> Fetch:
    landed = None if number is None else document(number, size)
    return Fetch("f", "", MOMENT, 0.1, "fetched" if landed else "not-modified", bytes=size, document=landed)


def test_fetches_are_batched_by_the_documents_they_brought() -> None:
    async def source() -> AsyncIterator[Fetch]:
        for number in range(BATCH_DOCUMENTS):
            yield fetch(0, None)
            yield fetch(1, number)
        yield fetch(BATCH_BYTES, 0)
        yield fetch(0, None)

    batches = asyncio.run(gather(batch_fetches(source())))
    assert [len(batch) for batch in batches] == [2 * BATCH_DOCUMENTS, 1, 1]


@pytest.mark.parametrize(("limit", "documents"), [("WAIT_SECONDS", 2), ("PAUSE_SECONDS", PAUSE_DOCUMENTS)])
def test_what_was_fetched_does_not_wait_for_a_feed_that_hangs(
    limit: str, documents: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WAIT_SECONDS", "PAUSE_SECONDS"):
        monkeypatch.setattr(f"tasks.orchestration.pipeline.{name}", 0.01 if name == limit else 600)

    async def run() -> list[int]:
        loaded = asyncio.Event()

        async def source() -> AsyncIterator[Fetch]:
            for number in range(documents):
                yield fetch(1, number)
            await loaded.wait()  # it answers only once the others are loaded
            yield fetch(1, documents)

        lengths = []
        async for batch in batch_fetches(source()):
            lengths.append(len(batch))
            loaded.set()
        return lengths

    assert asyncio.run(run()) == [documents, 1]


def test_a_few_documents_wait_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.orchestration.pipeline.PAUSE_SECONDS", 0)
    monkeypatch.setattr("tasks.orchestration.pipeline.WAIT_SECONDS", 600)

    async def source() -> AsyncIterator[Fetch]:
        for number in range(PAUSE_DOCUMENTS):
            yield fetch(1, number)
            await asyncio.sleep(0.01)

    batches = asyncio.run(gather(batch_fetches(source())))
    assert [len(batch) for batch in batches] == [PAUSE_DOCUMENTS]


def find(size: int) -> Find:
    return Find("mark", Feed("f", "F", ""), "", "", MOMENT, bytes(size))


async def gather_finds(sizes: Sequence[int], error: Exception | None = None) -> list[int]:
    """The lengths of the batches that come before the error."""

    async def source() -> AsyncIterator[Find]:
        for size in sizes:
            yield find(size)
        if error:
            raise error

    lengths = []
    with suppress(NewsmillError, RuntimeError):
        async for batch in batch_finds(source()):
            lengths.append(len(batch))
    return lengths


def test_finds_are_batched_by_number_size_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asyncio.run(gather_finds([1] * (BATCH_FINDS + 1))) == [BATCH_FINDS, 1]
    assert asyncio.run(gather_finds([1, FINDS_BYTES, 1])) == [2, 1]
    monkeypatch.setattr("tasks.orchestration.pipeline.BATCH_SECONDS", -1.0)
    assert asyncio.run(gather_finds([1, 1])) == [1, 1]


def test_finds_before_a_failure_of_the_source_still_come() -> None:
    assert asyncio.run(gather_finds([1, 1], NewsmillError("the server is gone"))) == [2]
    assert asyncio.run(gather_finds([1, 1], RuntimeError("a fault of our own"))) == []


# --- milling ahead --------------------------------------------------------------------------------------------------


async def loads(sizes: list[int], slow: frozenset[int] = frozenset(), each: int = 1) -> list[list[int]]:
    """What is loaded together of batches of these sizes; the `slow` ones are milled only when nothing else is left."""
    numbered = [[sum(sizes[:index]) + number for number in range(size)] for index, size in enumerate(sizes)]

    async def batches() -> AsyncIterator[list[int]]:
        for batch in numbered:
            yield batch

    async def mill(batch: list[int]) -> list[Milled]:
        for _ in range(20 if numbered.index(batch) in slow else 0):
            await asyncio.sleep(0)
        return [milled(number, each) for number in batch]

    loaded = []
    async for batch, results in mill_ahead(batches(), mill):
        assert [int(result.document.document_id) for result in results] == batch
        loaded.append(batch)
        for _ in range(5):
            await asyncio.sleep(0)
    return loaded


def test_batches_that_are_ready_are_loaded_together() -> None:
    assert asyncio.run(loads([2, 2, 2, 2, 2])) == [[0, 1], [2, 3, 4, 5], [6, 7, 8, 9]]


def test_no_more_is_loaded_together_than_a_batch_may_have() -> None:
    assert asyncio.run(loads([2, 2, 2, 2, 2], each=BATCH_BYTES // 3)) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]


def test_a_small_last_batch_is_waited_for() -> None:
    assert asyncio.run(loads([9, 1], frozenset({1}))) == [list(range(10))]
    assert asyncio.run(loads([2, 2], frozenset({1}))) == [[0, 1], [2, 3]]


@given(st.lists(st.integers(1, 9), max_size=8), st.sets(st.integers(0, 7)))
def test_every_batch_is_loaded_once_and_in_order(sizes: list[int], slow: set[int]) -> None:
    loaded = asyncio.run(loads(sizes, frozenset(slow)))
    assert [number for batch in loaded for number in batch] == list(range(sum(sizes)))


async def loaded_before_failure(
    source: AsyncIterator[list[int]], mill: Callable[[list[int]], Awaitable[list[Milled]]]
) -> list[int]:
    """The numbers that come before the failure."""
    loaded: list[int] = []
    async with aclosing(mill_ahead(source, mill)) as ahead:
        with pytest.raises(NewsmillError):
            async for batch, _ in ahead:
                loaded += batch
    return loaded


def test_batches_before_a_failure_of_the_source_still_come() -> None:
    async def source() -> AsyncIterator[list[int]]:
        yield [1]
        yield [2]
        raise NewsmillError("the disk is gone")

    async def mill(batch: list[int]) -> list[Milled]:
        return [milled(number) for number in batch]

    assert asyncio.run(loaded_before_failure(source(), mill)) == [1, 2]


@pytest.mark.parametrize("failing", range(5))
def test_batches_before_a_failure_of_milling_still_come(failing: int) -> None:
    async def source() -> AsyncIterator[list[int]]:
        for number in range(5):
            yield [number]

    async def mill(batch: list[int]) -> list[Milled]:
        if batch == [failing]:
            raise NewsmillError("a document is gone")
        return [milled(number) for number in batch]

    assert asyncio.run(loaded_before_failure(source(), mill)) == list(range(failing))


def test_a_batch_is_loaded_while_the_source_looks_for_the_next() -> None:
    async def load_slowly() -> None:
        loaded = asyncio.Event()

        async def source() -> AsyncIterator[list[int]]:
            yield [1]
            await asyncio.wait_for(loaded.wait(), 10)
            yield [2]

        async def mill(batch: list[int]) -> list[Milled]:
            return [milled(number) for number in batch]

        async for _ in mill_ahead(source(), mill):
            loaded.set()

    asyncio.run(load_slowly())


def test_closing_early_leaves_nothing_running() -> None:
    async def close_early() -> None:
        ended: list[str] = []

        async def source() -> AsyncGenerator[list[int]]:
            try:
                for number in range(100):
                    yield [number]
            finally:
                ended.append("source")

        async def mill(batch: list[int]) -> list[Milled]:
            try:
                await asyncio.sleep(0 if batch == [0] else 60)
            except asyncio.CancelledError:
                ended.append("milling")
                raise
            return [milled(number) for number in batch]

        async with aclosing(source()) as numbers, aclosing(mill_ahead(numbers, mill)) as ahead:
            await anext(ahead)
            await asyncio.sleep(0)
        assert set(ended) == {"source", "milling"}
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(close_early())
