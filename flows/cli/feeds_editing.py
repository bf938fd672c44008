"""`newsmill feeds edit`, `remove`, `disable` and `move`: changes of feeds.toml that keep its comments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.completing import feed_ids, group_names
from flows.cli.feeds import shown_feed
from flows.cli.options import given_settings, json_option, settings_options
from flows.cli.printing import escape, out, print_json
from warehouse.masking import mask

if TYPE_CHECKING:
    from tasks.settings import Settings
    from warehouse.records import Feed


@click.command()
@click.argument("feed_id", metavar="FEED", shell_complete=feed_ids)
@click.option("--name", help="Its name.")
@click.option("--group", shell_complete=group_names, help="Its group.")
@click.option("--language", help="BCP 47, for example zh or en.")
@click.option("--timezone", help="IANA name, for dates without a zone.")
@click.option("--images", type=click.Choice(["all", "lead", "none"]), help="Which images are downloaded.")
@click.option(
    "--full-text", type=click.Choice(["auto", "always", "never"]), help="When its articles' own pages are fetched."
)
@click.option("--keep-for", help="How long its articles are kept, such as 90d or 52w; for ever by default.")
@click.option("--site-url", help="The address of its site.")
@click.option("--url", help="Its address; `feeds move` also checks that the feed is there.")
@settings_options
@json_option
def edit(feed_id: str, feeds_file: Path | None, warehouse: str | None, as_json: bool, **values: str | None) -> None:
    """Change keys of FEED in feeds.toml; an empty value ("") removes one. Comments stay."""
    from tasks.registry.feeds_edit import edit_feed

    given = {key: value or None for key, value in values.items() if value is not None}
    if not given:
        raise click.UsageError("say what to change, such as --name or --group; --help lists all")
    settings = given_settings(feeds_file, warehouse)
    feed = edit_feed(settings.feeds, feed_id, given)
    _report(settings, feed, f"changed {', '.join(given)} of {feed.id}", as_json)


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="FEED...", shell_complete=feed_ids)
@settings_options
@json_option
def remove(ids: tuple[str, ...], feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Remove feeds from feeds.toml. What was loaded of them stays in the warehouse."""
    from tasks.registry.feeds_edit import remove_feeds

    settings = given_settings(feeds_file, warehouse)
    remove_feeds(settings.feeds, ids)
    if as_json:
        print_json({"removed": list(ids), "feeds_file": str(settings.feeds)})
    else:
        whose = "its" if len(ids) == 1 else "their"
        out.print(escape(f"removed {', '.join(ids)} from {settings.feeds}; {whose} articles stay"), soft_wrap=True)


@click.command()
@click.argument("feed_id", metavar="FEED", shell_complete=feed_ids)
@settings_options
@json_option
def disable(feed_id: str, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Stop asking FEED, until `feeds enable`."""
    from tasks.registry.feeds_edit import edit_feed

    settings = given_settings(feeds_file, warehouse)
    feed = edit_feed(settings.feeds, feed_id, {"enabled": False})
    _report(settings, feed, f"{feed.id} is not asked until `newsmill feeds enable {feed.id}`", as_json)


@click.command()
@click.argument("feed_id", metavar="FEED", shell_complete=feed_ids)
@click.argument("url", required=False)
@settings_options
@json_option
def move(feed_id: str, url: str | None, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Give FEED the address URL, or the one to which it says that it has moved. The feed must be there."""
    import asyncio

    from tasks.registry.feeds_edit import edit_feed
    from tasks.registry.feeds_file import choose, read_feeds

    settings = given_settings(feeds_file, warehouse)
    (feed,) = choose(read_feeds(settings.feeds), [feed_id])
    address = asyncio.run(_new_address(settings, feed, url))
    moved = edit_feed(settings.feeds, feed_id, {"url": address})
    _report(settings, moved, f"{feed_id} is asked at {mask(address)} from now on", as_json)


async def _new_address(settings: Settings, feed: Feed, url: str | None) -> str:
    """Where the feed is now. Raises FetchError, FeedsFileError."""
    from tasks.errors import FeedsFileError
    from tasks.fetch.feed import ACCEPT
    from tasks.fetch.http import open_client
    from tasks.fetch.moves import stated_move
    from tasks.references import escape_references, resolve_for_request
    from tasks.registry.discovery import looks_like_feed

    async with open_client(settings) as client:

        async def get(address: str) -> tuple[bytes, str | None]:
            asked = await resolve_for_request(address)
            answer = await client.get(asked, max_bytes=settings.max_feed_bytes, headers={"accept": ACCEPT})
            return answer.body, answer.moved_to or stated_move(answer.body, asked)

        new = url
        if new is None:
            _, stated = await get(feed.url)
            if stated is None:
                raise FeedsFileError(f"{feed.id}: {mask(feed.url)} states no new address; give it after the feed's id")
            new = escape_references(stated)
        body, _ = await get(new)
        if looks_like_feed(body) is None:
            raise FeedsFileError(f"{feed.id}: {mask(new)} is not a feed; {mask(feed.url)} stays")
    return new


def _report(settings: Settings, feed: Feed, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json({"feed": shown_feed(feed), "feeds_file": str(settings.feeds)})
    else:
        out.print(escape(sentence), soft_wrap=True)


COMMANDS = (edit, remove, disable, move)
