"""`newsmill config`: what the settings are, and where each comes from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.cli.options import json_option, settings_options
from tasks.settings import explain_settings

out = Console(highlight=False)


@click.command()
@click.option("--deployed", is_flag=True, help="As a deployment's run has them: with Prefect's variables.")
@settings_options
@json_option
def config(deployed: bool, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Show every setting, its value and where it comes from; secrets are shown as ****."""
    explained = explain_settings(deployed=deployed, feeds=feeds_file, warehouse=warehouse)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in explained], ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("from", overflow="fold")
    for each in explained:
        value = "" if each.value is None else str(each.value)
        style = "dim" if each.origin == "default" else ""
        table.add_row(each.name, escape(value), escape(each.origin), style=style)
    out.print(table)
