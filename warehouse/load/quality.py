"""Quality checks: what must hold of the warehouse after every load.

Each file in warehouse/checks is an assertion: its first line says it in words, its query finds what contradicts it.
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

from warehouse.records import Counts
from warehouse.store.sql_files import query
from warehouse.store.staging import staged, write
from warehouse.store.transactions import Connection

SAMPLE = 5
"""Contradicting rows that are kept of each check."""
MEMORY = "160MB"
"""DuckDB's; it would keep all that is read, up to most of the machine's memory."""


@dataclass(frozen=True, slots=True)
class Check:
    """An assertion, and what was found that contradicts it."""

    name: str
    asserts: str
    checked_at: datetime
    found: int
    sample: tuple[str, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.found

    def __str__(self) -> str:
        return f"{self.name}: {self.asserts} {self.found:,} rows contradict it: {'; '.join(self.sample)}"


@cache
def assertions() -> tuple[tuple[str, str, str], ...]:
    """(name, what is asserted in words, SQL), by name."""
    found = []
    for file in (files("warehouse") / "checks").iterdir():
        if file.name.endswith(".sql"):
            sql = file.read_text(encoding="utf-8")
            found.append((file.name.removesuffix(".sql"), sql.partition("\n")[0].removeprefix("--").strip(), sql))
    return tuple(sorted(found))


def check(
    connection: Connection,
    run_id: str,
    counts: Counts,
    hashed: Callable[[str, str], str],
    images: Path | None = None,
) -> list[Check]:
    """Check everything after a run's loads and record it in ops.checks.

    `hashed` makes an article's content hash of its title and text; in `images` lie the files, where all of them do.
    """
    connection.execute(f"SET memory_limit = '{MEMORY}'")
    try:
        return _check(connection, run_id, counts, hashed, images)
    finally:
        connection.execute("RESET memory_limit")  # a lake's next connection is of the same DuckDB


def _check(
    connection: Connection, run_id: str, counts: Counts, hashed: Callable[[str, str], str], images: Path | None
) -> list[Check]:
    moment = datetime.now(UTC)
    run = {"run_id": [run_id], "documents": [counts.documents], "fresh": [counts.new], "checked_at": [moment]}
    checks = []
    with staged(connection, "stage_run", pa.table(run)):
        for name, asserts, sql in assertions():
            started = time.monotonic()
            rows = connection.execute(
                f"WITH found AS ({sql}) SELECT wrong, count(*) OVER () FROM found ORDER BY wrong LIMIT ?",  # noqa: S608
                [SAMPLE],
            ).fetchall()
            sample = tuple(str(row[0]) for row in rows)
            checks.append(Check(name, asserts, moment, rows[0][1] if rows else 0, sample, time.monotonic() - started))
    checks.append(_content_hashes(connection, moment, hashed))
    if images:
        checks.append(_image_files(connection, moment, images))
    write(
        connection,
        "merge_checks",
        stage="stage_checks",
        table="ops.checks",
        rows=[asdict(each) | {"run_id": run_id, "passed": each.passed, "sample": list(each.sample)} for each in checks],
    )
    return checks


def _content_hashes(connection: Connection, moment: datetime, hashed: Callable[[str, str], str]) -> Check:
    started = time.monotonic()
    rows = connection.execute(query("texts_sampled")).fetchall()
    wrong = sorted(
        f"{article_id}: {stored} is not the hash of its text"
        for article_id, title, text, stored in rows
        if hashed(title, text) != stored
    )
    asserts = "The hash of an article's text is the one that is stored; fifty articles are tried."
    return Check("content_hashes", asserts, moment, len(wrong), tuple(wrong[:SAMPLE]), time.monotonic() - started)


def _image_files(connection: Connection, moment: datetime, images: Path) -> Check:
    started = time.monotonic()
    wrong = []
    for image_id, path, size in connection.execute(query("images_sampled")).fetchall():
        try:
            found = (images / path).stat().st_size
        except OSError as error:
            wrong.append(f"{image_id}: {path}: {error.strerror}")
        else:
            if found != size:
                wrong.append(f"{image_id}: {path} has {found:,} bytes instead of {size:,}")
    asserts = "The files of images that are stored are there, in their size; fifty images are tried."
    return Check("image_files", asserts, moment, len(wrong), tuple(sorted(wrong)[:SAMPLE]), time.monotonic() - started)
