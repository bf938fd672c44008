"""Articles to load, and what the warehouse has afterwards."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

from tests.places import ROOT
from tests.tasks.making import NOW, Item
from warehouse.counts import Counts
from warehouse.load.batch import load
from warehouse.records import Feed, Milled
from warehouse.store.transactions import Connection

WIRE = Feed("wire", "The Wire", "https://wire.example/feed.xml", language="en")


SHORT = "<p>The gate opens at eight.</p>"


NINE = "<p>The gate opens at nine on Monday, the harbour master says.</p>"


SHUT = (
    "<p>The gate stays shut all week, the harbour master says: the storm broke both of its hinges on Sunday night.</p>"
)


GATE = Item(text=NINE)


CAFE = Item("港口咖啡馆", "<p>港口咖啡馆今天重新开张。</p>", "https://quay.example/cafe", "cafe")


Rows = list[dict[str, Any]]


def at(hour: int) -> datetime:
    return NOW + timedelta(hours=2 * hour)


def rows(connection: Connection, sql: str) -> Rows:
    found = connection.execute(sql)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def articles(connection: Connection) -> Rows:
    return rows(connection, "FROM clean.articles ORDER BY title, article_id")


def versions(connection: Connection) -> Rows:
    return rows(connection, "FROM clean.article_versions ORDER BY article_id, version")


def tables(connection: Connection, *schemas: str) -> dict[str, Rows]:
    """Every row of every table."""
    names = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'newsmill' ORDER BY ALL"
    ).fetchall()
    return {
        name: rows(connection, f"FROM {name} ORDER BY ALL")
        for (name,) in names
        if name.partition(".")[0] in (schemas or ("raw", "clean", "ops"))
    }


def load_batch(connection: Connection, *batch: Milled) -> Counts:
    return load(connection, batch, run_id="run")


def shape(connection: Connection) -> list[tuple[int, str, datetime, datetime | None]]:
    return [(v["version"], v["content_text"], v["valid_from"], v["valid_to"]) for v in versions(connection)]


def text(html: str) -> str:
    return html.removeprefix("<p>").removesuffix("</p>")


def start_process(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A process of ours, ready to go on when it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process
