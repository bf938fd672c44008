"""newsmill without its clone: what the wheel holds, and an installation in an environment with nothing else."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.flows.serving import serving_home
from tests.places import ROOT
from tests.sites.receiver import Receiver
from tests.sites.sample import SampleSite
from tests.stores import free_port

PACKAGES = ("flows", "tasks", "warehouse")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make wheel` does, without asking pip."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.iterdir()
    return path


def is_shipped(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return path.is_file() and "__pycache__" not in parts and parts[:2] != ("warehouse", "data")


def test_the_wheel_has_all_that_is_needed_at_run_time(wheel: Path) -> None:
    """SQL, YAML, JSON, TOML and templates as well as modules; and of the clone's top, what `newsmill init` copies."""
    needed = {path.relative_to(ROOT).as_posix(): path for name in PACKAGES for path in (ROOT / name).rglob("*")}
    needed = {name: path for name, path in needed.items() if is_shipped(path)}
    assert {Path(name).suffix for name in needed} >= {".py", ".sql", ".toml", ".yaml", ".json", ".service", ".md"}
    needed |= {f"flows/installation/shipped/{name}": ROOT / name for name in ("feeds.toml", "prefect.yaml")}
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert held == set(needed)
        assert all(archive.read(name) == path.read_bytes() for name, path in needed.items())
        (entry_points,) = [name for name in archive.namelist() if name.endswith("/entry_points.txt")]
        programs = configparser.ConfigParser()
        programs.read_string(archive.read(entry_points).decode())
    assert programs["console_scripts"]["newsmill"] == "flows:main"
    assert programs["prefect.plugins"]["newsmill"] == "flows.prefect_server.plugin"


@pytest.mark.thorough
@pytest.mark.timeout(1500)
def test_five_commands_lead_to_a_scheduled_ingest_and_an_alert(
    wheel: Path, newsmill_environment: dict[str, str], tmp_path: Path
) -> None:
    """`venv`, `pip install` of the wheel, `init`, `alerts to`, `serve`; then the schedule does the rest."""
    empty, news = tmp_path / "empty", tmp_path / "news"
    news.mkdir()
    environment = {name: value for name, value in newsmill_environment.items() if not name.startswith("NEWSMILL_")}
    environment |= {"NEWSMILL_ALLOW_PRIVATE_ADDRESSES": "1", "NEWSMILL_WORKERS": "1", "PREFECT_API_URL": ""}
    environment |= {"NEWSMILL_PREFECT_PORT": str(free_port())}
    environment["PATH"] = f"{empty / 'bin'}{os.pathsep}{environment['PATH']}"
    newsmill = Newsmill(news, environment, empty / "bin" / "newsmill")
    with SampleSite() as site, Receiver() as receiver:
        # most of her feeds are dead: somebody must be told
        dead = [f'[[feed]]\nid = "{id}"\nname = "{id}"\nurl = "{site.url("/dead.xml")}?{id}"' for id in "abcdef"]
        newsmill.registry("\n".join((site.feeds_toml(), *dead)))

        subprocess.run([sys.executable, "-m", "venv", empty], check=True)
        install: list[str | Path] = [empty / "bin" / "pip", "install", "--quiet", "--no-compile", wheel]
        subprocess.run(install, cwd=tmp_path, check=True, timeout=1200)
        for command in (["init"], ["alerts", "to", receiver.url("/desk")]):
            done = newsmill(*command)
            assert done.returncode == 0, done.stderr
        # it would have to wait until seven minutes past the hour
        deployments = news / "prefect.yaml"
        deployments.write_text(deployments.read_text().replace('"7 * * * *"', '"* * * * *"'))
        with serving_home(newsmill) as served:
            wanted = {
                "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
                "flows": {"name": {"any_": ["ingest"]}},
            }
            served.until(lambda: served.ask("/flow_runs/filter", **wanted), "a scheduled ingest has ended")
            served.until(lambda: receiver.messages, "the alert has arrived")
    assert receiver.messages[0].path == "/desk"
    alert = receiver.messages[0].content
    assert alert["title"].startswith("newsmill: "), alert
    assert f"- a: {site.url('/dead.xml')}?a: the server answered 404 Not Found" in alert["message"].splitlines(), alert
    assert rows(news / "data" / "newsmill.duckdb", "SELECT count(*) FROM clean.articles") == [(18,)]
    assert newsmill.facts("sql", "SELECT count(*) AS articles FROM marts.latest_articles") == [{"articles": 18}]
    shutil.rmtree(empty)
