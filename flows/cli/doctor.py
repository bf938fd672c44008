"""`newsmill doctor`: what is as it should be, what is not, and how to mend it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.cli.options import json_option, settings_options

out = Console(highlight=False)

STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red"}


@click.command()
@settings_options
@json_option
def doctor(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Look at versions, folders, disk, warehouse, Prefect and more, and say how to mend what is wrong.

    Exits 1 when anything failed. Nothing is changed, and no server is started.
    """
    from flows.cli.checkup import examine

    found = examine(feeds=feeds_file, warehouse=warehouse)
    states = [finding.state for finding in found]
    if as_json:
        counts = {"warnings": states.count("warning"), "failed": states.count("failed")}
        click.echo(json.dumps(counts | {"checks": [asdict(finding) for finding in found]}, ensure_ascii=False))
    else:
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for finding in found:
            said = Text(finding.says)
            if finding.mend:
                said.append(f"\n→ {finding.mend}", style="bold")
            table.add_row(Text(finding.state, style=STYLES[finding.state]), finding.name, said)
        out.print(table)
        out.print()
        out.print(f"{states.count('ok')} ok, {states.count('warning')} warnings, {states.count('failed')} failed")
    if "failed" in states:
        sys.exit(1)
