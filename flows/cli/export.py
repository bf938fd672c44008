"""`newsmill export`: the warehouse in other forms. No Prefect: nothing here is a flow."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from flows.cli.options import given_settings, json_option, settings_options
from warehouse.counting import counted

if TYPE_CHECKING:
    from tasks.settings import Settings
    from warehouse.export.archive_form import Generation
    from warehouse.store.connection import Warehouse

Command = TypeVar("Command", bound=Callable[..., Any])

STANDARD_OUTPUT = Path("-")


def sql_option(command: Command) -> Command:
    return click.option("--sql", metavar="QUERY", help="Export the rows of this query (one SELECT) instead.")(command)


def live_option(command: Command) -> Command:
    return click.option(
        "--live", is_flag=True, help="Read the pipeline's own warehouse (raw.* too); loads into a file wait meanwhile."
    )(command)


@click.group()
def export() -> None:
    """Write articles as an archive, JSON Lines, Parquet, Atom; and the registry as OPML."""


@export.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--generation",
    type=click.Choice(["1", "2"]),
    default="1",
    show_default=True,
    help="1: a comment, a link, the HTML. 2: Jekyll front matter above that.",
)
@click.option("--site", "sites", multiple=True, help="Only this site; may be given more than once.")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="The first day that is wanted (UTC).")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day that is wanted (UTC).")
@click.option("--list-page/--no-list-page", default=True, help="A page for each site that lists its articles.")
@settings_options
@json_option
def archive(
    folder: Path,
    generation: str,
    sites: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    list_page: bool,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """Write one file for each article, a folder for each site; only what changed is written again."""
    from warehouse.export.archive import export_archive

    settings = given_settings(feeds_file, warehouse)
    with _progress_bar(as_json) as progress:
        exported = export_archive(
            settings.store,
            folder,
            generation=cast("Generation", int(generation)),
            sites=sites,
            since=since.date() if since else None,
            until=until.date() if until else None,
            list_page=list_page,
            progress=progress,
        )
    sentence = (
        f"{counted(exported.articles, 'article')} of {counted(exported.sites, 'site')} in {folder}: "
        f"{counted(exported.written, 'file')} written, {exported.unchanged:,} unchanged, {exported.removed:,} removed, "
        f"{counted(exported.list_pages, 'list page')} written, in {exported.seconds:.1f} s "
        f"(loads waited {exported.seconds_reading:.1f} s)"
    )
    _report(asdict(exported), sentence, as_json)


@export.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@sql_option
@live_option
@settings_options
@json_option
def jsonl(
    file: Path, sql: str | None, live: bool, feeds_file: Path | None, warehouse: str | None, as_json: bool
) -> None:
    """Write each article with its images as a line of JSON, to FILE (.gz and .zst are compressed) or - (standard
    output)."""
    from warehouse.export.rows import export_jsonl

    started = time.monotonic()
    target = sys.stdout.buffer if file == STANDARD_OUTPUT else file
    rows = export_jsonl(_source(given_settings(feeds_file, warehouse), live), target, sql=sql)
    _report_file(file, {"rows": rows}, counted(rows, "row"), started, as_json)


@export.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@sql_option
@click.option("--table", help="Export this table or view; by default clean.articles.")
@click.option(
    "--partition",
    multiple=True,
    metavar="COLUMN",
    help="A folder for each value of this column, by default of month; may be given more than once.",
)
@live_option
@settings_options
@json_option
def parquet(
    folder: Path,
    sql: str | None,
    table: str | None,
    partition: tuple[str, ...],
    live: bool,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """Write FOLDER anew as Parquet, in folders for each month of published_at (month=2024-05) or by other columns."""
    from warehouse.export.rows import export_parquet

    if sql and table:
        raise click.UsageError("--sql and --table exclude each other; give one")
    started = time.monotonic()
    source = _source(given_settings(feeds_file, warehouse), live)
    exported = export_parquet(source, folder, sql=sql, table=table or "clean.articles", partition=partition)
    nouns = {"rows": "row", "files": "file", "partitions": "partition", "bytes": "byte"}
    facts = {name: getattr(exported, name) for name in nouns}
    contents = ", ".join(counted(facts[name], noun) for name, noun in nouns.items())
    _report_file(folder, facts, contents, started, as_json)


@export.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
@click.option("--sql", metavar="QUERY", help="Export the rows of this query: title, url, published_at and more.")
@click.option("--site", "sites", multiple=True, help="Only this site; may be given more than once.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="The newest so many.")
@click.option("--title", help="The feed's title.")
@live_option
@settings_options
@json_option
def feed(
    file: Path,
    sql: str | None,
    sites: tuple[str, ...],
    limit: int,
    title: str | None,
    live: bool,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """Write the newest articles as an Atom feed, to FILE or standard output."""
    from warehouse.export.atom import export_feed

    if sql and sites:
        raise click.UsageError("--sql and --site exclude each other; name the site in the query")
    started = time.monotonic()
    source = _source(given_settings(feeds_file, warehouse), live)
    exported = export_feed(source, sql=sql, sites=sites, limit=limit, title=title)
    _write(file, exported.data)
    facts = {"entries": exported.entries, "left_out": exported.left_out}
    left_out = f", {counted(exported.left_out, 'row')} left out" if exported.left_out else ""
    contents = counted(exported.entries, "entry") + left_out
    _report_file(file, facts, contents, started, as_json)


@export.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@settings_options
@json_option
def opml(file: Path, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Write the registry as OPML, to FILE or - (standard output)."""
    from tasks.registry.feeds_file import read_feeds
    from tasks.registry.opml_files import to_opml

    started = time.monotonic()
    feeds = read_feeds(given_settings(feeds_file, warehouse).feeds)
    _write(file, to_opml(feeds, "newsmill").encode())
    _report_file(file, {"feeds": len(feeds)}, counted(len(feeds), "feed"), started, as_json)


def _source(settings: Settings, live: bool) -> Path | Warehouse:
    return settings.store if live else settings.published_path


def _write(file: Path, data: bytes) -> None:
    from warehouse.export.files import write_file

    if file == STANDARD_OUTPUT:
        sys.stdout.buffer.write(data)
    else:
        write_file(file, data)


def _report_file(file: Path, facts: dict[str, Any], contents: str, started: float, as_json: bool) -> None:
    """Print what was written, on standard error if the export itself went to standard output."""
    seconds = time.monotonic() - started
    sentence = f"wrote {file}: {contents}, in {seconds:.1f} s"
    _report({"path": str(file), **facts, "seconds": round(seconds, 3)}, sentence, as_json, err=file == STANDARD_OUTPUT)


def _report(facts: dict[str, Any], sentence: str, as_json: bool, *, err: bool = False) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False, default=str) if as_json else sentence, err=err)


@contextmanager
def _progress_bar(as_json: bool) -> Iterator[Callable[[int, int], None]]:
    from rich.progress import Progress

    from flows.cli.printing import err

    with Progress(console=err.console, transient=True, disable=as_json or not err.is_terminal) as bar:
        step = bar.add_task("articles", total=None)
        yield lambda done, total: bar.update(step, completed=done, total=total)
