"""The commands for which Prefect's server must be found: `newsmill run`, `newsmill prefect`."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.completing import deployment_names
from flows.cli.options import given_settings, json_option, settings_options
from flows.cli.printing import err, escape, out, print_json

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

    from tasks.settings import Settings

WITHOUT_SERVER = frozenset(["--help", "-h", "--version", "-v", "version", "config", "profile", "profiles", "server"])
"""Words of Prefect's command line with which it needs no server, or starts one itself."""


@click.command()
@click.argument("deployment", shell_complete=deployment_names)
@click.option("--param", "given", multiple=True, metavar="KEY=VALUE", help="A parameter; may be given more than once.")
@click.option("--watch", is_flag=True, help="Show the run's log until it ends; exits 1 if it is not Completed.")
@settings_options
@json_option
def run(
    deployment: str,
    given: tuple[str, ...],
    watch: bool,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """Start a run of DEPLOYMENT (ingest, maintain, backfill-archive …) on Prefect's server; its worker runs it.

    \b
    newsmill run ingest --watch
    newsmill run ingest --param 'feeds=["example"]' --param force=true
    newsmill run backfill-archive --param wanted.where=/srv/archive
    """
    settings = given_settings(feeds_file, warehouse)
    from tasks.settings import keep_prefect_quiet

    keep_prefect_quiet()
    import httpx

    try:
        _run(settings, deployment, given, watch=watch, as_json=as_json)
    except httpx.TransportError as error:
        from tasks.errors import ServerError

        raise ServerError(f"Prefect's server doesn't answer ({error}); start it, or set PREFECT_API_URL") from error


def _run(settings: Settings, name: str, given: tuple[str, ...], *, watch: bool, as_json: bool) -> None:
    from prefect.client.orchestration import get_client

    from flows.prefect_server import following
    from flows.prefect_server.local import present_server

    parameters = following.read_parameters(given)
    with present_server(settings) as ui, get_client(sync_client=True) as client:
        deployment = following.find_deployment(client, name)
        if deployment.record.name != name.rpartition("/")[2]:
            err.print(
                f'"{escape(name)}" is called "{escape(deployment.record.name)}" now', style="yellow", soft_wrap=True
            )
        started = following.start_run(client, deployment, parameters)
        address = f"{ui}/runs/flow-run/{started.id}"
        facts: dict[str, Any] = {"deployment": deployment.name, "flow_run_id": str(started.id), "prefect_ui": address}
        if not as_json:
            out.print(f"started a run of {escape(deployment.name)}: {address}", soft_wrap=True)
        if pool := following.waits_for_worker(client, deployment):
            err.print(
                f"it waits for a worker, as none is at work in the pool {pool}: `newsmill serve` starts one, "
                f"and so does `newsmill prefect worker start --pool {pool}`",
                style="yellow",
                soft_wrap=True,
            )
        if watch:
            ended = _watch(client, started.id, address, as_json=as_json)
            facts |= _outcome(ended)
        if as_json:
            print_json(facts)
        if watch and facts["state"] != "Completed":
            sys.exit(1)


def _watch(client: SyncPrefectClient, run_id: UUID, address: str, *, as_json: bool) -> FlowRun:
    from flows.prefect_server.following import follow

    try:
        ended = follow(client, run_id, _ignore_line if as_json else _print_line)
    except KeyboardInterrupt:
        err.print(f"no longer followed; the run goes on: {address}", soft_wrap=True)
        sys.exit(130)
    facts = _outcome(ended)
    if not as_json:
        completed = facts["state"] == "Completed"
        message = f" ({facts['message']})" if facts["message"] and not completed else ""
        sentence = f"{ended.name} is {facts['state']} after {facts['seconds']:.1f} s{message}"
        out.print(escape(sentence), style="green" if completed else "red", soft_wrap=True)
    return ended


def _outcome(ended: FlowRun) -> dict[str, Any]:
    return {
        "name": ended.name,
        "state": ended.state.name if ended.state else None,
        "message": ended.state.message if ended.state else None,
        "seconds": round(ended.total_run_time.total_seconds(), 3),
    }


def _ignore_line(moment: datetime, level: int, text: str) -> None:
    pass


def _print_line(moment: datetime, level: int, text: str) -> None:
    import logging  # takes other commands as long as this module

    style = "dim" if level < logging.INFO else "yellow" if level == logging.WARNING else "red" if level > 30 else ""
    out.print(f"{moment.astimezone():%H:%M:%S}  {escape(text)}", style=style, soft_wrap=True)


@click.command(
    "prefect",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND...")
def prefect(words: tuple[str, ...]) -> None:
    """Run Prefect's own command line against newsmill's server: newsmill prefect flow-run ls."""
    from tasks.settings import child_environment, load_settings

    environment = child_environment()  # before Prefect's log is kept off the console: here it may show
    settings = load_settings()
    from flows.prefect_server.local import client_variables, prefect_server

    if words and WITHOUT_SERVER.isdisjoint(words):
        with prefect_server(settings, lambda message: err.print(message, style="dim")):
            environment |= client_variables()
    os.execve(sys.executable, [sys.executable, "-m", "prefect", *words], environment)  # noqa: S606
