"""The commands that read the warehouse: sql, status."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flows.cli.options import given_settings, json_option, settings_options
from flows.cli.printing import cell, csv_value, err, out, print_json
from flows.cli.tables import print_table
from warehouse.counting import counted


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

    settings = given_settings(feeds_file, warehouse)
    source = settings.store if live else settings.published_path
    result = run_user_query(source, query, parquet=parquet, files=files)
    if parquet:
        out.print(f"wrote {parquet}", soft_wrap=True)
    elif form == "json":
        print_json([dict(zip(result.columns, row, strict=True)) for row in result.rows])
    elif form == "csv":
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(result.columns)
        for row in result.rows:
            writer.writerow([csv_value(value, formulas=formulas) for value in row])
    else:
        print_table(result.columns, result.rows[:limit])
        if (left_out := len(result.rows) - limit) > 0:
            # on standard error, so that a pipe gets rows alone
            err.print(f"… {counted(left_out, 'more row')}; --limit, --csv, --json or --parquet show them", style="dim")


@click.command()
@settings_options
@json_option
def status(feeds_file: Path | None, warehouse: str | None, as_json: bool) -> None:
    """Feeds, last runs, counts and failures."""
    from tasks.orchestration.prefect_database import database_bytes
    from warehouse.read.queries import status as read_status

    settings = given_settings(feeds_file, warehouse)
    facts = read_status(settings.store)
    pending = len(settings.landing_zone.pending())
    prefect_bytes = database_bytes(settings)
    if as_json:
        print_json(facts | {"documents_waiting": pending, "prefect_database_bytes": prefect_bytes})
        return
    counts = facts["counts"]
    out.print(
        f"[bold]{counted(counts['articles'], 'article')}[/] in {counted(counts['versions'], 'version')}, "
        f"{counted(counts['entries'], 'entry')}, {counts['images_stored']:,} of {counted(counts['images'], 'image')}, "
        f"{counted(counts['rejects'], 'reject')}"
    )
    if counts["newest"]:
        out.print(f"newest article: {cell(counts['newest'])} UTC")
    if pending:
        out.print(f"[yellow]{counted(pending, 'document')} landed and not yet loaded; the next ingest does it[/]")
    if prefect_bytes is not None:
        out.print(f"Prefect's database: {prefect_bytes:,} bytes")
    columns = ("feed_id", "health", "articles", "newest_article_at", "due_at", "rule", "problem")
    feeds = [{name: feed[name] for name in columns} for feed in facts["feeds"]]
    for title, rows in (("last runs", facts["runs"]), ("feeds", feeds)):
        if rows:
            bad = [row.get("health") in ("failing", "disabled") or row.get("state") == "failed" for row in rows]
            out.print()
            print_table(
                list(rows[0]),
                [list(row.values()) for row in rows],
                title=title,
                styles=["red" if is_bad else "" for is_bad in bad],
                optional=("rule", "due_at", "newest_article_at", "seconds", "changed"),
            )
