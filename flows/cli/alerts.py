"""The commands for alerts: where they go, and a test of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.options import given_settings, json_option, settings_options
from flows.cli.printing import err, escape, out, print_json
from flows.cli.tables import print_table

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from flows.prefect_server.alert_addresses import Address


@click.group()
def alerts() -> None:
    """Where alerts go: to Slack, by mail, to a webhook …"""


@alerts.command("to")
@click.argument("address")
@click.option("--name", help="How the list is to call it; the service's name by default.")
@settings_options
@json_option
def send_to(address: str, name: str | None, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Send alerts to ADDRESS, one of apprise's or a webhook's; with -, it is read from standard input.

    \b
    newsmill alerts to https://hooks.slack.com/services/T000/B000/XXXX
    newsmill alerts to 'mailtos://user:password@smtp.example.org?to=desk@example.org'
    newsmill alerts to https://desk.example.org/hooks/newsmill
    """
    with _server(feeds_file, warehouse) as client:
        from flows.prefect_server.alerting import tell_address

        text = sys.stdin.readline() if address == "-" else address
        added, is_new = tell_address(client, text.strip(), name)
    if as_json:
        print_json({**_facts(added), "new": is_new})
    else:
        already = "" if is_new else "already "
        sentence = f"alerts {already}go to {added.name} ({added.service.name}, {added.service.place})"
        out.print(f"{escape(sentence)}; `newsmill alerts test` sends one", soft_wrap=True)


@alerts.command("list")
@settings_options
@json_option
def list_addresses(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """List the addresses, without their secrets."""
    with _server(feeds_file, warehouse) as client:
        from flows.prefect_server.alert_addresses import known_addresses

        addresses = known_addresses(client)
    if as_json:
        print_json([_facts(address) for address in addresses])
    elif addresses:
        rows = [(address.name, address.service.name, address.service.place) for address in addresses]
        print_table(("name", "service", "place"), rows, optional=("service",))
    else:
        out.print("alerts go nowhere; `newsmill alerts to ADDRESS` names an address")


@alerts.command("test")
@settings_options
@json_option
def test_addresses(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Have Prefect's server send a test to each address; exits 1 if it couldn't to one."""
    with _server(feeds_file, warehouse):
        from flows.prefect_server.alerting import send_test

        told = send_test()
    problems = [problem for problem in told.values() if problem]
    if as_json:
        print_json([{**_facts(address), "problem": problem} for address, problem in told.items()])
    else:
        for address, problem in told.items():
            outcome = f"not sent to {address.name}: {problem}" if problem else f"sent to {address.name}"
            out.print(escape(outcome), style="red" if problem else "", soft_wrap=True)
    if problems:
        sys.exit(1)


@alerts.command("remove")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@settings_options
@json_option
def remove(names: tuple[str, ...], feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Send alerts no longer to the addresses of these names."""
    with _server(feeds_file, warehouse) as client:
        from flows.prefect_server.alerting import remove_address

        removed = remove_address(client, names)
    if as_json:
        print_json([_facts(address) for address in removed])
    else:
        for address in removed:
            out.print(f"alerts no longer go to {escape(address.name)}")


def _facts(address: Address) -> dict[str, object]:
    return {"name": address.name, "service": address.service.name, "place": address.service.place}


@contextmanager
def _server(feeds_file: Path | None, warehouse: str | None) -> Iterator[SyncPrefectClient]:
    """Prefect's server: the local one is started if it doesn't run, as the addresses are kept there."""
    settings = given_settings(feeds_file, warehouse)
    from tasks.settings import keep_prefect_quiet

    keep_prefect_quiet()
    import httpx
    from prefect.client.orchestration import get_client

    from flows.prefect_server.local import prefect_server
    from tasks.errors import ServerError

    try:
        with (
            prefect_server(settings, lambda message: err.print(message, style="dim")),
            get_client(sync_client=True) as client,
        ):
            yield client
    except httpx.TransportError as error:
        raise ServerError(f"Prefect's server doesn't answer ({error}); start it, or set PREFECT_API_URL") from error
