"""Running a flow from the command line: a progress bar while it runs, a summary at its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
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
from rich.table import Table

from flows.cli.printing import err, out
from tasks.errors import ServerError
from tasks.settings import Settings, using

if TYPE_CHECKING:
    from flows.run.report import Report

SHOWN_FEEDS = 40
"""Lines of the summary table."""


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

    with err.status("loading Prefect …") if err.is_terminal and not as_json else _quiet():
        from flows.prefect_server.local import prefect_server
        from flows.run.report import RunFailedError

    with using(settings), prefect_server(settings, lambda said: err.print(said, style="dim")) as ui:
        watcher.set(watch)
        try:
            with bar:
                report = asyncio.run(run())
        except RunFailedError as error:
            _show(error.report, ui, as_json)
            raise
        except RuntimeError as error:
            if "Failed to reach API" not in str(error):
                raise
            raise ServerError(f"{ui}: Prefect's server doesn't answer; start it, or unset PREFECT_API_URL") from error
    _show(report, ui, as_json)


class _quiet:  # noqa: N801 - stands where a context manager does
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def _show(report: Report, ui: str, as_json: bool) -> None:
    facts = report.as_dict()
    if as_json:
        lines = [
            {
                "feed": line.feed_id,
                "status": line.status,
                "new": line.new,
                "changed": line.changed,
                "detail": line.detail,
            }
            for line in report.feeds
        ]
        click.echo(json.dumps(facts | {"feed_results": lines, "prefect_ui": ui}, ensure_ascii=False))
        return
    for said in report.says:
        out.print(escape(said), soft_wrap=True)
    shown = [line for line in report.feeds if line.new or line.changed or line.detail]
    if shown:
        table = Table(box=None, pad_edge=False)
        for name, justify in (("feed", "left"), ("status", "left"), ("new", "right"), ("changed", "right")):
            table.add_column(name, justify=justify)  # type: ignore[arg-type]
        table.add_column("detail", overflow="fold")
        # what went wrong comes last, next to the summary, and is never cut
        shown.sort(key=lambda each: (each.status == "failed", bool(each.detail), each.feed_id))
        for line in shown[-SHOWN_FEEDS:]:
            style = {"failed": "red", "skipped": "yellow"}.get(line.status, "")
            table.add_row(
                escape(line.feed_id), line.status, str(line.new), str(line.changed), escape(line.detail), style=style
            )
        if len(shown) > SHOWN_FEEDS:
            out.print(
                f"… {len(shown) - SHOWN_FEEDS} feeds more; `newsmill status` and Prefect's UI show all", style="dim"
            )
        out.print(table)
        out.print()
    counted = f"[bold]{facts['new']} new[/], [bold]{facts['changed']} changed[/], {facts['unchanged']} seen again"
    facts_said = [] if report.flow == "maintain" else [counted]
    if report.feeds:
        facts_said.append(
            f"{facts['feeds']} feeds: {facts['fetched']} fetched, {facts['not_modified']} not modified, "
            f"{facts['failed']} failed, {facts['skipped']} skipped"
        )
    if report.not_due:
        facts_said.append(f"{report.not_due} feeds are not due yet; `newsmill status` says when they are")
    if facts["images_stored"] or facts["images_failed"]:
        facts_said.append(f"{facts['images_stored']} images stored, {facts['images_failed']} failed")
    if facts["rejected"]:
        facts_said.append(f'{facts["rejected"]} rejected: newsmill sql "FROM ops.rejects"')
    if report.published:
        facts_said.append(f"{escape(report.published.said)}, in {report.published.seconds:.1f} s")
    for fact in facts_said:
        out.print(fact)
    for check in report.broken:
        out.print(f"check failed: {escape(str(check))}", style="red", soft_wrap=True)
    out.print(f"{report.flow} took {report.seconds:.1f} s; the run in Prefect's UI: {ui}", style="dim")
