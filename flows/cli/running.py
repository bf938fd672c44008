"""Running a flow from the command line: a progress bar while it runs, a summary at its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from flows import TerminatedError
from flows.cli.printing import err, out, plain_table
from tasks.errors import ServerError
from tasks.settings import Settings, use_settings

if TYPE_CHECKING:
    from flows.run.report import FeedLine, Report

SHOWN_FEEDS = 40
"""Rows of the summary's table."""


def run_flow(settings: Settings, run: Callable[[], Coroutine[Any, Any, Report]], *, as_json: bool) -> None:
    """Run the flow under the settings, with a progress bar, and print what it did."""
    from tasks.orchestration.progress import watcher

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=as_json or not err.is_terminal,
    )
    steps: dict[str, Any] = {}

    def watch(step: str, done: int, total: int) -> None:
        if step not in steps:
            steps[step] = bar.add_task(step, total=total)
        bar.update(steps[step], completed=done, total=total)

    with err.status("loading Prefect …") if err.is_terminal and not as_json else nullcontext():
        from prefect.exceptions import TerminationSignal

        from flows.prefect_server.local import prefect_server
        from flows.run.report import RunFailedError

    def say(message: str) -> None:
        err.print(message, style="dim")

    with use_settings(settings), prefect_server(settings, say) as ui:
        watcher.set(watch)
        try:
            with bar:
                report = asyncio.run(run())
        except RunFailedError as error:
            _print_report(error.report, ui, as_json)
            raise
        except TerminationSignal:  # Prefect's own handler of SIGTERM raises it while a flow runs
            raise TerminatedError from None
        except RuntimeError as error:
            if "Failed to reach API" not in str(error):
                raise
            raise ServerError(f"{ui}: Prefect's server doesn't answer; start it, or unset PREFECT_API_URL") from error
    _print_report(report, ui, as_json)


def _print_report(report: Report, ui: str, as_json: bool) -> None:
    facts = report.as_dict()
    if as_json:
        results = [
            {
                "feed": line.feed_id,
                "status": line.status,
                "new": line.new,
                "changed": line.changed,
                "detail": line.detail,
            }
            for line in report.feeds
        ]
        click.echo(json.dumps(facts | {"feed_results": results, "prefect_ui": ui}, ensure_ascii=False))
        return
    for message in report.messages:
        out.print(escape(message), soft_wrap=True)
    _print_feeds([line for line in report.feeds if line.new or line.changed or line.detail])
    for sentence in _summary(report):
        out.print(sentence)
    for check in report.failed_checks:
        out.print(f"check failed: {escape(str(check))}", style="red", soft_wrap=True)
    out.print(f"{report.flow} took {report.seconds:.1f} s; the run in Prefect's UI: {ui}", style="dim")


def _print_feeds(lines: Sequence[FeedLine]) -> None:
    """Failed feeds come last, next to the summary; where there are too many lines, the first ones are left out."""
    if not lines:
        return
    table = plain_table(
        *(Column("feed"), Column("status"), Column("new", justify="right"), Column("changed", justify="right")),
        "detail",
    )
    lines = sorted(lines, key=lambda line: (line.status == "failed", bool(line.detail), line.feed_id))
    for line in lines[-SHOWN_FEEDS:]:
        style = {"failed": "red", "skipped": "yellow"}.get(line.status, "")
        table.add_row(
            escape(line.feed_id), line.status, str(line.new), str(line.changed), escape(line.detail), style=style
        )
    if len(lines) > SHOWN_FEEDS:
        out.print(f"… {len(lines) - SHOWN_FEEDS} feeds more; `newsmill status` and Prefect's UI show all", style="dim")
    out.print(table)
    out.print()


def _summary(report: Report) -> Iterator[str]:
    """The lines below the table of feeds, in rich's markup."""
    facts = report.as_dict()
    if report.flow != "maintain":
        again = f"{facts['unchanged']} seen again" + (f", {facts['blocked']} blocked" if facts["blocked"] else "")
        yield f"[bold]{facts['new']} new[/], [bold]{facts['changed']} changed[/], {again}"
    if report.feeds:
        yield (
            f"{facts['feeds']} feeds: {facts['fetched']} fetched, {facts['not_modified']} not modified, "
            f"{facts['failed']} failed, {facts['skipped']} skipped"
        )
    if report.not_due:
        yield f"{report.not_due} feeds are not due yet; `newsmill status` says when they are"
    if facts["pages_read"] or facts["pages_failed"]:
        yield f"{facts['pages_read']} pages read for their text, {facts['pages_failed']} gave none"
    if facts["edited"] or facts["gone"]:
        yield f"{facts['edited']} articles edited, {facts['gone']} taken down, as their pages show"
    if facts["images_stored"] or facts["images_failed"]:
        yield f"{facts['images_stored']} images stored, {facts['images_failed']} failed"
    if facts["rejected"]:
        yield f'{facts["rejected"]} rejected: newsmill sql "FROM ops.rejects"'
    if report.published:
        yield f"{escape(report.published.summary)}, in {report.published.seconds:.1f} s"
