"""The milling processes: documents parsed and cleaned on every core, each within a time, none able to harm another."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from tasks.mill.document import mill, mill_several, prepare
from tasks.settings import Settings
from warehouse.errors import LandingError
from warehouse.records import Document, Feed, Milled, Reject

BATCH_BYTES = 8_000_000
"""Documents are milled and loaded in batches of about this size: the next is milled while one loads."""

PIPE_BYTES = 1 << 20
"""What a chunk's results may be, and what Linux lets everyone ask for."""
CHUNK = 128
CHUNK_BYTES = 250_000
"""Documents up to this much go to a milling process together."""


class Mill:
    """Not a dataclass: Prefect would walk through all of `known` for each task that is given it."""

    def __init__(
        self,
        pool: ProcessPool,
        landing: Path,
        timeout: float,
        slots: int,
        feeds: dict[str, Feed],
        known: Mapping[str, frozenset[str]],
    ) -> None:
        self.pool = pool
        self.landing = landing
        self.timeout = timeout
        self.feeds = feeds
        self.known = known
        self._slots = _Slots(slots)
        self._begun: dict[tuple[str, str, datetime], asyncio.Future[Milled]] = {}

    def warm(self) -> None:
        """Start the processes now: there will be work for them."""
        self.pool.schedule(prepare)

    def begin(self, document: Document) -> None:
        """Start on a document now; whoever mills its batch gets the result."""
        self._begun[document.key] = asyncio.ensure_future(self._milled(document, afresh=False))

    def stop(self) -> None:
        """Give up what was begun."""
        for future in self._begun.values():
            future.cancel()
        self.pool.stop()

    async def __call__(self, documents: Sequence[Document], *, afresh: bool = False) -> list[Milled]:
        """Mill the documents, in their order. `afresh` cleans what is known too."""
        begun = {} if afresh else {d.key: self._begun.pop(d.key) for d in documents if d.key in self._begun}
        rest = [self._several(chunk, afresh) for chunk in _chunks(d for d in documents if d.key not in begun)]
        milled = {each.document.key: each for each in await asyncio.gather(*begun.values())}
        for several in await asyncio.gather(*rest):
            milled.update((each.document.key, each) for each in several)
        return [milled[document.key] for document in documents]

    async def _several(self, documents: Sequence[Document], afresh: bool) -> list[Milled]:
        """Small documents in one go, as sending each alone costs more than milling it. Should one of them take the
        process down with it, they are milled one by one."""
        if len(documents) == 1:
            return [await self._milled(documents[0], afresh)]
        work = [(document, self._feed(document), self._known(document, afresh)) for document in documents]
        async with self._slots.taken(sum(document.size for document in documents)):
            try:
                return await asyncio.wrap_future(
                    self.pool.schedule(mill_several, args=(self.landing, work), timeout=self.timeout)
                )
            except (TimeoutError, ProcessExpired, LandingError):
                pass
        return [await self._milled(document, afresh) for document in documents]

    def _feed(self, document: Document) -> Feed:
        return self.feeds.get(document.feed_id) or Feed(document.feed_id, document.feed_id, document.url)

    def _known(self, document: Document, afresh: bool) -> frozenset[str]:
        return frozenset() if afresh else self.known.get(document.feed_id, frozenset())

    async def _milled(self, document: Document, afresh: bool) -> Milled:
        work = (self.landing, document, self._feed(document), self._known(document, afresh))
        async with self._slots.taken(document.size):
            try:
                return await asyncio.wrap_future(self.pool.schedule(mill, args=work, timeout=self.timeout))
            except TimeoutError:
                reason = f"took longer than {self.timeout:g} s to parse and clean"
            except ProcessExpired as error:
                reason = f"its milling process died (exit code {error.exitcode}); out of memory, perhaps"
            except LandingError as error:
                reason = str(error)
        return Milled(document, rejects=(Reject("parse", reason, document.feed_id, document.document_id),))


def _chunks(documents: Iterable[Document]) -> Iterator[list[Document]]:
    chunk: list[Document] = []
    size = 0
    for document in documents:
        if chunk and (size + document.size > CHUNK_BYTES or len(chunk) == CHUNK):
            yield chunk
            chunk, size = [], 0
        chunk.append(document)
        size += document.size
    if chunk:
        yield chunk


class _Slots:
    """Places in the pool's queue: within about a batch, the largest document that waits gets the next one. Begun last,
    it would keep one process at work alone, and the batch waiting."""

    def __init__(self, slots: int) -> None:
        self.free = slots
        self._waiting: list[tuple[int, int, int, asyncio.Future[None]]] = []
        self._order = count()
        self._bytes = 0

    @asynccontextmanager
    async def taken(self, size: int) -> AsyncIterator[None]:
        self._bytes += size
        if self.free:
            self.free -= 1
        else:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heappush(self._waiting, (self._bytes // BATCH_BYTES, -size, next(self._order), turn))
            try:
                await turn
            except asyncio.CancelledError:
                if not turn.cancelled():
                    self._pass_on()
                raise
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            *_, turn = heappop(self._waiting)
            if not turn.done():  # else it was cancelled meanwhile
                turn.set_result(None)
                return
        self.free += 1


class _Roomy(SpawnContext):
    """Spawns processes with pipes that hold what is milled, where the system lets them (on Linux). With the usual 64 KB
    the process would wait for us to read it bit by bit, and the others with it."""

    def Pipe(self, duplex: bool = True) -> tuple[Connection, Connection]:  # noqa: N802 - it is theirs
        pipe = super().Pipe(duplex)
        if size := getattr(fcntl, "F_SETPIPE_SZ", None):
            for end in pipe:
                with suppress(OSError):
                    fcntl.fcntl(end, size, PIPE_BYTES)
        return pipe


@contextmanager
def open_mill(
    settings: Settings, feeds: Iterable[Feed], known: Mapping[str, frozenset[str]] | None = None
) -> Iterator[Mill]:
    """The processes start when the mill is warmed, or with the first document; where nothing changed there are none."""
    prepare()
    pool = ProcessPool(max_workers=settings.workers, initializer=prepare, context=_Roomy())
    mill = Mill(
        pool,
        settings.landing_zone.root,
        settings.mill_timeout,
        settings.workers + 1,  # one waits in the queue, so that no process waits for us
        {feed.id: feed for feed in feeds},
        known or {},
    )
    try:
        yield mill
        pool.close()
    except BaseException:
        mill.stop()
        raise
    finally:
        pool.join()
