"""`newsmill config`: what the settings are, and where each comes from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Column

from flows.cli.options import json_option, settings_options
from flows.cli.printing import out, plain_table
from tasks.settings import explain_settings


@click.command()
@click.option("--deployed", is_flag=True, help="As a deployment's run has them: with Prefect's variables.")
@settings_options
@json_option
def config(deployed: bool, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Show every setting, its value and where it comes from; secrets are shown as ****."""
    settings = explain_settings(deployed=deployed, feeds=feeds_file, warehouse=warehouse)
    if as_json:
        click.echo(json.dumps([asdict(setting) for setting in settings], ensure_ascii=False))
        return
    table = plain_table(Column("setting", no_wrap=True), "value", "from")
    for setting in settings:
        value = "" if setting.value is None else str(setting.value)
        style = "dim" if setting.origin == "default" else ""
        table.add_row(setting.name, escape(value), escape(setting.origin), style=style)
    out.print(table)
