"""`newsmill doctor`: what is in order, what is not, and how to fix it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Column
from rich.text import Text

from flows.cli.options import json_option, settings_options
from flows.cli.printing import out, plain_table

STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red"}


@click.command()
@settings_options
@json_option
def doctor(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Look at versions, folders, disk, warehouse, Prefect and more, and say how to fix what is wrong.

    Exits 1 when anything failed. Nothing is changed, and no server is started.
    """
    from flows.cli.checkup import examine

    findings = examine(feeds=feeds_file, warehouse=warehouse)
    states = [finding.state for finding in findings]
    if as_json:
        counts = {"warnings": states.count("warning"), "failed": states.count("failed")}
        click.echo(json.dumps(counts | {"checks": [asdict(finding) for finding in findings]}, ensure_ascii=False))
    else:
        table = plain_table(Column(no_wrap=True), Column(no_wrap=True), Column(overflow="fold"), show_header=False)
        for finding in findings:
            text = Text(finding.says)
            if finding.mend:
                text.append(f"\n→ {finding.mend}", style="bold")
            table.add_row(Text(finding.state, style=STYLES[finding.state]), finding.name, text)
        out.print(table)
        out.print()
        out.print(f"{states.count('ok')} ok, {states.count('warning')} warnings, {states.count('failed')} failed")
    if "failed" in states:
        sys.exit(1)
