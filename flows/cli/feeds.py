"""`newsmill feeds`: list, add, check, enable, import and export feeds."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from flows.cli.options import json_option, settings_options
from flows.cli.printing import cell, err, out, plain_table, plain_value
from tasks.settings import load_settings
from warehouse.masking import mask

if TYPE_CHECKING:
    from flows.cli.feed_search import Found

SHOWN = 5
"""Articles that `feeds add` shows of what it has found."""


@click.group()
def feeds() -> None:
    """List, add, check, import and export feeds."""


@feeds.command("list")
@settings_options
@json_option
def list_feeds(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """The feeds in the registry."""
    from tasks.registry.feeds_file import read_feeds

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    registry = read_feeds(settings.feeds)
    if as_json:
        fields = ("id", "name", "url", "kind", "site_url", "language", "timezone", "group", "images", "enabled")
        rows = [{field: getattr(feed, field) for field in fields} | {"url": mask(feed.url)} for feed in registry]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    columns = ("id", "name", "language", "group", "images", "kind", "url")
    table = plain_table(*columns)
    for feed in registry:
        values = (mask(getattr(feed, column) or "") for column in columns)
        table.add_row(*map(escape, values), style="" if feed.enabled else "dim")
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
@click.option(
    "--kind",
    type=click.Choice(["feed", "page", "sitemap", "json"]),
    help="Take only a feed, a page that lists articles, a sitemap, or an API's list in JSON.",
)
@settings_options
def add(
    url: str,
    feed_id: str | None,
    name: str | None,
    group: str | None,
    language: str | None,
    timezone: str,
    kind: Any,
    feeds_file: Path | None,
    warehouse: str | None,
) -> None:
    """Add a feed by its own address, or by its site's: the feed is discovered.

    Of a site without a feed, its news sitemap or its list of articles is added.
    """
    from flows.cli.feed_lookup import add as add_to_registry

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    adding = add_to_registry(
        settings, url, feed_id=feed_id, name=name, group=group, language=language, timezone=timezone, kind=kind
    )
    feed, found = asyncio.run(adding)
    if found.says:
        _show(found, sought=kind)
    out.print(
        f"added [bold]{escape(feed.id)}[/] ({escape(feed.name)}), {escape(mask(feed.url))}, to {settings.feeds}",
        soft_wrap=True,
    )
    if mask(feed.url) != feed.url:
        out.print(f"its address holds a secret: write {{env:NAME}} in its place in {settings.feeds}", style="yellow")
    out.print(f"newsmill ingest {feed.id}", style="dim")


def _show(found: Found, *, sought: str | None) -> None:
    """What stands in place of a feed, and the newest of its articles."""
    out.print(f"{'' if sought else 'no feed, but '}{found.says}:", soft_wrap=True)
    for entry in found.entries[:SHOWN]:
        date = f"{entry.published_at:%Y-%m-%d}" if entry.published_at else "no date"
        out.print(f"  {date:10}  {escape(entry.title or entry.link or '')}", soft_wrap=True)
    if found.rules.items:
        rules = ", ".join(f"{key} = '{value}'" for key, value in asdict(found.rules).items() if value)
        out.print(f"read by list = {{ {escape(rules)} }}", soft_wrap=True)


@feeds.command("check")
@click.argument("ids", nargs=-1, metavar="[FEED]...")
@settings_options
@json_option
def check(ids: tuple[str, ...], feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Ask feeds and say what each holds; nothing is stored. Exits 1 when one fails."""
    from flows.cli.feed_lookup import check as check_feeds
    from tasks.registry.feeds_file import choose, read_registry

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    registry, shared_filters = read_registry(settings.feeds)
    results = asyncio.run(check_feeds(settings, choose(registry, ids), shared_filters))
    if as_json:
        click.echo(json.dumps(results, ensure_ascii=False, default=plain_value))
    else:
        table = plain_table("feed", "entries", "blocked", "newest", "problem")
        for row in results:
            table.add_row(*(escape(cell(value)) for value in row.values()), style="red" if row["problem"] else "")
        out.print(table)
    if any(row["problem"] for row in results):
        sys.exit(1)


@feeds.command("enable")
@click.argument("feed_id", metavar="FEED")
@settings_options
def enable(feed_id: str, feeds_file: Path | None, warehouse: str | None) -> None:
    """Ask a feed again that newsmill stopped asking."""
    from tasks.registry.feeds_file import choose, read_feeds
    from warehouse.load.operations import enable_feed

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
    from tasks.registry.opml_files import import_opml

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
    from tasks.registry.feeds_file import read_feeds
    from tasks.registry.opml_files import to_opml

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    text = to_opml(read_feeds(settings.feeds), "newsmill")
    if opml:
        opml.write_text(text, encoding="utf-8")
        out.print(f"wrote {opml}", soft_wrap=True)
    else:
        click.echo(text)
