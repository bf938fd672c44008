"""`newsmill config`: what the settings are, and where each comes from."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from flows.cli.options import json_option, settings_options
from flows.cli.printing import print_json
from flows.cli.tables import print_table


@click.command()
@click.option("--deployed", is_flag=True, help="As a deployment's run has them: with Prefect's variables.")
@settings_options
@json_option
def config(deployed: bool, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Show every setting, its value and where it comes from; secrets are shown as ****."""
    from tasks.settings import explain_settings

    settings = explain_settings(deployed=deployed, feeds=feeds_file, warehouse=warehouse)
    if as_json:
        print_json([asdict(setting) for setting in settings])
        return
    print_table(
        ("setting", "value", "from"),
        [(setting.name, setting.value, setting.origin) for setting in settings],
        styles=["dim" if setting.origin == "default" else "" for setting in settings],
    )
