"""The commands of the local Prefect server; serve and deploy have tests in tests/flows/prefect_server."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Newsmill


def test_server_status_and_start_find_the_running_server(newsmill: Newsmill, prefect_home: Path) -> None:
    server = json.loads((prefect_home / "prefect" / "server.json").read_text())
    assert newsmill("server", "status").stdout == f"running at {server['url']}, process {server['pid']}\n"
    started = newsmill("server", "start")
    assert started.stdout == f"{server['url']} (PREFECT_API_URL={server['url']}/api)\n"
    assert started.stderr == "", "it is not started a second time"


def test_no_server_runs(bare: Newsmill, tmp_path: Path) -> None:
    elsewhere = bare.setting(home=tmp_path / "home")
    assert elsewhere("server", "status").stdout.startswith("not running;")
    assert elsewhere("server", "stop").stdout == "no local server was running\n"


def test_the_server_as_json(newsmill: Newsmill, bare: Newsmill, prefect_api: str, tmp_path: Path) -> None:
    started = newsmill.facts("server", "start")
    assert started == newsmill.facts("server", "status")
    assert (started["running"], started["api_url"]) == (True, prefect_api)
    elsewhere = bare.setting(home=tmp_path / "home")
    assert elsewhere.facts("server", "status")["running"] is False
    assert elsewhere.facts("server", "stop") == {"stopped": False, "url": None}
