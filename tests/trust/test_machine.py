"""The machine fails: the disk is full, bytes on it are damaged, the clock is set back, somebody holds the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Newsmill
from tests.flows.observing import rows, until
from tests.flows.test_crash import Gate, fails, held, mounted, pending, remount
from tests.sites.server import Page
from tests.trust import clock
from tests.trust.newspaper import FEEDS, Newspaper
from tests.trust.state import State, read_state

DOWN = Page(b"down for repairs\n", "text/plain", status=500)
FULL = "No space left on device"


@pytest.fixture(scope="module")
def site() -> Iterator[Newspaper]:
    with Newspaper() as site:
        yield site


@pytest.fixture(scope="module")
def undisturbed(
    site: Newspaper, newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory
) -> State:
    """After an ingest of the first edition."""
    newsmill = newsmill_in(tmp_path_factory.mktemp("undisturbed"))
    newsmill.registry(site.feeds_toml())
    newsmill.facts("ingest")
    return read_state(newsmill)


@pytest.fixture
def ready(newsmill: Newsmill, site: Newspaper) -> Newsmill:
    site.publish(1)
    newsmill.registry(site.feeds_toml())
    return newsmill


def test_no_room_for_the_published_copy(ready: Newsmill, undisturbed: State) -> None:
    disk = ready.folder / "disk"
    elsewhere = ready.setting(published="disk/news.duckdb")
    with mounted(disk, "size=400k"):
        complaint = fails(elsewhere, "ingest")
        assert "disk/news.duckdb" in complaint
        assert FULL in complaint, complaint
        assert "free space" in complaint
        assert [path.name for path in disk.iterdir()] == [".news.duckdb.lock"], "the draft does not keep the disk full"
        remount(disk, "size=64m")
        elsewhere.facts("ingest")
        found = read_state(elsewhere, published=disk / "news.duckdb")
    assert replace(found, files=undisturbed.files).differences(undisturbed) == []


def test_no_room_for_images(ready: Newsmill, undisturbed: State) -> None:
    images = ready.folder / "data" / "images"
    with mounted(images, "size=4k"):
        complaint = fails(ready, "ingest")
        assert str(images) in complaint
        assert FULL in complaint
        remount(images, "size=64m")
        ready.facts("ingest")
        assert read_state(ready).differences(undisturbed) == []


def blob(newsmill: Newsmill, feed: str) -> Path:
    """The bytes of the feed's document."""
    ((path,),) = rows(newsmill.warehouse, f"SELECT landing_path FROM raw.documents WHERE feed_id = '{feed}'")
    return newsmill.landing / str(path)


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_bit,
        pytest.param(cut, marks=pytest.mark.thorough),
        pytest.param(Path.unlink, marks=pytest.mark.thorough),
    ],
    ids=["flipped", "cut", "removed"],
)
def test_landed_bytes_that_are_damaged(
    ready: Newsmill, site: Newspaper, undisturbed: State, damage: Callable[[Path], None]
) -> None:
    """They were landed and never loaded; nor can they be fetched again at first."""
    ready.facts("ingest", "--no-images", "--no-publish")
    damaged = blob(ready, "morning")
    for record in (ready.landing / "loaded").rglob("*.json"):
        record.rename(ready.landing / "pending" / record.name)
    ready.warehouse.unlink()
    damage(damaged)
    site.pages |= {f"/{feed}.xml": DOWN for feed in FEEDS}
    assert ready.setting(retries=0)("ingest").returncode == 1, "no feed could be fetched"
    ((feed, error),) = rows(ready.warehouse, "SELECT feed_id, error FROM ops.rejects")
    assert feed == "morning"
    assert str(damaged) in error
    assert rows(ready.warehouse, "SELECT feed_id, count(*) FROM clean.articles GROUP BY ALL") == [("evening", 3)]
    assert pending(ready) == [], "it is not tried in vain each time"
    site.publish(1)
    ready.facts("ingest", "--force")
    assert read_state(ready).differences(undisturbed) == []


def test_the_clock_is_set_back(ready: Newsmill, site: Newspaper) -> None:
    ready.facts("ingest")
    site.publish(2)
    early = replace(ready, environment={**ready.environment, clock.VARIABLE: "-259200"}).facts("ingest", "--force")
    ((times,),) = rows(ready.warehouse, "SELECT count(DISTINCT started_at::DATE) FROM ops.runs")
    assert times == 2, "the clock was three days behind"
    assert early["new"] == 2
    ready.facts("ingest", "--force")
    read_state(ready)
    texts = dict(
        rows(ready.warehouse, "SELECT url, count(DISTINCT content_hash) FROM clean.article_versions GROUP BY ALL")
    )
    expected = {site.url(f"/{feed}/{number}.html"): 2 if number == 2 else 1 for feed in FEEDS for number in range(1, 5)}
    assert texts == expected, "each article, and both texts of the corrected ones"


def test_warehouse_held_for_a_while(ready: Newsmill, site: Newspaper, undisturbed: State) -> None:
    """What was fetched is landed while somebody holds the warehouse, and loaded when it is free."""
    with Gate(site, f"/{FEEDS[0]}.xml") as gate:
        process = ready.start("ingest")
        until(gate.arrived.is_set, "the run is past its start, and fetches")
        with held(ready.warehouse):
            gate.opened.set()
            until(lambda: any(FEEDS[0] in path.read_text() for path in pending(ready)), "the last feed is landed")
            assert process.poll() is None
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, output + errors
    assert read_state(ready).differences(undisturbed) == []


@pytest.mark.parametrize(
    "command", ["images", "reprocess", "publish", pytest.param("maintain", marks=pytest.mark.thorough)]
)
def test_warehouse_held_for_good(ready: Newsmill, command: str) -> None:
    ready.facts("ingest", "--no-images", "--no-publish")
    with held(ready.warehouse) as holder:
        complaint = fails(ready.setting(lock_timeout=0.5), command)
    assert f"process {holder} (" in complaint
    assert "holds the warehouse" in complaint
    ready.facts(command)
