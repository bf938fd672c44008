"""Rebuilding the warehouse from the landing zone, without the network: after a change of cleaning, or a lost warehouse.

The new warehouse is built beside the old one and swapped in under its lock. Killed, it leaves the old one as it was.
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

from flows.pages import page_policies, plan
from flows.run.artifacts import publish_report
from flows.run.failures import say_what_failed
from flows.run.finishing import check_and_publish
from flows.run.recording import open_run
from flows.run.report import Report
from tasks.load import Batch
from tasks.mill.pool import MillingPool, open_milling_pool
from tasks.orchestration.limits import WRITER, hold_slot
from tasks.orchestration.pipeline import batch_documents, mill_ahead
from tasks.orchestration.progress import report_progress
from tasks.orchestration.steps import load_batch, mill_batch
from tasks.registry.feeds_file import read_registry
from tasks.settings import current_settings
from warehouse.counting import counted
from warehouse.records import Document, Milled
from warehouse.store.connection import Warehouse
from warehouse.store.rebuild import carry_marks, swap


def _run_name() -> str:
    return f"reprocess {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@flow(name="reprocess", flow_run_name=_run_name)
@say_what_failed
async def reprocess(publish: bool = True) -> Report:
    """Build raw.* and clean.* again from every document that was ever landed; nothing is fetched.

    Args:
        publish: Publish the analysts' copy afterwards.
    """
    settings = current_settings()
    registry, shared_filters = await asyncio.to_thread(read_registry, settings.feeds)
    landing = settings.landing_zone
    async with open_run("reprocess", settings, {"publish": publish}) as run:
        rebuilt = Warehouse(settings.rebuild_path)
        await asyncio.to_thread(_delete, rebuilt.path)
        await asyncio.to_thread(carry_marks, settings.store, rebuilt)
        documents = await asyncio.to_thread(landing.documents)
        done: set[tuple[str, str, datetime]] = set()
        with open_milling_pool(settings, registry, shared_filters=shared_filters) as pool:
            # other runs go on landing documents and loading them into the old warehouse: `swap` returns those that the
            # new one lacks, and swaps once there are none
            while True:
                await _load_all(documents, rebuilt, pool, run)
                done |= {document.key for document in documents}
                async with hold_slot(WRITER):
                    documents = await asyncio.to_thread(swap, settings.store, rebuilt, landing, done)
                if not documents:
                    break
        await asyncio.to_thread(plan, settings, page_policies(registry, settings))
        pending = await asyncio.to_thread(landing.pending)
        landing.mark_loaded(document for document in pending if document.key in done)
        await check_and_publish(run, settings, changed=True, publish=publish)
        await publish_report(run)
    return run


async def _load_all(documents: Sequence[Document], store: Warehouse, pool: MillingPool, run: Report) -> None:
    """Load the documents, oldest first."""
    done = 0

    async def mill(documents: list[Document]) -> list[Milled]:
        return await mill_batch(documents, pool, counted(len(documents), "document"))

    async with aclosing(mill_ahead(batch_documents(documents), mill)) as ahead:
        async for _, milled in ahead:
            batch = Batch(store=store, run_id=run.run_id, milled=milled)
            counts = await load_batch(batch, pool, counted(len(milled), "document"))
            run.counts.add(replace(counts, by_feed={}))
            done += len(milled)
            get_run_logger().info("%d of %s done", done, counted(len(documents), "document"))
            report_progress("documents", done, len(documents))


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
