"""What the forms of Prefect's UI offer: the feeds and groups of feeds.toml, as they are when newsmill deploys, and the
sources of backfills."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.filters import WorkPoolFilter, WorkPoolFilterName

from flows.prefect_server.plugin import POOL
from tasks.backfill.sources import SOURCES
from tasks.registry.feeds_file import read_feeds_if_any
from tasks.settings import Settings
from warehouse.counting import counted
from warehouse.errors import NewsmillError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

MAX_CHOICES = 500
"""The most feeds that a form offers: it draws all of them at each key that is pressed."""

OURS = WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL]))
"""Of a server's deployments, those of newsmill's pool: of all, a server names two hundred at most."""

Schema = dict[str, Any]


def offer_feeds(client: SyncPrefectClient, settings: Settings, say: Callable[[str], None]) -> None:
    """Let the forms of all deployments with the parameters `feeds` and `groups` offer what there is.

    The server then no longer compares a run's parameters with the form: a feed that was added since must be accepted
    from the command line and the API. The flow itself refuses what it doesn't know.
    """
    try:
        feeds = read_feeds_if_any(settings.feeds)
    except NewsmillError as error:
        say(f"The forms offer no feeds: {error}")
        return
    choices = {
        "feeds": [feed.id for feed in feeds],
        "groups": sorted({feed.group for feed in feeds if feed.group}),
        "sources": list(SOURCES),
    }
    for deployment in client.read_deployments(work_pool_filter=OURS):
        schema = deployment.parameter_openapi_schema or {}
        if not choices.keys().isdisjoint(schema.get("properties", {})):
            update = DeploymentUpdate(
                parameter_openapi_schema=with_choices(schema, choices), enforce_parameter_schema=False
            )
            client.update_deployment(deployment.id, update)


def with_choices(schema: Schema, choices: Mapping[str, Sequence[str]]) -> Schema:
    """The schema of a flow's parameters; those among the choices become lists to choose from."""
    properties = {
        name: _list_of(form, name[:-1], choices[name]) if name in choices else _without_none(form)
        for name, form in schema["properties"].items()
    }
    return {**schema, "properties": properties}


def _without_none(form: Schema) -> Schema:
    """Prefect asks "int or None?" of what may be None, so that goes: a field that is left empty means the same."""
    values: list[Schema] = [value for value in form.get("anyOf", ()) if value != {"type": "null"}]
    if len(values) != 1:
        return form
    return {key: value for key, value in form.items() if key not in ("anyOf", "default")} | values[0]


def _list_of(form: Schema, noun: str, names: Sequence[str]) -> Schema:
    kept = {key: value for key, value in form.items() if key in ("title", "description", "position")}
    if not names:
        return {**kept, "type": "array", "items": {"type": "string"}}
    if len(names) > MAX_CHOICES:
        many = f"{kept.get('description', '')} There are {counted(len(names), noun)}, too many to choose from here."
        return {**kept, "description": many.strip(), "type": "array", "items": {"type": "string"}}
    return {**kept, "type": "array", "items": {"type": "string", "enum": list(names)}}
