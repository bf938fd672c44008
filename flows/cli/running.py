"""Running a flow from the command line: a progress bar while it runs, a summary at its end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from flows import TerminatedError
from flows.cli.printing import err, escape, out, print_json
from flows.cli.tables import print_table
from warehouse.counting import are, counted

if TYPE_CHECKING:
    from rich.progress import Progress

    from flows.run.report import FeedLine, Report
    from tasks.settings import Settings

SHOWN_FEEDS = 40
"""Rows of the summary's table."""


def run_flow(settings: Settings, run: Callable[[], Coroutine[Any, Any, Report]], *, as_json: bool) -> None:
    """Run the flow under the settings, with a progress bar, and print what it did."""
    import asyncio

    from tasks.errors import ServerError
    from tasks.orchestration.progress import watcher
    from tasks.settings import use_settings

    bar = _progress_bar(hidden=as_json)
    steps: dict[str, Any] = {}

    def watch(step: str, done: int, total: int) -> None:
        if step not in steps:
            steps[step] = bar.add_task(step, total=total)
        bar.update(steps[step], completed=done, total=total)

    with err.console.status("loading Prefect …") if err.is_terminal and not as_json else nullcontext():
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


def _progress_bar(*, hidden: bool) -> Progress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err.console,
        transient=True,
        disable=hidden or not err.is_terminal,
    )


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
        print_json(facts | {"feed_results": results, "prefect_ui": ui})
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
    lines = sorted(lines, key=lambda line: (line.status == "failed", bool(line.detail), line.feed_id))
    shown = lines[-SHOWN_FEEDS:]
    if left_out := len(lines) - len(shown):
        out.print(f"… {counted(left_out, 'feed')} more; `newsmill status` and Prefect's UI show all", style="dim")
    print_table(
        ("feed", "status", "new", "changed", "detail"),
        [(line.feed_id, line.status, line.new, line.changed, line.detail) for line in shown],
        styles=[{"failed": "red", "skipped": "yellow"}.get(line.status, "") for line in shown],
        numbers=("new", "changed"),
    )
    out.print()


def _summary(report: Report) -> Iterator[str]:
    """The lines below the table of feeds, in rich's markup."""
    facts = report.as_dict()
    if report.flow not in ("maintain", "images") and (report.flow != "pages" or report.counts.entries):
        again = f"{facts['unchanged']} seen again" + (f", {facts['blocked']} blocked" if facts["blocked"] else "")
        yield f"[bold]{facts['new']} new[/], [bold]{facts['changed']} changed[/], {again}"
    if report.feeds:
        yield (
            f"{counted(facts['feeds'], 'feed')}: {facts['fetched']} fetched, {facts['not_modified']} not modified, "
            f"{facts['failed']} failed, {facts['skipped']} skipped"
        )
    if report.asked_nothing and report.feeds:
        yield f"[yellow]{escape(report.asked_nothing)}[/]"
    if report.not_due:
        yield f"{counted(report.not_due, 'feed')} {are(report.not_due)} not due yet; `newsmill status` says when"
    if report.pages_asked:
        yield report.told_of_pages
    elif report.flow == "pages":
        yield "no page is due"
    if facts["edited"] or facts["gone"]:
        yield f"{counted(facts['edited'], 'article')} edited, {facts['gone']} taken down, as their pages show"
    if facts["images_stored"] or facts["images_failed"] or report.flow == "images":
        yield f"{counted(facts['images_stored'], 'image')} stored, {facts['images_failed']} failed"
    yield from map(escape, report.notes)
    if facts["rejected"]:
        yield f'{facts["rejected"]} rejected: newsmill sql "FROM ops.rejects"'
    if report.published:
        yield f"{escape(report.published.summary)}, in {report.published.seconds:.1f} s"
