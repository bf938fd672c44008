"""The milling processes: documents parsed and cleaned on every core, each within a time, none able to harm another."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from tasks.mill import mill
from tasks.settings import Settings
from warehouse.errors import LandingError
from warehouse.records import Document, Feed, Milled, Reject


class Mill:
    """Not a dataclass: Prefect would walk through all of `known` for each task that is given it."""

    def __init__(
        self,
        pool: ProcessPool,
        landing: Path,
        timeout: float,
        feeds: Mapping[str, Feed],
        known: Mapping[str, frozenset[str]],
    ) -> None:
        self.pool = pool
        self.landing = landing
        self.timeout = timeout
        self.feeds = feeds
        self.known = known
        self._begun: dict[tuple[str, str, datetime], Future[Milled]] = {}

    def begin(self, document: Document) -> None:
        """Start on a document now; whoever mills its batch gets the result."""
        self._begun[document.key] = self._schedule(document)

    def _schedule(self, document: Document, *, afresh: bool = False) -> Future[Milled]:
        feed = self._feed(document)
        known = frozenset() if afresh else self.known.get(feed.id, frozenset())
        future: Future[Milled] = self.pool.schedule(
            mill, args=(self.landing, document, feed, known), timeout=self.timeout
        )
        return future

    def _feed(self, document: Document) -> Feed:
        return self.feeds.get(document.feed_id) or Feed(document.feed_id, document.feed_id, document.url)

    async def __call__(self, documents: Sequence[Document], *, afresh: bool = False) -> list[Milled]:
        """Mill the documents, in their order. `afresh` cleans what is known too."""
        return await asyncio.gather(*(self._milled(document, afresh) for document in documents))

    async def _milled(self, document: Document, afresh: bool) -> Milled:
        begun = None if afresh else self._begun.pop(document.key, None)
        future = begun or self._schedule(document, afresh=afresh)
        try:
            return await asyncio.wrap_future(future)
        except TimeoutError:
            reason = f"took longer than {self.timeout:g} s to parse and clean"
        except ProcessExpired as error:
            reason = f"its milling process died (exit code {error.exitcode}); out of memory, perhaps"
        except LandingError as error:
            reason = str(error)
        return Milled(document, rejects=(Reject("parse", reason, document.feed_id, document.document_id),))


@contextmanager
def open_mill(
    settings: Settings, feeds: Iterable[Feed], known: Mapping[str, frozenset[str]] | None = None
) -> Iterator[Mill]:
    """The processes start with the first document, so a run in which nothing changed has none."""
    pool = ProcessPool(max_workers=settings.workers, initializer=_prepare, context=multiprocessing.get_context("spawn"))
    try:
        yield Mill(
            pool,
            settings.landing_zone.root,
            settings.mill_timeout,
            {feed.id: feed for feed in feeds},
            known or {},
        )
        pool.close()
    except BaseException:
        pool.stop()
        raise
    finally:
        pool.join()


def _prepare() -> None:
    # Trees of thousands of small objects, all freed by reference counts: the collector only looks on.
    gc.set_threshold(100_000, 50, 50)
