"""Publishing alone: duplicates are marked, quality checks run, the analysts' copy is written and swapped in."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import flow

from flows.run.artifacts import publish_report
from flows.run.failures import say_what_failed
from flows.run.finishing import check_and_publish
from flows.run.recording import open_run
from flows.run.report import Report
from tasks.settings import current_settings


def _run_name() -> str:
    return f"publish {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@flow(name="publish", flow_run_name=_run_name)
@say_what_failed
async def publish() -> Report:
    """Write the copy that analysts read (news.duckdb beside the warehouse) and swap it in."""
    settings = current_settings()
    async with open_run("publish", settings, {}) as run:
        await check_and_publish(run, settings, changed=True, publish=True)
        await publish_report(run)
    return run
