"""The order in which documents are milled, and what is loaded together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.mill.pool import BATCH_BYTES, _Slots
from tasks.orchestration.pipeline import milled_ahead
from warehouse.errors import NewsmillError
from warehouse.records import Document, Milled


async def taken_in_order(sizes: list[int], slots: int, *, cancelled: frozenset[int] = frozenset()) -> list[int]:
    """Places in `sizes`, in the order in which they got a slot."""
    places = _Slots(slots)
    order: list[int] = []

    async def one(place: int) -> None:
        async with places.taken(sizes[place]):
            order.append(place)
            await asyncio.sleep(0)

    waiting = [asyncio.ensure_future(one(place)) for place in range(len(sizes))]
    await asyncio.sleep(0)
    for place in cancelled:
        waiting[place].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert places.free == slots
    return order


def test_the_largest_waiting_document_goes_first() -> None:
    assert asyncio.run(taken_in_order([10, 20, 30, 40], 1)) == [0, 3, 2, 1]


def test_a_later_batch_waits_for_the_earlier_one() -> None:
    small, large = 100, BATCH_BYTES // 2
    order = asyncio.run(taken_in_order([small, small, large, large, large], 1))
    assert order.index(1) < order.index(4)


@given(st.lists(st.integers(0, BATCH_BYTES), max_size=12), st.integers(1, 3), st.sets(st.integers(0, 11)))
def test_every_document_gets_its_slot_whatever_is_cancelled(sizes: list[int], slots: int, cancelled: set[int]) -> None:
    gone = frozenset(place for place in cancelled if place < len(sizes))
    order = asyncio.run(taken_in_order(sizes, slots, cancelled=gone))
    assert len(order) == len(set(order))
    assert set(range(len(sizes))) - gone <= set(order)


def milled(number: int, size: int = 1) -> Milled:
    return Milled(Document(str(number), "f", "", "", datetime(2024, 1, 1, tzinfo=UTC), 200, {}, size, ""))


async def loads(sizes: list[int], slow: frozenset[int] = frozenset(), each: int = 1) -> list[list[int]]:
    """What is loaded together of batches of these sizes; the `slow` ones are milled only when nothing else is left."""
    given = [[sum(sizes[:place]) + number for number in range(size)] for place, size in enumerate(sizes)]

    async def batches() -> AsyncIterator[list[int]]:
        for batch in given:
            yield batch

    async def mill(batch: list[int]) -> list[Milled]:
        for _ in range(20 if given.index(batch) in slow else 0):
            await asyncio.sleep(0)
        return [milled(number, each) for number in batch]

    found = []
    async for batch, results in milled_ahead(batches(), mill):
        assert [int(result.document.document_id) for result in results] == batch
        found.append(batch)
        for _ in range(5):
            await asyncio.sleep(0)
    return found


def test_batches_that_are_ready_are_loaded_together() -> None:
    assert asyncio.run(loads([2, 2, 2, 2, 2])) == [[0, 1], [2, 3, 4, 5], [6, 7, 8, 9]]


def test_no_more_is_loaded_together_than_a_batch_may_have() -> None:
    assert asyncio.run(loads([2, 2, 2, 2, 2], each=BATCH_BYTES // 3)) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]


def test_a_small_last_batch_is_waited_for() -> None:
    assert asyncio.run(loads([9, 1], frozenset({1}))) == [list(range(10))]
    assert asyncio.run(loads([2, 2], frozenset({1}))) == [[0, 1], [2, 3]]


@given(st.lists(st.integers(1, 9), max_size=8), st.sets(st.integers(0, 7)))
def test_every_batch_is_loaded_once_and_in_order(sizes: list[int], slow: set[int]) -> None:
    found = asyncio.run(loads(sizes, frozenset(slow)))
    assert [number for batch in found for number in batch] == list(range(sum(sizes)))


async def taken_of(source: AsyncIterator[list[int]], mill: Callable[[list[int]], Awaitable[list[Milled]]]) -> list[int]:
    """The numbers that come before the failure."""
    taken: list[int] = []
    async with aclosing(milled_ahead(source, mill)) as ahead:
        with pytest.raises(NewsmillError):
            async for batch, _ in ahead:
                taken += batch
    return taken


def test_what_was_found_before_a_failure_comes_first() -> None:
    async def source() -> AsyncIterator[list[int]]:
        yield [1]
        yield [2]
        raise NewsmillError("the disk is gone")

    async def mill(batch: list[int]) -> list[Milled]:
        return [milled(number) for number in batch]

    assert asyncio.run(taken_of(source(), mill)) == [1, 2]


@pytest.mark.parametrize("failing", range(5))
def test_what_was_milled_before_a_failure_of_milling_comes_first(failing: int) -> None:
    async def source() -> AsyncIterator[list[int]]:
        for number in range(5):
            yield [number]

    async def mill(batch: list[int]) -> list[Milled]:
        if batch == [failing]:
            raise NewsmillError("a document is gone")
        return [milled(number) for number in batch]

    assert asyncio.run(taken_of(source(), mill)) == list(range(failing))


def test_a_batch_is_loaded_while_the_source_looks_for_the_next() -> None:
    async def slowly() -> None:
        loaded = asyncio.Event()

        async def source() -> AsyncIterator[list[int]]:
            yield [1]
            await asyncio.wait_for(loaded.wait(), 10)
            yield [2]

        async def mill(batch: list[int]) -> list[Milled]:
            return [milled(number) for number in batch]

        async for _ in milled_ahead(source(), mill):
            loaded.set()

    asyncio.run(slowly())


def test_who_stops_leaves_nothing_going_on() -> None:
    async def stopped() -> None:
        ended: list[str] = []

        async def source() -> AsyncGenerator[list[int]]:
            try:
                for number in range(100):
                    yield [number]
            finally:
                ended.append("finding")

        async def mill(batch: list[int]) -> list[Milled]:
            try:
                await asyncio.sleep(0 if batch == [0] else 60)
            except asyncio.CancelledError:
                ended.append("milling")
                raise
            return [milled(number) for number in batch]

        async with aclosing(source()) as numbers, aclosing(milled_ahead(numbers, mill)) as ahead:
            await anext(ahead)
            await asyncio.sleep(0)
        assert set(ended) == {"finding", "milling"}
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(stopped())
