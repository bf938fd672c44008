"""Quality checks: each finds what it is for, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.clean.identity import content_hash
from tests.tasks.making import NOW, Item, milled
from warehouse.counts import Counts
from warehouse.load.batch import load
from warehouse.load.quality import SAMPLE, Check, assertions, check, failed_before
from warehouse.store.connection import Warehouse
from warehouse.store.transactions import Connection

PHOTO = '<p>The gate.</p><img src="https://quay.example/gate.jpg" alt="The gate" width="600" height="400">'
ITEMS = (Item(text=PHOTO), Item("港口咖啡馆", "<p>港口咖啡馆今天重新开张。</p>", "https://quay.example/cafe", "cafe"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with Warehouse(tmp_path / "newsmill.duckdb").writing() as opened:
        yield opened


@pytest.fixture
def counts(connection: Connection) -> Counts:
    return load(connection, [milled(*ITEMS)], run_id="run")


def failing(checks: list[Check]) -> dict[str, int]:
    return {each.name: each.found for each in checks if not each.passed}


def checked(connection: Connection, counts: Counts, images: Path | None = None) -> list[Check]:
    return check(connection, "run", counts, content_hash, images)


def test_everything_holds_after_a_load(connection: Connection, counts: Counts) -> None:
    checks = checked(connection, counts)
    assert [each.name for each in checks] == [*(name for name, *_ in assertions()), "content_hashes"]
    assert failing(checks) == {}
    stored = connection.execute("SELECT name, passed, found, sample, asserts FROM ops.checks ORDER BY name").fetchall()
    assert stored == sorted((each.name, True, 0, [], each.asserts) for each in checks)
    assert [each.name for each in checks if not each.asserts.endswith(".")] == []


def test_everything_holds_over_edits_and_older_versions(connection: Connection, counts: Counts) -> None:
    for hours, text in ((2, "<p>The gate opens at nine.</p>"), (-5, "<p>No gate is planned for the quay.</p>")):
        moment = NOW.replace(hour=NOW.hour + hours)
        counts = load(connection, [milled(Item(text=text), at=moment)], run_id=f"run {hours}")
        assert failing(check(connection, f"run {hours}", counts, content_hash)) == {}


BROKEN = {
    "an article without an address": ("UPDATE clean.articles SET url = NULL WHERE guid = 'cafe'", {"address": 1}),
    "an article without the address of what it encloses": (
        "UPDATE clean.articles SET url = NULL WHERE guid = 'cafe'; UPDATE raw.entries SET link = NULL; "
        "INSERT INTO clean.enclosures BY NAME SELECT article_id, 0 AS position, 'https://quay.example/7.mp3' AS url "
        "FROM clean.articles WHERE guid = 'cafe'",
        {"address": 1},
    ),
    "an enclosure of nothing, without an address, twice": (
        "INSERT INTO clean.enclosures BY NAME SELECT 'x' AS article_id, 0 AS position FROM range(2)",
        {"enclosures": 5},
    ),
    "a date in the future": (
        "UPDATE clean.articles SET published_at = first_seen_at + INTERVAL 26 HOUR WHERE guid = 'cafe'",
        {"dates": 1},
    ),
    "seen last before it was seen first": (
        "UPDATE clean.articles SET last_seen_at = first_seen_at - INTERVAL 1 SECOND",
        {"dates": 2},
    ),
    "an image that is gone": ("DELETE FROM clean.images", {"images": 2}),  # its place, and the lead
    "a stored image without a place": ("UPDATE clean.images SET status = 'stored'", {"images": 1}),
    "an article twice": (
        "INSERT INTO clean.articles SELECT * FROM clean.articles WHERE guid = 'cafe'",
        {"keys": 1},
    ),
    "an entry twice": ("INSERT INTO raw.entries SELECT * FROM raw.entries", {"keys": 2}),
    "a key that names nothing": (
        "INSERT INTO clean.article_keys (key, article_id) VALUES ('url:nowhere', 'nothing')",
        {"keys": 1},
    ),
    "a version that is missing": ("DELETE FROM clean.article_versions WHERE guid = 'cafe'", {"versions": 1}),
    "a last version that has ended": (
        "UPDATE clean.article_versions SET valid_to = valid_from + INTERVAL 1 DAY WHERE guid = 'gate'",
        {"versions": 1},
    ),
    "another text than the last version's": (
        "UPDATE clean.article_versions SET content_hash = 'other' WHERE guid = 'gate'",
        {"versions": 1},
    ),
    "documents that no run counted": (
        "INSERT INTO raw.documents BY NAME SELECT 'other' AS document_id, run_id FROM raw.documents",
        {"runs": 1},
    ),
    "a document that was fetched and is not there": (
        "INSERT INTO ops.fetches BY NAME SELECT 'run' AS run_id, 'harbour' AS feed_id, now() AS started_at, "
        "'fetched' AS outcome, 5 AS bytes",
        {"runs": 1},
    ),
    "a text that was changed": (
        "UPDATE clean.articles SET content_text = content_text || '!' WHERE guid = 'cafe'",
        {"content_hashes": 1},
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_found(connection: Connection, counts: Counts, case: str) -> None:
    sql, expected = BROKEN[case]
    connection.execute(sql)
    assert failing(checked(connection, counts)) == expected


@pytest.mark.parametrize("link", [None, "", "mailto:oda@quay.example", "javascript:void(0)", "tag:quay.example,2026:1"])
def test_a_feed_of_things_without_addresses_is_as_it_should_be(connection: Connection, link: str | None) -> None:
    items = [Item(f"Berth {number}", link=link, guid=f"berth-{number}") for number in range(3)]
    counts = load(connection, [milled(*items)], run_id="run")
    assert connection.execute("SELECT count(url), count(*) FROM clean.articles").fetchone() == (0, 3)
    assert failing(checked(connection, counts)) == {}


@pytest.mark.parametrize("link", ["https://quay.example/cafe", "//quay.example/cafe", "/cafe", "cafe.html", "?p=1"])
def test_any_address_of_the_web_is_one_that_the_feed_gave(connection: Connection, counts: Counts, link: str) -> None:
    connection.execute("UPDATE clean.articles SET url = NULL")
    connection.execute("UPDATE raw.entries SET link = ? WHERE guid = 'cafe'", [link])
    connection.execute("UPDATE raw.entries SET link = NULL WHERE guid <> 'cafe'")
    assert failing(checked(connection, counts)) == {"address": 1}


def test_articles_that_were_lost_are_found(connection: Connection, counts: Counts) -> None:
    for table in ("clean.articles", "clean.article_versions", "clean.article_keys", "clean.article_images"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("DELETE FROM raw.entries")
    (broken,) = (each for each in checked(connection, counts) if not each.passed)
    assert (broken.name, broken.sample) == ("runs", ("run: counted 2 new articles, clean.articles has 0",))


def test_a_sample_is_kept_and_all_are_counted(connection: Connection, counts: Counts) -> None:
    found = SAMPLE + 3
    connection.execute(
        f"INSERT INTO clean.article_keys BY NAME SELECT 'url:' || i AS key, 'x' AS article_id FROM range({found}) t(i)"
    )
    keys = next(each for each in checked(connection, counts) if each.name == "keys")
    assert keys.found == found
    assert len(keys.sample) == SAMPLE
    assert f" Not so for {found} rows: x: no such article" in str(keys)


def test_checked_again_is_one_row(connection: Connection, counts: Counts) -> None:
    checked(connection, counts)
    connection.execute("DELETE FROM clean.images")
    checks = checked(connection, counts)
    stored = connection.execute("SELECT count(*), count(*) FILTER (NOT passed) FROM ops.checks").fetchone()
    assert stored == (len(checks), 1)


def test_what_failed_the_last_time_is_known(connection: Connection, counts: Counts) -> None:
    connection.execute("DELETE FROM clean.images")
    failed = set(failing(checked(connection, counts)))
    assert failed
    assert failed_before(connection, "run") == set(), "what a run finds was not there before it"
    assert failed_before(connection, "the next run") == failed


def test_checks_take_little_memory_and_give_it_back(connection: Connection, counts: Counts, tmp_path: Path) -> None:
    """DuckDB would keep all that they read; what is too much lies beside the warehouse."""

    def setting(name: str) -> str:
        return str(connection.execute("SELECT current_setting(?)", [name]).fetchall()[0][0])

    def hashed(title: str, text: str) -> str:
        during.add(setting("memory_limit"))
        return content_hash(title, text)

    during: set[str] = set()
    before = setting("memory_limit")
    check(connection, "run", counts, hashed)
    assert during == {"152.5 MiB"} != {before}
    assert setting("memory_limit") == before
    assert Path(setting("temp_directory")).parent == tmp_path


def test_files_of_images_that_are_gone_or_cut_off_are_found(
    connection: Connection, counts: Counts, tmp_path: Path
) -> None:
    connection.execute("UPDATE clean.images SET status = 'stored', path = 'ab/gate.jpg', sha256 = 'ab', bytes = 7")
    (gone,) = (each for each in checked(connection, counts, tmp_path) if not each.passed)
    assert (gone.name, gone.found) == ("image_files", 1)
    assert gone.sample[0].endswith(": ab/gate.jpg: No such file or directory")
    file = tmp_path / "ab" / "gate.jpg"
    file.parent.mkdir()
    file.write_bytes(b"1234567")
    assert failing(checked(connection, counts, tmp_path)) == {}
    file.write_bytes(b"123")
    (cut,) = (each for each in checked(connection, counts, tmp_path) if not each.passed)
    assert cut.sample[0].endswith(": ab/gate.jpg has 3 bytes instead of 7")
