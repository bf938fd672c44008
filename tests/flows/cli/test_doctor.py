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
from flows.cli.checkup import LOW_SPACE, NO_SPACE, Finding
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


def doctor_findings(newsmill: Newsmill, *, failing: bool) -> list[dict[str, str]]:
    done = newsmill("doctor", "--json")
    assert done.returncode == failing, done.stdout + done.stderr
    findings: list[dict[str, str]] = json.loads(done.stdout)["checks"]
    for finding in findings:
        assert finding["mend"] if finding["state"] != "ok" else finding["says"], finding
    return findings


def doctor_finding(newsmill: Newsmill, name: str, *, failing: bool) -> dict[str, str]:
    (finding,) = [finding for finding in doctor_findings(newsmill, failing=failing) if finding["name"] == name]
    return finding


def test_new_folder_is_sound(bare: Newsmill) -> None:
    before = sorted(bare.folder.rglob("*"))
    findings = doctor_findings(bare, failing=False)
    assert {finding["state"] for finding in findings} == {"ok"}
    names = {"versions", "settings", "feeds", "folders", "disk", "warehouse", "published copy", "landing zone"}
    assert names | {"Prefect server"} <= {finding["name"] for finding in findings}
    assert sorted(bare.folder.rglob("*")) == before, "nothing is made, no server is started"
    assert bare("doctor").stdout.endswith(f"{len(findings)} ok, 0 warnings, 0 failed\n")


def test_words_and_exit_status(bare: Newsmill) -> None:
    (bare.folder / "feeds.toml").unlink()
    done = bare.setting(retrys=3)("doctor")
    assert done.returncode == 1
    assert "1 warning, 1 failed" in done.stdout
    output = " ".join(done.stdout.split())
    assert "feeds.toml: there is no such file → make one with `newsmill feeds add URL`" in output
    assert "NEWSMILL_RETRYS: no such setting, so without effect → fix the name" in output


def test_wrong_versions_are_found(bare: Newsmill, tmp_path: Path) -> None:
    for name, version in (("prefect", "3.9.0"), ("duckdb_extension_fts", "1.4.0")):
        info = tmp_path / "site" / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    path = f"{tmp_path / 'site'}:{bare.environment.get('PYTHONPATH', '')}"
    findings = {
        (finding["name"], finding["state"]): finding
        for finding in doctor_findings(Newsmill(bare.folder, {**bare.environment, "PYTHONPATH": path}), failing=True)
    }
    assert findings["versions", "failed"]["says"].startswith("prefect 3.9.0 is installed; newsmill needs ")
    assert findings["versions", "failed"]["mend"].startswith("pip install 'prefect")
    assert findings["extensions", "failed"]["says"] == f"fts is for DuckDB 1.4.0, and DuckDB is {duckdb.__version__}"


def test_extension_that_is_broken_is_found(bare: Newsmill, tmp_path: Path) -> None:
    package = tmp_path / "site" / "duckdb_extension_fts"
    folder = package / "extensions" / f"v{duckdb.__version__}"
    folder.mkdir(parents=True)
    (package / "__init__.py").touch()
    (folder / "fts.duckdb_extension").write_bytes(b"cut off")
    info = tmp_path / "site" / f"duckdb_extension_fts-{duckdb.__version__}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: duckdb-extension-fts\nVersion: {duckdb.__version__}\n"
    )
    path = f"{tmp_path / 'site'}:{bare.environment.get('PYTHONPATH', '')}"
    failed = [
        finding
        for finding in doctor_findings(Newsmill(bare.folder, {**bare.environment, "PYTHONPATH": path}), failing=True)
        if finding["state"] == "failed"
    ]
    assert [finding["says"].split(":")[0] for finding in failed] == ["fts can't be loaded"]
    assert failed[0]["mend"] == f"pip install --force-reinstall duckdb-extension-fts=={duckdb.__version__}"


def test_mistaken_settings_leave_the_rest_unlooked_at(bare: Newsmill) -> None:
    findings = doctor_findings(bare.setting(retries="many"), failing=True)
    assert [finding["name"] for finding in findings if finding["state"] == "failed"] == ["settings"]
    assert "NEWSMILL_RETRIES" in findings[-1]["says"]


def test_registry_that_is_no_toml(bare: Newsmill) -> None:
    bare.registry("[[feed\n")
    assert "not TOML" in doctor_finding(bare, "feeds", failing=True)["says"]
    bare.registry('[[feed]]\nid = "quay"\nname = "The Quay"\nurl = "https://quay.example/feed"\nenabled = false\n')
    assert doctor_finding(bare, "feeds", failing=False)["state"] == "warning"


def test_file_in_a_folders_place(bare: Newsmill) -> None:
    (bare.folder / "data").write_text("")
    findings = [finding for finding in doctor_findings(bare, failing=True) if finding["state"] == "failed"]
    assert {finding["name"] for finding in findings} == {"folders"}
    assert f"{bare.folder}/data is a file, and a folder is needed" in findings[0]["says"]


@pytest.mark.parametrize(("free", "state"), [(NO_SPACE - 1, "failed"), (LOW_SPACE - 1, "warning"), (LOW_SPACE, "ok")])
def test_disk_that_fills_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, state: str) -> None:
    usage = namedtuple("usage", ("total", "used", "free"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(free, 0, free))
    settings = load_settings(warehouse=str(tmp_path / "newsmill.duckdb"), home=tmp_path)
    assert [finding.state for finding in checkup._check_disk(settings)] == [state]


@pytest.fixture(scope="module")
def filled(newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsmill]:
    newsmill = newsmill_in(tmp_path_factory.mktemp("doctor"))
    with SampleSite() as site:
        newsmill.registry(site.feeds_toml())
        newsmill.facts("ingest", "--no-images")
        yield newsmill


def sound(newsmill: Newsmill, *names: str) -> dict[str, dict[str, str]]:
    """The findings of these names; the deployments on the shared server are other tests' affair."""
    findings = json.loads(newsmill("doctor", "--json").stdout)["checks"]
    return {finding["name"]: finding for finding in findings if finding["name"] in names}


def test_warehouse_in_use_is_sound(filled: Newsmill) -> None:
    names = ("warehouse", "published copy", "landing zone", "Prefect server", "clock", "folders", "disk", "feeds")
    findings = sound(filled, *names)
    assert {name: finding["state"] for name, finding in findings.items()} == dict.fromkeys(names, "ok")
    assert "18 articles" in findings["warehouse"]["says"]
    assert "18 articles" in findings["published copy"]["says"]


def test_documents_that_wait_are_found(filled: Newsmill) -> None:
    fetched = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    landed = Landing(filled.landing).land(
        b"<rss/>", feed_id="quay", url="u", final_url="u", fetched_at=fetched, status=200, headers={}
    )
    try:
        finding = sound(filled, "landing zone")["landing zone"]
        assert (finding["state"], finding["says"]) == (
            "warning",
            "1 document to be loaded, the oldest since 2026-11-20 08:30 UTC",
        )
    finally:
        Landing(filled.landing).mark_loaded([landed])


def test_clock_that_is_wrong_is_found(filled: Newsmill, tmp_path: Path) -> None:
    copy = tmp_path / "data" / "newsmill.duckdb"
    copy.parent.mkdir()
    shutil.copy(filled.warehouse, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("UPDATE raw.documents SET fetched_at = fetched_at + INTERVAL 1 HOUR")
    findings = [
        finding for finding in checkup._check_warehouse(Settings(warehouse=str(copy))) if finding.name == "clock"
    ]
    assert [finding.state for finding in findings] == ["failed"]
    assert " ahead of that of the feeds' servers" in findings[0].says


def broken(settings: Settings) -> Finding:
    (finding,) = checkup._check_warehouse(settings)
    return finding


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
        "warehouse",
        "failed",
        broken(Settings(warehouse=str(path))).says,
        "upgrade newsmill, or restore the backup that was made before the upgrade (`newsmill restore`)",
    )


def test_warehouse_that_is_held(bare: Newsmill) -> None:
    with open_warehouse(bare.warehouse) as connection:
        connection.execute("SELECT 1")
        finding = doctor_finding(bare, "warehouse", failing=False)
    assert finding["state"] == "warning"
    assert "holds the warehouse" in finding["says"]


def test_published_copy_that_does_not_open(bare: Newsmill) -> None:
    bare.published.parent.mkdir()
    bare.published.write_bytes(b"no database" * 1000)
    finding = doctor_finding(bare, "published copy", failing=True)
    assert (finding["state"], finding["mend"]) == ("failed", "`newsmill publish` makes it anew")


def test_server_that_does_not_answer(bare: Newsmill) -> None:
    asking = Newsmill(bare.folder, {**bare.environment, "PREFECT_API_URL": "http://127.0.0.1:9/api"})
    finding = doctor_finding(asking, "Prefect server", failing=True)
    assert "http://127.0.0.1:9/api doesn't answer" in finding["says"]
    assert "newsmill server start" in finding["mend"]


def test_pool_without_a_worker(bare: Newsmill, prefect_api: str) -> None:
    asking = Newsmill(bare.folder, {**bare.environment, "PREFECT_API_URL": prefect_api})

    def worker() -> dict[str, str]:
        findings = json.loads(asking("doctor", "--json").stdout)["checks"]
        (mine,) = [finding for finding in findings if finding["name"] == "worker" and "doctors-pool" in finding["says"]]
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
    created = ask(f"{prefect_api}/deployments/", **deployment)
    try:
        assert worker() == {
            "name": "worker",
            "state": "failed",
            "says": "none in the pool doctors-pool: doctors will not run",
            "mend": "newsmill prefect worker start --pool doctors-pool",
        }
        pool = f"{prefect_api}/work_pools/doctors-pool"
        ask(f"{pool}/workers/heartbeat", name="tester", heartbeat_interval_seconds=60)
        assert worker()["state"] == "ok"
        ask(pool, "PATCH", is_paused=True)
        findings = json.loads(asking("doctor", "--json").stdout)["checks"]
        assert any(
            finding["name"] == "work pool" and "doctors-pool is paused" in finding["says"] for finding in findings
        )
    finally:
        ask(f"{prefect_api}/deployments/{created['id']}", "DELETE")
        ask(f"{prefect_api}/work_pools/doctors-pool", "DELETE")


def test_mistaken_variable_on_the_server(bare: Newsmill, prefect_api: str) -> None:
    asking = Newsmill(bare.folder, {**bare.environment, "PREFECT_API_URL": prefect_api})
    created = ask(f"{prefect_api}/variables/", name="newsmill_retrys", value=3)
    try:
        findings = json.loads(asking("doctor", "--json").stdout)["checks"]
        (mine,) = [finding for finding in findings if finding["name"] == "Prefect variables"]
        assert (mine["state"], mine["says"]) == ("warning", "newsmill_retrys: no such setting, so without effect")
    finally:
        ask(f"{prefect_api}/variables/{created['id']}", "DELETE")
