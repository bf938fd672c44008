"""The commands that run a flow: ingest, images, backfill, reprocess, maintain, publish."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.completing import feed_ids, group_names
from flows.cli.options import given_settings, json_option, settings_options
from flows.cli.printing import escape, out, print_json
from flows.cli.running import run_flow

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from flows.run.report import Report


class _SourceName(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """The name of a backfill's source. The sources are imported when one is named, not for the list of commands."""

    name = "source"

    @property
    def choice(self) -> click.Choice[str]:
        from tasks.backfill.sources import SOURCES

        return click.Choice(list(SOURCES))

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return self.choice.convert(value, param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        return self.choice.get_metavar(param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return self.choice.shell_complete(ctx, param, incomplete)


@click.command()
@click.argument("ids", nargs=-1, metavar="[FEED]...", shell_complete=feed_ids)
@click.option(
    "--group",
    "groups",
    multiple=True,
    shell_complete=group_names,
    help="Only feeds of this group; may be given more than once.",
)
@click.option("--force", is_flag=True, help="Ask feeds that are backing off or disabled, too.")
@click.option("--due", is_flag=True, help="Only feeds that are due by their own rhythm, as scheduled runs do.")
@click.option("--partition", metavar="N/OF", help="Only a part of the feeds, such as 1/4: other runs take the others.")
@click.option("--dask", is_flag=True, help="Mill on a Dask cluster: NEWSMILL_DASK_SCHEDULER's, or one of this machine.")
@click.option("--pages/--no-pages", default=True, help="Fetch pages for whole texts (by default, as full_text says).")
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
    pages: bool,
    images: bool,
    publish: bool,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """Fetch feeds and load what is new: all enabled feeds, or those named."""
    settings = given_settings(feeds_file, warehouse)
    # report mistakes in the arguments before Prefect is imported, which takes seconds
    from tasks.registry.feeds_file import choose, part_of, read_feeds

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
            pages=pages,
            images=images,
            publish=publish,
            due_only=due,
            partition=partition,
        )

    run_flow(settings, run, as_json=as_json)


@click.command()
@click.argument("ids", nargs=-1, metavar="[FEED]...")
@click.option("--group", "groups", multiple=True, help="Only feeds of this group; may be given more than once.")
@click.option("--limit", type=click.IntRange(min=1), help="Fetch at most this many.")
@click.option("--days", type=click.FloatRange(min=0), help="Also of articles first seen up to so many days ago.")
@click.option("--images/--no-images", default=True, help="Download the images they bring (by default, yes).")
@click.option("--publish/--no-publish", default=True, help="Publish the analysts' copy (by default, yes).")
@settings_options
@json_option
def pages(
    ids: tuple[str, ...],
    groups: tuple[str, ...],
    limit: int | None,
    days: float | None,
    images: bool,
    publish: bool,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """Fetch articles' own pages: whole texts where feeds give teasers, and what was edited or taken down."""
    settings = given_settings(feeds_file, warehouse)
    from tasks.registry.feeds_file import choose, read_feeds

    choose(read_feeds(settings.feeds), ids, groups)

    def run() -> Coroutine[Any, Any, Report]:
        from flows.pages import pages as flow

        return flow(
            feeds=list(ids) or None,
            groups=list(groups) or None,
            limit=limit,
            days=days,
            images=images,
            publish=publish,
        )

    run_flow(settings, run, as_json=as_json)


@click.command()
@click.option("--limit", type=click.IntRange(min=1), help="Download at most this many.")
@click.option("--feed", "ids", multiple=True, shell_complete=feed_ids, help="Only of articles in this feed.")
@click.option("--source", "sources", multiple=True, type=_SourceName(), help="Only of articles of such backfills.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only of articles published since then (UTC).")
@settings_options
@json_option
def images(
    limit: int | None,
    ids: tuple[str, ...],
    sources: tuple[str, ...],
    since: datetime | None,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """Download images that are pending, and those that failed and may be tried again: all, or those asked for."""

    def run() -> Coroutine[Any, Any, Report]:
        from flows.images import images as flow

        return flow(
            limit=limit, feeds=list(ids) or None, sources=list(sources) or None, since=since.date() if since else None
        )

    run_flow(given_settings(feeds_file, warehouse), run, as_json=as_json)


@click.command()
@click.option("--publish/--no-publish", default=True, help="Publish the analysts' copy afterwards (by default, yes).")
@settings_options
@json_option
def reprocess(publish: bool, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Build the warehouse again from the landing zone; nothing is fetched."""

    def run() -> Coroutine[Any, Any, Report]:
        from flows.reprocess import reprocess as flow

        return flow(publish=publish)

    run_flow(given_settings(feeds_file, warehouse), run, as_json=as_json)


@click.command()
@click.option("--publish/--no-publish", default=True, help="Publish the analysts' copy afterwards (by default, yes).")
@settings_options
@json_option
def maintain(publish: bool, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Compact the warehouse, forget old records of runs, remove files that nothing names, check and publish."""

    def run() -> Coroutine[Any, Any, Report]:
        from flows.maintain import maintain as flow

        return flow(publish=publish)

    run_flow(given_settings(feeds_file, warehouse), run, as_json=as_json)


class _BackfillCommand(click.Command):
    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help_text(ctx, formatter)
        from tasks.backfill.sources import SOURCES

        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_dl([(name, kind.reads) for name, kind in SOURCES.items()])


@click.command(cls=_BackfillCommand)
@click.argument("source", type=_SourceName())
@click.argument("where")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="The first day that is wanted.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day that is wanted.")
@click.option("--site", "sites", multiple=True, help="Only this site; may be given more than once.")
@click.option(
    "--feed", shell_complete=feed_ids, help="The feed that everything is counted to, where the source doesn't tell."
)
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
    source: str,
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
    """Fill the warehouse with history; killed and started again, it goes on where it was."""
    from tasks.backfill.sources import SOURCES, registry_of

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
    kind = SOURCES[source]
    form = kind.form
    fields = {name: value for name, value in given.items() if value}
    if unknown := fields.keys() - form.model_fields:
        flags = {"versions": "history", "read": "pages", "sites": "site"}
        names = ", ".join(sorted(f"--{flags.get(name, name)}" for name in unknown))
        raise click.UsageError(f"{source} does not take {names}")
    wanted = form.model_validate({"where": where, "images": images, "publish": publish, "dry_run": dry_run, **fields})

    def run() -> Coroutine[Any, Any, Report]:
        from flows.backfill import backfill_flow

        return backfill_flow(source)(wanted)

    settings = given_settings(feeds_file, warehouse)
    # say what is wrong before Prefect is imported and its server started, which takes long
    registry_of(kind, settings.feeds)
    if kind.check:
        kind.check(where)
    run_flow(settings, run, as_json=as_json)


@click.command()
@settings_options
@json_option
def publish(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Publish the copy that analysts read (news.duckdb beside the warehouse)."""
    from tasks.publish import mark_repeats, write_copy

    settings = given_settings(feeds_file, warehouse)
    if settings.store.exists():
        mark_repeats(settings.store)
    published = write_copy(settings)
    if as_json:
        print_json(published.as_dict())
    else:
        out.print(f"{escape(str(published))}, in {published.seconds:.2f} s", soft_wrap=True)
