"""What a shell completes with the Tab key beyond the names of commands and options: ids and groups of feeds,
deployments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.options import given_settings

if TYPE_CHECKING:
    from warehouse.records import Feed


def feed_ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    taken = ctx.params.get(param.name or "") or ()
    return [feed.id for feed in _feeds(ctx) if feed.id.startswith(incomplete) and feed.id not in taken]


def group_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return sorted({feed.group for feed in _feeds(ctx) if feed.group and feed.group.startswith(incomplete)})


def deployment_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Those of the folder's prefect.yaml: asking Prefect's server would take seconds."""
    import yaml

    try:
        found = yaml.safe_load(Path("prefect.yaml").read_text("utf-8"))["deployments"]
        return [each["name"] for each in found if each["name"].startswith(incomplete)]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return []  # as below


def _feeds(ctx: click.Context) -> list[Feed]:
    from tasks.registry.feeds_file import read_feeds
    from warehouse.errors import NewsmillError

    try:
        return read_feeds(given_settings(ctx.params.get("feeds_file"), None).feeds)
    except NewsmillError:
        return []  # the command itself says what is wrong; a message amid the line that is typed would not help
