"""What scheduled runs need on a Prefect server: the work pool, the deployments with their limits, the automations."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml
from prefect.client.orchestration import get_client
from prefect.events.schemas.automations import AutomationCore
from prefect.settings import PREFECT_API_URL

from flows.prefect_server.local import prefect_server, variables
from flows.prefect_server.plugin import POOL, make_pool
from tasks.blocks import NewsmillWarehouse
from tasks.errors import ServerError
from tasks.settings import Settings, child_environment

AUTOMATIONS = Path(__file__).parents[1] / "automations.yaml"


def check_clone() -> None:
    """Raises ServerError where there is nothing to deploy."""
    if not Path("prefect.yaml").exists():
        raise ServerError(f"{Path.cwd()}: there is no prefect.yaml here; go where it lies, in the clone of newsmill")


def deploy(settings: Settings, given: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Register all of it with the configured server, else with the local one. Raises ServerError.

    `given` are variables for `prefect deploy`, beside those of this process.
    """
    check_clone()
    with prefect_server(settings, say) as ui:
        register(given, say)
        api = PREFECT_API_URL.value()
        say(f"{ui}/deployments: a worker runs them; `prefect worker start --pool {POOL}` with PREFECT_API_URL={api}")


def register(given: Mapping[str, str], say: Callable[[str], None]) -> None:
    """The same, with the server that PREFECT_API_URL names.

    What is there already, and is the operator's to change, stays: the pool, the limits of hosts, the automations.
    """
    say("Registering the work pool, the deployments and automations …")
    asyncio.run(_register())
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
        env=child_environment(**variables(), **given),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServerError(f"`prefect deploy --all` failed: {done.stdout.strip()} {done.stderr.strip()}")


async def _register() -> None:
    await make_pool()
    await NewsmillWarehouse.register_type_and_schema()
    async with get_client() as client:
        for shipped in yaml.safe_load(AUTOMATIONS.read_text(encoding="utf-8"))["automations"]:
            automation = AutomationCore.model_validate(shipped)
            if not await client.read_automations_by_name(automation.name):
                await client.create_automation(automation)
