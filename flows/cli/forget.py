"""The command `forget`. It is no flow: Prefect would keep the addresses that it is given."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.completing import feed_ids
from flows.cli.options import given_settings, json_option, settings_options
from flows.cli.printing import err, escape, out, print_json
from warehouse.counting import counted

if TYPE_CHECKING:
    from tasks.forget import Erased
    from tasks.settings import Settings
    from warehouse.load.forgetting import Found, Selection


@click.command()
@click.option("--article", "articles", multiple=True, metavar="ID", help="This article, by its article_id.")
@click.option("--url", "addresses", multiple=True, metavar="URL", help="The article with this address.")
@click.option("--feed", "feeds", multiple=True, shell_complete=feed_ids, help="The articles of this feed.")
@click.option(
    "--before", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="Articles published before then (UTC)."
)
@click.option("--shared", is_flag=True, help="With --feed: also articles that other feeds have, too.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option("--finish", is_flag=True, help="Only finish what a killed run left, or another machine.")
@click.option("--unreadable", is_flag=True, help="Also remove documents of that time that can't be read.")
@settings_options
@json_option
def forget(
    articles: tuple[str, ...],
    addresses: tuple[str, ...],
    feeds: tuple[str, ...],
    before: datetime | None,
    shared: bool,
    dry_run: bool,
    yes: bool,
    finish: bool,
    unreadable: bool,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """Remove articles everywhere: rows, versions, landing zone, images, search, copy, snapshots; and keep them away.

    Killed and run again, it ends the same. It can't reach backups, exports, copies that somebody else made, and
    documents that another machine landed: run it there with --finish.
    """
    by_feed = bool(feeds or before)
    if sum((bool(articles or addresses), by_feed, finish)) != 1:
        raise click.UsageError("name articles (--article, --url), or feeds and a day (--feed, --before), or --finish")
    if shared and not feeds:
        raise click.UsageError("--shared goes with --feed")
    if not (dry_run or yes or finish or (sys.stdin.isatty() and not as_json)):
        raise click.UsageError("nobody can be asked here: add --yes to forget, or --dry-run to see what would go")
    settings = given_settings(feeds_file, warehouse)
    selection = None if finish else _selection(articles, addresses, feeds, before, shared=shared)
    found = _find(settings, selection) if selection else None
    if found and not as_json:
        _print_found(found)
    if dry_run:
        if as_json and found:
            print_json(found.counts)
        return
    if found and not found.is_empty and not yes and not click.confirm("Remove them for good?"):
        return
    erased = _forget(settings, selection, unreadable=unreadable)
    if as_json:
        print_json((found.counts if found else {}) | (erased.counts if erased else {}))
    else:
        for message in erased.messages if erased else ["nothing is left to remove"]:
            out.print(escape(message), soft_wrap=True)


def _selection(
    articles: tuple[str, ...],
    addresses: tuple[str, ...],
    feeds: tuple[str, ...],
    before: datetime | None,
    *,
    shared: bool,
) -> Selection:
    from tasks.text import urls
    from warehouse.load.forgetting import Selection

    until = before.replace(tzinfo=UTC) if before else None
    if not (feeds or until):
        if other := [address for address in addresses if not address.startswith(("http://", "https://"))]:
            raise click.BadParameter(f"{other[0]} is no address of the web (http:// or https://)", param_hint="--url")
        keys = filter(None, map(urls.identity, addresses))
        return Selection(article_ids=articles, keys=tuple(f"url:{key}" for key in keys))
    if feeds:
        return Selection(limits=dict.fromkeys(feeds, until), shared=shared)
    return Selection(every_feed_until=until)


def _find(settings: Settings, selection: Selection) -> Found:
    from warehouse.errors import WarehouseError
    from warehouse.load.forgetting import find
    from warehouse.store.lake_errors import NO_WAREHOUSE

    if not settings.store.exists():
        raise WarehouseError(f"{settings.store.location}: {NO_WAREHOUSE}")
    with settings.store.writing() as connection:  # an older newsmill's warehouse is brought up to date first
        return find(connection, selection)


def _print_found(found: Found) -> None:
    if found.is_empty:
        out.print("nothing matches, or it was forgotten before")
    else:
        out.print(
            f"{counted(len(found.article_ids), 'article')} in {counted(found.versions, 'version')}, "
            f"{counted(len(found.entry_ids), 'entry')}, {counted(len(found.images), 'image')} that nothing else shows; "
            f"{counted(len(found.documents), 'document')} of the landing zone may hold them"
        )
        for title in found.titles:
            out.print(f"  {escape(title)}", soft_wrap=True)
        if (more := len(found.article_ids) - len(found.titles)) > 0:
            out.print(f"  … and {more:,} more")
    if found.shared:
        out.print(
            f"{counted(len(found.shared), 'article')} in other feeds, too, not forgotten; --shared forgets them as well"
        )


def _forget(settings: Settings, selection: Selection | None, *, unreadable: bool) -> Erased | None:
    import asyncio

    from tasks import forget

    if selection:
        forget.forget(settings, selection)
    err.print(
        "removing what is forgotten from the landing zone, the images, the warehouse's file and the copy …", style="dim"
    )
    return asyncio.run(forget.erase(settings, unreadable=unreadable))
