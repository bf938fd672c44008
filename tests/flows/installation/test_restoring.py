"""Installations made of backups."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from flows.installation.backing_up import back_up
from flows.installation.backup_file import BackupError, BackupWriter
from flows.installation.restoring import restore
from tasks.errors import ServerError
from tests.flows.installation.conftest import Home, land
from tests.flows.observing import rows
from warehouse.errors import NewsmillError, WarehouseError
from warehouse.landing import Landing


@pytest.fixture
def backup(home: Home, tmp_path: Path) -> Path:
    home.fill()
    return Path(back_up(home.settings, tmp_path / "news.tar").backup)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def test_an_installation_comes_again(home: Home, backup: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    done = restore(backup, again, replace=False)
    assert (done.folder, done.moved_aside) == (str(again), [])
    for name in ("feeds.toml", "newsmill.toml", "prefect.yaml", "rules/quay.example.txt"):
        assert (again / name).read_bytes() == (home.folder / name).read_bytes()
    warehouse = again / "data" / "newsmill.duckdb"
    assert rows(warehouse, "SELECT count(*) FROM raw.documents") == [(2,)]
    landing = Landing(again / "data" / "landing")
    assert (len(landing.documents()), landing.damaged_pending()) == (3, [])
    assert files(again / "data" / "images") == files(home.folder / "data" / "images")
    with closing(sqlite3.connect(again / "state" / "prefect" / "prefect.db")) as connection:
        assert connection.execute("SELECT name FROM block").fetchall() == [("slack",)]
    assert not list(again.rglob("*.restoring*"))


def test_an_installation_that_is_there_stays(home: Home, backup: Path) -> None:
    before = files(home.folder)
    with pytest.raises(BackupError, match=r"there is an installation already: .*feeds\.toml, .*; restore into another"):
        restore(backup, home.folder, replace=False)
    assert files(home.folder) == before


def test_replace_moves_it_aside(home: Home, backup: Path) -> None:
    land(home.landing, 4)
    with home.store.writing() as connection:
        connection.execute("DELETE FROM raw.documents")
    done = restore(backup, home.folder, replace=True)
    assert len(home.landing.documents()) == 3
    warehouse = home.folder / "data" / "newsmill.duckdb"
    assert rows(warehouse, "SELECT count(*) FROM raw.documents") == [(2,)]
    (aside,) = [Path(path) for path in done.moved_aside if ".duckdb." in path]
    assert rows(aside, "SELECT count(*) FROM raw.documents") == [(0,)]
    (landing,) = [Path(path) for path in done.moved_aside if "landing" in path]
    assert len(Landing(landing).documents()) == 4


def test_what_lies_behind_a_link_is_replaced_there(home: Home, backup: Path, tmp_path: Path) -> None:
    """The landing zone of one of us is a link to a larger disk, and what was restored was beside the link."""
    larger = tmp_path / "larger"
    larger.mkdir()
    link = home.folder / "data" / "landing"
    link.rename(larger / "landing")
    link.symlink_to(larger / "landing")
    done = restore(backup, home.folder, replace=True)
    assert link.is_symlink()
    assert len(Landing(larger / "landing").documents()) == 3
    assert {Path(path).parent for path in done.moved_aside if "landing" in path} == {larger}


def test_a_broken_warehouse_can_be_replaced(home: Home, backup: Path) -> None:
    warehouse = home.folder / "data" / "newsmill.duckdb"
    warehouse.write_bytes(b"broken" * 9999)
    restore(backup, home.folder, replace=True)
    assert rows(warehouse, "SELECT count(*) FROM raw.documents") == [(2,)]


def test_what_a_killed_restore_left_is_not_restored(backup: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    for left in ("data/.landing.restoring/blobs/ab/left.zst", ".rules.restoring/left.txt", ".feeds.toml.restoring"):
        (again / left).parent.mkdir(parents=True, exist_ok=True)
        (again / left).write_text("left")
    restore(backup, again, replace=False)
    assert b"left" not in files(again).values()
    assert not list(again.rglob("*.restoring"))


@pytest.mark.parametrize("damage", ["cut off", "changed"])
def test_of_a_damaged_backup_nothing_is_restored(backup: Path, tmp_path: Path, damage: str) -> None:
    whole = backup.read_bytes()
    place = whole.index(b"PNG, or so")
    backup.write_bytes(whole[:place] if damage == "cut off" else whole[:place] + b"J" + whole[place + 1 :])
    with pytest.raises(BackupError):
        restore(backup, tmp_path / "again", replace=False)
    assert files(tmp_path / "again") == {}


def cut_off(backup: Path, folder: Path) -> None:
    whole = backup.read_bytes()
    backup.write_bytes(whole[: len(whole) // 2])


def put_feeds_there(backup: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "feeds.toml").touch()


def put_wrong_settings_there(backup: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "newsmill.toml").write_text("lock_timeout = 'soon'")


def put_a_file_in_the_way(backup: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "data").touch()


def remove(backup: Path, folder: Path) -> None:
    backup.unlink()


@pytest.mark.parametrize(
    "spoil",
    [cut_off, put_feeds_there, put_wrong_settings_there, put_a_file_in_the_way, remove],
    ids=lambda f: f.__name__,
)
def test_a_refused_restore_leaves_nothing(
    home: Home, backup: Path, tmp_path: Path, spoil: Callable[[Path, Path], None]
) -> None:
    """No empty folders and no lock files either; nor is the removed folder the current one."""
    shutil.rmtree(home.folder / "state")
    spoil(backup, tmp_path / "again")
    before, current = set(tmp_path.rglob("*")), Path.cwd()
    with pytest.raises(NewsmillError):
        restore(backup, tmp_path / "again", replace=False)
    assert set(tmp_path.rglob("*")) == before
    assert Path.cwd() == current


@pytest.mark.parametrize("lock", ["serve.lock", "start.lock"])
def test_a_served_installation_is_left_alone(home: Home, backup: Path, lock: str) -> None:
    """So is one whose server is just being started, by any command that runs a flow."""
    with (
        FileLock(home.folder / "state" / "prefect" / lock),
        pytest.raises(ServerError, match=r"`newsmill serve` runs there, or .*; stop it first"),
    ):
        restore(backup, home.folder, replace=True)


def test_its_own_settings_say_where_the_rest_goes(backup: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    text = f"warehouse = '{tmp_path}/disk/w.duckdb'\nhome = 'prefect'\n"
    (again / "newsmill.toml").write_text(text)
    restore(backup, again, replace=False)
    assert (again / "newsmill.toml").read_text() == text
    assert rows(tmp_path / "disk" / "w.duckdb", "SELECT count(*) FROM raw.documents") == [(2,)]
    assert (tmp_path / "disk" / "landing" / "blobs").is_dir()
    assert (again / "prefect" / "prefect" / "prefect.db").exists()


def test_what_a_newer_newsmill_made_is_refused(home: Home, tmp_path: Path) -> None:
    """So is its warehouse, by the store: downgrading is restoring the backup that was made before."""
    home.fill()
    with home.store.writing() as connection:
        connection.execute("INSERT INTO ops.schema_migrations VALUES (9999, 'later', now())")
    with pytest.raises(WarehouseError, match="restore the backup that was made before"), home.store.reading():
        pass
    backup = Path(back_up(home.settings, tmp_path / "news.tar").backup)
    with pytest.raises(NewsmillError, match="has schema 9999; this is newsmill"):
        restore(backup, tmp_path / "again", replace=False)
    assert files(tmp_path / "again") == {}


@pytest.mark.parametrize("name", ["landing/../../evil", "../evil", "/evil", "evil", "landing", "feeds.toml/evil"])
def test_a_backup_writes_to_its_places_alone(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    backup, folder = tmp_path / "evil.tar", tmp_path / "again"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSMILL_HOME", "state")
    with backup.open("xb") as file:
        writer = BackupWriter(file, {})
        writer.add_bytes(name, b"evil")
        writer.finish()
    with pytest.raises(BackupError, match="there is no place for it here"):
        restore(backup, folder, replace=False)
    assert not list(tmp_path.rglob("evil"))
