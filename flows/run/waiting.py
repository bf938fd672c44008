"""Scheduled runs that wait behind a long one: one of them does the work of all."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound
from prefect.runtime import deployment, flow_run
from prefect.states import Cancelled

SCHEDULED = "auto-scheduled"
"""The tag that Prefect's scheduler gives its runs."""
WAITING = ["AwaitingConcurrencySlot", "Late"]


async def stand_in_for_waiting() -> None:
    """In a scheduled run of a deployment, cancel the scheduled runs that wait for their turn and would do the same.

    Else the hourly runs that a long ingest held up would all run after it, each finding that nothing is due. Runs that
    somebody started wait on, and so do those of a schedule with other parameters.
    """
    if not deployment.id or not flow_run.id or SCHEDULED not in flow_run.tags:
        return
    waiting = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[UUID(deployment.id)]),
        tags=FlowRunFilterTags(all_=[SCHEDULED]),
        state=FlowRunFilterState(name=FlowRunFilterStateName(any_=WAITING)),
    )
    async with get_client() as client:
        own = await client.read_flow_run(UUID(flow_run.id))
        for run in await client.read_flow_runs(flow_run_filter=waiting):
            if run.id != own.id and run.parameters == own.parameters:
                cancelled: State[None] = Cancelled(
                    message=f"{own.name}, scheduled as well, does what it would have done."
                )
                with suppress(ObjectNotFound):  # somebody has deleted it meanwhile
                    await client.set_flow_run_state(run.id, cancelled, force=True)
