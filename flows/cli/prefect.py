"""The commands that concern Prefect: serve, deploy, and the local Prefect server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.options import given_settings, json_option, settings_options
from flows.cli.printing import err, escape, out, print_json

if TYPE_CHECKING:
    from flows.prefect_server.local import Server
    from tasks.settings import Settings


@click.command()
@settings_options
@json_option
def serve(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Run Prefect's server, the deployments of prefect.yaml and a worker, until Ctrl-C.

    With --json, one line of JSON on standard output says that all of it runs, and where.
    """
    from tasks.settings import keep_prefect_quiet

    keep_prefect_quiet()
    from flows.prefect_server.serving import serve as run

    settings = given_settings(feeds_file, warehouse)
    tell = print_json if as_json else _ignore
    run(settings, _flag_variables(settings, feeds_file, warehouse), _messages(as_json), tell)


@click.command()
@settings_options
@json_option
def deploy(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Register the work pool, the deployments of prefect.yaml and the automations with Prefect's server."""
    from tasks.settings import keep_prefect_quiet

    keep_prefect_quiet()
    from flows.prefect_server.deploying import deploy as run

    settings = given_settings(feeds_file, warehouse)
    facts = run(settings, _flag_variables(settings, feeds_file, warehouse), _messages(as_json))
    if as_json:
        print_json(facts)


def _messages(as_json: bool) -> Callable[[str], None]:
    """Prints a message; on standard error if standard output is for JSON."""
    output = err if as_json else out
    return lambda message: output.print(escape(message), soft_wrap=True)


def _ignore(facts: object) -> None:
    pass


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
@json_option
def start_server(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Start it, if it isn't running, and print its address."""
    from flows.prefect_server.local import ensure_server

    settings = given_settings(feeds_file, warehouse)
    running = ensure_server(settings, lambda message: err.print(message, style="dim"))
    if as_json:
        print_json(_facts(running))
    else:
        out.print(f"{running.url} (PREFECT_API_URL={running.api_url})", soft_wrap=True)


@server.command("stop")
@settings_options
@json_option
def stop_server(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Stop it."""
    from flows.prefect_server import local

    stopped = local.stop_server(given_settings(feeds_file, warehouse))
    if as_json:
        print_json({"stopped": stopped is not None, "url": stopped.url if stopped else None})
    else:
        out.print(f"stopped {stopped.url}" if stopped else "no local server was running")


@server.command("status")
@settings_options
@json_option
def server_status(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Say whether it runs, and where."""
    from flows.prefect_server.local import running_server

    running = running_server(given_settings(feeds_file, warehouse))
    if as_json:
        print_json(_facts(running))
    elif running:
        out.print(f"running at {running.url}, process {running.pid}")
    else:
        out.print("not running; the next command that needs it starts it")


def _facts(server: Server | None) -> dict[str, object]:
    if server is None:
        return {"running": False, "url": None, "api_url": None, "pid": None}
    return {"running": True, "url": server.url, "api_url": server.api_url, "pid": server.pid}
