"""What `newsmill doctor` finds, each made to happen."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from flows.cli import checkup
from flows.cli.checkup import LITTLE, NOTHING, Finding
from tasks.settings import Settings, load_settings
from tests.conftest import Newsmill
from tests.flows.asking import ask
from tests.sites.sample import SampleSite
from warehouse.landing import Landing
from warehouse.store.connection import open_warehouse


@pytest.fixture
def bare(newsmill_environment: dict[str, str], program: Path, tmp_path: Path) -> Newsmill:
    """newsmill in an empty folder, with a home of its own: no server runs."""
    bare = Newsmill(tmp_path, {**newsmill_environment, "NEWSMILL_HOME": str(tmp_path / "home")}, program)
    bare.registry('[[feed]]\nid = "quay"\nname = "The Quay"\nurl = "https://quay.example/feed"\n')
    return bare


def findings(newsmill: Newsmill, *, failing: bool) -> list[dict[str, str]]:
    done = newsmill("doctor", "--json")
    assert done.returncode == failing, done.stdout + done.stderr
    found: list[dict[str, str]] = json.loads(done.stdout)["checks"]
    for finding in found:
        assert finding["mend"] if finding["state"] != "ok" else finding["says"], finding
    return found


def finding(newsmill: Newsmill, name: str, *, failing: bool) -> dict[str, str]:
    (found,) = [found for found in findings(newsmill, failing=failing) if found["name"] == name]
    return found


def test_new_folder_is_sound(bare: Newsmill) -> None:
    before = sorted(bare.folder.rglob("*"))
    found = findings(bare, failing=False)
    assert {each["state"] for each in found} == {"ok"}
    names = {"versions", "settings", "feeds", "folders", "disk", "warehouse", "published copy", "landing zone"}
    assert names | {"Prefect server"} <= {each["name"] for each in found}
    assert sorted(bare.folder.rglob("*")) == before, "nothing is made, no server is started"
    assert bare("doctor").stdout.endswith(f"{len(found)} ok, 0 warnings, 0 failed\n")


def test_words_and_exit_status(bare: Newsmill) -> None:
    (bare.folder / "feeds.toml").unlink()
    done = bare.setting(retrys=3)("doctor")
    assert done.returncode == 1
    assert "1 warnings, 1 failed" in done.stdout
    said = " ".join(done.stdout.split())
    assert "feeds.toml: there is no such file → make one with `newsmill feeds add URL`" in said
    assert "NEWSMILL_RETRYS: no such setting, so without effect → mend the name" in said


# --- what is installed ----------------------------------------------------------------------------------------------


def test_wrong_versions_are_found(bare: Newsmill, tmp_path: Path) -> None:
    for name, version in (("prefect", "3.9.0"), ("duckdb_extension_fts", "1.4.0")):
        info = tmp_path / "site" / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    path = f"{tmp_path / 'site'}:{bare.environment.get('PYTHONPATH', '')}"
    found = {
        (each["name"], each["state"]): each
        for each in findings(Newsmill(bare.folder, {**bare.environment, "PYTHONPATH": path}), failing=True)
    }
    assert found["versions", "failed"]["says"].startswith("prefect 3.9.0 is installed; newsmill needs ")
    assert found["versions", "failed"]["mend"].startswith("pip install 'prefect")
    assert found["extensions", "failed"]["says"] == f"fts is for DuckDB 1.4.0, and DuckDB is {duckdb.__version__}"


def test_extension_that_is_broken_is_found(bare: Newsmill, tmp_path: Path) -> None:
    package = tmp_path / "site" / "duckdb_extension_fts"
    place = package / "extensions" / f"v{duckdb.__version__}"
    place.mkdir(parents=True)
    (package / "__init__.py").touch()
    (place / "fts.duckdb_extension").write_bytes(b"cut off")
    info = tmp_path / "site" / f"duckdb_extension_fts-{duckdb.__version__}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: duckdb-extension-fts\nVersion: {duckdb.__version__}\n"
    )
    path = f"{tmp_path / 'site'}:{bare.environment.get('PYTHONPATH', '')}"
    failed = [
        each
        for each in findings(Newsmill(bare.folder, {**bare.environment, "PYTHONPATH": path}), failing=True)
        if each["state"] == "failed"
    ]
    assert [each["says"].split(":")[0] for each in failed] == ["fts can't be loaded"]
    assert failed[0]["mend"] == f"pip install --force-reinstall duckdb-extension-fts=={duckdb.__version__}"


# --- what is configured ---------------------------------------------------------------------------------------------


def test_mistaken_settings_leave_the_rest_unlooked_at(bare: Newsmill) -> None:
    found = findings(bare.setting(retries="many"), failing=True)
    assert [each["name"] for each in found if each["state"] == "failed"] == ["settings"]
    assert "NEWSMILL_RETRIES" in found[-1]["says"]


def test_registry_that_is_no_toml(bare: Newsmill) -> None:
    bare.registry("[[feed\n")
    assert "not TOML" in finding(bare, "feeds", failing=True)["says"]
    bare.registry('[[feed]]\nid = "quay"\nname = "The Quay"\nurl = "https://quay.example/feed"\nenabled = false\n')
    assert finding(bare, "feeds", failing=False)["state"] == "warning"


def test_file_in_a_folders_place(bare: Newsmill) -> None:
    (bare.folder / "data").write_text("")
    found = [each for each in findings(bare, failing=True) if each["state"] == "failed"]
    assert {each["name"] for each in found} == {"folders"}
    assert f"{bare.folder}/data is a file, and a folder is needed" in found[0]["says"]


@pytest.mark.parametrize(("free", "state"), [(NOTHING - 1, "failed"), (LITTLE - 1, "warning"), (LITTLE, "ok")])
def test_disk_that_fills_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, state: str) -> None:
    usage = namedtuple("usage", ("total", "used", "free"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(free, 0, free))
    settings = load_settings(warehouse=str(tmp_path / "newsmill.duckdb"), home=tmp_path)
    assert [found.state for found in checkup._disk(settings)] == [state]


# --- what is there --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled(newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsmill]:
    newsmill = newsmill_in(tmp_path_factory.mktemp("doctor"))
    with SampleSite() as site:
        newsmill.registry(site.feeds_toml())
        newsmill.facts("ingest", "--no-images")
        yield newsmill


def sound(newsmill: Newsmill, *names: str) -> dict[str, dict[str, str]]:
    """The findings of these names; the deployments on the shared server are other tests' affair."""
    found = json.loads(newsmill("doctor", "--json").stdout)["checks"]
    return {each["name"]: each for each in found if each["name"] in names}


def test_warehouse_in_use_is_sound(filled: Newsmill) -> None:
    names = ("warehouse", "published copy", "landing zone", "Prefect server", "clock", "folders", "disk", "feeds")
    found = sound(filled, *names)
    assert {name: each["state"] for name, each in found.items()} == dict.fromkeys(names, "ok")
    assert "18 articles" in found["warehouse"]["says"]
    assert "18 articles" in found["published copy"]["says"]


def test_documents_that_wait_are_found(filled: Newsmill) -> None:
    fetched = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    landed = Landing(filled.landing).land(
        b"<rss/>", feed_id="quay", url="u", final_url="u", fetched_at=fetched, status=200, headers={}
    )
    try:
        found = sound(filled, "landing zone")["landing zone"]
        assert (found["state"], found["says"]) == (
            "warning",
            "1 documents wait to be loaded, the oldest since 2026-11-20 08:30 UTC",
        )
    finally:
        Landing(filled.landing).settle([landed])


def test_clock_that_is_wrong_is_found(filled: Newsmill, tmp_path: Path) -> None:
    copy = tmp_path / "data" / "newsmill.duckdb"
    copy.parent.mkdir()
    shutil.copy(filled.warehouse, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("UPDATE raw.documents SET fetched_at = fetched_at + INTERVAL 1 HOUR")
    found = [each for each in checkup._warehouse(Settings(warehouse=str(copy))) if each.name == "clock"]
    assert [each.state for each in found] == ["failed"]
    assert " ahead of that of the feeds' servers" in found[0].says


def broken(settings: Settings) -> Finding:
    (found,) = checkup._warehouse(settings)
    return found


def test_warehouses_that_do_not_open(tmp_path: Path) -> None:
    path = tmp_path / "newsmill.duckdb"
    path.write_bytes(b"no database" * 1000)
    assert (
        broken(Settings(warehouse=str(path))).state,
        "not a DuckDB file" in broken(Settings(warehouse=str(path))).says,
    ) == (
        "failed",
        True,
    )
    path.unlink()
    with open_warehouse(path) as connection:
        connection.execute("DELETE FROM ops.schema_migrations WHERE version > 1")
    assert broken(Settings(warehouse=str(path))).state == "warning"
    assert "`newsmill ingest`" in broken(Settings(warehouse=str(path))).mend
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO ops.schema_migrations VALUES (9000, 'later', now())")
    assert broken(Settings(warehouse=str(path))) == Finding(
        "warehouse", "failed", broken(Settings(warehouse=str(path))).says, "upgrade newsmill"
    )


def test_warehouse_that_is_held(bare: Newsmill) -> None:
    with open_warehouse(bare.warehouse) as connection:
        connection.execute("SELECT 1")
        found = finding(bare, "warehouse", failing=False)
    assert found["state"] == "warning"
    assert "holds the warehouse" in found["says"]


def test_published_copy_that_does_not_open(bare: Newsmill) -> None:
    bare.published.parent.mkdir()
    bare.published.write_bytes(b"no database" * 1000)
    found = finding(bare, "published copy", failing=True)
    assert (found["state"], found["mend"]) == ("failed", "`newsmill publish` makes it anew")


# --- Prefect --------------------------------------------------------------------------------------------------------


def test_server_that_does_not_answer(bare: Newsmill) -> None:
    asking = Newsmill(bare.folder, {**bare.environment, "PREFECT_API_URL": "http://127.0.0.1:9/api"})
    found = finding(asking, "Prefect server", failing=True)
    assert "http://127.0.0.1:9/api doesn't answer" in found["says"]
    assert "newsmill server start" in found["mend"]


def test_pool_without_a_worker(bare: Newsmill, prefect_api: str) -> None:
    asking = Newsmill(bare.folder, {**bare.environment, "PREFECT_API_URL": prefect_api})

    def worker() -> dict[str, str]:
        found = json.loads(asking("doctor", "--json").stdout)["checks"]
        (mine,) = [each for each in found if each["name"] == "worker" and "doctors-pool" in each["says"]]
        return dict(mine)

    ask(f"{prefect_api}/work_pools/", name="doctors-pool", type="process")
    flow = ask(f"{prefect_api}/flows/", name="doctors-flow")
    deployment = {
        "name": "doctors",
        "flow_id": flow["id"],
        "work_pool_name": "doctors-pool",
        "tags": ["newsmill"],
        "schedules": [{"schedule": {"cron": "0 0 1 1 *"}, "active": True}],
    }
    made = ask(f"{prefect_api}/deployments/", **deployment)
    try:
        assert worker() == {
            "name": "worker",
            "state": "failed",
            "says": "none in the pool doctors-pool: doctors will not run",
            "mend": "prefect worker start --pool doctors-pool",
        }
        pool = f"{prefect_api}/work_pools/doctors-pool"
        ask(f"{pool}/workers/heartbeat", name="tester", heartbeat_interval_seconds=60)
        assert worker()["state"] == "ok"
        ask(pool, "PATCH", is_paused=True)
        found = json.loads(asking("doctor", "--json").stdout)["checks"]
        assert any(each["name"] == "work pool" and "doctors-pool is paused" in each["says"] for each in found)
    finally:
        ask(f"{prefect_api}/deployments/{made['id']}", "DELETE")
        ask(f"{prefect_api}/work_pools/doctors-pool", "DELETE")


def test_mistaken_variable_on_the_server(bare: Newsmill, prefect_api: str) -> None:
    asking = Newsmill(bare.folder, {**bare.environment, "PREFECT_API_URL": prefect_api})
    made = ask(f"{prefect_api}/variables/", name="newsmill_retrys", value=3)
    try:
        found = json.loads(asking("doctor", "--json").stdout)["checks"]
        (mine,) = [each for each in found if each["name"] == "Prefect variables"]
        assert (mine["state"], mine["says"]) == ("warning", "newsmill_retrys: no such setting, so without effect")
    finally:
        ask(f"{prefect_api}/variables/{made['id']}", "DELETE")
