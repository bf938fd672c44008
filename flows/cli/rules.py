"""`newsmill rules`: try, import and list the rules for sites' pages."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.options import Command, given_settings, json_option, settings_options
from flows.cli.printing import cell, err, escape, out, plain_value
from flows.cli.tables import print_table
from warehouse.counting import counted

if TYPE_CHECKING:
    from flows.cli.rule_trial import Trial
    from tasks.registry.pattern_import import Imported
    from warehouse.records import Feed

SHOWN = 20
"""Problems of an import that are printed; --json has all."""
EXCERPT = 300
"""Characters of the text's beginning and end."""


@click.group()
def rules() -> None:
    """Try, import and list the rules for sites' pages."""


def _check_selectors(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    from tasks.text.selectors import compile_selector

    for value in values:
        try:
            compile_selector(value)
        except ValueError as error:
            raise click.BadParameter(f'"{value}" is no selector: {error}') from error
    return values


def _rule_options(command: Command) -> Command:
    """An option for each rule of `page`."""
    helps = {
        "content": "The elements with the article.",
        "remove": "Elements to remove.",
        "title": "The element with the title.",
        "author": "The element with the author's name.",
        "date": "The element with the date of publication.",
        "next": "The link to the article's next page.",
        "whole": "The link to a version with the whole article.",
    }
    for name, text in reversed(helps.items()):
        option: Callable[[Command], Command] = click.option(
            f"--{name}", name, multiple=True, metavar="SELECTOR", callback=_check_selectors, help=text
        )
        command = option(command)
    return command


@rules.command("try")
@click.argument("page", metavar="URL|FILE")
@click.option("--feed", "feed_id", metavar="FEED", help="Use this feed's rules, language and time zone.")
@click.option("--url", help="The address that a FILE comes from.")
@_rule_options
@click.option("--text", "whole_text", is_flag=True, help="Print the whole text.")
@click.option("--html", "html", is_flag=True, help="Print nothing but the article's cleaned HTML.")
@settings_options
@json_option
def try_page(
    page: str,
    feed_id: str | None,
    url: str | None,
    whole_text: bool,
    html: bool,
    feeds_file: Path | None,
    warehouse: str | None,
    as_json: bool,
    **given: tuple[str, ...],
) -> None:
    """Show what the rules for a page extract, and beside it what newsmill finds without rules.

    Each rule is a CSS selector, or an XPath if it begins with "/" or "("; an option that is given twice is a list.
    Nothing is stored. Exits with 1 if no article is found.
    """
    from flows.cli import rule_trial
    from tasks.registry.feeds_file import choose, read_feeds
    from tasks.registry.site_patterns import SitePatterns

    settings = given_settings(feeds_file, warehouse)
    registry = read_feeds(settings.feeds) if settings.feeds.exists() or feed_id else []
    if Path(page).is_file():
        data, document = rule_trial.read_page(Path(page), rule_trial.check_address(url) if url else None)
    else:
        import asyncio

        data, document = asyncio.run(rule_trial.fetch_page(settings, rule_trial.check_address(page)))
    feed = choose(registry, [feed_id])[0] if feed_id else rule_trial.choose_feed(registry, document.final_url)
    patterns = SitePatterns(settings.patterns_path)
    trial = rule_trial.try_rules(
        data, document, feed, patterns, {name: found for name, found in given.items() if found}
    )
    if as_json:
        click.echo(json.dumps(asdict(trial), ensure_ascii=False, default=plain_value))
    elif html and "error" in trial.ruled:
        err.print(f"[red]error:[/] {escape(trial.ruled['error'])}", soft_wrap=True)
    elif html:
        click.echo(trial.ruled["html"])
    else:
        _print_trial(trial, whole_text=whole_text)
    if "error" in trial.ruled:
        sys.exit(1)


def _print_trial(trial: Trial, *, whole_text: bool) -> None:
    ruled, default = trial.ruled, trial.default
    columns = {"rules": ruled, "without rules": default} if trial.origin else {"without rules": default}
    out.print(escape(trial.url), soft_wrap=True)
    out.print(escape(f"rules: {trial.origin or 'none hold for this page'}"), soft_wrap=True)
    fields = ("title", "author", "published_at", "updated_at", "language", "words", "image", "images", "is_free")
    names = [
        name for name in (*fields, "next_page", "plain_version", "error") if any(name in f for f in columns.values())
    ]
    print_table(("", *columns), [[name, *(_shown(facts.get(name)) for facts in columns.values())] for name in names])
    for rule, selectors in ruled.get("matched", {}).items():
        for selector, count in selectors.items():
            missed = rule in ruled["missed"]
            note = "nothing that can be used: the general way was taken" if missed else f"{count} found"
            out.print(
                escape(f"{rule}: {selector}: {note}"), style="yellow" if missed or not count else "", soft_wrap=True
            )
    text = ruled.get("text", "")
    if whole_text or len(text) <= 2 * EXCERPT:
        out.print(escape(text), soft_wrap=True)
    else:
        out.print(escape(f"{text[:EXCERPT]}\n…\n{text[-EXCERPT:]}"), soft_wrap=True)


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else cell(value)


@rules.command("import")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--replace", is_flag=True, help="Replace files that differ from those imported before.")
@settings_options
@json_option
def import_rules(folder: Path, replace: bool, feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Import site patterns: HOST.txt files as FiveFilters' full-text tools read them.

    They are copied to rules/ beside feeds.toml and hold for the pages of their hosts, of whichever feed.
    """
    from tasks.registry.feeds_file import read_feeds
    from tasks.registry.pattern_import import import_patterns

    settings = given_settings(feeds_file, warehouse)
    feeds = read_feeds(settings.feeds) if settings.feeds.exists() else []
    imported = import_patterns(folder, settings.patterns_path, feeds, replace=replace)
    if as_json:
        click.echo(json.dumps(asdict(imported), ensure_ascii=False))
    else:
        _print_import(imported, settings.patterns_path)
    if not imported.files:
        sys.exit(1)


def _print_import(imported: Imported, folder: Path) -> None:
    left_out = [f"skipped {name}: {reason}" for name, reason in imported.skipped.items()]
    left_out += [f"{problem}; the line is left out" for problem in imported.problems]
    for line in left_out[:SHOWN]:
        err.print(escape(line), style="yellow", soft_wrap=True)
    if len(left_out) > SHOWN:
        err.print(f"… {len(left_out) - SHOWN} more; --json has all", style="yellow")
    outcomes = list(imported.files.values())
    counts = ", ".join(
        f"{outcomes.count(outcome):,} {outcome}" for outcome in ("new", "replaced", "the same") if outcome in outcomes
    )
    out.print(f"{counted(len(outcomes), 'site pattern')} for {folder}: {counts or 'none new'}", soft_wrap=True)
    if kept := outcomes.count("kept"):
        out.print(f"{kept:,} differ from the file there, which was kept; --replace takes the new ones", style="yellow")
    ids = sorted({id for feeds in imported.feeds.values() for id in feeds})
    named = ", ".join(ids[:SHOWN]) + (f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else "")
    out.print(f"{len(imported.feeds):,} of them are for sites of feeds{': ' if ids else ''}{named}", soft_wrap=True)
    if imported.unfollowed:
        names = ", ".join(f"{name} ({counted(files, 'file')})" for name, files in imported.unfollowed.most_common())
        out.print(f"newsmill does not follow these directives: {names}", soft_wrap=True, style="dim")


@rules.command("list")
@settings_options
@json_option
def list_rules(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """The rules that there are for pages: of feeds, and of site patterns."""
    from tasks.registry.feeds_file import read_feeds
    from tasks.registry.pattern_import import feeds_of, list_patterns

    settings = given_settings(feeds_file, warehouse)
    feeds: list[Feed] = read_feeds(settings.feeds) if settings.feeds.exists() else []
    rows: list[dict[str, Any]] = [
        {"pages": f"of {feed.id}", "rules": _counts(feed.page), "feeds": [feed.id], "problems": []}
        for feed in feeds
        if feed.page
    ]
    own = {feed.id for feed in feeds if feed.page}
    for pattern in list_patterns(settings.patterns_path):
        ids = [id for id in feeds_of(pattern.host, feeds) if id not in own]
        problems = [f"{pattern.host}.txt:{problem}" for problem in pattern.problems]
        rows.append({"pages": pattern.host, "rules": _counts(pattern.rules), "feeds": ids, "problems": problems})
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    shown = []
    for row in rows:
        counts = ", ".join(f"{count} {name}" for name, count in row["rules"].items())
        shown.append((row["pages"], counts, ", ".join(row["feeds"]), "; ".join(row["problems"])))
    if shown:
        print_table(("pages", "rules", "feeds", "problems"), shown, optional=("problems", "feeds"))
    out.print(
        f"{counted(len(own), 'feed')} with rules for pages in {settings.feeds}, "
        f"{counted(len(rows) - len(own), 'site pattern')} in "
        f"{settings.patterns_path}",
        style="dim",
        soft_wrap=True,
    )


def _counts(page_rules: Any) -> dict[str, int]:
    return {name: len(found) for name, found in asdict(page_rules).items() if found}
