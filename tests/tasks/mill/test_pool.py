"""The order in which documents are milled, and those of which an entry hangs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import MillingError
from tasks.mill.pool import BATCH_BYTES, _Slots, open_milling_pool
from tasks.settings import Settings
from tests.tasks.making import FEED, NOW, Item, rss
from warehouse.records import Milled, Rules


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


CATASTROPHE = Rules(drop_after="(a+)+b$")
"""Takes 2**n steps for n letters a, within one call of a C function that nothing interrupts."""


def mill_with(tmp_path: Path, *items: Item, timeout: float) -> Milled:
    settings = Settings(warehouse=str(tmp_path / "news.duckdb"), mill_timeout=timeout, workers=1)
    feed = replace(FEED, rules=CATASTROPHE)
    landed = settings.landing_zone.land(
        rss(*items), feed_id=feed.id, url=feed.url, final_url=feed.url, fetched_at=NOW, status=200, headers={}
    )
    with open_milling_pool(settings, [feed]) as pool:
        (result,) = asyncio.run(pool.mill([landed]))
    return result


def test_an_entry_that_hangs_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    hanging = Item("It hangs", f"<p>{'a' * 60}!</p>", link="https://quay.example/hangs", guid="hangs")
    dated = "Fri, 20 Nov 2026 09:00:00 GMT"
    last = Item("The ferry is late", link="https://quay.example/ferry", guid="ferry", date=dated)
    result = mill_with(tmp_path, Item(), hanging, last, timeout=10)
    assert [article.title for article in result.articles] == ["The gate is open", "The ferry is late"]
    assert len(result.entries) == 3, "raw.entries keeps what the feed gave"
    (reject,) = result.rejects
    assert (reject.step, reject.location) == ("clean", "entry 1: hangs")
    assert reject.error == "takes longer than 2 s to clean"


def test_a_pool_that_does_not_work_rejects_no_document(tmp_path: Path) -> None:
    """Else all of them would be rejected and count as loaded, as if they were at fault."""
    settings = Settings(warehouse=str(tmp_path / "news.duckdb"), workers=1)
    landed = settings.landing_zone.land(
        rss(Item()), feed_id=FEED.id, url=FEED.url, final_url=FEED.url, fetched_at=NOW, status=200, headers={}
    )
    with open_milling_pool(settings, [FEED]) as pool:
        pool.processes.stop()
        for documents in ([landed], [landed, replace(landed, fetched_at=NOW.replace(hour=13))]):
            with pytest.raises(MillingError, match="stay in the landing zone"):
                asyncio.run(pool.mill(documents))
