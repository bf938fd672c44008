"""Quality checks: assertions about the warehouse that must hold after every load.

Each file in warehouse/checks is one: its first line states it in words, its query returns the rows that violate it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

import pyarrow as pa

from warehouse.counting import counted
from warehouse.counts import Counts
from warehouse.store.sql_files import query
from warehouse.store.staging import run_with_rows, stage
from warehouse.store.transactions import Connection

SAMPLE = 5
"""Violating rows that are stored of each check."""
MEMORY = "160MB"
"""DuckDB's limit; by default it caches what it reads, up to most of the machine's memory."""


@dataclass(frozen=True, slots=True)
class Check:
    """An assertion and the rows that violate it; a row of ops.checks."""

    name: str
    asserts: str
    checked_at: datetime
    found: int
    """Violating rows."""
    sample: tuple[str, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.found

    def __str__(self) -> str:
        return f"{self.name}: {self.asserts} Not so for {counted(self.found, 'row')}: {'; '.join(self.sample)}"


@cache
def assertions() -> tuple[tuple[str, str, str], ...]:
    """(name, the assertion in words, SQL), by name."""
    checks = []
    for file in (files("warehouse") / "checks").iterdir():
        if file.name.endswith(".sql"):
            sql = file.read_text(encoding="utf-8")
            checks.append((file.name.removesuffix(".sql"), sql.partition("\n")[0].removeprefix("--").strip(), sql))
    return tuple(sorted(checks))


def check(
    connection: Connection,
    run_id: str,
    counts: Counts,
    content_hash: Callable[[str, str], str],
    images: Path | None = None,
) -> list[Check]:
    """Run all checks after a run's loads and store their results in ops.checks.

    `content_hash` computes an article's hash from its title and text. `images` is the image store, None if not every
    image file is on this machine.
    """
    connection.execute(f"SET memory_limit = '{MEMORY}'")
    try:
        return _run_checks(connection, run_id, counts, content_hash, images)
    finally:
        connection.execute("RESET memory_limit")  # a lake's next connection uses the same DuckDB instance


def _run_checks(
    connection: Connection, run_id: str, counts: Counts, content_hash: Callable[[str, str], str], images: Path | None
) -> list[Check]:
    moment = datetime.now(UTC)
    run = {"run_id": [run_id], "documents": [counts.documents], "fresh": [counts.new], "checked_at": [moment]}
    checks = []
    with stage(connection, "stage_run", pa.table(run)):
        for name, asserts, sql in assertions():
            started = time.monotonic()
            rows = connection.execute(
                f"WITH found AS ({sql}) SELECT wrong, count(*) OVER () FROM found ORDER BY wrong LIMIT ?",  # noqa: S608
                [SAMPLE],
            ).fetchall()
            sample = tuple(str(row[0]) for row in rows)
            checks.append(Check(name, asserts, moment, rows[0][1] if rows else 0, sample, time.monotonic() - started))
    checks.append(_check_content_hashes(connection, moment, content_hash))
    if images:
        checks.append(_check_image_files(connection, moment, images))
    run_with_rows(
        connection,
        "merge_checks",
        view="stage_checks",
        table="ops.checks",
        rows=[
            asdict(result) | {"run_id": run_id, "passed": result.passed, "sample": list(result.sample)}
            for result in checks
        ],
    )
    return checks


def failed_before(connection: Connection, run_id: str) -> set[str]:
    """The names of the checks that failed already when they were last made before this run."""
    return {name for (name,) in connection.execute(query("checks_failed_before"), {"run": run_id}).fetchall()}


def _check_content_hashes(connection: Connection, moment: datetime, content_hash: Callable[[str, str], str]) -> Check:
    started = time.monotonic()
    rows = connection.execute(query("texts_sampled")).fetchall()
    wrong = sorted(
        f"{article_id}: {stored} is not the hash of its text"
        for article_id, title, text, stored in rows
        if content_hash(title, text) != stored
    )
    asserts = "The hash of an article's text is the one that is stored; fifty articles are tried."
    return Check("content_hashes", asserts, moment, len(wrong), tuple(wrong[:SAMPLE]), time.monotonic() - started)


def _check_image_files(connection: Connection, moment: datetime, images: Path) -> Check:
    started = time.monotonic()
    wrong = []
    for image_id, path, size in connection.execute(query("images_sampled")).fetchall():
        try:
            actual = (images / path).stat().st_size
        except OSError as error:
            wrong.append(f"{image_id}: {path}: {error.strerror}")
        else:
            if actual != size:
                wrong.append(f"{image_id}: {path} has {actual:,} bytes instead of {size:,}")
    asserts = "The files of images that are stored are there, in their size; fifty images are tried."
    return Check("image_files", asserts, moment, len(wrong), tuple(sorted(wrong)[:SAMPLE]), time.monotonic() - started)
