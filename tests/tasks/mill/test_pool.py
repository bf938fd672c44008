"""The order in which documents are milled."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from tasks.mill.pool import BATCH_BYTES, _Slots


async def order_of(sizes: list[int], slot_count: int, *, cancelled: frozenset[int] = frozenset()) -> list[int]:
    """Indexes into `sizes`, in the order in which they got a slot."""
    slots = _Slots(slot_count)
    order: list[int] = []

    async def take_slot(index: int) -> None:
        async with slots.acquire(sizes[index]):
            order.append(index)
            await asyncio.sleep(0)

    waiting = [asyncio.ensure_future(take_slot(index)) for index in range(len(sizes))]
    await asyncio.sleep(0)
    for index in cancelled:
        waiting[index].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert slots.free == slot_count
    return order


def test_the_largest_waiting_document_goes_first() -> None:
    assert asyncio.run(order_of([10, 20, 30, 40], 1)) == [0, 3, 2, 1]


def test_a_later_batch_waits_for_the_earlier_one() -> None:
    small, large = 100, BATCH_BYTES // 2
    order = asyncio.run(order_of([small, small, large, large, large], 1))
    assert order.index(1) < order.index(4)


@given(st.lists(st.integers(0, BATCH_BYTES), max_size=12), st.integers(1, 3), st.sets(st.integers(0, 11)))
def test_every_document_gets_its_slot_whatever_is_cancelled(sizes: list[int], slots: int, cancelled: set[int]) -> None:
    gone = frozenset(index for index in cancelled if index < len(sizes))
    order = asyncio.run(order_of(sizes, slots, cancelled=gone))
    assert len(order) == len(set(order))
    assert set(range(len(sizes))) - gone <= set(order)
