"""Where settings come from: flags, variables, newsmill.toml, Prefect's blocks and variables; secrets stay hidden."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tasks.settings import SETTINGS
from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.sites.sample import SampleSite


def explained(newsmill: Newsmill, *arguments: str) -> dict[str, tuple[Any, str]]:
    return {setting["name"]: (setting["value"], setting["origin"]) for setting in newsmill.facts("config", *arguments)}


def test_every_setting_says_where_it_comes_from(bare: Newsmill) -> None:
    (bare.folder / "newsmill.toml").write_text('per_host = 1\nretries = 4\ncontact = "mailto:me@example.org"\n')
    settings = explained(bare.setting(retries=3), "--feeds", "mine.toml")
    assert list(settings) == list(SETTINGS)
    assert settings["feeds"] == ("mine.toml", "--feeds")
    assert settings["retries"] == (3, "NEWSMILL_RETRIES")
    assert settings["warehouse"] == ("data/newsmill.duckdb", "NEWSMILL_WAREHOUSE")
    assert settings["per_host"] == (1, "newsmill.toml")
    assert settings["contact"] == ("mailto:me@example.org", "newsmill.toml")
    assert settings["timeout"] == (20, "default")
    assert settings["published"] == (str(bare.folder / "data/news.duckdb"), "default"), "where it really lies"


def test_settings_as_a_table(bare: Newsmill) -> None:
    lines = bare.setting(per_host=1)("config").stdout.splitlines()
    assert lines[0].split() == ["setting", "value", "from"]
    assert ["per_host", "1", "NEWSMILL_PER_HOST"] in [line.split() for line in lines]
    assert len(lines) >= 1 + len(SETTINGS)


@pytest.mark.parametrize(
    "contact",
    ["https://me:hushhush@example.org/", "host=db password=hushhush user=me", "host=db password = 'hushhush and' x=1"],
)
def test_passwords_within_values_are_not_told(bare: Newsmill, contact: str) -> None:
    (value, _) = explained(bare.setting(contact=contact))["contact"]
    assert "hushhush" not in value
    assert "****" in value
    assert "me" in value or "x=1" in value


def test_mistaken_value_says_where_it_was_given(bare: Newsmill) -> None:
    (bare.folder / "newsmill.toml").write_text('retries = "many"\n')
    assert "(it is 'many', from newsmill.toml)" in bare("config").stderr
    password = bare.setting(per_host="host=db password=hushhush")("config").stderr
    assert "NEWSMILL_PER_HOST" in password
    assert "hushhush" not in password


def test_block_without_a_server_says_what_to_set(bare: Newsmill) -> None:
    done = bare.setting(warehouse="block:quay")("config")
    assert done.returncode == 1
    assert "set PREFECT_API_URL" in done.stderr
    dead = Newsmill(bare.folder, {**bare.environment, "PREFECT_API_URL": "http://127.0.0.1:9/api"})
    done = dead.setting(warehouse="block:quay", home=bare.folder)("config")
    assert done.returncode == 1
    assert done.stderr.startswith("error: settings: Prefect's server at http://127.0.0.1:9/api doesn't answer")


# --- Prefect's blocks and variables ---------------------------------------------------------------------------------

MAKE = """
import sys
from prefect.blocks.system import Secret
from prefect.variables import Variable
from tasks.blocks import NewsmillWarehouse
warehouse, landing = sys.argv[1:]
NewsmillWarehouse(warehouse=warehouse, landing=landing).save("quay")
Secret(value="mailto:hush@example.org").save("contact")
Variable.set("newsmill_per_host", 1)
Variable.set("newsmill_retries", 0)
"""
CLEAR = """
from prefect.variables import Variable
for name in ("per_host", "retries", "contact"):
    Variable.unset(f"newsmill_{name}")
"""
FLOW = "import asyncio; from flows.ingest import ingest; asyncio.run(ingest(images=False))"


def python(environment: Mapping[str, str], folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.thorough
def test_run_of_a_deployment_takes_blocks_and_variables(
    newsmill_in: Callable[[Path], Newsmill], prefect_api: str, tmp_path: Path
) -> None:
    kept = {name: value for name, value in newsmill_in(tmp_path).environment.items() if name != "NEWSMILL_WAREHOUSE"}
    newsmill = Newsmill(tmp_path, kept | {"PREFECT_API_URL": prefect_api, "NEWSMILL_WAREHOUSE": "block:quay"})
    registered = python(
        newsmill.environment, tmp_path, "-m", "prefect", "--no-prompt", "block", "register", "-m", "tasks.blocks"
    )
    assert "newsmill-warehouse" in registered
    python(newsmill.environment, tmp_path, "-c", MAKE, "quay/warehouse.duckdb", "elsewhere")
    set_variable = ("-m", "prefect", "--no-prompt", "variable", "set", "--overwrite")
    python(newsmill.environment, tmp_path, *set_variable, "newsmill_contact", "block:contact")
    try:
        settings = explained(newsmill.setting(retries=2), "--deployed")
        assert settings["warehouse"] == ("quay/warehouse.duckdb", "block newsmill-warehouse/quay")
        assert settings["landing"] == ("elsewhere", "block newsmill-warehouse/quay")
        assert settings["per_host"] == (1, "Prefect variable newsmill_per_host")
        assert settings["retries"] == (2, "NEWSMILL_RETRIES"), "nearer than Prefect's"
        assert settings["contact"] == ("****", "block secret/contact")
        by_hand = explained(newsmill)
        assert by_hand["warehouse"][1] == "block newsmill-warehouse/quay"
        assert by_hand["per_host"] == (2, "default"), "a command takes no variables of Prefect's"

        with SampleSite() as site:
            newsmill.registry(site.feeds_toml())
            printed = python(newsmill.environment, tmp_path, "-c", FLOW)
            agents = {request.headers["user-agent"] for request in site.requests}
        assert rows(tmp_path / "quay/warehouse.duckdb", "SELECT count(*) FROM clean.articles") == [(18,)]
        assert len(list((tmp_path / "elsewhere").rglob("*.zst"))) == 4
        assert all("hush@example.org" in agent for agent in agents), "the secret is used"
        assert "hush" not in printed, "and not printed"
    finally:
        python(newsmill.environment, tmp_path, "-c", CLEAR)


def test_block_that_is_not_there_says_how_to_make_it(newsmill: Newsmill, prefect_api: str) -> None:
    asking = Newsmill(newsmill.folder, {**newsmill.environment, "PREFECT_API_URL": prefect_api})
    done = asking.setting(contact="block:nobody")("config")
    assert done.returncode == 1
    assert "Prefect's server has no block secret/nobody" in done.stderr
