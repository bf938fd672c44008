"""The commands that concern a whole installation: init, backup, restore."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.options import given_settings, json_option, settings_options
from flows.cli.printing import err, escape, out, print_json
from warehouse.counting import counted

if TYPE_CHECKING:
    from flows.installation.making import Made
    from flows.installation.restoring import Restored


@click.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@click.option("--systemd", is_flag=True, help="Also write newsmill.service, a unit that serves the folder.")
@json_option
def init(folder: Path, systemd: bool, as_json: bool) -> None:
    """Make an installation: feeds.toml, newsmill.toml, prefect.yaml and a README in FOLDER, by default this one.

    What is there stays as it is.
    """
    from flows.installation.making import make_installation

    made = make_installation(folder, systemd=systemd)
    if as_json:
        print_json(asdict(made))
    else:
        _tell_of_init(made, Path.cwd())


def _tell_of_init(made: Made, current: Path) -> None:
    if made.made:
        _print(f"made {', '.join(made.made)} in {made.folder}")
    if made.kept:
        _print(f"kept {', '.join(made.kept)}, there already")
    if "feeds.toml" in made.made:
        _print(
            "feeds.toml has feeds to begin with: remove those that you don't want; `newsmill feeds add URL` adds one"
        )
    if made.user:
        _print(f"newsmill.service says how systemd is to start it, as user {made.user}")
    if made.user == "root":
        err.print(
            escape(
                f"root owns {made.folder}, so newsmill, which reads what strangers send, would run as root; better run "
                f"`chown -R USER: {made.folder}`, remove newsmill.service, and run this again"
            ),
            style="yellow",
            soft_wrap=True,
        )
    elsewhere = "" if current == Path(made.folder) else f"cd {made.folder} && "
    _print(f"{elsewhere}newsmill serve")


@click.command()
@click.argument("target", metavar="FILE|FOLDER", type=click.Path(path_type=Path))
@settings_options
@json_option
def backup(target: Path, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Write this installation into a new file, or into one in FOLDER, while runs go on.

    It has the warehouse, the landing zone, the images, the database of newsmill's own Prefect server (with its blocks
    and automations), feeds.toml, newsmill.toml, prefect.yaml and rules/. Whoever reads it can read all secrets in them.
    """
    from tasks.settings import keep_prefect_quiet

    keep_prefect_quiet()
    from flows.installation.backing_up import back_up

    done = back_up(given_settings(feeds_file, warehouse), target)
    if as_json:
        print_json(asdict(done))
        return
    for note in done.left_out:
        err.print(escape(note), style="yellow", soft_wrap=True)
    _print(f"{', '.join(done.parts)}: {counted(done.files, 'file')}, {counted(done.bytes, 'byte')}")
    _print(f"newsmill restore {done.backup} FOLDER")


@click.command()
@click.argument("backup", metavar="FILE", type=click.Path(path_type=Path))
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@click.option("--verify", is_flag=True, help="Only read the backup and compare its checksums.")
@click.option("--replace", is_flag=True, help="Move aside what is there already.")
@settings_options
@json_option
def restore(
    backup: Path,
    folder: Path,
    verify: bool,
    replace: bool,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """Make an installation of the backup FILE in FOLDER, by default this one.

    A newsmill.toml that is there is kept and says where the rest goes, as NEWSMILL_… and the options do.
    """
    from tasks.settings import keep_prefect_quiet

    keep_prefect_quiet()
    from flows.installation import restoring

    if verify:
        done = restoring.check_backup(backup)
    else:
        done = restoring.restore(backup, folder, replace=replace, feeds=feeds_file, warehouse=warehouse)
    if as_json:
        print_json(asdict(done))
    else:
        _tell_of_restore(done)


def _tell_of_restore(done: Restored) -> None:
    for note in done.left_out:
        err.print(escape(f"not in the backup: {note}"), style="yellow", soft_wrap=True)
    of = f"made by {done.made_by} at {done.made_at}"
    if done.folder is None:
        _print(f"whole: {counted(done.files, 'file')}, {', '.join(done.parts)}, {of}")
        return
    for path in done.moved_aside:
        _print(f"moved aside: {path}")
    _print(f"restored {', '.join(done.parts)} to {done.folder}: {counted(done.files, 'file')}, {of}")
    _print(f"cd {done.folder} && newsmill publish && newsmill serve")


def _print(text: str) -> None:
    out.print(escape(text), soft_wrap=True)
