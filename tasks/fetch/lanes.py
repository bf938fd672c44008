"""The limit of requests to a host: a few lanes, each with one request at a time and a slot of a limit that is shared.

Getting a slot is expensive (it takes requests to Prefect's server), so a lane keeps its slot for several requests.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

HOLD = 20.0
"""Seconds after which a lane gives its slot back even if requests are waiting, so that others get it."""

LONGEST_WAIT = 60.0
"""Seconds that a request waits for a host that wants pauses between them."""


@dataclass(slots=True, eq=False)
class _Request:
    start: asyncio.Future[None]
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Lanes:
    """The lanes to one host. Not a dataclass: it holds tasks."""

    def __init__(
        self, width: int, turn: Callable[[], AbstractAsyncContextManager[None]], *, hold: float = HOLD
    ) -> None:
        self.width, self.turn, self.hold = width, turn, hold
        self._waiting: deque[_Request] = deque()
        self._open: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Wait for a place in a lane, first come, first served. Raises the errors of `turn`."""
        request = _Request(asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if len(self._open) < self.width:
            self._open_lane()
        try:
            await request.start
            yield
        finally:
            request.done.set()

    async def wait_closed(self) -> None:
        """Wait until every lane has given its slot back."""
        while self._open:
            await asyncio.wait(self._open)

    def _open_lane(self) -> None:
        lane = asyncio.get_running_loop().create_task(self._run_lane())
        self._open.add(lane)
        lane.add_done_callback(self._close_lane)

    def _close_lane(self, lane: asyncio.Task[None]) -> None:
        self._open.discard(lane)
        if self._waiting and not lane.cancelled():
            self._open_lane()

    async def _run_lane(self) -> None:
        try:
            async with self.turn():
                until = time.monotonic() + self.hold
                while self._waiting:
                    request = self._waiting.popleft()
                    if not request.start.done():  # else it was cancelled
                        request.start.set_result(None)
                        await request.done.wait()
                    if time.monotonic() >= until:
                        break
        except Exception as error:
            while self._waiting:
                request = self._waiting.popleft()
                if not request.start.done():
                    request.start.set_exception(error)


class Pace:
    """One request in `pause` seconds, from now on: the robots.txt that wants it so was just asked for."""

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self._next = time.monotonic() + min(pause, LONGEST_WAIT)
        self._last = -math.inf

    async def wait(self) -> bool:
        """Wait until it is our turn; False, without waiting, if that would take longer than LONGEST_WAIT."""
        now = time.monotonic()
        wait = self._next - now
        if wait > LONGEST_WAIT:
            return False
        self._next = max(self._next, now) + self.pause
        await asyncio.sleep(max(0.0, wait))
        return True

    async def keep_distance(self) -> None:
        """Wait until the last request is `pause` seconds old: a slow answer holds up several whose turn it was, which
        would then follow one another at once."""
        while (left := self._last + self.pause - time.monotonic()) > 0:
            await asyncio.sleep(left)
        self._last = time.monotonic()
