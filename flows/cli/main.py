"""The command line. Each command runs the same flow that a deployment runs, or reads what the flows wrote.

Prefect takes seconds to import, so only the commands that run a flow do.
"""

from __future__ import annotations

import sys

import click

from flows.cli.alerts import alerts
from flows.cli.config import config
from flows.cli.deployment import prefect, run
from flows.cli.diff import diff
from flows.cli.doctor import doctor
from flows.cli.export import export
from flows.cli.feeds import feeds
from flows.cli.feeds_editing import COMMANDS as FEEDS_EDITING
from flows.cli.forget import forget
from flows.cli.installation import backup, init, restore
from flows.cli.outbox import outbox
from flows.cli.pipeline import backfill, images, ingest, maintain, pages, publish, reprocess
from flows.cli.prefect import deploy, serve, server
from flows.cli.printing import err, escape
from flows.cli.rules import rules
from flows.cli.search import search
from flows.cli.warehouse import sql, status
from warehouse.errors import NewsmillError
from warehouse.masking import mask
from warehouse.store.folders import keep_files_private


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="newsmill")
def cli() -> None:
    """newsmill mills news feeds into a DuckDB warehouse."""


for command in (
    *(ingest, pages, images, backfill, reprocess, maintain, publish, forget, outbox),
    *(sql, search, diff, status),
    *(feeds, rules, export),
    *(init, serve, deploy, run, alerts, server, prefect, config, doctor),
    *(backup, restore),
):
    cli.add_command(command)
for command in FEEDS_EDITING:
    feeds.add_command(command)


def main() -> None:
    keep_files_private()
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort as aborted:
        stopped = aborted.__cause__
        raise stopped if isinstance(stopped, KeyboardInterrupt) else KeyboardInterrupt from None
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except NewsmillError as error:
        err.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        for note in getattr(error, "__notes__", ()):
            err.print(f"  {escape(note)}", soft_wrap=True)
        sys.exit(1)
    except click.exceptions.Exit as exit_request:
        sys.exit(exit_request.exit_code)
    except Exception as error:
        from flows.prefect_server.refusals import refusal, silence

        sentence = refusal(error) or silence(error)
        if sentence is None:
            raise
        err.print(f"[red]error:[/] {escape(mask(sentence))}", soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
