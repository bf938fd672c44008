"""Lanes to a host, with a real semaphore as the limit that others share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tasks.fetch.lanes import LONGEST_WAIT, Lanes, Pace

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Shared:
    """A limit that several share; it counts how often a slot was taken."""

    def __init__(self, slots: int) -> None:
        self.slots, self.taken = asyncio.Semaphore(slots), 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        async with self.slots:
            self.taken += 1
            yield


class Host:
    """What a host sees: how many ask at once, and in which order."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.order: list[object] = []

    async def ask(self, lanes: Lanes, name: object, steps: int = 3) -> None:
        async with lanes.enter():
            self.order.append(name)
            self.now += 1
            self.most = max(self.most, self.now)
            try:
                for _ in range(steps):
                    await asyncio.sleep(0)
            finally:
                self.now -= 1


async def test_requests_run_in_order_with_one_slot_for_each_lane() -> None:
    shared, host = Shared(5), Host()
    lanes = Lanes(2, shared.turn)
    await asyncio.gather(*(host.ask(lanes, n) for n in range(50)))
    await lanes.wait_closed()
    assert host.most == 2
    assert host.order == list(range(50))
    assert shared.taken == 2, "a slot is handed on"
    assert not shared.slots.locked()


async def test_a_slot_is_given_back_when_no_request_waits() -> None:
    shared, host = Shared(1), Host()
    lanes = Lanes(2, shared.turn)
    for n in range(3):
        await host.ask(lanes, n)
        await lanes.wait_closed()
    assert shared.taken == 3


async def test_others_get_their_turn_while_requests_wait() -> None:
    shared, host = Shared(1), Host()
    one, other = Lanes(2, shared.turn, hold=0), Lanes(2, shared.turn, hold=0)
    await asyncio.gather(
        *(host.ask(one, "one") for _ in range(9)), *(host.ask(other, "other") for _ in range(9)), one.wait_closed()
    )
    await asyncio.gather(one.wait_closed(), other.wait_closed())
    assert host.most == 1, "the limit holds for both together"
    assert host.order.count("one") == host.order.count("other") == 9
    assert host.order[:4].count("one") == 2, "neither waits for the other's end"


async def test_a_cancelled_request_does_not_block_others() -> None:
    shared, host = Shared(1), Host()
    lanes = Lanes(1, shared.turn)
    asking, waiting, last = (asyncio.create_task(host.ask(lanes, n, steps=100)) for n in range(3))
    while not host.order:
        await asyncio.sleep(0)
    waiting.cancel()
    asking.cancel()
    await last
    await lanes.wait_closed()
    assert host.order == [0, 2]
    assert not shared.slots.locked()


async def test_all_waiting_requests_fail_without_a_slot_and_the_next_may_try() -> None:
    broken = True

    @asynccontextmanager
    async def turn() -> AsyncIterator[None]:
        if broken:
            raise ConnectionError("no server")
        yield

    host = Host()
    lanes = Lanes(1, turn)
    errors = await asyncio.gather(*(host.ask(lanes, n) for n in range(3)), return_exceptions=True)
    assert [str(error) for error in errors] == ["no server"] * 3
    broken = False
    await host.ask(lanes, "next")
    assert host.order == ["next"]


@pytest.mark.parametrize("width", [1, 3])
async def test_closing_waits_for_running_requests(width: int) -> None:
    shared, host = Shared(9), Host()
    lanes = Lanes(width, shared.turn)
    asking = [asyncio.create_task(host.ask(lanes, n)) for n in range(7)]
    await asyncio.sleep(0)
    await lanes.wait_closed()
    await asyncio.gather(*asking)
    assert len(host.order) == 7


class Clock:
    """Time that passes only while somebody waits."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("tasks.fetch.lanes.time", clock)
    monkeypatch.setattr("tasks.fetch.lanes.asyncio", clock)
    return clock


async def test_requests_that_a_slow_answer_held_up_keep_their_distance(clock: Clock) -> None:
    """With a Crawl-delay of half a second, a page followed the one before it after 43 ms."""
    pace = Pace(2)
    for number in range(1, 4):
        assert await pace.wait()
        assert clock.now == 100 + 2 * number, "the robots.txt was asked for at 100"
    clock.now = 120
    begun = []
    for _ in range(3):
        await pace.keep_distance()
        begun.append(clock.now)
    assert begun == [120, 122, 124]


async def test_a_pause_that_is_longer_than_a_request_waits_leaves_one_request_to_a_run(clock: Clock) -> None:
    pace = Pace(10 * LONGEST_WAIT)
    assert [await pace.wait() for _ in range(3)] == [True, False, False]
    assert clock.now == 100 + LONGEST_WAIT
