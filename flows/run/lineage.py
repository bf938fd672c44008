"""OpenLineage events: which tables a run writes, told to the server that the setting `openlineage_url` names.

The specification is at openlineage.io (RunEvent, 2-0-2). A server that does not answer costs a line in the run's log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.logging import get_run_logger

from flows.run.report import Report
from tasks.errors import ServerError, without_telemetry
from tasks.settings import Settings
from warehouse.masking import mask_passwords

if TYPE_CHECKING:
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.generated.base import OutputDatasetFacet

NAMESPACE = "newsmill"
TIMEOUT = 5.0
"""Seconds for which the lineage server may keep a run waiting, at its beginning and at its end."""
_LOADED = (
    *("raw.documents", "raw.entries", "clean.articles", "clean.article_versions", "clean.article_images"),
    *("clean.images", "clean.enclosures", "clean.pages", "ops.feeds", "ops.rejects"),
)
WRITTEN = {
    **dict.fromkeys(("ingest", "backfill", "reprocess", "pages"), _LOADED),
    "images": ("clean.images",),
}
"""The tables that each flow writes; every flow writes ops.runs besides."""
_TYPES = {"running": "START", "failed": "FAIL"}


async def tell_lineage(run: Report, settings: Settings) -> None:
    """Send an event that says how the run stands: begun, completed or failed."""
    if not settings.openlineage_url:
        return
    try:
        await asyncio.to_thread(_emit, run, settings, settings.openlineage_url)
    except ServerError as error:
        get_run_logger().warning("%s", error)


def _emit(run: Report, settings: Settings, url: str) -> None:
    try:
        from openlineage.client import OpenLineageClient
        from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
        from openlineage.client.transport.http import HttpConfig, HttpTransport
    except ImportError as error:
        raise without_telemetry("NEWSMILL_OPENLINEAGE_URL", error) from error
    event = RunEvent(
        eventTime=datetime.now(UTC).isoformat(),
        eventType=RunState(_TYPES.get(run.state, "COMPLETE")),
        run=Run(str(UUID(run.run_id))),
        job=Job(NAMESPACE, run.flow),
        producer=f"urn:newsmill:{version('newsmill')}",
        outputs=list(_outputs(run, settings)),
    )
    try:
        transport = HttpTransport(HttpConfig(url, timeout=TIMEOUT, retry={"total": 0}))
        OpenLineageClient(transport=transport).emit(event)
    except Exception as error:  # whatever its HTTP library raises, and ValueError for what is no address
        raise ServerError(f"{mask_passwords(url)}: the lineage event could not be sent ({error})") from error


def _outputs(run: Report, settings: Settings) -> Iterator[OutputDataset]:
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.generated.output_statistics_output_dataset import OutputStatisticsOutputDatasetFacet

    warehouse = f"duckdb://{mask_passwords(str(settings.store.location))}"
    for table in (*WRITTEN.get(run.flow, ()), "ops.runs"):
        facets: dict[str, OutputDatasetFacet] = {}
        if table == "clean.articles" and run.state != "running":
            rows = run.counts.new + run.counts.changed
            facets["outputStatistics"] = OutputStatisticsOutputDatasetFacet(rowCount=rows)
        yield OutputDataset(warehouse, table, outputFacets=facets)
    if run.published:
        yield OutputDataset(f"duckdb://{settings.published_path}", "news")
