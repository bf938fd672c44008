"""The context of a run: its row in ops.runs from start to end, its limits, its progress, its log."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.exceptions import TerminationSignal
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from flows.run.lineage import tell_lineage
from flows.run.progress import show_progress
from flows.run.report import Report
from flows.run.stopping import stop_on_sigterm
from flows.run.waiting import stand_in_for_waiting
from tasks.orchestration.limits import use_limits
from tasks.orchestration.logs import shorten_logs
from tasks.outbox import begin_all
from tasks.settings import Settings
from warehouse.errors import NewsmillError
from warehouse.load import operations
from warehouse.store.connection import Warehouse
from warehouse.store.folders import keep_files_private, make_folder
from warehouse.store.maintenance import merge_row_groups

shorten_logs()  # here, as a flow may fail before its run is opened: if feeds.toml can't be read


async def tag_run(*tags: str) -> None:
    """Add tags to the flow run, by which Prefect's UI filters runs."""
    if flow_run.id and (new := set(tags).difference(flow_run.tags)):
        async with get_client() as client:
            await client.update_flow_run(UUID(flow_run.id), tags=[*flow_run.tags, *sorted(new)])


@asynccontextmanager
async def open_run(flow: str, settings: Settings, parameters: Mapping[str, Any]) -> AsyncIterator[Report]:
    """Record the run as running, then as completed, partial or failed. A killed run stays `running`."""
    report = Report(flow, uuid.uuid4().hex, datetime.now(UTC), parameters)
    keep_files_private()
    await stand_in_for_waiting()
    await asyncio.to_thread(make_folder, settings.published_path.parent)
    log = get_run_logger()
    await record(report, settings, "running")
    log.info("%s begins, into %s", flow, settings.store.location)
    await tell_lineage(report, settings)
    try:
        await asyncio.to_thread(begin_all, settings)
        with stop_on_sigterm():
            async with use_limits(), show_progress(flow):
                yield report
    except BaseException as error:
        try:
            await record(report, settings, "failed", _what_happened(error))
        except NewsmillError as second_error:
            # if the warehouse itself failed, `error` says so
            error.add_note(f"the run could not be recorded as failed either: {second_error}")
        await tell_lineage(report, settings)
        raise
    await record(report, settings, report.outcome)
    await tell_lineage(report, settings)
    log.info("%s is %s after %.1f s", flow, report.state, report.seconds)


def _what_happened(error: BaseException) -> str:
    if isinstance(error, (asyncio.CancelledError, KeyboardInterrupt, TerminationSignal)):
        return "stopped before its end"
    return str(error) or type(error).__name__


async def record(report: Report, settings: Settings, state: str, error: str | None = None) -> None:
    """Update the run's row in ops.runs."""
    report.state = state
    report.seconds = (datetime.now(UTC) - report.started_at).total_seconds()
    await asyncio.to_thread(_record, settings.store, report, error, flow_run.id)


def _record(store: Warehouse, report: Report, error: str | None, flow_run_id: str | None) -> None:
    with store.writing() as connection:
        if report.state == "running":
            merge_row_groups(connection, store.location)
        operations.record_run(
            connection,
            run_id=report.run_id,
            flow=report.flow,
            parameters=report.parameters,
            started_at=report.started_at,
            state=report.state,
            counts=report.as_dict(),
            error=error,
            flow_run_id=flow_run_id,
        )
