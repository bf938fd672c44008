"""Requests to a host wait in line: so many at a time, and each lane of them holds a slot of a limit that others share.

Such a slot is dear (requests to Prefect's server), so a lane keeps it from one request to the next.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

HOLD = 20.0
"""Seconds for which a lane keeps its slot while requests wait; then others get their turn."""


@dataclass(slots=True, eq=False)
class _Request:
    begin: asyncio.Future[None]
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
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place in a lane, first come, first served. Raises what taking a turn raised."""
        request = _Request(asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if len(self._open) < self.width:
            self._begin_lane()
        try:
            await request.begin
            yield
        finally:
            request.done.set()

    async def closed(self) -> None:
        """Wait until every lane has given its slot back."""
        while self._open:
            await asyncio.wait(self._open)

    def _begin_lane(self) -> None:
        lane = asyncio.get_running_loop().create_task(self._lane())
        self._open.add(lane)
        lane.add_done_callback(self._end_lane)

    def _end_lane(self, lane: asyncio.Task[None]) -> None:
        self._open.discard(lane)
        if self._waiting and not lane.cancelled():
            self._begin_lane()

    async def _lane(self) -> None:
        try:
            async with self.turn():
                until = time.monotonic() + self.hold
                while self._waiting:
                    request = self._waiting.popleft()
                    if not request.begin.done():  # else nobody wants it any more
                        request.begin.set_result(None)
                        await request.done.wait()
                    if time.monotonic() >= until:
                        break
        except Exception as error:
            while self._waiting:
                request = self._waiting.popleft()
                if not request.begin.done():
                    request.begin.set_exception(error)
