"""The whole of newsmill on a lake: the same tables as on one file, several machines at once, and nothing lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import Newsmill
from tests.flows.observing import contents, rows, until
from tests.flows.test_crash import Gate, fails, pending
from tests.sites.sample import SampleSite
from tests.stores import PASSWORD, Postgres, Store
from tests.tasks.backfill.archives import article, write_archive
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Bucket, Lake, lake_at

MACHINES = (
    ("harbour-en", "harbour-zh"),
    ("harbour-zh", "harbour-world"),
    ("harbour-world", "harbour-brief"),
    ("harbour-brief", "harbour-en"),
)
"""What each of four machines asks for: every feed is two machines' business."""


@dataclass
class Analyst:
    """Somebody who asks, four times a second, over one connection."""

    lake: Lake
    seen: list[int] = field(default_factory=list)
    wrong: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Analyst:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _ask(self) -> None:
        try:
            with Warehouse(self.lake).reading() as connection:
                while not self._stop.wait(0.25):
                    connection.execute("BEGIN")
                    counts = [
                        connection.execute(f"SELECT count(DISTINCT article_id) FROM clean.{table}").fetchall()[0][0]
                        for table in ("articles", "article_versions", "article_keys", "articles")
                    ]
                    connection.execute("COMMIT")
                    if len(set(counts)) > 1 or (self.seen and counts[0] < self.seen[-1]):
                        self.wrong.append((self.seen[-1:], counts))
                    self.seen.append(counts[0])
        except Exception as error:
            self.wrong.append(error)


@pytest.fixture(scope="module")
def site() -> Iterator[SampleSite]:
    with SampleSite() as site:
        yield site


@pytest.fixture(scope="module")
def undisturbed(
    newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory, site: SampleSite
) -> dict[str, list[tuple[object, ...]]]:
    """What an ingest of the site leaves that nothing disturbs."""
    newsmill = newsmill_in(tmp_path_factory.mktemp("undisturbed"))
    newsmill.registry(site.feeds_toml())
    newsmill.facts("ingest", "--no-images", "--no-publish")
    return contents(newsmill.warehouse)


@pytest.mark.thorough
@pytest.mark.timeout(900)  # ten ingests
def test_four_ingests_at_once_on_postgres_and_s3(
    newsmill_in: Callable[[Path], Newsmill], tmp_path: Path, postgres: Postgres, store: Store
) -> None:
    store.make_bucket("harbour")
    conninfo = postgres.conninfo()
    said = {"warehouse": f"ducklake:postgres:{conninfo}", "catalog_password": PASSWORD, **store.settings("harbour")}
    said["lock_timeout"] = "200"  # on a busy machine four of them take their time
    bucket = Bucket(store.endpoint, key="sesame", secret="open", tls=False)
    lake = lake_at(said["warehouse"], data=said["data_path"], bucket=bucket, password=PASSWORD)
    with SampleSite() as site:
        native = newsmill_in(tmp_path).setting(image_attempts=1)
        machines = []
        for number, _ in enumerate(MACHINES):
            (tmp_path / f"machine{number}").mkdir()
            machines.append(newsmill_in(tmp_path / f"machine{number}").setting(image_attempts=1, **said))
        for each in (native, *machines):
            each.registry(site.feeds_toml())

        def ingest(*options: str) -> None:
            native.facts("ingest", "--force", *options)
            running = [
                machine.start("ingest", "--force", "--json", *options, *feeds)
                for machine, feeds in zip(machines, MACHINES, strict=True)
            ]
            for process in running:
                out, err = process.communicate(timeout=240)
                assert process.returncode == 0, out + err
            assert contents(lake) == contents(native.warehouse)

        with Warehouse(lake).writing():
            pass  # it is made
        with Analyst(lake) as analyst:
            until(lambda: analyst.wrong or analyst.seen, "the analyst sees the empty lake")
            ingest()
            until(lambda: analyst.wrong or analyst.seen[-1] == 18, "the analyst sees the first edition")
            site.edit()
            ingest("--no-images")
            until(lambda: analyst.wrong or analyst.seen[-1] == 20, "the analyst sees the second edition")
        assert not analyst.wrong
        assert analyst.seen == sorted(analyst.seen)
    states = rows(lake, "SELECT state, count(*) FROM ops.runs GROUP BY ALL")
    assert states == [("completed", 8)]
    assert rows(lake, "SELECT DISTINCT name FROM ops.checks WHERE NOT passed") == []
    assert rows(lake, "SELECT feed_id FROM ops.feeds ORDER BY ALL") == [
        ("harbour-brief",),
        ("harbour-en",),
        ("harbour-world",),
        ("harbour-zh",),
    ]
    for machine in machines:
        copy = machine.folder / "warehouse" / "data" / "news.duckdb"
        assert 18 <= rows(copy, "SELECT count(*) FROM clean.articles")[0][0] <= 20
        assert list((copy.parent / "landing" / "pending").glob("*.json")) == []
    assert PASSWORD not in "".join(map(repr, rows(lake, "FROM ops.runs")))


@pytest.mark.thorough
def test_everything_works_on_a_lake_in_sqlite(newsmill: Newsmill, tmp_path: Path, site: SampleSite) -> None:
    newsmill = newsmill.setting(warehouse="ducklake:sqlite:data/news.sqlite")
    address = f"ducklake:sqlite:{newsmill.folder / 'data' / 'news.sqlite'}"
    lake = lake_at(address, data=None, bucket=Bucket(), password=None)
    archive = write_archive(tmp_path / "archive", {"quay/1.md": article(1), "quay/2.md": article(2)})
    newsmill.registry(site.feeds_toml())

    assert newsmill.facts("ingest", "--no-images")["new"] == 18
    assert newsmill.facts("images")["images_stored"] == 17
    assert newsmill.facts("backfill", "archive", archive)["new"] == 2
    before = contents(lake)
    kept = "SELECT run_id, flow, state FROM ops.runs WHERE flow <> 'reprocess' ORDER BY ALL"
    runs = rows(lake, kept)
    assert newsmill.facts("reprocess")["new"] == 20
    assert contents(lake) == before
    assert rows(lake, kept) == runs
    assert rows(lake, "SELECT count(*) FROM ops.checks WHERE NOT passed") == [(0,)]

    assert newsmill.facts("publish")["indexed"] == 0, "the copy of reprocess is as new"
    assert newsmill.facts("sql", "SELECT count(*) AS articles FROM clean.articles") == [{"articles": 20}]
    assert newsmill.facts("sql", "--live", "SELECT count(*) AS entries FROM raw.entries") == [{"entries": 22}]
    assert newsmill.facts("search", "ferry")
    assert newsmill.facts("status")["counts"]["articles"] == 20
    assert newsmill.facts("export", "archive", newsmill.folder / "files")["articles"] == 20
    assert newsmill.facts("export", "jsonl", "--live", newsmill.folder / "articles.jsonl")["rows"] == 20
    assert len((newsmill.folder / "articles.jsonl").read_text().splitlines()) == 20
    parquet = newsmill.facts("export", "parquet", "--live", newsmill.folder / "parquet", "--table", "raw.entries")
    assert parquet["rows"] == 22
    assert newsmill.facts("export", "feed", "--live", newsmill.folder / "atom.xml")["entries"] == 20
    names = {path.name for path in (newsmill.folder / "data").iterdir()}
    assert {"images", "landing", "news.duckdb", "news.sqlite", "news.sqlite.files"} <= names


@pytest.mark.thorough
def test_reprocess_does_not_lose_what_other_machines_landed(
    newsmill: Newsmill, newsmill_in: Callable[[Path], Newsmill], tmp_path: Path
) -> None:
    lake = f"ducklake:sqlite:{tmp_path / 'news.sqlite'}"
    here, there = (newsmill.setting(warehouse=lake, landing=tmp_path / name) for name in ("here", "there"))
    newsmill.registry("")
    here.facts("backfill", "archive", write_archive(tmp_path / "a", {"quay/1.md": article(1)}), "--no-publish")
    there.facts("backfill", "archive", write_archive(tmp_path / "b", {"quay/2.md": article(2)}), "--no-publish")
    complaint = fails(here, "reprocess")
    assert "1 document landed elsewhere" in complaint
    assert "NEWSMILL_LANDING" in complaint
    place = lake_at(lake, data=None, bucket=Bucket(), password=None)
    assert rows(place, "SELECT count(*) FROM clean.articles") == [(2,)]


def test_a_catalog_that_goes_away_loses_nothing(
    newsmill: Newsmill,
    postgres: Postgres,
    tmp_path: Path,
    site: SampleSite,
    undisturbed: dict[str, list[tuple[object, ...]]],
) -> None:
    address = f"ducklake:postgres:{postgres.conninfo()}"
    newsmill = on_a_lake(newsmill, address, data_path=tmp_path / "lake")
    newsmill.registry(site.feeds_toml())
    with Gate(site, "/en/feed.xml") as gate:
        process = newsmill.start("ingest", "--no-images")
        until(gate.arrived.is_set, "the run is past its start, and fetches")
        postgres.stop()
        try:
            gate.opened.set()
            said, complained = process.communicate(timeout=120)
            assert process.returncode == 1, said
            assert "start PostgreSQL, or fix the address" in complained
            assert "Traceback" not in said + complained
            assert PASSWORD not in said + complained
            assert len(pending(newsmill)) == 4, "what was fetched is landed"
            site.requests.clear()
            assert "Connection refused" in fails(newsmill, "ingest")
            assert site.requests == [], "nobody is asked for what can't be kept"
        finally:
            postgres.start()
    assert newsmill.facts("ingest", "--no-images", "--no-publish")["new"] == 18
    assert pending(newsmill) == []
    lake = lake_at(address, data=None, bucket=Bucket(), password=PASSWORD)
    assert contents(lake) == undisturbed


@pytest.mark.thorough
@pytest.mark.timeout(900)
def test_a_store_that_refuses_loses_nothing(
    newsmill: Newsmill,
    postgres: Postgres,
    store: Store,
    site: SampleSite,
    undisturbed: dict[str, list[tuple[object, ...]]],
) -> None:
    store.make_bucket("shoal")
    address = f"ducklake:postgres:{postgres.conninfo()}"
    newsmill = on_a_lake(newsmill, address, **store.settings("shoal"))
    newsmill.registry(site.feeds_toml())
    with Gate(site, "/en/feed.xml") as gate:
        process = newsmill.start("ingest", "--no-images")
        until(gate.arrived.is_set, "the run is past its start, and fetches")
        store.refuse()
        try:
            gate.opened.set()
            said, complained = process.communicate(timeout=120)
        finally:
            store.allow()
    assert process.returncode == 1, said
    assert "the bucket refuses; see NEWSMILL_S3_KEY" in complained
    assert "safe in the landing zone" in complained
    assert "Traceback" not in said + complained
    assert PASSWORD not in said + complained
    assert len(pending(newsmill)) == 4, "what was fetched is landed"
    site.requests.clear()
    gone = newsmill.setting(s3_endpoint="127.0.0.1:1")  # nobody listens there
    assert "the store can't be reached; see NEWSMILL_S3_ENDPOINT" in fails(gone, "ingest", "--no-images")
    assert site.requests == [], "nobody is asked for what can't be kept"
    assert len(pending(newsmill)) == 4
    bucket = Bucket(store.endpoint, key="sesame", secret="open", tls=False)
    lake = lake_at(address, data="s3://shoal/lake", bucket=bucket, password=PASSWORD)
    assert rows(lake, "SELECT count(*) FROM raw.documents") == [(0,)]
    assert newsmill.facts("ingest", "--no-images", "--no-publish")["new"] == 18
    assert pending(newsmill) == []
    assert contents(lake) == undisturbed
    states = rows(lake, "SELECT state FROM ops.runs ORDER BY started_at")
    assert states == [("running",), ("partial",)], "that a run failed could not be kept either"


def on_a_lake(newsmill: Newsmill, address: str, **said: object) -> Newsmill:
    """With all else where it lies beside a file."""
    return newsmill.setting(
        warehouse=address,
        catalog_password=PASSWORD,
        landing=newsmill.landing,
        published=newsmill.published,
        image_store=newsmill.landing.with_name("images"),
        **said,
    )
