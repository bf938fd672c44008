"""The commands that concern Prefect: serve, deploy, and the local Prefect server."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.options import settings_options
from flows.cli.printing import err, out
from tasks.settings import Settings, keep_prefect_quiet, load_settings


@click.command()
@settings_options
def serve(feeds_file: Path | None, warehouse: str | None) -> None:
    """Run Prefect's server, the deployments of prefect.yaml and a worker, until Ctrl-C."""
    keep_prefect_quiet()
    from flows.prefect_server.serving import serve as run

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    run(settings, _flag_variables(settings, feeds_file, warehouse), _say)


@click.command()
@settings_options
def deploy(feeds_file: Path | None, warehouse: str | None) -> None:
    """Register the work pool, the deployments of prefect.yaml and the automations with Prefect's server."""
    keep_prefect_quiet()
    from flows.prefect_server.deploying import deploy as run

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    run(settings, _flag_variables(settings, feeds_file, warehouse), _say)


def _say(message: str) -> None:
    out.print(message, soft_wrap=True)


def _flag_variables(settings: Settings, feeds_file: Path | None, warehouse: str | None) -> dict[str, str]:
    """The flags as environment variables for child processes. Other settings a child reads by itself."""
    variables = {}
    if feeds_file:
        variables["NEWSMILL_FEEDS"] = str(settings.feeds.absolute())
    if warehouse:
        variables["NEWSMILL_WAREHOUSE"] = settings.address
    return variables


@click.group()
def server() -> None:
    """The local Prefect server that the command line uses."""


@server.command("start")
@settings_options
def start_server(feeds_file: Path | None, warehouse: str | None) -> None:
    """Start it, if it isn't running, and print its address."""
    from flows.prefect_server.local import ensure_server

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    running = ensure_server(settings, lambda message: err.print(message, style="dim"))
    out.print(f"{running.url} (PREFECT_API_URL={running.api_url})", soft_wrap=True)


@server.command("stop")
@settings_options
def stop_server(feeds_file: Path | None, warehouse: str | None) -> None:
    """Stop it."""
    from flows.prefect_server import local

    stopped = local.stop_server(load_settings(feeds=feeds_file, warehouse=warehouse))
    out.print(f"stopped {stopped.url}" if stopped else "no local server was running")


@server.command("status")
@settings_options
def server_status(feeds_file: Path | None, warehouse: str | None) -> None:
    """Say whether it runs, and where."""
    from flows.prefect_server.local import running_server

    running = running_server(load_settings(feeds=feeds_file, warehouse=warehouse))
    out.print(
        f"running at {running.url}, process {running.pid}"
        if running
        else "not running; the next command that needs it starts it"
    )
