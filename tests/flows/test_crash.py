"""Killed, locked out, without room: whatever happens to a run, the next one ends with the same tables."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psutil
import pytest

from tests.conftest import Newsmill
from tests.flows.observing import contents, rows, until
from tests.sites.sample import SampleSite
from tests.sites.server import Page, RequestHandler, SiteServer


class Gate:
    """A page of the site that waits until it is opened."""

    def __init__(self, site: SiteServer, path: str) -> None:
        self.site, self.path = site, path
        self.page = site.pages[path]
        self.arrived = threading.Event()
        self.opened = threading.Event()

    def __enter__(self) -> Gate:
        self.site.pages[self.path] = self._answer
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.set()
        self.site.pages[self.path] = self.page

    def _answer(self, handler: RequestHandler) -> None:
        self.arrived.set()
        self.opened.wait(120)
        assert isinstance(self.page, Page)
        handler.send_page(self.page)


@dataclass
class Undisturbed:
    site: SampleSite
    contents: dict[str, list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def undisturbed(
    newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Undisturbed]:
    """The site, and what an ingest of it that nothing disturbs leaves."""
    newsmill = newsmill_in(tmp_path_factory.mktemp("undisturbed"))
    with SampleSite() as site:
        newsmill.registry(site.feeds_toml())
        assert newsmill.facts("ingest", "--no-publish")["new"] == 18
        yield Undisturbed(site, contents(newsmill.warehouse))


@pytest.fixture
def site(undisturbed: Undisturbed, newsmill: Newsmill) -> SampleSite:
    newsmill.registry(undisturbed.site.feeds_toml())
    undisturbed.site.requests.clear()
    return undisturbed.site


def pending(newsmill: Newsmill) -> list[Path]:
    return list((newsmill.landing / "pending").glob("*.json"))


def children(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(process: subprocess.Popen[str]) -> None:
    """kill -9, and no child of it may stay."""
    assert process.poll() is None, f"ended before it could be killed: {process.communicate()}"
    started = children(process.pid)
    process.kill()
    process.communicate()
    until(lambda: not any(map(lives, started)), f"the processes {started} that the killed run had started end")


def assert_next_run_completes(newsmill: Newsmill, undisturbed: Undisturbed) -> None:
    newsmill.facts("ingest", "--force")
    assert contents(newsmill.warehouse) == undisturbed.contents
    assert pending(newsmill) == []
    with duckdb.connect(str(newsmill.published), read_only=True) as copy:
        assert copy.sql("SELECT count(*) FROM clean.articles").fetchall() == [(18,)]


def test_killed_while_fetching(newsmill: Newsmill, site: SampleSite, undisturbed: Undisturbed) -> None:
    with Gate(site, "/zh/feed.xml") as gate:
        process = newsmill.start("ingest", real=True)
        until(lambda: gate.arrived.is_set() and len(pending(newsmill)) == 3, "three feeds are landed, one hangs")
        kill(process)
    assert rows(newsmill.warehouse, "SELECT count(*) FROM raw.entries") == [(0,)]
    assert_next_run_completes(newsmill, undisturbed)
    states = rows(newsmill.warehouse, "SELECT state, finished_at IS NULL FROM ops.runs ORDER BY started_at")
    assert states == [("running", True), ("partial", False)], "a killed run stays `running`"


def test_killed_while_loading(newsmill: Newsmill, site: SampleSite, undisturbed: Undisturbed) -> None:
    log = newsmill.warehouse.with_name("newsmill.duckdb.wal")
    process = newsmill.start("ingest", real=True)
    until(lambda: len(pending(newsmill)) == 4, "all feeds are landed")
    until(lambda: log.exists() or not pending(newsmill), "a transaction is being written")
    kill(process)
    assert_next_run_completes(newsmill, undisturbed)


def test_killed_between_commit_and_settling(newsmill: Newsmill, site: SampleSite, undisturbed: Undisturbed) -> None:
    """What is committed but still pending in the landing zone loads a second time, to no effect."""
    newsmill.facts("ingest", "--no-images", "--no-publish")
    for record in (newsmill.landing / "loaded").rglob("*.json"):
        record.rename(newsmill.landing / "pending" / record.name)
    assert len(pending(newsmill)) == 4
    assert_next_run_completes(newsmill, undisturbed)


def test_killed_while_fetching_images(newsmill: Newsmill, site: SampleSite, undisturbed: Undisturbed) -> None:
    with Gate(site, "/img/phare.jpg") as gate:
        process = newsmill.start("ingest", real=True)
        until(gate.arrived.is_set, "an image is asked for")
        assert pending(newsmill) == [], "articles are loaded before images"
        kill(process)
    assert_next_run_completes(newsmill, undisturbed)


def test_killed_while_publishing(newsmill: Newsmill, site: SampleSite, undisturbed: Undisturbed) -> None:
    process = newsmill.start("ingest", real=True)
    folder = newsmill.published.parent
    until(lambda: folder.exists() and list(folder.glob(".news.duckdb.*.draft")), "the copy is being written")
    kill(process)
    assert not newsmill.published.exists(), "never half of a copy"
    assert_next_run_completes(newsmill, undisturbed)
    assert list(folder.glob(".news.duckdb.*.draft*")) == [], "the killed run's draft is cleared away"


def test_two_ingests_at_once(newsmill: Newsmill, site: SampleSite, undisturbed: Undisturbed) -> None:
    both = [newsmill.start("ingest", "--force", "--json") for _ in range(2)]
    for process in both:
        output, errors = process.communicate(timeout=180)
        assert process.returncode == 0, output + errors
    assert contents(newsmill.warehouse) == undisturbed.contents
    assert pending(newsmill) == []
    assert rows(newsmill.warehouse, "SELECT state FROM ops.runs") == [("partial",), ("partial",)]


HOLDER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("holding", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(path: Path) -> Iterator[int]:
    """Another process holds the DuckDB file; yields its id."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "holding\n"
        yield process.pid
        process.stdin.close()


def fails(newsmill: Newsmill, *arguments: str) -> str:
    """What the command complains: one line, without a traceback, and exit code 1."""
    done = newsmill(*arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    assert done.stderr.startswith("error: "), done.stderr
    return done.stderr


def test_locked_warehouse_names_the_holder_and_loses_nothing(
    newsmill: Newsmill, site: SampleSite, undisturbed: Undisturbed
) -> None:
    impatient = newsmill.setting(lock_timeout=1)
    with Gate(site, "/en/feed.xml") as gate:
        process = impatient.start("ingest")
        until(gate.arrived.is_set, "the run is past its start, and fetches")
        with held(newsmill.warehouse) as pid:
            gate.opened.set()
            output, errors = process.communicate(timeout=120)
    assert process.returncode == 1, output
    assert f"process {pid} (" in errors
    assert "holds the warehouse" in errors
    assert "Traceback" not in output + errors
    assert len(pending(newsmill)) == 4, "what was fetched is landed"
    assert newsmill.facts("status")["documents_waiting"] == 4
    site.requests.clear()
    assert_next_run_completes(newsmill, undisturbed)


def test_locked_from_the_start(newsmill: Newsmill, site: SampleSite) -> None:
    newsmill.warehouse.parent.mkdir()
    with held(newsmill.warehouse) as pid:
        complaint = fails(newsmill.setting(lock_timeout=1), "ingest")
    assert f"process {pid} (" in complaint
    assert site.requests == [], "nobody is asked for what can't be kept"


def test_warehouse_that_is_no_duckdb_file(newsmill: Newsmill, site: SampleSite) -> None:
    newsmill.warehouse.parent.mkdir()
    newsmill.warehouse.write_bytes(b"my diary\n" * 2000)
    assert "not a DuckDB file" in fails(newsmill, "ingest")
    assert newsmill.warehouse.read_bytes() == b"my diary\n" * 2000, "left as it was"


def test_warehouse_of_a_newer_newsmill(newsmill: Newsmill, site: SampleSite) -> None:
    newsmill.warehouse.parent.mkdir()
    with duckdb.connect(str(newsmill.warehouse)) as connection:
        connection.execute("CREATE SCHEMA ops")
        connection.execute("CREATE TABLE ops.schema_migrations (version INTEGER, name VARCHAR, applied_at TIMESTAMPTZ)")
        connection.execute("INSERT INTO ops.schema_migrations VALUES (999, '999_future.sql', now())")
    complaint = fails(newsmill, "ingest")
    assert "its schema is number 999" in complaint
    assert "upgrade newsmill" in complaint


@contextmanager
def mounted(path: Path, options: str) -> Iterator[None]:
    """A tmpfs at the path; skips where that can't be had."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    path.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"can't mount a small file system here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def remount(path: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", path], check=True)


def test_read_only_folder(newsmill: Newsmill, site: SampleSite, undisturbed: Undisturbed) -> None:
    folder = newsmill.warehouse.parent
    with mounted(folder, "size=64m"):
        remount(folder, "ro")
        complaint = fails(newsmill, "ingest")
        assert str(newsmill.warehouse) in complaint
        assert "no right to open it for writing" in complaint
        remount(folder, "rw")
        assert_next_run_completes(newsmill, undisturbed)


def test_warehouse_on_a_full_disk(newsmill: Newsmill, site: SampleSite, undisturbed: Undisturbed) -> None:
    newsmill = newsmill.setting(landing=newsmill.folder / "data" / "landing", warehouse="disk/newsmill.duckdb")
    disk = newsmill.folder / "disk"
    with mounted(disk, "size=512m"):
        with Gate(site, "/en/feed.xml") as gate:
            process = newsmill.start("ingest")
            until(gate.arrived.is_set, "the run is past its start, and fetches")
            used = sum(file.stat().st_blocks for file in disk.iterdir()) * 512
            remount(disk, f"size={used}")
            gate.opened.set()
            output, errors = process.communicate(timeout=120)
        assert process.returncode == 1, output
        assert "the disk is full" in errors, errors
        assert "Traceback" not in output + errors
        assert len(pending(newsmill)) == 4, "what was fetched is landed"
        remount(disk, "size=512m")
        newsmill.facts("ingest", "--force", "--no-publish")
        assert contents(disk / "newsmill.duckdb") == undisturbed.contents
        assert pending(newsmill) == []


def test_landing_zone_on_a_full_disk(newsmill: Newsmill, site: SampleSite, undisturbed: Undisturbed) -> None:
    with mounted(newsmill.landing, "size=4k"):
        complaint = fails(newsmill, "ingest", "--json")
        assert "No space left on device" in complaint
        assert str(newsmill.landing) in complaint
        remount(newsmill.landing, "size=64m")
        assert_next_run_completes(newsmill, undisturbed)
