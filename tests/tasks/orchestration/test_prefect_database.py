"""Old runs in the database of newsmill's own Prefect server are deleted by `newsmill maintain`."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tasks.orchestration.prefect_database import Pruned, database_bytes, prune
from tasks.settings import Settings
from tests.conftest import Newsmill
from tests.flows.observing import rows, until
from tests.sites.sample import SampleSite

DAY = 86_400


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def test_without_a_server_of_its_own_there_is_nothing_to_do(settings: Settings) -> None:
    assert prune(settings) is None
    assert database_bytes(settings) is None


def test_what_was_deleted_in_words_and_numbers() -> None:
    gone = Pruned({"flow_run": 1, "task_run": 24, "log": 1200, "events": 0, "artifact": 4}, 2, 1_000_000)
    assert gone.message == (
        "Prefect's database: 1 run, 24 tasks, 0 events, 4 artifacts, 1,200 lines of logs and 2 results deleted; "
        "it has 1,000,000 bytes"
    )
    assert gone.counts["prefect_task_run_deleted"] == 24


def test_maintain_deletes_old_runs_and_keeps_new_ones(newsmill: Newsmill, prefect_home: Path) -> None:
    database = prefect_home / "prefect" / "prefect.db"
    with SampleSite() as site:
        newsmill.registry(site.feeds_toml())
        old, new = (newsmill.facts("ingest", "--no-images", "--no-publish")["run_id"] for _ in range(2))
    ids = dict(rows(newsmill.warehouse, "SELECT run_id, flow_run_id FROM ops.runs"))

    def count(table: str, run: str) -> int:
        column = "id" if table == "flow_run" else "flow_run_id"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)) as connection:
            query = f"SELECT count(*) FROM {table} WHERE replace({column}, '-', '') = ?"
            return int(connection.execute(query, [ids[run].replace("-", "")]).fetchone()[0])

    tables = ("flow_run", "task_run", "log", "artifact")
    until(lambda: all(count(table, run) for table in tables for run in (old, new)), "the server has stored the runs")
    with closing(sqlite3.connect(database, timeout=60)) as connection, connection:
        connection.execute(
            "UPDATE flow_run SET end_time = datetime('now', '-31 days') WHERE replace(id, '-', '') = ?",
            [ids[old].replace("-", "")],
        )
    results = prefect_home / "prefect" / "storage"
    results.mkdir(exist_ok=True)
    for name, age in (("old-result", 31 * DAY), ("new-result", DAY)):
        (results / name).write_text("…")
        os.utime(results / name, (time.time() - age,) * 2)

    done = newsmill.facts("maintain", "--no-publish")
    assert done["prefect_flow_run_deleted"] == 1
    assert done["prefect_results_deleted"] == 1
    assert {table: count(table, old) for table in tables} == dict.fromkeys(tables, 0)
    assert all(count(table, new) for table in tables)
    assert not (results / "old-result").exists()
    assert (results / "new-result").exists()
    assert newsmill.facts("status")["prefect_database_bytes"] > 0


def test_a_failed_run_leaves_no_pickled_error(newsmill: Newsmill, prefect_home: Path) -> None:
    """Prefect pickles the error that a flow raises; ours end with a state instead (flows/run/failures.py)."""
    results, elsewhere = prefect_home / "prefect" / "storage", Path(newsmill.environment["PREFECT_HOME"]) / "storage"
    before = sorted(results.glob("*")), sorted(elsewhere.glob("*"))
    newsmill.registry('[[feed]]\nid = "gone"\nname = "Gone"\nurl = "http://127.0.0.1:9/feed"\n')
    assert newsmill.setting(retries=0)("ingest", "--no-publish").returncode == 1
    assert (sorted(results.glob("*")), sorted(elsewhere.glob("*"))) == before
