"""From the first release to this one: its warehouse, its published copy and its deployments go on being used."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import Newsmill
from tests.flows.asking import ask
from tests.flows.observing import rows
from tests.places import ROOT
from tests.sites.sample import SampleSite
from warehouse.read.queries import is_current
from warehouse.store.connection import open_warehouse
from warehouse.store.sql_files import migrations

FIRST = ROOT / "warehouse" / "schema" / "0001_initial.sql"
MARTS = ROOT / "tests" / "released" / "marts_0_1_0.sql"
PARAMETERS = {"feeds": None, "groups": None, "force": True, "images": False, "publish": True}
"""All that an ingest of the first release could be asked."""
COLUMNS = """
    SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns()
    WHERE database_name = current_database() AND NOT internal ORDER BY schema_name, table_name, column_index
"""


def as_first_released(path: Path, *, published: bool) -> None:
    """Make of a warehouse, or of a published copy, what the first release would have made of the same articles."""
    new = path.with_name("new.duckdb")
    path.replace(new)
    with duckdb.connect(str(path)) as old:
        old.execute("SET TimeZone = 'UTC'")
        old.execute(FIRST.read_text(encoding="utf-8"))
        if published:
            old.execute("DROP SCHEMA raw CASCADE")
        old.execute(MARTS.read_text(encoding="utf-8"))
        old.execute(f"ATTACH '{new}' AS new (READ_ONLY)")
        tables = old.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = current_database()"
        ).fetchall()
        for (table,) in tables:
            if table != "ops.schema_migrations":
                kept = ", ".join(f'"{name}"' for name, *_ in old.execute(f"DESCRIBE {table}").fetchall())
                old.execute(f"INSERT INTO {table} SELECT {kept} FROM new.{table}")
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        old.execute("INSERT INTO ops.schema_migrations VALUES (0, 'a1b2', ?), (1, ?, ?)", [moment, FIRST.name, moment])
        old.execute("DETACH new")
    new.unlink()


@dataclass
class Upgraded:
    newsmill: Newsmill
    before: dict[str, Any]
    """What the commands said before anything was written."""
    worker: str
    """What the worker said that ran the first release's deployment."""


def deploy_as_first_released(api: str) -> str:
    """The deployment as the first release registered it; its id."""
    ask(f"{api}/work_pools/", name="first-release", type="process")
    flow = ask(f"{api}/flows/", name="ingest")
    several = {"anyOf": [{"items": {"type": "string"}, "type": "array"}, {"type": "null"}], "default": None}
    schema = {
        "title": "Parameters",
        "type": "object",
        "properties": {
            "feeds": several | {"position": 0, "title": "feeds"},
            "groups": several | {"position": 1, "title": "groups"},
            "force": {"default": False, "position": 2, "title": "force", "type": "boolean"},
            "images": {"default": True, "position": 3, "title": "images", "type": "boolean"},
            "publish": {"default": True, "position": 4, "title": "publish", "type": "boolean"},
        },
    }
    deployment = {
        "name": "first-release",
        "flow_id": flow["id"],
        "work_pool_name": "first-release",
        "entrypoint": "flows/ingest.py:ingest",
        "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}],
        "parameters": {},
        "parameter_openapi_schema": schema,
        "enforce_parameter_schema": True,
    }
    return str(ask(f"{api}/deployments/", **deployment)["id"])


@pytest.fixture(scope="module")
def upgraded(
    newsmill_in: Callable[[Path], Newsmill], prefect_api: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Upgraded]:
    """The sample site, ingested by the first release; the next edition, by this one, run from the old deployment."""
    newsmill = newsmill_in(tmp_path_factory.mktemp("upgrade"))
    with SampleSite() as site:
        newsmill.registry(site.feeds_toml())
        newsmill.facts("ingest", "--no-images")
        as_first_released(newsmill.warehouse, published=False)
        as_first_released(newsmill.published, published=True)
        before = {
            "status": newsmill("status"),
            "live": newsmill("sql", "SELECT 1", "--live"),
            "published": newsmill.facts("sql", "SELECT count(*) AS articles FROM marts.latest_articles"),
            "doctor": json.loads(newsmill("doctor", "--json").stdout)["checks"],
        }
        site.edit()
        deployment = deploy_as_first_released(prefect_api)
        ask(f"{prefect_api}/deployments/{deployment}/create_flow_run", parameters=PARAMETERS)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "prefect",
                "--no-prompt",
                "worker",
                "start",
                "--pool",
                "first-release",
                "--run-once",
            ],
            cwd=newsmill.folder,
            env={
                **newsmill.environment,
                "PREFECT_API_URL": prefect_api,
                "NEWSMILL_FEEDS": str(newsmill.folder / "feeds.toml"),
                "NEWSMILL_WAREHOUSE": str(newsmill.warehouse),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        yield Upgraded(newsmill, before, done.stdout + done.stderr)


def test_old_warehouse_says_what_to_do_where_it_is_only_read(upgraded: Upgraded) -> None:
    for name in ("status", "live"):
        done = upgraded.before[name]
        assert done.returncode == 1
        assert "its schema is out of date (number 1, " in done.stderr
        assert "any command that writes (`newsmill ingest`) updates it" in done.stderr
    (found,) = [each for each in upgraded.before["doctor"] if each["name"] == "warehouse"]
    assert found["state"] == "warning"
    assert "`newsmill ingest`" in found["mend"]


def test_old_deployment_runs_and_loads_the_next_edition(upgraded: Upgraded) -> None:
    runs = rows(upgraded.newsmill.warehouse, "SELECT state, error, counts FROM ops.runs ORDER BY started_at")
    assert [state for state, *_ in runs] == ["partial", "partial"], upgraded.worker
    counts = json.loads(runs[1][2])
    answered = counts["fetched"] + counts["not_modified"]
    assert (counts["feeds"], answered, counts["failed"], counts["not_due"]) == (5, 4, 1, 0)
    assert counts["not_modified"] > 0, "what was remembered of the feeds still is"
    assert counts["new"] > 0
    assert counts["changed"] > 0
    assert counts["checks_failed"] == []
    found = rows(upgraded.newsmill.warehouse, "SELECT count(*), count(DISTINCT url) FROM clean.articles")
    assert found == [(18 + counts["new"], 18 + counts["new"])], "what was known was known again"


def test_schema_is_that_of_a_new_warehouse(upgraded: Upgraded, tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "fresh.duckdb") as connection:
        fresh = connection.execute(COLUMNS).fetchall()
    assert rows(upgraded.newsmill.warehouse, COLUMNS) == fresh
    applied = rows(upgraded.newsmill.warehouse, "SELECT version, name FROM ops.schema_migrations ORDER BY version")
    assert applied[1:] == [(number, name) for number, name, _ in migrations()]
    assert rows(upgraded.newsmill.warehouse, "SELECT DISTINCT form FROM raw.documents") == [("feed",)]


def test_everything_that_was_there_is_there(upgraded: Upgraded) -> None:
    first = rows(
        upgraded.newsmill.warehouse,
        "SELECT count(*) FROM clean.article_versions WHERE valid_from <= (SELECT min(finished_at) FROM ops.runs)",
    )
    assert first == [(18,)]
    assert rows(upgraded.newsmill.warehouse, "SELECT count(DISTINCT run_id) FROM raw.documents") == [(2,)]


def test_published_copy_is_this_versions(upgraded: Upgraded) -> None:
    views = rows(upgraded.newsmill.published, "SELECT view_name FROM duckdb_views() WHERE schema_name = 'marts'")
    assert {"feed_health", "syndication", "coverage_gaps"} <= {name for (name,) in views}
    for (name,) in views:
        rows(upgraded.newsmill.published, f"FROM marts.{name}")
    assert upgraded.newsmill.facts("search", "ferry")


def test_status_and_rhythm(upgraded: Upgraded) -> None:
    found = {each["feed_id"]: each for each in upgraded.newsmill.facts("status")["feeds"]}
    assert found["harbour-en"]["health"] == "healthy"
    assert all(each["due_at"] and each["rule"] for each in found.values())


def test_old_published_copy_is_read_until_a_run_replaces_it(upgraded: Upgraded) -> None:
    assert upgraded.before["published"] == [{"articles": 18}]
    assert is_current(upgraded.newsmill.published)
    newsmill = upgraded.newsmill
    as_first_released(newsmill.published, published=True)
    assert not is_current(newsmill.published)
    assert newsmill.facts("ingest", "--no-images", "harbour-en")["documents"] == 0
    assert is_current(newsmill.published), "though the run brought nothing"
