"""Everything again from the landing zone, without the network: after better cleaning, or a lost warehouse.

The new warehouse is built beside the old one and swapped in under its lock. A kill leaves the old one as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.logging import get_run_logger

from flows.run.artifacts import publish_report
from flows.run.finishing import check_and_publish
from flows.run.recording import open_run
from flows.run.report import Report
from tasks.mill.pool import Mill, open_mill
from tasks.orchestration.limits import WRITER, turn
from tasks.orchestration.pipeline import documents_in_batches, milled_ahead
from tasks.orchestration.progress import progress
from tasks.orchestration.steps import load_batch, mill_batch
from tasks.registry.feeds_file import read_feeds
from tasks.settings import current_settings
from warehouse.records import Document, Milled
from warehouse.store.connection import Warehouse
from warehouse.store.rebuild import swap


def _run_name() -> str:
    return f"reprocess {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@flow(name="reprocess", flow_run_name=_run_name)
async def reprocess(publish: bool = True) -> Report:
    """Build raw.* and clean.* again from every document that was ever landed; nothing is fetched.

    Args:
        publish: Publish the analysts' copy afterwards.
    """
    settings = current_settings()
    registry = await asyncio.to_thread(read_feeds, settings.feeds)
    landing = settings.landing_zone
    async with open_run("reprocess", settings, {"publish": publish}) as run:
        place = settings.place
        name = place.name if isinstance(place, Path) else "lake"
        rebuilt = Warehouse(settings.folder / f".{name}.rebuild")
        await asyncio.to_thread(_discard, rebuilt.path)
        documents = await asyncio.to_thread(landing.documents)
        late = documents
        done: set[tuple[str, str, datetime]] = set()
        with open_mill(settings, registry) as mill:
            # what is fetched meanwhile goes into the old warehouse, and into the landing zone
            while True:
                await _load_all(late, rebuilt, mill, run)
                done |= {document.key for document in late}
                async with turn(WRITER):
                    late = await asyncio.to_thread(swap, settings.store, rebuilt, landing, done)
                if not late:
                    break
        landing.settle(d for d in await asyncio.to_thread(landing.pending) if d.key in done)
        await check_and_publish(run, settings, changed=True, publish=publish)
        await publish_report(run)
    return run


async def _load_all(documents: Sequence[Document], store: Warehouse, mill: Mill, run: Report) -> None:
    """Load the documents, oldest first."""
    done = 0

    async def milled(batch: list[Document]) -> list[Milled]:
        return await mill_batch(batch, mill, f"{len(batch)} documents")

    async with aclosing(milled_ahead(documents_in_batches(documents), milled)) as ahead:
        async for batch, results in ahead:
            counts = await load_batch(results, [], store, None, mill, run.run_id, f"{len(batch)} documents")
            run.counts.add(replace(counts, by_feed={}))
            done += len(batch)
            get_run_logger().info("%d of %d documents done", done, len(documents))
            progress("documents", done, len(documents))


def _discard(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
