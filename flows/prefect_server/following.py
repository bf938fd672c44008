"""Starting a run of a deployment and following it to its end, as `newsmill run` does."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    LogFilter,
    LogFilterFlowRunId,
    LogFilterLevel,
    LogFilterTimestamp,
    WorkerFilter,
    WorkerFilterStatus,
)
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.utilities.schema_tools.validation import validate

from tasks.backfill.sources import SOURCES
from tasks.errors import ServerError
from tasks.registry.feed_ids import nearest

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun, Log
    from prefect.client.schemas.responses import DeploymentResponse

INTERVAL = 1.0
"""Seconds between two looks at a run."""
LAST_LOOKS = 10
"""How often to look for the end of the log of a run that has ended: its process sends the log every two seconds."""
LATE = timedelta(seconds=30)
"""How much later than a line of the log an earlier one may come."""
PAGE = 200
"""Lines of a log that the server gives in one answer, at most."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment and the flow whose runs it starts."""

    name: str
    """With its flow's: ingest/ingest."""
    record: DeploymentResponse


def find_deployment(client: SyncPrefectClient, name: str) -> Deployment:
    """The deployment of that name, with or without its flow's: backfill/backfill-archive, backfill-archive.

    A backfill's is also found by its source's name, as it was called in newsmill 0.1. Raises ServerError.
    """
    flow, _, own_name = name.rpartition("/")
    wanted = DeploymentFilter(name=DeploymentFilterName(any_=[own_name]))
    found = [_with_flow(client, record) for record in client.read_deployments(deployment_filter=wanted)]
    if flow:
        found = [deployment for deployment in found if deployment.name == name]
    if not found and own_name in SOURCES and flow in ("", "backfill"):
        with suppress(ServerError):
            return find_deployment(client, SOURCES[own_name].deployment)
    if not found:
        names = sorted({record.name for record in client.read_deployments()})
        if not names:
            raise ServerError("Prefect's server has no deployments; `newsmill serve` or `newsmill deploy` makes them")
        better = nearest(own_name, names)
        hint = f'did you mean "{better}"?' if better else f"there are {', '.join(names)}"
        raise ServerError(f'there is no deployment "{name}"; {hint}')
    if len(found) > 1:
        names = sorted(deployment.name for deployment in found)
        raise ServerError(f'"{name}" is the name of several deployments; say which: {", ".join(names)}')
    return found[0]


def _with_flow(client: SyncPrefectClient, record: DeploymentResponse) -> Deployment:
    return Deployment(f"{client.read_flow(record.flow_id).name}/{record.name}", record)


def read_parameters(given: Sequence[str]) -> dict[str, Any]:
    """KEY=VALUE as parameters. A value that is JSON (true, 3, ["a"]) is read as such, any other is text;
    wanted.where=/srv/archive sets the field `where` of the parameter `wanted`. Raises ServerError."""
    parameters: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        *parents, last = key.split(".")
        if not equals or not all((*parents, last)):
            raise ServerError(f"--param {text}: write it as KEY=VALUE, such as force=true")
        fields = parameters
        for parent in parents:
            fields = fields.setdefault(parent, {})
            if not isinstance(fields, dict):
                raise ServerError(f"--param {text}: {parent} is given a value of its own, too; give one of the two")
        fields[last] = _read_value(value)
    return parameters


def _read_value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def start_run(client: SyncPrefectClient, deployment: Deployment, parameters: Mapping[str, Any]) -> FlowRun:
    """Raises ServerError for parameters that the deployment doesn't take."""
    known = (deployment.record.parameter_openapi_schema or {}).get("properties", {})
    for name in parameters:
        if name not in known:
            better = nearest(name, known)
            hint = f'did you mean "{better}"?' if better else f"it takes {', '.join(known) or 'none'}"
            raise ServerError(f'{deployment.name} has no parameter "{name}"; {hint}')
    for problem in validate(dict(parameters), deployment.record.parameter_openapi_schema or {}):
        if problem.validator != "enum":  # a feed that was added since the form was filled is no error
            field = ".".join(map(str, problem.path))
            raise ServerError(f"{deployment.name} does not take these parameters: {field}: {problem.message}")
    try:
        return client.create_flow_run_from_deployment(deployment.record.id, parameters=dict(parameters))
    except PrefectHTTPStatusError as error:
        raise ServerError(f"{deployment.name} does not take these parameters: {_reason(error)}") from error


def _reason(error: httpx.HTTPStatusError) -> str:
    """What Prefect's server says, such as "Validation failed for field 'force'. Failure reason: …"."""
    try:
        return str(error.response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return str(error)


def waits_for_worker(client: SyncPrefectClient, deployment: Deployment) -> str | None:
    """The name of the deployment's work pool if no worker is at work in it, else None."""
    pool = deployment.record.work_pool_name
    online = WorkerFilter(status=WorkerFilterStatus(any_=["ONLINE"]))
    try:
        return pool if pool and not client.read_workers_for_work_pool(pool, worker_filter=online) else None
    except ObjectNotFound:
        return pool


def follow(client: SyncPrefectClient, run_id: UUID, say: Callable[[datetime, int, str], None]) -> FlowRun:
    """Hand each state that the run enters and each line of its log to `say`, as time, level and text, until the run
    ends; returns it as it is then."""
    log, seen, looks_left = _Log(client, run_id), "", LAST_LOOKS
    while True:
        run = client.read_flow_run(run_id)
        state = run.state
        if state and state.name and state.name != seen:
            seen = state.name
            if not state.is_final():
                say(state.timestamp, logging.DEBUG, f"{run.name}: {state.name}")
        new = log.read_new()
        for line in new:
            say(line.timestamp, line.level, line.message)
        if state and state.is_final():
            # Prefect's last line; a run that was cancelled or killed has none
            if any(line.message.startswith("Finished in state") for line in new) or not looks_left:
                return run
            looks_left -= 1
        time.sleep(INTERVAL)


class _Log:
    """A run's log on Prefect's server. Its lines come from several processes, so a later line may come earlier."""

    def __init__(self, client: SyncPrefectClient, run_id: UUID) -> None:
        self.client = client
        self.run_id = LogFilterFlowRunId(any_=[run_id])
        self.newest: datetime | None = None
        self.seen: set[UUID] = set()

    def read_new(self) -> list[Log]:
        """The lines that have come since the last look."""
        after = LogFilterTimestamp(after_=self.newest - LATE if self.newest else None)
        wanted = LogFilter(flow_run_id=self.run_id, level=LogFilterLevel(ge_=logging.INFO), timestamp=after)
        lines: list[Log] = []
        while page := self.client.read_logs(wanted, limit=PAGE, offset=len(lines)):
            lines += page
            if len(page) < PAGE:
                break
        new = [line for line in lines if line.id not in self.seen]
        self.seen |= {line.id for line in new}
        self.newest = max((line.timestamp for line in lines), default=self.newest)
        return new
