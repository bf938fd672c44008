"""newsmill init, backup and restore: what they say. tests/flows/installation tests what they do, and
tests/flows/test_installations.py serves what they make."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from tests.conftest import Newsmill
from tests.flows.observing import contents, rows


def test_init_says_what_it_made_and_what_to_do_next(bare: Newsmill) -> None:
    done = bare("init", "news")
    assert done.returncode == 0, done.stderr
    folder = bare.folder / "news"
    assert done.stdout.splitlines() == [
        f"made feeds.toml, newsmill.toml, prefect.yaml, README.md in {folder}",
        "feeds.toml has feeds to begin with: remove those that you don't want; `newsmill feeds add URL` adds one",
        f"cd {folder} && newsmill serve",
    ]
    (folder / "prefect.yaml").unlink()
    inside = Newsmill(folder, bare.environment, bare.program)
    assert inside("init").stdout.splitlines() == [
        f"made prefect.yaml in {folder}",
        "kept feeds.toml, newsmill.toml, README.md, there already",
        "newsmill serve",
    ]
    facts = inside.facts("init", "--systemd")
    assert (facts["made"], len(facts["kept"])) == (["newsmill.service"], 4)
    unit = (folder / "newsmill.service").read_text()
    assert f"WorkingDirectory={folder}\n" in unit
    assert f"User={facts['user']}\n" in unit


def test_a_unit_that_runs_as_root_is_told_of(bare: Newsmill) -> None:
    made = bare("init", "news", "--systemd")
    user = getpass.getuser()
    assert f"newsmill.service says how systemd is to start it, as user {user}\n" in made.stdout
    assert (f"root owns {bare.folder / 'news'}, so" in made.stderr) == (os.geteuid() == 0)
    assert bare.facts("init", "news", "--systemd")["user"] is None, "it was there already"


def test_an_installation_goes_through_a_backup(filled: Newsmill, tmp_path: Path) -> None:
    done = filled("backup", tmp_path / "news.tar")
    assert done.returncode == 0, done.stderr
    parts, following = done.stdout.splitlines()
    assert parts.startswith("feeds.toml, landing, prefect.db, warehouse.duckdb: ")
    assert following == f"newsmill restore {tmp_path / 'news.tar'} FOLDER"

    again = filled.setting(home=tmp_path / "home")
    verified = again("restore", tmp_path / "news.tar", "--verify")
    assert verified.stdout.startswith("whole: ")
    folder = tmp_path / "again"
    restored = again("restore", tmp_path / "news.tar", folder)
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout.splitlines()[-1] == f"cd {folder} && newsmill publish && newsmill serve"
    assert contents(folder / "data" / "newsmill.duckdb") == contents(filled.warehouse)
    inside = Newsmill(folder, again.environment, again.program)
    assert inside.facts("publish")["kind"] == "full"
    assert inside.facts("sql", "SELECT count(*) AS articles FROM marts.latest_articles") == [{"articles": 18}]
    served = Newsmill(folder, filled.environment, filled.program)
    # what was landed in the minute before the backup may not be in its warehouse
    assert served.facts("status")["documents_waiting"] in (0, 4)
    assert served.facts("ingest", "--no-images")["new"] == 0
    assert contents(folder / "data" / "newsmill.duckdb") == contents(filled.warehouse)

    refused = again("restore", tmp_path / "news.tar", folder)
    assert refused.returncode == 1
    assert "there is an installation already" in refused.stderr
    replaced = again("restore", tmp_path / "news.tar", folder, "--replace")
    assert replaced.returncode == 0, replaced.stderr
    assert "moved aside: " in replaced.stdout
    assert rows(folder / "data" / "newsmill.duckdb", "SELECT count(*) FROM clean.articles") == [(18,)]


def test_errors_are_one_sentence(bare: Newsmill) -> None:
    for arguments, says in {
        ("backup", "news.tar"): "nothing of newsmill's is here",
        ("restore", "none.tar", "again"): "none.tar: can't be read (No such file or directory)",
        ("restore", "none.tar", "--verify"): "none.tar: can't be read",
    }.items():
        done = bare.setting(home=bare.folder / "state")(*arguments)
        assert done.returncode == 1
        assert done.stderr.startswith("error: ")
        assert says in done.stderr
        assert "Traceback" not in done.stderr
