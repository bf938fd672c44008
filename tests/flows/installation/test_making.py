"""The files of a new installation."""

from __future__ import annotations

import importlib
import json
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any

import prefect
import pytest
import yaml

from flows.installation.making import for_installation, make_installation, make_unit
from tasks.registry.feeds_file import read_feeds
from tasks.settings import load_settings
from tests.places import ROOT
from warehouse.errors import NewsmillError

CLONE = (ROOT / "prefect.yaml").read_text(encoding="utf-8")


def deployments(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(text)["deployments"]
    return list(json.loads(json.dumps(found)))  # YAML's anchors make one dict of several


def test_deployments_are_the_clone_s_with_installed_flows() -> None:
    clone, made = deployments(CLONE), deployments(for_installation(CLONE))
    assert len(made) > 10
    for before, after in zip(clone, made, strict=True):
        module, _, name = after.pop("entrypoint").rpartition(".")
        assert isinstance(getattr(importlib.import_module(module), name), prefect.Flow)
        assert before.pop("entrypoint") == f"{module.replace('.', '/')}.py:{name}"
        assert after["work_pool"]["job_variables"]["env"].pop("NEWSMILL_FOLDER") == "{{ $PWD }}"
        assert after == before


def test_runs_begin_in_a_folder_of_their_own() -> None:
    made = for_installation(CLONE)
    assert yaml.safe_load(made)["pull"] == []
    assert ".py" not in made
    assert "make docs" not in made, "which needs the clone"


def test_a_prefect_yaml_of_another_form_is_not_mistaken() -> None:
    with pytest.raises(ValueError, match="0 places like"):
        for_installation(CLONE.replace("# There are no pull steps", "# Pull steps"))


def test_what_is_there_stays(tmp_path: Path) -> None:
    folder = tmp_path / "news" / "north"
    first = make_installation(folder)
    assert first.made == ["feeds.toml", "newsmill.toml", "prefect.yaml", "README.md"]
    (folder / "feeds.toml").write_text("# mine")
    (folder / "README.md").unlink()
    again = make_installation(folder)
    assert (again.made, again.kept) == (["README.md"], ["feeds.toml", "newsmill.toml", "prefect.yaml"])
    assert (folder / "feeds.toml").read_text() == "# mine"


def test_its_feeds_and_settings_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_installation(tmp_path)
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert len(read_feeds(settings.feeds)) > 20
    assert settings.home == tmp_path / "state"
    assert settings.landing_path == tmp_path / "data" / "landing"


def test_a_file_in_the_folder_s_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "news").touch()
    with pytest.raises(NewsmillError, match="news: a file, and a folder is needed"):
        make_installation(tmp_path / "news")


def test_the_unit_is_one(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if not verify:
        pytest.skip("systemd-analyze is not installed here: apt-get install systemd")
    folder = tmp_path / "100 % news"
    folder.mkdir()
    unit = folder / "newsmill.service"
    unit.write_text(make_unit(folder, Path(shutil.which("true") or "/bin/true"), "root"))
    done = subprocess.run([verify, "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    shown = unit.read_text()
    assert f"WorkingDirectory={str(folder).replace('%', '%%')}\n" in shown
    assert "@" not in shown.replace("user@", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that are another's")
@pytest.mark.parametrize(("owner", "user"), [(pwd.getpwnam("nobody").pw_uid, "nobody"), (54321, "54321")])
def test_root_makes_an_installation_for_the_owner_of_the_folder(tmp_path: Path, owner: int, user: str) -> None:
    """It ran as root, without a word, and the owner could not read feeds.toml."""
    os.chown(tmp_path, owner, owner)
    made = make_installation(tmp_path, systemd=True)
    assert made.user == user
    assert f"User={user}\n" in (tmp_path / "newsmill.service").read_text()
    assert {(tmp_path / name).stat().st_uid for name in made.made} == {owner}


def test_a_user_without_a_name_can_make_an_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under a number."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    assert make_installation(tmp_path).user is None


def test_a_folder_that_a_unit_cannot_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NewsmillError, match="quotes or backslashes"):
        make_unit(tmp_path / 'the "news"', Path("/bin/true"), "root")
