"""`newsmill diff`: what changed in an article."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.options import given_settings, json_option, settings_options
from flows.cli.printing import out, print_json

if TYPE_CHECKING:
    from rich.text import Text

    from warehouse.read.revisions import Piece, Revision

_STYLES = {"kept": "", "removed": "red strike", "added": "green"}
_MARKS = {"kept": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}


@click.command()
@click.argument("article")
@click.option("--from", "first", type=int, help="From this version on; the first where left out.")
@click.option("--to", "last", type=int, help="Up to this version; the current one where left out.")
@settings_options
@json_option
def diff(
    article: str,
    first: int | None,
    last: int | None,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
) -> None:
    """Show what changed in ARTICLE: its id, the beginning of its id, or its address."""
    from rich.text import Text

    from warehouse.errors import WarehouseError
    from warehouse.read.revisions import revisions, shorten_kept, versions_of

    settings = given_settings(feeds_file, warehouse)
    versions = versions_of(settings.published_path, article)
    chosen = [v for v in versions if (first or 1) <= v.number <= (last or len(versions))]
    if not chosen:
        raise WarehouseError(f"{article}: it has versions 1 to {len(versions)}, and none of them was asked for")
    changes = revisions(chosen)
    if as_json:
        print_json([_as_dict(revision) for revision in changes])
        return
    out.print(Text(f"{versions[0].article_id}  {versions[-1].url or ''}"), style="dim", soft_wrap=True)
    if not changes:
        out.print(f"version {chosen[0].number} of {len(versions)} alone: nothing to compare it with")
    for revision in changes:
        moment = revision.after.valid_from
        out.print(f"\nversion {revision.after.number}, {moment:%Y-%m-%d %H:%M:%S %Z}".rstrip(), style="bold")
        out.print(_marked_up(revision.title), soft_wrap=True)
        out.print()
        out.print(_marked_up(shorten_kept(revision.text)), soft_wrap=True)


def _as_dict(revision: Revision) -> dict[str, object]:
    return {
        "article_id": revision.after.article_id,
        "from": revision.before.number,
        "to": revision.after.number,
        "valid_from": revision.after.valid_from.isoformat(),
        "title": revision.title,
        "text": revision.text,
    }


def _marked_up(pieces: Sequence[Piece]) -> Text:
    """The pieces in colours on a terminal, else with marks such as [-removed-] and {+added+}."""
    from rich.text import Text

    marked = Text()
    for kind, text in pieces:
        before, after = ("", "") if out.is_terminal else _MARKS[kind]
        marked.append(f"{before}{text}{after}", _STYLES[kind])
    return marked
