"""What scheduled runs need on a Prefect server: the pool, the deployments with their limits, automations, alerts."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL

from flows.prefect_server.alert_addresses import Address
from flows.prefect_server.alerting import connect_alerts
from flows.prefect_server.choices import OURS, offer_feeds
from flows.prefect_server.local import client_variables, prefect_server, running_server
from flows.prefect_server.plugin import POOL, make_pool
from tasks.backfill.sources import SOURCES
from tasks.blocks import NewsmillWarehouse
from tasks.errors import ServerError
from tasks.settings import FOLDER, Settings, child_environment

AUTOMATIONS = Path(__file__).parents[1] / "automations.yaml"


PREFECT_YAML = Path("prefect.yaml")


def check_folder() -> None:
    """Raises ServerError if the current folder has no prefect.yaml, or one that can't be read."""
    _read_prefect_yaml()


def _read_prefect_yaml() -> dict[str, Any]:
    path = PREFECT_YAML.absolute()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ServerError(
            f"{path.parent}: there is no prefect.yaml here; change to the clone of newsmill or to the folder of an "
            "installation, or make one with `newsmill init`"
        ) from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ServerError(f"{path}: can't be read ({error}); correct it") from error
    if not isinstance(content, dict):
        raise ServerError(f"{path}: names no deployments; `newsmill init` in an empty folder makes one that does")
    return content


def deploy(settings: Settings, variables: Mapping[str, str], say: Callable[[str], None]) -> dict[str, object]:
    """Register all of it with the configured server, else with the local one; returns where, and what is there now.
    Raises ServerError.

    `variables` are added to the environment of `prefect deploy`.
    """
    check_folder()
    with prefect_server(settings, say) as ui:
        check_no_other_installation(settings)
        addresses = register(settings, variables, say)
        say(f"{ui}/deployments: a worker runs them; `newsmill prefect worker start --pool {POOL}` starts one")
        return _registered(ui, addresses)


def register(settings: Settings, variables: Mapping[str, str], say: Callable[[str], None]) -> list[Address]:
    """Register all of it with the server at PREFECT_API_URL; returns where alerts go. Raises ServerError.

    The pool, the hosts' limits and the automations are left as they are where they exist: operators change them.
    """
    say("Registering the work pool, the deployments and automations …")
    asyncio.run(_register())
    project = PREFECT_YAML.absolute()
    with _folder_for_deploying(project) as folder:
        result = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(project)],
            # PWD: what prefect.yaml names as the folder of an installation, as a shell does
            env=child_environment(**client_variables(), **variables, PWD=str(project.parent)),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode:
        raise ServerError(f"`prefect deploy --all` failed: {_without_traceback(result.stdout, result.stderr)}")
    with get_client(sync_client=True) as client:
        _remove_renamed(client)
        offer_feeds(client, settings, say)
        return register_automations(client, say)


def _without_traceback(*outputs: str) -> str:
    """What a program printed; of a traceback, the error alone, which comes last."""
    text = "\n".join(outputs).strip()
    return text.splitlines()[-1] if "Traceback (most recent call last):" in text else text


def register_automations(client: SyncPrefectClient, say: Callable[[str], None]) -> list[Address]:
    """Make the automations that the server lacks, and the alerts; returns where alerts go.

    Runs need none of them, so a server that refuses them is told of and no more: not every plan of Prefect Cloud has
    them.
    """
    try:
        for shipped in yaml.safe_load(AUTOMATIONS.read_text(encoding="utf-8"))["automations"]:
            automation = AutomationCore.model_validate(shipped)
            if not client.read_automations_by_name(automation.name):
                client.create_automation(automation)
        addresses = connect_alerts(client)
    except ServerError as error:
        say(f"Alerts are as they were: {error}")
        return []
    except PrefectHTTPStatusError as error:
        status = error.response.status_code
        say(f"Automations and alerts are as they were: Prefect's server answers {status} when asked for them")
        return []
    if not addresses:
        say("Alerts go nowhere; `newsmill alerts to ADDRESS` names an address, and with --help shows examples")
    return addresses


def check_no_other_installation(settings: Settings) -> None:
    """Raises ServerError if the configured server has the deployments of an installation in another folder of this
    machine: these would replace them. It happens where PREFECT_API_URL is still set to the other's server."""
    if (own := running_server(settings)) and own.api_url == PREFECT_API_URL.value():
        return  # made of a backup, it may still have those of the folder that was backed up
    folders = asyncio.run(_served_folders()) - {str(Path.cwd())}
    if others := [folder for folder in folders if (Path(folder) / PREFECT_YAML).exists()]:
        raise ServerError(
            f"{PREFECT_API_URL.value()}: this Prefect server has the deployments of {others[0]}, which those of this "
            "folder would replace; unset PREFECT_API_URL, so that this installation has a server of its own"
        )


async def _served_folders() -> set[str]:
    """The folders of the installations whose deployments are on the server."""
    async with get_client() as client:
        deployments = await client.read_deployments(work_pool_filter=OURS)
    variables = [deployment.job_variables.get("env") or {} for deployment in deployments]
    return {each[FOLDER] for each in variables if FOLDER in each}


@contextmanager
def _folder_for_deploying(project: Path) -> Iterator[Path]:
    """The folder in which `prefect deploy` runs: a clone's own, as its runs use the code there; for an installation an
    empty one, as Prefect would import what lies beside prefect.yaml before what is installed."""
    if _read_prefect_yaml().get("pull") == []:
        with TemporaryDirectory(prefix="newsmill-deploy-") as folder:
            yield Path(folder)
    else:
        yield project.parent


def _remove_renamed(client: SyncPrefectClient) -> None:
    """Remove the backfills' deployments of newsmill 0.1, called archive and so on, once the new ones stand beside them.

    Their runs stay, and so do deployments of these names that are in another pool, as they are somebody else's.
    """
    for kind in SOURCES.values():
        with suppress(ObjectNotFound):
            client.read_deployment_by_name(f"backfill/{kind.deployment}")
            old = client.read_deployment_by_name(f"backfill/{kind.name}")
            if old.work_pool_name == POOL:
                client.delete_deployment(old.id)


def _registered(ui: str, addresses: Sequence[Address]) -> dict[str, object]:
    with get_client(sync_client=True) as client:
        deployments = [deployment.name for deployment in client.read_deployments(work_pool_filter=OURS)]
        automations: list[str] = []
        with suppress(PrefectHTTPStatusError):  # it refused them before, and `register` said so
            automations = [automation.name for automation in client.read_automations()]
    return {
        "prefect_ui": ui,
        "prefect_api": PREFECT_API_URL.value(),
        "pool": POOL,
        "deployments": sorted(deployments),
        "automations": sorted(automations),
        "alerts_to": [address.name for address in addresses],
    }


async def _register() -> None:
    await make_pool()
    await NewsmillWarehouse.register_type_and_schema()
