"""Upkeep of the database of newsmill's own Prefect server, which otherwise keeps every run, task, log and artifact.

Prefect deletes by itself only events, after a week. What deletes the rest is Prefect's own code, which its server runs
each hour if told to; here a process of its own runs it once, beside the server. Databases of other servers, those at
PREFECT_API_URL, are their operators' business.
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tasks.settings import Settings, child_environment
from warehouse.counting import counted
from warehouse.errors import NewsmillError

TABLES = {"flow_run": "run", "task_run": "task", "log": "line of logs", "events": "event", "artifact": "artifact"}
"""Tables of Prefect's database, and what a row of each is."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was deleted of Prefect's database."""

    rows: dict[str, int]
    """Table → rows deleted."""
    results: int
    """Files with the result or the error of a run."""
    bytes: int
    """The database's size. It shrinks only by what is written into its free pages."""

    @property
    def message(self) -> str:
        gone = ", ".join(counted(number, TABLES[table]) for table, number in self.rows.items() if table != "log")
        return (
            f"Prefect's database: {gone}, {self.rows['log']:,} lines of logs and {counted(self.results, 'result')} "
            f"deleted; it has {self.bytes:,} bytes"
        )

    @property
    def counts(self) -> dict[str, int]:
        return {
            **{f"prefect_{table}_deleted": number for table, number in self.rows.items()},
            "prefect_results_deleted": self.results,
            "prefect_bytes": self.bytes,
        }


def database_path(settings: Settings) -> Path:
    return settings.home.absolute() / "prefect" / "prefect.db"


def results_path(settings: Settings) -> Path:
    """Where Prefect keeps the pickled results and errors of runs: with newsmill's own server, beside its database."""
    return settings.home.absolute() / "prefect" / "storage"


def database_bytes(settings: Settings) -> int | None:
    """The size of the database with what is not yet merged into it; None if there is none on this machine."""
    path = database_path(settings)
    if not path.exists():
        return None
    parts = (path, path.with_name(path.name + "-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def vacuum_variables(settings: Settings) -> dict[str, str]:
    """Variables for Prefect's server: let it delete runs that ended more than `keep_prefect` days ago."""
    keep = timedelta(days=settings.keep_prefect)
    return {
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(keep.total_seconds()),
    }


def prune(settings: Settings) -> Pruned | None:
    """Delete what is older than `keep_prefect` days; None if no server of newsmill's keeps a database here.
    Raises NewsmillError."""
    path = database_path(settings)
    if not path.exists():
        return None
    before = _count_rows(path)
    done = subprocess.run(
        [sys.executable, "-m", "tasks.orchestration.prefect_database"],
        env=child_environment(
            **vacuum_variables(settings),
            PREFECT_HOME=str(path.parent),
            PREFECT_API_URL="",
            PREFECT_SERVER_DATABASE_CONNECTION_URL=f"sqlite+aiosqlite:///{path}",
        ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise NewsmillError(f"{path}: old runs could not be deleted: {''.join(last)}; the next `maintain` tries again")
    after = _count_rows(path)
    # the server goes on writing meanwhile, so that a table may have grown
    rows = {table: max(0, before[table] - after[table]) for table in TABLES}
    return Pruned(rows, _delete_results(settings), database_bytes(settings) or 0)


def _count_rows(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as connection:
        return {
            table: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
            for table in TABLES
        }


def _delete_results(settings: Settings) -> int:
    folder, oldest = results_path(settings), time.time() - timedelta(days=settings.keep_prefect).total_seconds()
    old = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mtime < oldest]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


async def _vacuum() -> None:
    """Run once what Prefect's server runs each hour, and each day for what interrupted runs of it left."""
    from prefect.server.database import provide_database_interface
    from prefect.server.services import db_vacuum

    database = provide_database_interface()
    for vacuum in (
        db_vacuum.vacuum_old_flow_runs,
        db_vacuum.vacuum_events_with_retention_overrides,
        db_vacuum.vacuum_old_events,
        db_vacuum.vacuum_orphaned_logs,
        db_vacuum.vacuum_orphaned_artifacts,
        db_vacuum.vacuum_stale_artifact_collections,
    ):
        await vacuum(db=database)


if __name__ == "__main__":
    asyncio.run(_vacuum())
