"""What scheduled runs need on a Prefect server: the pool, the deployments with their limits, automations, alerts."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from flows.prefect_server.alert_addresses import known_addresses
from flows.prefect_server.alerting import connect_alerts
from flows.prefect_server.choices import offer_feeds
from flows.prefect_server.local import client_variables, prefect_server
from flows.prefect_server.plugin import POOL, make_pool
from tasks.backfill.sources import SOURCES
from tasks.blocks import NewsmillWarehouse
from tasks.errors import ServerError
from tasks.settings import Settings, child_environment

AUTOMATIONS = Path(__file__).parents[1] / "automations.yaml"


def check_clone() -> None:
    """Raises ServerError if the current folder has no prefect.yaml."""
    if not Path("prefect.yaml").exists():
        raise ServerError(f"{Path.cwd()}: there is no prefect.yaml here; change to the clone of newsmill, which has it")


def deploy(settings: Settings, variables: Mapping[str, str], say: Callable[[str], None]) -> dict[str, object]:
    """Register all of it with the configured server, else with the local one; returns where, and what is there now.
    Raises ServerError.

    `variables` are added to the environment of `prefect deploy`.
    """
    check_clone()
    with prefect_server(settings, say) as ui:
        register(settings, variables, say)
        say(f"{ui}/deployments: a worker runs them; `newsmill prefect worker start --pool {POOL}` starts one")
        return _registered(ui)


def register(settings: Settings, variables: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Register all of it with the server at PREFECT_API_URL. Raises ServerError.

    The pool, the hosts' limits and the automations are left as they are where they exist: operators change them.
    """
    say("Registering the work pool, the deployments and automations …")
    asyncio.run(_register())
    result = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
        env=child_environment(**client_variables(), **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise ServerError(f"`prefect deploy --all` failed: {result.stdout.strip()} {result.stderr.strip()}")
    with get_client(sync_client=True) as client:
        _remove_renamed(client)
        offer_feeds(client, settings, say)
        if not connect_alerts(client):
            say("Alerts go nowhere; `newsmill alerts to ADDRESS` names an address (docs/alerts.md)")


def _remove_renamed(client: SyncPrefectClient) -> None:
    """Remove the backfills' deployments of newsmill 0.1, called archive and so on, once the new ones stand beside them.

    Their runs stay.
    """
    for kind in SOURCES.values():
        with suppress(ObjectNotFound):
            client.read_deployment_by_name(f"backfill/{kind.deployment}")
            old = client.read_deployment_by_name(f"backfill/{kind.name}")
            client.delete_deployment(old.id)


def _registered(ui: str) -> dict[str, object]:
    with get_client(sync_client=True) as client:
        deployments = [d.name for d in client.read_deployments() if d.work_pool_name == POOL]
        automations = [automation.name for automation in client.read_automations()]
        alerts_to = [address.name for address in known_addresses(client)]
    return {
        "prefect_ui": ui,
        "prefect_api": PREFECT_API_URL.value(),
        "pool": POOL,
        "deployments": sorted(deployments),
        "automations": sorted(automations),
        "alerts_to": alerts_to,
    }


async def _register() -> None:
    await make_pool()
    await NewsmillWarehouse.register_type_and_schema()
    async with get_client() as client:
        for shipped in yaml.safe_load(AUTOMATIONS.read_text(encoding="utf-8"))["automations"]:
            automation = AutomationCore.model_validate(shipped)
            if not await client.read_automations_by_name(automation.name):
                await client.create_automation(automation)
