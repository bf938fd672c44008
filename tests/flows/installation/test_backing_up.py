"""Backups of an installation at rest and at work; tests of what is restored are in test_restoring.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from flows.installation.backing_up import WORK, back_up
from flows.installation.backup_file import BackupError
from flows.installation.places import DEPLOYMENTS, FEEDS, IMAGES, LANDING, PREFECT, RULES, SETTINGS, WAREHOUSE
from flows.installation.restoring import check_backup, restore
from tasks.forget import lock_path
from tasks.settings import load_settings
from tests.flows.installation.conftest import Home, land
from tests.flows.observing import until
from tests.places import ROOT
from warehouse.errors import WarehouseLockedError
from warehouse.landing import Landing
from warehouse.records import Document
from warehouse.store.connection import Warehouse

LOADER = """
import sys
from pathlib import Path
from tasks.settings import load_settings
from tests.flows.installation.conftest import land, load
settings, number = load_settings(), 0
while not Path("stop").exists():
    number += 1
    load(settings.store, settings.landing_zone, land(settings.landing_zone, number))
"""
HOLDER = """
import sys
from tasks.settings import load_settings
with load_settings().store.writing():
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def program(text: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A Python program beside the test, in the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", text],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def loaded(folder: Path) -> set[str]:
    """The ids of the documents in the folder's warehouse."""
    with Warehouse(folder / "data" / "newsmill.duckdb").reading() as connection:
        return {id for (id,) in connection.execute("SELECT document_id FROM raw.documents").fetchall()}


def ids(documents: list[Document]) -> set[str]:
    return {document.document_id for document in documents}


def test_everything_is_in_a_file_for_its_owner_alone(home: Home) -> None:
    home.fill()
    done = back_up(home.settings, home.folder / "news.tar")
    assert done.backup == str(home.folder / "news.tar")
    assert set(done.parts) == {SETTINGS, FEEDS, DEPLOYMENTS, RULES, LANDING, IMAGES, PREFECT, WAREHOUSE}
    assert Path(done.backup).stat().st_mode & 0o777 == 0o600
    assert Path(done.backup).stat().st_size == done.bytes
    assert check_backup(Path(done.backup)).files == done.files
    assert not list(home.folder.glob(f"{WORK}*"))


def test_in_a_folder_it_is_named_by_its_time(home: Home, tmp_path: Path) -> None:
    done = back_up(home.settings, tmp_path)
    assert Path(done.backup).parent == tmp_path
    assert Path(done.backup).name.startswith("newsmill-2")
    with pytest.raises(BackupError, match="there already"):
        back_up(home.settings, Path(done.backup))


def test_backups_while_documents_are_loaded_lack_none(home: Home, tmp_path: Path) -> None:
    with program(LOADER, home.folder):
        until(
            lambda: (home.folder / "data" / "newsmill.duckdb").exists() and loaded(home.folder), "the first is loaded"
        )
        backups = []
        for number in range(2):
            before = ids(home.landing.documents())
            backups.append((Path(back_up(home.settings, tmp_path / f"{number}.tar").backup), before))
        (home.folder / "stop").touch()
    for number, (backup, before) in enumerate(backups):
        folder = tmp_path / f"restored{number}"
        restore(backup, folder, replace=False)
        landing, rows = Landing(folder / "data" / "landing"), loaded(folder)
        recorded, pending = landing.documents(), ids(landing.pending())
        assert before <= ids(recorded)
        assert rows <= ids(recorded), "each row has its record"
        assert ids(recorded) <= rows | pending, "what the warehouse lacks is loaded by the next run"
        assert all(landing.read(document) for document in recorded)


def test_a_load_waits_and_a_backup_waits_for_a_load(home: Home) -> None:
    home.fill()
    with program(HOLDER, home.folder) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WarehouseLockedError, match=f"process {holder.pid} "):
            back_up(replace(home.settings, lock_timeout=0.2), home.folder / "news.tar")
    assert not (home.folder / "news.tar").exists()
    assert not list(home.folder.glob(f"{WORK}*"))
    back_up(home.settings, home.folder / "news.tar")


@pytest.mark.thorough
def test_what_a_killed_load_committed_is_in_it(home: Home, tmp_path: Path) -> None:
    """It is in the warehouse's write-ahead log."""
    home.fill()
    killed = """
import os, signal
from tasks.settings import load_settings
with load_settings().store.writing() as connection:
    connection.execute("SET checkpoint_threshold = '1GB'")
    connection.execute("INSERT INTO raw.documents (document_id) VALUES ('committed')")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    with program(killed, home.folder) as process:
        assert process.wait(60) == -signal.SIGKILL
    assert (home.folder / "data" / "newsmill.duckdb.wal").exists()
    backup = Path(back_up(home.settings, tmp_path / "news.tar").backup)
    restore(backup, tmp_path / "again", replace=False)
    assert "committed" in loaded(tmp_path / "again")


@pytest.mark.thorough
def test_a_killed_backup_leaves_no_file_and_the_next_one_clears_up(home: Home, tmp_path: Path) -> None:
    home.fill()
    target = tmp_path / "backups" / "news.tar"
    target.parent.mkdir()
    command = f"""
from pathlib import Path
from flows.installation.backing_up import back_up
from tasks.settings import load_settings
back_up(load_settings(), Path({str(target)!r}))
"""
    with program(HOLDER, home.folder) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with program(command, home.folder) as backing_up:
            until(lambda: list(target.parent.glob(f"{WORK}*/backup.tar")), "the backup waits for the warehouse")
            backing_up.kill()
            backing_up.wait()
    (left,) = target.parent.iterdir()
    assert left.name.startswith(WORK)
    assert left.stat().st_mode & 0o777 == 0o700
    back_up(home.settings, target)
    assert list(target.parent.iterdir()) == [target]


def test_an_old_schema_is_backed_up_as_it_is(home: Home, tmp_path: Path) -> None:
    """A backup made after the upgrade was installed can be restored by the former version, if nothing was written."""
    home.fill()
    with home.store.writing() as connection:
        connection.execute("DELETE FROM ops.schema_migrations WHERE version > 1")
    backup = Path(back_up(home.settings, tmp_path / "news.tar").backup)
    restore(backup, tmp_path / "again", replace=False)


def test_it_says_what_it_lacks(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    land(home.landing, 1)
    monkeypatch.setenv("PREFECT_SERVER_ENCRYPTION_KEY", "k")
    monkeypatch.setenv("NEWSMILL_WAREHOUSE", "ducklake:postgres:host=quay password=hush dbname=news")
    done = back_up(home.settings, home.folder / "news.tar")
    lake, key = done.left_out
    assert "pg_dump" in lake
    assert "hush" not in lake
    assert "PREFECT_SERVER_ENCRYPTION_KEY" in key
    assert check_backup(Path(done.backup)).left_out == done.left_out


def test_a_folder_that_cant_be_read_is_not_left_out(home: Home) -> None:
    home.fill()
    loop = home.landing.root / "loop"
    loop.symlink_to(loop)
    with pytest.raises(BackupError, match=r"landing/loop: can't be read \(Too many levels"):
        back_up(home.settings, home.folder / "news.tar")
    assert not (home.folder / "news.tar").exists()


def test_while_forgotten_articles_are_removed_there_is_no_backup(home: Home) -> None:
    home.fill()
    with FileLock(lock_path(home.settings)), pytest.raises(BackupError, match="afterwards"):
        back_up(replace(home.settings, lock_timeout=0), home.folder / "news.tar")
    assert not (home.folder / "news.tar").exists()
    back_up(home.settings, home.folder / "news.tar")


def test_where_nothing_is_there_is_nothing_to_back_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSMILL_HOME", str(tmp_path / "state"))
    with pytest.raises(BackupError, match="nothing of newsmill's is here"):
        back_up(load_settings(), tmp_path / "news.tar")
