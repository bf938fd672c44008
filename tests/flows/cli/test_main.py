"""How commands complain, and what they import."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import Newsmill
from tests.flows.cli.complaining import complaint
from tests.sites.sample import SampleSite


@pytest.mark.parametrize(
    "command", [("ingest", "harbor-en"), ("feeds", "check", "harbor-en"), ("feeds", "enable", "harbor-en")]
)
def test_unknown_feed_id(bare: Newsmill, site: SampleSite, command: tuple[str, ...]) -> None:
    bare.registry(site.feeds_toml())
    assert complaint(bare, *command) == 'error: there is no feed "harbor-en"; did you mean "harbour-en"?\n'


def test_unknown_group(bare: Newsmill, site: SampleSite) -> None:
    bare.registry(site.feeds_toml())
    assert 'there is no group "harbor"; did you mean "harbour"?' in complaint(bare, "ingest", "--group", "harbor")


@pytest.mark.parametrize("command", [("ingest",), ("feeds", "list"), ("feeds", "check"), ("feeds", "export")])
def test_no_registry(bare: Newsmill, command: tuple[str, ...]) -> None:
    assert complaint(bare, *command).startswith("error: feeds.toml: there is no such file; make one with")


def test_registry_that_is_no_toml(bare: Newsmill) -> None:
    bare.registry('[[feed]]\nid = "a"\nname = A\n')
    assert complaint(bare, "ingest").startswith("error: feeds.toml:3: not TOML:")


@pytest.mark.parametrize("command", [("status",), ("publish",), ("sql", "SELECT 1", "--live")])
def test_no_warehouse_yet(bare: Newsmill, command: tuple[str, ...]) -> None:
    assert "there is no warehouse yet; `newsmill ingest` makes it" in complaint(bare, *command)
    assert not bare.warehouse.exists()


def test_nothing_published_yet(bare: Newsmill) -> None:
    assert "nothing is published yet" in complaint(bare, "sql", "SELECT 1")


def test_setting_that_makes_no_sense(bare: Newsmill) -> None:
    message = complaint(bare.setting(retries="many"), "status")
    assert message.startswith("error: settings: retries:")
    assert "'many'" in message


def test_settings_file_that_is_no_toml(bare: Newsmill) -> None:
    (bare.folder / "newsmill.toml").write_text("retries = \n")
    assert complaint(bare, "status").startswith("error: newsmill.toml:")


def test_settings_file_with_an_unknown_setting(bare: Newsmill) -> None:
    (bare.folder / "newsmill.toml").write_text("retrys = 3\n")
    assert "retrys" in complaint(bare, "status")


IMPORTED = """
import json, sys
from flows import main
sys.argv = ["newsmill", *sys.argv[1:]]
try:
    main()
finally:
    print("\\n" + json.dumps(sorted(sys.modules)))
"""
NO_FLOW = frozenset(["prefect", "httpx", "fastapi", "bs4", "lxml", "nh3", "pyarrow", "feedparser", "trafilatura"])
"""Modules that take long to import and that only runs need."""
NO_WAREHOUSE = NO_FLOW | {"duckdb", "tenacity", "zstandard", "soupsieve", "slugify", "tomlkit", "rich"}
NO_RULES = NO_WAREHOUSE | {"selectolax", "regex", "jmespath", "asyncio", "pydantic", "logging"}
"""Besides, what checks the rules of feeds that have some."""
NO_SETTINGS = NO_RULES | {"voluptuous", "tasks", "tomllib", "importlib.metadata"}


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (("--help",), NO_SETTINGS),
        (("ingest", "--help"), NO_SETTINGS),
        (("feeds", "--help"), NO_SETTINGS),
        (("--version",), NO_SETTINGS - {"importlib.metadata"}),
        (("config",), NO_RULES | {"warehouse.records"}),
        (("config", "--json"), NO_RULES | {"warehouse.records"}),
        (("feeds", "list"), NO_RULES),
        (("feeds", "list", "--json"), NO_RULES),
        (("status",), NO_FLOW),
        (("status", "--json"), NO_FLOW | {"rich"}),
        # DuckDB imports pandas where it is installed, which imports pyarrow
        (("sql", "SELECT title FROM marts.latest_articles"), (NO_FLOW | {"rich"}) - {"pyarrow"}),
        (("search", "ferry"), NO_FLOW - {"pyarrow"}),
        (("server", "status"), NO_FLOW - {"httpx"}),
    ],
)
def test_commands_import_what_they_need_and_no_more(
    filled: Newsmill, arguments: tuple[str, ...], unwanted: frozenset[str]
) -> None:
    done = filled.python(IMPORTED, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    imported = set(json.loads(done.stdout.splitlines()[-1]))
    assert "flows.cli.main" in imported
    assert imported & unwanted == set()


def test_a_run_leaves_what_parses_and_cleans_to_its_milling_processes(clean_environment: dict[str, str]) -> None:
    modules = "flows.backfill, flows.ingest, flows.images"
    code = f"import json, sys, {modules}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean_environment, capture_output=True, text=True, timeout=120, check=True
    )
    imported = set(json.loads(done.stdout.splitlines()[-1]))
    assert "tasks.mill.process" in imported
    assert imported.isdisjoint(["trafilatura", "tasks.mill.document", "tasks.clean.article"])
    assert imported.isdisjoint(["PIL", "regex", "tasks.parse.entry"])  # what a page, an image or a site's rules need
