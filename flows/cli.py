"""The command line. Each command runs the same flow that a deployment runs, or reads what the flows wrote.

Prefect takes seconds to import, so only the commands that run a flow do.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
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

from flows.config import config
from flows.diff import diff
from flows.doctor import doctor
from flows.export import export
from flows.options import json_option, settings_options
from flows.search import search
from tasks.settings import Settings, load_settings, using
from warehouse.errors import NewsmillError, ServerError

if TYPE_CHECKING:
    from flows.runs import Report

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

SHOWN_FEEDS = 40
"""Lines of the summary table."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="newsmill")
def cli() -> None:
    """newsmill mills news feeds into a DuckDB warehouse."""


cli.add_command(config)
cli.add_command(doctor)
cli.add_command(export)
cli.add_command(diff)
cli.add_command(search)


def main() -> None:
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        err.print("[yellow]stopped; the same command goes on where this one was[/]")
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except NewsmillError as error:
        err.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        for note in getattr(error, "__notes__", ()):
            err.print(f"  {escape(note)}", soft_wrap=True)
        sys.exit(1)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)


# --- commands that run a flow ---------------------------------------------------------------------------------------


@cli.command()
@click.argument("ids", nargs=-1, metavar="[FEED]...")
@click.option("--group", "groups", multiple=True, help="Only feeds of this group; may be given more than once.")
@click.option("--force", is_flag=True, help="Ask feeds that are backing off or disabled, too.")
@click.option("--due", is_flag=True, help="Only feeds that are due by their own rhythm, as scheduled runs do.")
@click.option("--partition", metavar="N/OF", help="Only a part of the feeds, such as 1/4: other runs take the others.")
@click.option("--dask", is_flag=True, help="Mill on a Dask cluster: NEWSMILL_DASK_SCHEDULER's, or one of this machine.")
@click.option("--images/--no-images", default=True, help="Download the articles' images (by default, yes).")
@click.option("--publish/--no-publish", default=True, help="Publish the analysts' copy (by default, yes).")
@settings_options
@json_option
def ingest(
    ids: tuple[str, ...],
    groups: tuple[str, ...],
    force: bool,
    due: bool,
    partition: str | None,
    dask: bool,
    images: bool,
    publish: bool,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """Fetch feeds and load what is new: all enabled feeds, or those named."""
    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    # what can be wrong is said before Prefect's seconds are spent
    from tasks.feeds import choose, part_of, read_feeds

    chosen = choose(read_feeds(settings.feeds), ids, groups)
    if partition:
        part_of(chosen, partition)

    def run() -> Coroutine[Any, Any, Report]:
        if dask:
            from flows.on_dask import ingest as flow
        else:
            from flows.ingest import ingest as flow

        return flow(
            feeds=list(ids) or None,
            groups=list(groups) or None,
            force=force,
            images=images,
            publish=publish,
            due_only=due,
            partition=partition,
        )

    _run_flow(settings, run, as_json=as_json)


@cli.command()
@click.option("--limit", type=click.IntRange(min=1), help="Download at most this many.")
@settings_options
@json_option
def images(limit: int | None, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Download images that are pending, and those that failed and may be tried again."""

    def run() -> Coroutine[Any, Any, Report]:
        from flows.images import images as flow

        return flow(limit=limit)

    _run_flow(load_settings(feeds=feeds_file, warehouse=warehouse), run, as_json=as_json)


@cli.command()
@click.option("--publish/--no-publish", default=True, help="Publish the analysts' copy afterwards (by default, yes).")
@settings_options
@json_option
def reprocess(publish: bool, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Build the warehouse again from the landing zone; nothing is fetched."""

    def run() -> Coroutine[Any, Any, Report]:
        from flows.reprocess import reprocess as flow

        return flow(publish=publish)

    _run_flow(load_settings(feeds=feeds_file, warehouse=warehouse), run, as_json=as_json)


@cli.command()
@click.option("--publish/--no-publish", default=True, help="Publish the analysts' copy afterwards (by default, yes).")
@settings_options
@json_option
def maintain(publish: bool, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Compact the warehouse, forget old records of runs, remove files that nothing names, check and publish."""

    def run() -> Coroutine[Any, Any, Report]:
        from flows.maintain import maintain as flow

        return flow(publish=publish)

    _run_flow(load_settings(feeds=feeds_file, warehouse=warehouse), run, as_json=as_json)


@cli.command()
@click.argument("source", type=click.Choice(["archive", "feeds", "wayback", "paged", "warc", "sitemap"]))
@click.argument("where")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="The first day that is wanted.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day that is wanted.")
@click.option("--site", "sites", multiple=True, help="Only this site; may be given more than once.")
@click.option("--feed", help="The feed that everything is counted to, where the source doesn't tell.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after this many documents.")
@click.option("--revision", help="Of a git repository: the branch, tag or commit.")
@click.option("--history", is_flag=True, help="Of a git repository: every version that every article had.")
@click.option("--pages", is_flag=True, help="Of the Wayback Machine: the pages below the address, not the feed.")
@click.option("--images/--no-images", default=False, help="Download the images afterwards (by default, no).")
@click.option("--publish/--no-publish", default=True, help="Publish the analysts' copy (by default, yes).")
@click.option("--dry-run", is_flag=True, help="Only say what would be done, and how long it may take.")
@settings_options
@json_option
def backfill(
    source: Any,
    where: str,
    since: datetime | None,
    until: datetime | None,
    sites: tuple[str, ...],
    feed: str | None,
    limit: int | None,
    revision: str | None,
    history: bool,
    pages: bool,
    images: bool,
    publish: bool,
    dry_run: bool,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """Fill the warehouse with history; killed and started again, it goes on where it was.

    \b
    archive   article files: a folder, zip, tar or git repository (or its address)
    feeds     saved feed files: a folder or zip
    wayback   the Wayback Machine's captures of a feed (an id of the registry, or an address)
    paged     a feed's older pages (RFC 5005, WordPress, Blogger, JSON Feed)
    warc      WARC files: a file or a folder
    sitemap   the pages a site's sitemaps name
    """

    from flows.forms import FORMS

    given = {
        "since": since and since.date(),
        "until": until and until.date(),
        "sites": list(sites),
        "feed": feed,
        "limit": limit,
        "revision": revision,
        "versions": "all" if history else None,
        "read": "pages" if pages else None,
    }
    form = FORMS[source]
    asked = {name: value for name, value in given.items() if value}
    if unknown := asked.keys() - form.model_fields:
        flags = {"versions": "history", "read": "pages", "sites": "site"}
        named = ", ".join(sorted(f"--{flags.get(name, name)}" for name in unknown))
        raise click.UsageError(f"{source} does not take {named}")
    wanted = form.model_validate({"where": where, "images": images, "publish": publish, "dry_run": dry_run, **asked})

    def run() -> Coroutine[Any, Any, Report]:
        from flows.backfill import BACKFILLS

        return BACKFILLS[source](wanted)

    _run_flow(load_settings(feeds=feeds_file, warehouse=warehouse), run, as_json=as_json)


def _run_flow(settings: Settings, run: Callable[[], Coroutine[Any, Any, Report]], *, as_json: bool) -> None:
    """Run the flow under the settings, with a progress bar, and print what it did."""
    from tasks.progress import watcher

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
        from flows.runs import RunFailedError
        from flows.server import prefect_server

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


@cli.command()
@settings_options
@json_option
def publish(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Publish the copy that analysts read (news.duckdb beside the warehouse)."""
    from tasks.similarity import MEASURE
    from warehouse.duplicates import mark_duplicates
    from warehouse.publish import publish as build

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    if settings.store.exists():
        mark_duplicates(settings.store, MEASURE)
    done = build(settings.store, settings.published_path)
    if as_json:
        click.echo(json.dumps(done.as_dict(), ensure_ascii=False))
    else:
        out.print(f"{escape(str(done))}, in {done.seconds:.2f} s", soft_wrap=True)


# --- commands that read ---------------------------------------------------------------------------------------------


@cli.command()
@click.argument("query")
@click.option("--json", "form", flag_value="json", help="A JSON array of objects.")
@click.option("--csv", "form", flag_value="csv", help="CSV with a header.")
@click.option("--parquet", type=click.Path(path_type=Path, dir_okay=False), help="Write a Parquet file instead.")
@click.option(
    "--live", is_flag=True, help="Read the pipeline's own warehouse (raw.* too); loads into a file wait meanwhile."
)
@click.option("--limit", default=50, show_default=True, help="Rows a table shows; all are written to the other forms.")
@settings_options
def sql(
    query: str,
    form: str | None,
    parquet: Path | None,
    live: bool,
    limit: int,
    feeds_file: Path | None,
    warehouse: str | None,
) -> None:
    """Run a query, read-only, on the published copy."""
    from warehouse.reader import run_query

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    result = run_query(settings.store if live else settings.published_path, query, parquet=parquet)
    if parquet:
        out.print(f"wrote {parquet}", soft_wrap=True)
    elif form == "json":
        click.echo(
            json.dumps(
                [dict(zip(result.columns, row, strict=True)) for row in result.rows], ensure_ascii=False, default=_plain
            )
        )
    elif form == "csv":
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(result.columns)
        writer.writerows([_plain(v) if isinstance(v, datetime) else v for v in row] for row in result.rows)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in result.columns:
            table.add_column(escape(name), overflow="fold")
        for row in result.rows[:limit]:
            table.add_row(*(escape(_cell(value)) for value in row))
        out.print(table)
        if len(result.rows) > limit:
            out.print(
                f"… {len(result.rows) - limit} more rows; --limit, --csv, --json or --parquet show them", style="dim"
            )


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    text = str(value)
    return text if len(text) <= 500 else text[:499] + "…"


@cli.command()
@settings_options
@json_option
def status(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Feeds, last runs, counts and failures."""
    from warehouse.reader import status as read_status

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    found = read_status(settings.store)
    pending = len(settings.landing_zone.pending())
    if as_json:
        click.echo(json.dumps(found | {"documents_waiting": pending}, ensure_ascii=False, default=_plain))
        return
    counts = found["counts"]
    out.print(
        f"[bold]{counts['articles']:,}[/] articles in {counts['versions']:,} versions, {counts['entries']:,} entries, "
        f"{counts['images_stored']:,} of {counts['images']:,} images, {counts['rejects']:,} rejects"
    )
    if counts["newest"]:
        out.print(f"newest article: {_cell(counts['newest'])} UTC")
    if pending:
        out.print(f"[yellow]{pending} documents are landed and not yet loaded; the next ingest loads them[/]")
    shown = ("feed_id", "health", "articles", "newest_article_at", "due_at", "rule", "problem")
    feeds_shown = [{name: feed[name] for name in shown} for feed in found["feeds"]]
    for title, rows in (("last runs", found["runs"]), ("feeds", feeds_shown)):
        if rows:
            table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
            for name in rows[0]:
                table.add_column(name, overflow="fold")
            for row in rows:
                bad = row.get("health") in ("failing", "disabled") or row.get("state") == "failed"
                table.add_row(*(escape(_cell(value)) for value in row.values()), style="red" if bad else "")
            out.print()
            out.print(table)


# --- feeds ----------------------------------------------------------------------------------------------------------


@cli.group()
def feeds() -> None:
    """List, add, check, import and export feeds."""


@feeds.command("list")
@settings_options
@json_option
def list_feeds(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """The feeds in the registry."""
    from tasks.feeds import read_feeds

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    registry = read_feeds(settings.feeds)
    if as_json:
        names = ("id", "name", "url", "site_url", "language", "timezone", "group", "images", "enabled")
        click.echo(json.dumps([{n: getattr(feed, n) for n in names} for feed in registry], ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "name", "language", "group", "images", "url"):
        table.add_column(name, overflow="fold")
    for feed in registry:
        table.add_row(
            *(escape(v or "") for v in (feed.id, feed.name, feed.language, feed.group, feed.images, feed.url)),
            style="" if feed.enabled else "dim",
        )
    out.print(table)
    out.print(
        f"{len(registry)} feeds, {sum(feed.enabled for feed in registry)} enabled, in {settings.feeds}", style="dim"
    )


@feeds.command("add")
@click.argument("url")
@click.option("--id", "feed_id", help="Its slug; made from the site's host by default.")
@click.option("--name", help="Its name; the feed's own title by default.")
@click.option("--group", help="Its group.")
@click.option("--language", help="BCP 47, for example zh or en.")
@click.option("--timezone", default="UTC", show_default=True, help="IANA name, for dates without a zone.")
@settings_options
def add(
    url: str,
    feed_id: str | None,
    name: str | None,
    group: str | None,
    language: str | None,
    timezone: str,
    feeds_file: Path | None,
    warehouse: str | None,
) -> None:
    """Add a feed by its own address, or by its site's: the feed is discovered."""
    from flows.registry import add as add_to_registry

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    feed = asyncio.run(
        add_to_registry(settings, url, feed_id=feed_id, name=name, group=group, language=language, timezone=timezone)
    )
    out.print(
        f"added [bold]{escape(feed.id)}[/] ({escape(feed.name)}), {escape(feed.url)}, to {settings.feeds}",
        soft_wrap=True,
    )
    out.print(f"newsmill ingest {feed.id}", style="dim")


@feeds.command("check")
@click.argument("ids", nargs=-1, metavar="[FEED]...")
@settings_options
@json_option
def check(ids: tuple[str, ...], feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Ask feeds and say what each holds; nothing is stored. Exits 1 when one fails."""
    from flows.registry import check as check_feeds
    from tasks.feeds import choose, read_feeds

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    results = asyncio.run(check_feeds(settings, choose(read_feeds(settings.feeds), ids)))
    if as_json:
        click.echo(json.dumps(results, ensure_ascii=False, default=_plain))
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("feed", "entries", "newest", "problem"):
            table.add_column(column, overflow="fold")
        for row in results:
            table.add_row(*(escape(_cell(value)) for value in row.values()), style="red" if row["problem"] else "")
        out.print(table)
    if any(row["problem"] for row in results):
        sys.exit(1)


@feeds.command("enable")
@click.argument("feed_id", metavar="FEED")
@settings_options
def enable(feed_id: str, feeds_file: Path | None, warehouse: str | None) -> None:
    """Ask a feed again that newsmill stopped asking."""
    from tasks.feeds import choose, read_feeds
    from warehouse.operations import enable_feed

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    choose(read_feeds(settings.feeds), [feed_id])
    with settings.store.writing() as connection:
        enable_feed(connection, feed_id)
    out.print(f"{feed_id} is asked again by the next ingest")


@feeds.command("import")
@click.argument("opml", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@settings_options
def import_feeds(opml: Path, feeds_file: Path | None, warehouse: str | None) -> None:
    """Add the feeds of an OPML file that aren't in the registry yet."""
    from tasks.opml_files import import_opml

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    added, notes = import_opml(settings.feeds, opml.read_bytes())
    for note in notes:
        err.print(escape(note), style="yellow", soft_wrap=True)
    out.print(f"added {len(added)} feeds to {settings.feeds}", soft_wrap=True)


@feeds.command("export")
@click.argument("opml", type=click.Path(path_type=Path, dir_okay=False), required=False)
@settings_options
def export_feeds(opml: Path | None, feeds_file: Path | None, warehouse: str | None) -> None:
    """Write the registry as OPML, to a file or to standard output."""
    from tasks.feeds import read_feeds
    from tasks.opml_files import to_opml

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    text = to_opml(read_feeds(settings.feeds), "newsmill")
    if opml:
        opml.write_text(text, encoding="utf-8")
        out.print(f"wrote {opml}", soft_wrap=True)
    else:
        click.echo(text)


# --- the operator's machine ----------------------------------------------------------------------------------------


@cli.command()
@settings_options
def serve(feeds_file: Path | None, warehouse: str | None) -> None:
    """Run Prefect's server, the deployments of prefect.yaml and a worker, until Ctrl-C."""
    from tasks.settings import keep_prefect_quiet

    keep_prefect_quiet()
    from flows.serving import serve as run

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    run(settings, _flags(settings, feeds_file, warehouse), lambda said: out.print(said, soft_wrap=True))


@cli.command()
@settings_options
def deploy(feeds_file: Path | None, warehouse: str | None) -> None:
    """Register the work pool, the deployments of prefect.yaml and the automations with Prefect's server."""
    from tasks.settings import keep_prefect_quiet

    keep_prefect_quiet()
    from flows.deploying import deploy as run

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    run(settings, _flags(settings, feeds_file, warehouse), lambda said: out.print(said, soft_wrap=True))


def _flags(settings: Settings, feeds_file: Path | None, warehouse: str | None) -> dict[str, str]:
    """The flags, which go before all else, as variables for a child; without them it finds its settings by itself."""
    given = {}
    if feeds_file:
        given["NEWSMILL_FEEDS"] = str(settings.feeds.absolute())
    if warehouse:
        given["NEWSMILL_WAREHOUSE"] = settings.address
    return given


# --- the local Prefect server ---------------------------------------------------------------------------------------


@cli.group()
def server() -> None:
    """The local Prefect server that the command line uses."""


@server.command("start")
@settings_options
def start_server(feeds_file: Path | None, warehouse: str | None) -> None:
    """Start it, if it isn't running, and print its address."""
    from flows.server import ensure

    found = ensure(load_settings(feeds=feeds_file, warehouse=warehouse), lambda said: err.print(said, style="dim"))
    out.print(f"{found.url} (PREFECT_API_URL={found.api_url})", soft_wrap=True)


@server.command("stop")
@settings_options
def stop_server(feeds_file: Path | None, warehouse: str | None) -> None:
    """Stop it."""
    from flows.server import stop

    found = stop(load_settings(feeds=feeds_file, warehouse=warehouse))
    out.print(f"stopped {found.url}" if found else "no local server was running")


@server.command("status")
@settings_options
def server_status(feeds_file: Path | None, warehouse: str | None) -> None:
    """Say whether it runs, and where."""
    from flows.server import running

    found = running(load_settings(feeds=feeds_file, warehouse=warehouse))
    out.print(
        f"running at {found.url}, process {found.pid}"
        if found
        else "not running; the next command that needs it starts it"
    )


if __name__ == "__main__":
    main()
