"""Options that many commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from tasks.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])


def settings_options(command: Command) -> Command:
    """--feeds and --warehouse, on every command."""
    command = click.option(
        "--warehouse", metavar="FILE|LAKE", help="The warehouse: a file, or ducklake:…  [NEWSMILL_WAREHOUSE]"
    )(command)
    return click.option(
        "--feeds", "feeds_file", type=click.Path(path_type=Path), help="The feeds registry.  [NEWSMILL_FEEDS]"
    )(command)


def given_settings(feeds_file: Path | None, warehouse: str | None) -> Settings:
    """The settings in force, with the options of `settings_options`. Raises NewsmillError."""
    from tasks.settings import load_settings  # takes longer to import than the help takes to print

    return load_settings(feeds=feeds_file, warehouse=warehouse)


def json_option(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")(command)
