"""The commands that read the warehouse: sql, status."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.markup import escape

from flows.cli.options import json_option, settings_options
from flows.cli.printing import cell, csv_value, out, plain_table, plain_value
from tasks.settings import load_settings


@click.command()
@click.argument("query")
@click.option("--json", "form", flag_value="json", help="A JSON array of objects.")
@click.option("--csv", "form", flag_value="csv", help="CSV with a header.")
@click.option("--formulas", is_flag=True, help="CSV: leave texts that a spreadsheet would run as they are.")
@click.option("--parquet", type=click.Path(path_type=Path, dir_okay=False), help="Write a Parquet file instead.")
@click.option(
    "--live", is_flag=True, help="Read the pipeline's own warehouse (raw.* too); loads into a file wait meanwhile."
)
@click.option("--files", is_flag=True, help="Let the query read your own files, too, such as FROM 'prices.csv'.")
@click.option("--limit", default=50, show_default=True, help="Rows a table shows; all are written to the other forms.")
@settings_options
def sql(
    query: str,
    form: str | None,
    formulas: bool,
    parquet: Path | None,
    live: bool,
    files: bool,
    limit: int,
    feeds_file: Path | None,
    warehouse: str | None,
) -> None:
    """Run a query, read-only, on the published copy."""
    from warehouse.read.queries import run_user_query

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    source = settings.store if live else settings.published_path
    result = run_user_query(source, query, parquet=parquet, files=files)
    if parquet:
        out.print(f"wrote {parquet}", soft_wrap=True)
    elif form == "json":
        click.echo(
            json.dumps(
                [dict(zip(result.columns, row, strict=True)) for row in result.rows],
                ensure_ascii=False,
                default=plain_value,
            )
        )
    elif form == "csv":
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(result.columns)
        for row in result.rows:
            writer.writerow([csv_value(value, formulas=formulas) for value in row])
    else:
        table = plain_table(*result.columns)
        for row in result.rows[:limit]:
            table.add_row(*(escape(cell(value)) for value in row))
        out.print(table)
        if len(result.rows) > limit:
            out.print(
                f"… {len(result.rows) - limit} more rows; --limit, --csv, --json or --parquet show them", style="dim"
            )


@click.command()
@settings_options
@json_option
def status(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Feeds, last runs, counts and failures."""
    from warehouse.read.queries import status as read_status

    settings = load_settings(feeds=feeds_file, warehouse=warehouse)
    facts = read_status(settings.store)
    pending = len(settings.landing_zone.pending())
    if as_json:
        click.echo(json.dumps(facts | {"documents_waiting": pending}, ensure_ascii=False, default=plain_value))
        return
    counts = facts["counts"]
    out.print(
        f"[bold]{counts['articles']:,}[/] articles in {counts['versions']:,} versions, {counts['entries']:,} entries, "
        f"{counts['images_stored']:,} of {counts['images']:,} images, {counts['rejects']:,} rejects"
    )
    if counts["newest"]:
        out.print(f"newest article: {cell(counts['newest'])} UTC")
    if pending:
        out.print(f"[yellow]{pending} documents are landed and not yet loaded; the next ingest loads them[/]")
    columns = ("feed_id", "health", "articles", "newest_article_at", "due_at", "rule", "problem")
    feeds = [{name: feed[name] for name in columns} for feed in facts["feeds"]]
    for title, rows in (("last runs", facts["runs"]), ("feeds", feeds)):
        if rows:
            table = plain_table(*rows[0], title=title, title_justify="left")
            for row in rows:
                is_bad = row.get("health") in ("failing", "disabled") or row.get("state") == "failed"
                table.add_row(*(escape(cell(value)) for value in row.values()), style="red" if is_bad else "")
            out.print()
            out.print(table)
