"""The commands for the operator's machine: serve, deploy, and the local Prefect server."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.options import settings_options
from flows.cli.printing import err, out
from tasks.settings import Settings, load_settings


# --- the operator's machine ----------------------------------------------------------------------------------------
@click.command()
@settings_options
def serve(feeds_file: Path | None, warehouse: str | None) -> None:
    """Run Prefect's server, the deployments of prefect.yaml and a worker, until Ctrl-C."""
    from tasks.settings import keep_prefect_quiet

    keep_prefect_quiet()
    from flows.prefect_server.serving import serve as run

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    run(settings, _flags(settings, feeds_file, warehouse), lambda said: out.print(said, soft_wrap=True))


@click.command()
@settings_options
def deploy(feeds_file: Path | None, warehouse: str | None) -> None:
    """Register the work pool, the deployments of prefect.yaml and the automations with Prefect's server."""
    from tasks.settings import keep_prefect_quiet

    keep_prefect_quiet()
    from flows.prefect_server.deploying import deploy as run

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    run(settings, _flags(settings, feeds_file, warehouse), lambda said: out.print(said, soft_wrap=True))


def _flags(settings: Settings, feeds_file: Path | None, warehouse: str | None) -> dict[str, str]:
    """The flags, which go before all else, as variables for a child; without them it finds its settings by itself."""
    given = {}
    if feeds_file:
        given["NEWSMILL_FEEDS"] = str(settings.feeds.absolute())
    if warehouse:
        given["NEWSMILL_WAREHOUSE"] = settings.address
    return given


# --- the local Prefect server ---------------------------------------------------------------------------------------
@click.group()
def server() -> None:
    """The local Prefect server that the command line uses."""


@server.command("start")
@settings_options
def start_server(feeds_file: Path | None, warehouse: str | None) -> None:
    """Start it, if it isn't running, and print its address."""
    from flows.prefect_server.local import ensure

    found = ensure(load_settings(feeds=feeds_file, warehouse=warehouse), lambda said: err.print(said, style="dim"))
    out.print(f"{found.url} (PREFECT_API_URL={found.api_url})", soft_wrap=True)


@server.command("stop")
@settings_options
def stop_server(feeds_file: Path | None, warehouse: str | None) -> None:
    """Stop it."""
    from flows.prefect_server.local import stop

    found = stop(load_settings(feeds=feeds_file, warehouse=warehouse))
    out.print(f"stopped {found.url}" if found else "no local server was running")


@server.command("status")
@settings_options
def server_status(feeds_file: Path | None, warehouse: str | None) -> None:
    """Say whether it runs, and where."""
    from flows.prefect_server.local import running

    found = running(load_settings(feeds=feeds_file, warehouse=warehouse))
    out.print(
        f"running at {found.url}, process {found.pid}"
        if found
        else "not running; the next command that needs it starts it"
    )
