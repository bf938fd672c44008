"""compose.yaml: checked against the schema of compose files, and its services run as processes, as no container engine
is here."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows.observing import rows, until
from tests.places import ROOT
from tests.sites.sample import SampleSite
from tests.stores import Postgres, free_port

COMPOSE = ROOT / "compose.yaml"
SERVICES = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
WORDS = {"DATABASE_PASSWORD": "4e5f6a7b", "PREFECT_PASSWORD": "0a1b2c3d"}
"""What .env has in place of these."""


def test_it_is_of_the_form_of_compose_files() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_its_services_have_what_they_refer_to() -> None:
    file = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        for needed, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert "healthcheck" in SERVICES[needed]
        assert {volume.partition(":")[0] for volume in service.get("volumes", ())} <= set(file["volumes"]), name
    assert SERVICES["server"]["image"] == SERVICES["worker"]["image"]
    server = SERVICES["server"]["environment"]
    assert server["PREFECT_UI_API_URL"] == f"{server['PREFECT_UI_URL']}/api", "alerts lead to the same place"
    assert "VOLUME /data" in (ROOT / "Dockerfile").read_text()


def test_only_prefect_s_server_is_published_and_to_this_machine_alone() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "server": ["127.0.0.1:4200:4200"]
    }


def test_without_passwords_nothing_starts() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+):\?", text)) == {"DATABASE_PASSWORD", "PREFECT_PASSWORD"}
    assert set(re.findall(r"\$\{(\w+)", text)) == {"DATABASE_PASSWORD", "PREFECT_PASSWORD"}


@contextmanager
def service(
    name: str, places: Mapping[str, str], base: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[Any]]:
    """The service's command with its environment, in the clone as in the image; with this machine's `places` in place
    of the container's."""

    def here(text: str) -> str:
        for old, new in places.items():
            text = text.replace(old, new)
        return re.sub(r"\$\{(\w+)[^}]*\}", lambda match: WORDS[match[1]], text)

    command = [here(str(word)) for word in SERVICES[name]["command"]]
    program = Path(sys.executable).with_name(command[0])
    environment = {key: here(str(value)) for key, value in SERVICES[name]["environment"].items()}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, *command[1:]],
            cwd=ROOT,
            env={**base, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(90)


def environment_of_image(folder: Path) -> dict[str, str]:
    """What the image sets, with the folder in place of /data."""
    variables = {
        "NEWSMILL_FEEDS": str(folder / "feeds.toml"),
        "NEWSMILL_WAREHOUSE": str(folder / "newsmill.duckdb"),
        "NEWSMILL_HOME": str(folder / "prefect"),
        "PREFECT_PLUGINS_ENABLED": "false",
    }
    assert all(name in (ROOT / "Dockerfile").read_text() for name in variables)
    return variables


@pytest.mark.thorough
@pytest.mark.timeout(900)
def test_its_services_run_an_ingest(
    postgres: Postgres, clean_environment: dict[str, str], tmp_path: Path, site: SampleSite
) -> None:
    """Prefect's server keeps its data in PostgreSQL and asks for the password that the worker gives."""
    postgres.run("psql", "-d", "postgres", "-c", f"CREATE ROLE prefect LOGIN PASSWORD '{WORDS['DATABASE_PASSWORD']}'")
    postgres.run("createdb", "--owner", "prefect", "prefect")
    port = str(free_port())
    places = {
        "@database:5432": f"@127.0.0.1:{postgres.port}",
        "0.0.0.0": "127.0.0.1",
        "//server:": "//127.0.0.1:",
        "4200": port,
        "/tmp/prefect": str(tmp_path / "server"),
    }
    (tmp_path / "feeds.toml").write_text(site.feeds_toml())
    tests_own = {"NEWSMILL_ALLOW_PRIVATE_ADDRESSES": "1", "NEWSMILL_WORKERS": "1", "NEWSMILL_FULL_TEXT": "never"}
    base = clean_environment | environment_of_image(tmp_path) | tests_own | {"PREFECT_WORKER_QUERY_SECONDS": "1"}
    server_log, worker_log = tmp_path / "server.log", tmp_path / "worker.log"
    check = [sys.executable, *(word.replace("4200", port) for word in SERVICES["server"]["healthcheck"]["test"][2:])]

    def healthy() -> bool:
        return subprocess.run(check, capture_output=True, check=False).returncode == 0

    with service("server", places, base, server_log) as server:
        until(lambda: server.poll() is not None or healthy(), "the server is healthy", 240, every=1)
        assert server.poll() is None, server_log.read_text()
        with service("worker", places, base, worker_log) as worker:
            until(lambda: worker.poll() is not None or "UI: " in worker_log.read_text(), "the worker runs", 240)
            assert worker.poll() is None, worker_log.read_text()
            done = subprocess.run(
                [Path(sys.executable).with_name("newsmill"), "run", "ingest", "--param", "force=true", "--watch"],
                cwd=ROOT,
                env=base
                | {
                    "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
                    "PREFECT_API_AUTH_STRING": f"newsmill:{WORDS['PREFECT_PASSWORD']}",
                },
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
            assert done.returncode == 0, f"{done.stdout}{done.stderr}{worker_log.read_text()}"
    assert rows(tmp_path / "newsmill.duckdb", "SELECT count(*) FROM clean.articles") == [(18,)]
    assert (tmp_path / "news.duckdb").exists()
    assert postgres.run("psql", "-d", "prefect", "-tAc", "SELECT count(*) > 0 FROM flow_run").strip() == "t"
