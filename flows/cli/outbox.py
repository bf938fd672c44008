"""What happened to articles: `newsmill outbox` reads it, sends it, and shows what was not taken."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.options import given_settings, json_option, settings_options
from flows.cli.printing import err, escape, out, print_json
from flows.cli.tables import print_table
from warehouse.counting import counted

if TYPE_CHECKING:
    from tasks.settings import Settings


@click.group(invoke_without_command=True)
@click.option(
    "--since", type=click.IntRange(min=0), metavar="CURSOR", help="Show what happened after this cursor; 0: all."
)
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many events.")
@settings_options
@json_option
@click.pass_context
def outbox(
    context: click.Context,
    since: int | None,
    limit: int,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """What happened to articles: read it (--since), or post it as newsmill.toml's [[outbox]] say.

    \b
    [[outbox]]
    name = "search-index"
    url = "https://index.example/newsmill"
    secret = "{env:INDEX_SECRET}"    # or {file:PATH}, {block:NAME}; it signs the messages
    """
    if context.invoked_subcommand:
        return
    if since is None:
        raise click.UsageError("give --since CURSOR (0 begins at the beginning), or a command; --help lists them")
    from tasks.outbox import payload
    from warehouse.load import outbox as events

    settings = given_settings(feeds_file, warehouse)
    with settings.store.reading() as connection:
        found = events.since(connection, since, events.Wanted(), limit)
    cursor = found[-1].position if found else since
    if as_json:
        print_json({"events": [payload(event) for event in found], "cursor": cursor})
        return
    print_table(
        ("cursor", "event", "feed", "title", "article"),
        [
            (
                event.position,
                event.kind,
                event.feed_id,
                (event.article or {}).get("title") or event.reason,
                event.article_id,
            )
            for event in found
        ],
    )
    err.print(f"{counted(len(found), 'event')}; go on with --since {cursor}", style="dim")


@outbox.command("send")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@settings_options
@json_option
def send(names: tuple[str, ...], feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Post what is due, to all outboxes or those named."""
    import asyncio

    from tasks.outbox import post_all
    from warehouse.errors import NewsmillError

    settings = _settings(feeds_file, warehouse, names)
    posted = asyncio.run(post_all(settings, names=names))
    if as_json:
        print_json({"sent": posted.sent, "failed": posted.failed, "dead": posted.dead, "problems": posted.problems})
    else:
        for message in posted.messages or ["nothing is due"]:
            out.print(escape(message), soft_wrap=True)
    if posted.problems and not posted.sent:
        raise NewsmillError("nothing was taken; what was not is tried again, and `newsmill outbox list` shows it")


@outbox.command("list")
@click.option("--state", type=click.Choice(["pending", "dead", "sent"]), help="Only messages in this state.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many.")
@settings_options
@json_option
def list_messages(state: str | None, limit: int, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Show the messages that wait or were given up."""
    from warehouse.load.outbox import messages

    settings = given_settings(feeds_file, warehouse)
    with settings.store.reading() as connection:
        found = messages(connection, state, limit)  # type: ignore[arg-type]
    if as_json:
        print_json(found)
    elif found:
        print_table(list(found[0]), [list(row.values()) for row in found], optional=("event_id", "article_id"))
    else:
        out.print("no message waits, and none was given up" if state is None else f"no message is {state}")


@outbox.command("retry")
@click.argument("name", required=False)
@settings_options
@json_option
def retry(name: str | None, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Let messages that wait or were given up be sent again, by the next run or `newsmill outbox send`."""
    from warehouse.load import outbox as events

    settings = _settings(feeds_file, warehouse, (name,) if name else ())
    with settings.store.writing() as connection:
        count = events.retry(connection, name, datetime.now(UTC))
    if as_json:
        print_json({"messages": count})
    else:
        out.print(f"{counted(count, 'message')} to be sent: `newsmill outbox send`")


def _settings(feeds_file: Path | None, warehouse: str | None, names: tuple[str, ...]) -> Settings:
    """The settings. Raises NewsmillError for a name that no outbox has, and if there is none."""
    from warehouse.errors import NewsmillError

    settings = given_settings(feeds_file, warehouse)
    known = [table.name for table in settings.outbox]
    if not known:
        raise NewsmillError("newsmill.toml has no [[outbox]]; `newsmill outbox --help` shows one")
    if unknown := [name for name in names if name not in known]:
        raise NewsmillError(f'there is no outbox "{unknown[0]}"; newsmill.toml has {", ".join(known)}')
    return settings
