"""`newsmill doctor`: what is in order, what is not, and how to fix it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from flows.cli.options import json_option, settings_options
from flows.cli.printing import out, print_json
from flows.cli.tables import print_table
from warehouse.counting import counted

STYLES = {"ok": "", "warning": "yellow", "failed": "bold red"}


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
        print_json(counts | {"checks": [asdict(finding) for finding in findings]})
    else:
        print_table(
            ("state", "check", "finding"),
            [
                (finding.state, finding.name, f"{finding.says}\n→ {finding.mend}" if finding.mend else finding.says)
                for finding in findings
            ],
            styles=[STYLES[state] for state in states],
        )
        out.print()
        warnings = counted(states.count("warning"), "warning")
        out.print(f"{states.count('ok')} ok, {warnings}, {states.count('failed')} failed")
    if "failed" in states:
        sys.exit(1)
