"""The milling processes. Milling a document means parsing it and cleaning its articles.

Documents are milled on every core, each within a time limit; one that hangs or kills its process harms no other.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from more_itertools import constrained_batches
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from tasks.errors import MillingError, ParseError
from tasks.mill.process import mill_carefully, mill_document, mill_documents, prepare_milling, prepare_process
from tasks.mill.rejects import reject_document
from tasks.mill.spawning import MillingContext
from tasks.registry.feed_ids import site_id
from tasks.registry.site_patterns import SitePatterns
from tasks.settings import Settings
from warehouse.access import NO_ACCESS
from warehouse.filters import NO_FILTERS, Filters
from warehouse.records import Document, Feed, Milled

BATCH_BYTES = 8_000_000
"""Documents are milled and loaded in batches of about this size: the next is milled while one loads."""

T = TypeVar("T")

_log = logging.getLogger(__name__)

CHUNK = 128
"""Documents of a batch that go to a milling process in one call, at most; each alone costs more than milling it."""
CHUNK_BYTES = 250_000
"""Their size together, at most."""
ENTRY_SECONDS = 10.0
"""For cleaning one entry of a document that ran out of time: at most this, and at most a fifth of the document's time.
Long articles take a tenth of a second."""
MAX_HANGING = 10
"""Entries of one document that may hang or kill the milling process; with more, the whole document is rejected."""
FAULTHANDLER_EXIT = 1
"""The exit code with which `faulthandler.dump_traceback_later` ends a process."""


_Work = tuple[Path, Document, Feed, frozenset[str]]
"""The landing zone, a document in it, its feed, and the ids of the entries known of it."""


def _name_of_site(document: Document) -> str:
    """The name of a site that is not in the registry: its folder in an archive, if its id was made of that."""
    folders = document.headers.get("file", "").split("/")[:-1] if document.form == "article" else []
    return next((name for name in reversed(folders) if site_id(name) == document.feed_id), document.feed_id)


class MillingPool:
    """Not a dataclass: Prefect searches every field of one that a task gets for futures, and `known` is large."""

    def __init__(
        self,
        processes: ProcessPool,
        landing: Path,
        timeout: float,
        slots: int,
        feeds: dict[str, Feed],
        known: Mapping[str, frozenset[str]],
        patterns: SitePatterns,
        shared_filters: Filters = NO_FILTERS,
    ) -> None:
        self.processes = processes
        self.landing = landing
        self.timeout = timeout
        self.feeds = feeds
        self.shared_filters = shared_filters
        """The keep and block rules for all feeds, which also hold for sites that feeds.toml lacks."""
        self.known = known
        """feed_id → ids of the entries that were loaded before: they are not cleaned again."""
        self.patterns = patterns
        self._sites: dict[str, Feed] = {}
        """The feeds of articles' files, as they are sent to the milling processes, by id."""
        self._slots = _Slots(slots)
        self._early: dict[tuple[str, str, datetime], asyncio.Future[Milled]] = {}

    def start(self) -> None:
        """Start the processes now, as there will be work for them: the pool starts all of them with its first call."""
        self.processes.schedule(prepare_milling)

    async def mill_early(self, document: Document) -> None:
        """Mill a document before its batch is complete, and wait until it is; `mill` picks up the result."""
        milling = asyncio.ensure_future(self._mill_one(document, afresh=False))
        self._early[document.key] = milling
        await asyncio.wait({milling})

    def stop(self) -> None:
        """Cancel all work and end the processes."""
        for future in self._early.values():
            future.cancel()
        self.processes.stop()

    async def mill(self, documents: Sequence[Document], *, afresh: bool = False) -> list[Milled]:
        """Mill the documents; the results come in their order. With `afresh`, known entries are cleaned, too."""
        early = {} if afresh else {d.key: self._early.pop(d.key) for d in documents if d.key in self._early}
        chunks = constrained_batches(
            (document for document in documents if document.key not in early),
            CHUNK_BYTES,
            CHUNK,
            get_len=attrgetter("size"),
            strict=False,
        )
        work = [self._mill_chunk(chunk, afresh) for chunk in chunks]
        results = {milled.document.key: milled for milled in await asyncio.gather(*early.values())}
        for chunk_results in await asyncio.gather(*work):
            results.update((milled.document.key, milled) for milled in chunk_results)
        return [results[document.key] for document in documents]

    async def _mill_chunk(self, documents: Sequence[Document], afresh: bool) -> list[Milled]:
        """Small documents in one call, as sending each alone costs more than milling it. If the call fails, they are
        milled one by one, so that only the document at fault is rejected."""
        if len(documents) == 1:
            return [await self._mill_one(documents[0], afresh)]
        work = [(document, self._feed(document), self._known(document, afresh)) for document in documents]
        async with self._slots.acquire(sum(document.size for document in documents)):
            call = self._schedule(mill_documents, self.landing, work)
            try:
                return await asyncio.wrap_future(call)
            except Exception as error:  # whatever it is, milling them one by one tells which document is at fault
                _log.debug("%d documents are milled one by one: %s: %s", len(documents), type(error).__name__, error)
        return [await self._mill_one(document, afresh) for document in documents]

    def _feed(self, document: Document) -> Feed:
        """The document's feed as the milling processes are given it."""
        id = document.feed_id
        if document.form == "article" and id in self._sites:
            return self._sites[id]  # one object is sent once with a chunk, and not with each of its articles
        feed = self.feeds.get(id) or Feed(id, _name_of_site(document), document.url)
        ruled = self.patterns.apply(feed, document)
        sent = replace(ruled, shared_filters=self.shared_filters, access=NO_ACCESS)  # no secrets where none are needed
        if document.form == "article":
            self._sites[id] = sent
        return sent

    def _known(self, document: Document, afresh: bool) -> frozenset[str]:
        return frozenset() if afresh else self.known.get(document.feed_id, frozenset())

    async def _mill_one(self, document: Document, afresh: bool) -> Milled:
        work = (self.landing, document, self._feed(document), self._known(document, afresh))
        async with self._slots.acquire(document.size):
            call = self._schedule(mill_document, *work)
            try:
                return await asyncio.wrap_future(call)
            except (TimeoutError, ProcessExpired) as error:
                reason = self._explain(error)
            except Exception as error:  # the landed bytes are damaged, or the result can't be sent
                return reject_document(document, error)
            return await self._mill_carefully(work, reason)

    async def _mill_carefully(self, work: _Work, reason: ParseError) -> Milled:
        """Mill the document without the entries that hang or kill the process: they are rejected, and it is milled
        again. It is rejected as a whole if that happens before its first entry, or more often than MAX_HANGING."""
        hanging: dict[str, str] = {}
        seconds = min(ENTRY_SECONDS, self.timeout / 5)
        with TemporaryDirectory(prefix="newsmill-milling-") as folder:
            current = Path(folder) / "entry"
            while len(hanging) < MAX_HANGING:
                call = self._schedule(mill_carefully, *work, hanging, current, seconds)
                try:
                    return await asyncio.wrap_future(call)
                except ProcessExpired as error:
                    if not current.exists():
                        break
                    hanging[current.read_text()] = (
                        f"takes longer than {seconds:g} s to clean"
                        if error.exitcode == FAULTHANDLER_EXIT
                        else f"kills the process that cleans it (exit code {error.exitcode}); out of memory, perhaps"
                    )
                except TimeoutError:
                    break
                except Exception as error:  # the landed bytes are damaged, or the result can't be sent
                    return reject_document(work[1], error)
        return reject_document(work[1], reason)

    def _schedule(self, mill: Callable[..., T], *arguments: object) -> ProcessFuture[T]:
        """Raises MillingError."""
        try:
            return self.processes.schedule(mill, args=arguments, timeout=self.timeout)
        except RuntimeError as error:  # of the pool itself: the function runs later, in another process
            raise MillingError(
                f"the milling processes can't be used ({error}); the documents stay in the landing zone, and the next "
                "run loads them"
            ) from error

    def _explain(self, error: TimeoutError | ProcessExpired) -> ParseError:
        if isinstance(error, ProcessExpired):
            return ParseError(f"its milling process died (exit code {error.exitcode}); out of memory, perhaps")
        return ParseError(f"took longer than {self.timeout:g} s to parse and clean")


class _Slots:
    """The places in the pool's queue. The largest waiting document gets the next free place, so that no big document
    finishes alone while its batch waits for it; but no document waits for those of later batches."""

    def __init__(self, slots: int) -> None:
        self.free = slots
        self._waiting: list[tuple[int, int, int, asyncio.Future[None]]] = []
        self._order = count()
        self._bytes = 0

    @asynccontextmanager
    async def acquire(self, size: int) -> AsyncIterator[None]:
        self._bytes += size
        if self.free:
            self.free -= 1
        else:
            # all that come within BATCH_BYTES have the same first number; among them the largest comes first
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heappush(self._waiting, (self._bytes // BATCH_BYTES, -size, next(self._order), turn))
            try:
                await turn
            except asyncio.CancelledError:
                if not turn.cancelled():  # it was given a place just before it was cancelled
                    self._release()
                raise
        try:
            yield
        finally:
            self._release()

    def _release(self) -> None:
        """Hand the slot to the next that waits."""
        while self._waiting:
            *_, turn = heappop(self._waiting)
            if not turn.done():  # else it was cancelled meanwhile
                turn.set_result(None)
                return
        self.free += 1


@contextmanager
def open_milling_pool(
    settings: Settings,
    feeds: Iterable[Feed],
    known: Mapping[str, frozenset[str]] | None = None,
    patterns: SitePatterns | None = None,
    shared_filters: Filters = NO_FILTERS,
) -> Iterator[MillingPool]:
    """The processes start with `start`, or with the first document: a run in which nothing changed has none. `patterns`
    are the settings' unless given."""
    prepare_process()
    processes = ProcessPool(max_workers=settings.workers, initializer=prepare_milling, context=MillingContext())
    pool = MillingPool(
        processes,
        settings.landing_zone.root,
        settings.mill_timeout,
        settings.workers + 1,  # one document waits in the queue: a process that is done has the next one at once
        {feed.id: feed for feed in feeds},
        {} if known is None else known,  # not `or`: a run fills it once it knows its feeds
        patterns or SitePatterns(settings.patterns_path),
        shared_filters,
    )
    try:
        yield pool
        processes.close()
    except BaseException:
        pool.stop()
        raise
    finally:
        processes.join()
        gc.collect()  # by itself the collector now runs too rarely to free what a run leaves behind
