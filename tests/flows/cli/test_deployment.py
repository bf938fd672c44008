"""`newsmill run` and `newsmill prefect` where no server runs; tests/flows/prefect_server has the others."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Newsmill
from tests.flows.cli.complaining import complaint


def test_a_run_needs_a_server(bare: Newsmill, tmp_path: Path) -> None:
    elsewhere = bare.setting(home=tmp_path / "home")
    assert "no Prefect server runs; `newsmill serve` starts one" in complaint(elsewhere, "run", "ingest")
    assert not (tmp_path / "home").exists(), "none was started"


def test_prefects_help_starts_no_server(bare: Newsmill, tmp_path: Path) -> None:
    done = bare.setting(home=tmp_path / "home")("prefect", "--help")
    assert done.returncode == 0, done.stderr
    assert "deployment" in done.stdout
    assert not (tmp_path / "home").exists()


def test_a_run_of_a_server_without_deployments(newsmill: Newsmill) -> None:
    message = complaint(newsmill, "run", "no-such-deployment")
    assert "there is no deployment" in message or "has no deployments" in message
