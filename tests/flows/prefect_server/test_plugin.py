"""The plugin that makes the work pool before `prefect deploy`; that it does is tested in test_deploying.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flows.prefect_server.plugin import _is_ours
from tests.flows.prefect_server.test_deploying import prefect
from tests.places import ROOT
from tests.sites.server import SiteServer


@pytest.mark.parametrize("words", [("deploy", "--help"), ("version",)])
def test_a_command_that_deploys_nothing_makes_no_pool(
    clean_environment: dict[str, str], words: tuple[str, ...]
) -> None:
    with SiteServer() as site:
        prefect(clean_environment | {"PREFECT_API_URL": site.url("/api")}, *words)
        assert not any("work_pools" in request.path for request in site.requests)


def test_prefect_is_imported_in_the_clone_without_a_word(clean_environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable],
        cwd=ROOT,
        env=clean_environment,
        input="import prefect",
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_only_newsmills_own_prefect_yaml_gets_a_pool(tmp_path: Path) -> None:
    assert _is_ours(ROOT / "prefect.yaml")
    project = tmp_path / "prefect.yaml"
    assert not _is_ours(project)
    project.write_text("# name: newsmill\nname: quay\n")
    assert not _is_ours(project)
