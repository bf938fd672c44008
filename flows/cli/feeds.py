"""`newsmill feeds`: list, add, check, enable, import and export feeds."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.completing import feed_ids
from flows.cli.options import given_settings, json_option, settings_options
from flows.cli.printing import err, escape, out, print_json
from flows.cli.tables import print_table
from warehouse.counting import counted
from warehouse.masking import mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.cli.feed_search import Found
    from tasks.settings import Settings
    from warehouse.records import Feed

SHOWN = 5
"""Articles that `feeds add` shows of what stands in place of a feed."""


@click.group()
def feeds() -> None:
    """List, add, edit, check, import and export feeds."""


@feeds.command("list")
@settings_options
@json_option
def list_feeds(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """The feeds in the registry."""
    from tasks.registry.feeds_file import read_feeds

    settings = given_settings(feeds_file, warehouse)
    registry = read_feeds(settings.feeds)
    if as_json:
        print_json([shown_feed(feed) for feed in registry])
        return
    columns = ("id", "name", "language", "group", "images", "kind", "url")
    print_table(
        columns,
        [[mask(getattr(feed, column) or "") for column in columns] for feed in registry],
        styles=["" if feed.enabled else "dim" for feed in registry],
        optional=("images", "kind", "group", "language", "name"),
    )
    enabled = sum(feed.enabled for feed in registry)
    # on standard error, so that a pipe gets feeds alone
    click.secho(f"{counted(len(registry), 'feed')}, {enabled} enabled, in {settings.feeds}", err=True, dim=True)


def shown_feed(feed: Feed) -> dict[str, object]:
    """The feed for JSON, without secrets."""
    texts = ("id", "name", "url", "kind", "site_url", "language", "timezone", "group")
    policies = ("images", "full_text", "keep_for", "enabled")
    return {field: getattr(feed, field) for field in (*texts, *policies)} | {"url": mask(feed.url)}


@feeds.command("add")
@click.argument("url")
@click.option(
    "--choose",
    "choices",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="NUMBER",
    help="Of several feeds of a site, take this one; may be given more than once. By default the first, the best.",
)
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
@json_option
def add(
    url: str,
    choices: tuple[int, ...],
    feed_id: str | None,
    name: str | None,
    group: str | None,
    language: str | None,
    timezone: str,
    kind: Any,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """Add a feed by its own address, or by its site's: the feeds are discovered, and the best is taken.

    Of a site without a feed, its news sitemap or its list of articles is added.
    """
    import asyncio

    from flows.cli import feed_lookup
    from tasks.errors import FeedsFileError

    settings = given_settings(feeds_file, warehouse)
    numbers = choices or (1,)
    if len(numbers) > 1 and (feed_id or name):
        raise click.UsageError("--id and --name are for one feed; leave them out, or choose one feed")
    found = asyncio.run(feed_lookup.find(settings, url, kind, timezone))
    if max(numbers) > len(found):
        raise FeedsFileError(f"{mask(url)}: {counted(len(found), 'feed')} found, so there is no number {max(numbers)}")
    added = feed_lookup.add(
        settings,
        url,
        [found[number - 1] for number in dict.fromkeys(numbers)],
        feed_id=feed_id,
        name=name,
        group=group,
        language=language,
        timezone=timezone,
    )
    if as_json:
        others = [{"url": mask(feed.url), "title": feed.title, "kind": feed.kind} for feed in found]
        facts = {"added": [shown_feed(feed) for feed in added], "found": others, "feeds_file": str(settings.feeds)}
        print_json(facts)
        return
    if found[0].says:
        _show(found[0], sought=kind)
    _say_added(settings, added)
    if len(found) > 1:
        out.print(f"\n{counted(len(found), 'feed')} found; --choose NUMBER takes another one:")
        rows = [(number, feed.title, mask(feed.url)) for number, feed in enumerate(found, 1)]
        print_table(("number", "title", "url"), rows, numbers=("number",))


def _say_added(settings: Settings, added: Sequence[Feed]) -> None:
    for feed in added:
        out.print(
            f"added [bold]{escape(feed.id)}[/] ({escape(feed.name)}), {escape(mask(feed.url))}, "
            f"to {escape(str(settings.feeds))}",
            soft_wrap=True,
        )
        if mask(feed.url) != feed.url:
            secret = f"its address holds a secret: write {{env:NAME}} in its place in {settings.feeds}"
            out.print(escape(secret), style="yellow", soft_wrap=True)
    out.print(f"newsmill ingest {' '.join(feed.id for feed in added)}", style="dim")


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
@click.argument("ids", nargs=-1, metavar="[FEED]...", shell_complete=feed_ids)
@settings_options
@json_option
def check(ids: tuple[str, ...], feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Ask feeds and say what each holds; nothing is stored. Exits 1 when one fails."""
    import asyncio

    from flows.cli.feed_lookup import check as check_feeds
    from tasks.registry.feeds_file import choose, read_registry

    settings = given_settings(feeds_file, warehouse)
    registry, shared_filters = read_registry(settings.feeds)
    results = asyncio.run(check_feeds(settings, choose(registry, ids), shared_filters))
    if as_json:
        print_json(results)
    else:
        print_table(
            ("feed", "entries", "blocked", "newest", "problem"),
            [list(row.values()) for row in results],
            styles=["red" if row["problem"] else "" for row in results],
            numbers=("entries", "blocked"),
            optional=("newest", "blocked"),
        )
    if any(row["problem"] for row in results):
        sys.exit(1)


@feeds.command("enable")
@click.argument("feed_id", metavar="FEED", shell_complete=feed_ids)
@settings_options
@json_option
def enable(feed_id: str, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Ask a feed again that newsmill stopped asking, or that `feeds disable` has disabled."""
    from tasks.registry.feeds_edit import edit_feed
    from tasks.registry.feeds_file import choose, read_feeds
    from warehouse.load.operations import enable_feed

    settings = given_settings(feeds_file, warehouse)
    (feed,) = choose(read_feeds(settings.feeds), [feed_id])
    if not feed.enabled:
        edit_feed(settings.feeds, feed_id, {"enabled": None})
    if feed.enabled or settings.store.exists():
        with settings.store.writing() as connection:
            enable_feed(connection, feed_id)
    if as_json:
        print_json({"feed": feed_id, "enabled": True})
    else:
        out.print(f"{feed_id} is asked again by the next ingest")


@feeds.command("import")
@click.argument("opml", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@settings_options
@json_option
def import_feeds(opml: Path, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Add the feeds of an OPML file that aren't in the registry yet."""
    from tasks.registry.opml_files import import_opml

    settings = given_settings(feeds_file, warehouse)
    added, notes = import_opml(settings.feeds, opml.read_bytes())
    if as_json:
        print_json({"added": [shown_feed(feed) for feed in added], "notes": notes, "feeds_file": str(settings.feeds)})
        return
    for note in notes:
        err.print(escape(note), style="yellow", soft_wrap=True)
    out.print(f"added {counted(len(added), 'feed')} to {settings.feeds}", soft_wrap=True)


@feeds.command("export")
@click.argument("opml", type=click.Path(path_type=Path, dir_okay=False), required=False)
@settings_options
@json_option
def export_feeds(opml: Path | None, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Write the registry as OPML, to a file or to standard output."""
    from tasks.registry.feeds_file import read_feeds
    from tasks.registry.opml_files import to_opml

    settings = given_settings(feeds_file, warehouse)
    registry = read_feeds(settings.feeds)
    text = to_opml(registry, "newsmill")
    if opml:
        opml.write_text(text, encoding="utf-8")
        if as_json:
            print_json({"path": str(opml), "feeds": len(registry)})
        else:
            out.print(f"wrote {escape(str(opml))}", soft_wrap=True)
    else:
        click.echo(text)
