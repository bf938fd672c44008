from __future__ import annotations

import itertools
import os
import pickle
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import warehouse.load.batch
from tasks.mill.document import mill_bytes
from tests.places import ROOT
from tests.tasks.making import FEED, NOW, Item, document, milled
from warehouse.errors import WarehouseError, WarehouseLockedError
from warehouse.load.batch import UnknownEntriesError, known_entries, load
from warehouse.records import Counts, Feed, Milled
from warehouse.store.connection import Warehouse
from warehouse.store.transactions import Connection

WIRE = Feed("wire", "The Wire", "https://wire.example/feed.xml", language="en")
SHORT = "<p>The gate opens at eight.</p>"
NINE = "<p>The gate opens at nine on Monday, the harbour master says.</p>"
SHUT = (
    "<p>The gate stays shut all week, the harbour master says: the storm broke both of its hinges on Sunday night.</p>"
)
GATE = Item(text=NINE)
CAFE = Item("港口咖啡馆", "<p>港口咖啡馆今天重新开张。</p>", "https://quay.example/cafe", "cafe")
Rows = list[dict[str, Any]]


def at(hour: int) -> datetime:
    return NOW + timedelta(hours=2 * hour)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with its schema and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "empty.duckdb"
    with Warehouse(path).writing():
        pass
    return path


@pytest.fixture
def path(tmp_path: Path, empty: Path) -> Path:
    return Path(shutil.copy(empty, tmp_path / "newsmill.duckdb"))


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    with Warehouse(path).writing() as opened:
        yield opened


def rows(connection: Connection, sql: str) -> Rows:
    found = connection.execute(sql)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def articles(connection: Connection) -> Rows:
    return rows(connection, "FROM clean.articles ORDER BY title, article_id")


def versions(connection: Connection) -> Rows:
    return rows(connection, "FROM clean.article_versions ORDER BY article_id, version")


def tables(connection: Connection, *schemas: str) -> dict[str, Rows]:
    """Every row of every table."""
    names = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'newsmill' ORDER BY ALL"
    ).fetchall()
    return {
        name: rows(connection, f"FROM {name} ORDER BY ALL")
        for (name,) in names
        if name.partition(".")[0] in (schemas or ("raw", "clean", "ops"))
    }


def loaded(connection: Connection, *batch: Milled) -> Counts:
    return load(connection, batch, run_id="run")


def shape(connection: Connection) -> list[tuple[int, str, datetime, datetime | None]]:
    return [(v["version"], v["content_text"], v["valid_from"], v["valid_to"]) for v in versions(connection)]


def text(html: str) -> str:
    return html.removeprefix("<p>").removesuffix("</p>")


# --- one feed over time ---------------------------------------------------------------------------------------------


def test_new_articles(connection: Connection) -> None:
    counts = loaded(connection, milled(GATE, CAFE))
    assert (counts.documents, counts.entries, counts.new, counts.changed, counts.unchanged) == (1, 2, 2, 0, 0)
    assert counts.by_feed == {"quay": (2, 0)}
    gate, cafe = articles(connection)
    assert (gate["title"], gate["url"], gate["guid"], gate["feed_id"]) == (GATE.title, GATE.link, "gate", "quay")
    assert gate["content_text"] == text(NINE)
    assert (gate["version"], gate["language"], gate["published_known"], gate["source"]) == (1, "en", True, "feed")
    assert gate["first_seen_at"] == gate["last_seen_at"] == NOW
    assert gate["published_at"] == NOW.replace(hour=8)
    assert (cafe["title"], cafe["language"], cafe["word_count"]) == ("港口咖啡馆", "zh", 11)
    assert [(v["version"], v["valid_from"], v["valid_to"]) for v in versions(connection)] == [(1, NOW, None)] * 2
    assert {e["article_id"] for e in rows(connection, "FROM raw.entries")} == {gate["article_id"], cafe["article_id"]}
    (kept,) = rows(connection, "FROM raw.documents")
    assert (kept["feed_id"], kept["fetched_at"], kept["status"]) == ("quay", NOW, 200)


def test_the_same_again_changes_only_when_it_was_last_seen(connection: Connection) -> None:
    loaded(connection, milled(GATE, CAFE))
    before = tables(connection, "raw", "clean")
    counts = loaded(connection, milled(GATE, CAFE, at=at(1)))
    assert (counts.new, counts.changed, counts.unchanged) == (0, 0, 2)
    after = tables(connection, "raw", "clean")
    assert [d["fetched_at"] for d in sorted(after.pop("raw.documents"), key=lambda d: d["fetched_at"])] == [NOW, at(1)]
    before.pop("raw.documents")
    for name in ("raw.entries", "clean.articles", "clean.article_versions"):
        assert {row["last_seen_at"] for row in after[name]} == {at(1)}
        before[name] = [row | {"last_seen_at": at(1)} for row in before[name]]
    assert after == before


def test_known_entries_that_are_seen_again_do_the_same(path: Path, empty: Path, tmp_path: Path) -> None:
    with Warehouse(path).writing() as connection:
        loaded(connection, milled(GATE, CAFE))
        known = known_entries(connection, ["quay", "wire"])
        assert set(known) == {"quay"}
        again = milled(GATE, replace(CAFE, text="<p>港口咖啡馆明天重新开张。</p>"), at=at(1), known=known["quay"])
        assert (len(again.seen), len(again.entries)) == (1, 1)
        loaded(connection, again)
        short = tables(connection, "raw", "clean")
    with Warehouse(Path(shutil.copy(empty, tmp_path / "long.duckdb"))).writing() as connection:
        loaded(connection, milled(GATE, CAFE))
        loaded(connection, milled(GATE, replace(CAFE, text="<p>港口咖啡馆明天重新开张。</p>"), at=at(1)))
        assert tables(connection, "raw", "clean") == short


def test_entries_said_to_be_known_that_are_not_are_an_error_before_any_change(connection: Connection) -> None:
    unknown = frozenset(entry.entry_id for entry in milled(GATE).entries)
    before = tables(connection)
    with pytest.raises(UnknownEntriesError):
        loaded(connection, milled(CAFE, GATE, known=unknown))
    assert tables(connection) == before


def test_an_edit_is_a_second_version_and_a_change_back_a_third(connection: Connection) -> None:
    loaded(connection, milled(GATE))
    assert loaded(connection, milled(replace(GATE, text=SHUT), at=at(1))).changed == 1
    assert shape(connection) == [(1, text(NINE), NOW, at(1)), (2, text(SHUT), at(1), None)]
    (article,) = articles(connection)
    assert (article["version"], article["content_text"], article["first_seen_at"]) == (2, text(SHUT), NOW)
    assert loaded(connection, milled(GATE, at=at(2))).changed == 1
    assert shape(connection)[1:] == [(2, text(SHUT), at(1), at(2)), (3, text(NINE), at(2), None)]
    (again,) = articles(connection)
    assert (again["version"], again["content_text"], again["article_id"]) == (3, text(NINE), article["article_id"])


def test_a_change_of_the_title_is_a_version(connection: Connection) -> None:
    loaded(connection, milled(GATE))
    loaded(connection, milled(replace(GATE, title="The gate is shut"), at=at(1)))
    assert [v["title"] for v in versions(connection)] == ["The gate is open", "The gate is shut"]


@pytest.mark.parametrize(
    "changed",
    [
        replace(GATE, guid="another"),
        replace(GATE, guid=None),
        replace(GATE, link="http://quay.example/gate"),
        replace(GATE, link="https://www.quay.example/gate/"),
        replace(GATE, link="https://quay.example/gate?utm_source=rss&utm_medium=feed"),
        replace(GATE, link="https://quay.example/elsewhere"),  # its guid and title stay
        replace(GATE, guid="another", title="Another title", text=SHUT),
    ],
)
def test_an_article_keeps_its_id(connection: Connection, changed: Item) -> None:
    loaded(connection, milled(GATE))
    (before,) = articles(connection)
    assert loaded(connection, milled(changed, at=at(1))).new == 0
    (after,) = articles(connection)
    assert after["article_id"] == before["article_id"]
    assert (after["guid"], after["last_seen_at"]) == (changed.guid, at(1))
    # what it is called now leads to it as well
    last = replace(changed, title="A third title", text=SHORT, date=None)
    assert loaded(connection, milled(last, at=at(2))).new == 0
    assert len(articles(connection)) == 1


def test_an_article_that_left_the_feed_stays(connection: Connection) -> None:
    loaded(connection, milled(GATE, CAFE))
    loaded(connection, milled(CAFE, at=at(1)))
    assert [(a["title"], a["last_seen_at"]) for a in articles(connection)] == [
        ("The gate is open", NOW),
        ("港口咖啡馆", at(1)),
    ]


def test_a_date_the_feed_gave_is_kept_when_it_stops_giving_it(connection: Connection) -> None:
    loaded(connection, milled(GATE))
    loaded(connection, milled(replace(GATE, date=None, text=SHUT), at=at(1)))
    (article,) = articles(connection)
    assert (article["published_at"], article["published_known"]) == (NOW.replace(hour=8), True)


def test_a_date_the_feed_gave_is_kept_in_one_go_too(connection: Connection) -> None:
    loaded(connection, milled(GATE), milled(replace(GATE, date=None, text=SHUT), at=at(1)))
    (article,) = articles(connection)
    assert (article["published_at"], article["published_known"]) == (NOW.replace(hour=8), True)


def test_without_a_date_it_is_published_when_it_was_first_seen(connection: Connection) -> None:
    undated = replace(GATE, date=None)
    loaded(connection, milled(undated, at=at(2)))
    loaded(connection, milled(undated, at=at(1)))
    (article,) = articles(connection)
    assert (article["published_at"], article["published_known"], article["first_seen_at"]) == (at(1), False, at(1))


# --- several feeds --------------------------------------------------------------------------------------------------


def test_one_address_in_two_feeds_is_one_article_of_two_raw_entries(connection: Connection) -> None:
    loaded(connection, milled(GATE), milled(replace(GATE, guid="w1"), feed=WIRE))
    assert len(articles(connection)) == 1
    entries = rows(connection, "FROM raw.entries ORDER BY feed_id")
    assert [e["feed_id"] for e in entries] == ["quay", "wire"]
    assert len({e["article_id"] for e in entries}) == 1


def test_guids_of_different_feeds_are_different(connection: Connection) -> None:
    loaded(connection, milled(replace(GATE, link=None)), milled(replace(GATE, link=None), feed=WIRE))
    assert len(articles(connection)) == 2


def test_a_summary_in_another_feed_does_not_replace_the_text(connection: Connection) -> None:
    loaded(connection, milled(replace(GATE, text=SHUT)))
    loaded(connection, milled(replace(GATE, text=SHORT), feed=WIRE, at=at(1)))
    (article,) = articles(connection)
    assert (article["content_text"], article["feed_id"], article["version"]) == (text(SHUT), "quay", 1)
    assert article["last_seen_at"] == at(1)


def test_a_fuller_text_in_another_feed_does(connection: Connection) -> None:
    loaded(connection, milled(replace(GATE, text=SHORT)))
    loaded(connection, milled(replace(GATE, text=SHUT), feed=WIRE, at=at(1)))
    loaded(connection, milled(replace(GATE, text=SHORT), at=at(2)))
    (article,) = articles(connection)
    assert (article["content_text"], article["feed_id"], article["version"]) == (text(SHUT), "wire", 2)
    assert [v["feed_id"] for v in versions(connection)] == ["quay", "wire"]


def test_the_current_row_is_the_newest_of_its_feed_whatever_another_feed_says(connection: Connection) -> None:
    old, new = (replace(GATE, text=SHUT, link=f"https://quay.example/gate?utm_source={n}", guid=n) for n in "ab")
    batch = [milled(old), milled(new, at=at(1)), milled(replace(GATE, text=SHORT, guid="w"), feed=WIRE, at=at(2))]
    loaded(connection, *batch)
    (article,) = articles(connection)
    assert (article["content_text"], article["guid"]) == (text(SHUT), "b")


# --- keys that say nothing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes", [{"guid": "0"}, {"link": "https://quay.example/news"}, {"link": None}, {"guid": None}]
)
def test_what_all_items_share_does_not_merge_them(connection: Connection, changes: dict[str, Any]) -> None:
    items = [
        replace(Item(f"Title {n}", f"<p>Text of {n}</p>", f"https://quay.example/{n}", f"g{n}"), **changes)
        for n in range(4)
    ]
    loaded(connection, milled(*items))
    loaded(connection, milled(*items[1:], at=at(1)))
    assert [(a["title"], a["content_text"]) for a in articles(connection)] == [
        (f"Title {n}", f"Text of {n}") for n in range(4)
    ]
    assert len(versions(connection)) == 4


@pytest.mark.parametrize("shared", ["guid", "both"])
def test_a_constant_guid_does_not_merge_what_comes_one_at_a_time(connection: Connection, shared: str) -> None:
    """A feed of one item, always under the same guid."""
    for n in range(3):
        link = "https://quay.example/" if shared == "both" else f"https://quay.example/{n}"
        item = Item(f"Title {n}", f"<p>Text of {n}</p>", link, "0", date=f"Fri, 20 Nov 2026 0{n}:00:00 GMT")
        loaded(connection, milled(item, at=at(n)))
    if shared == "guid":
        assert [a["title"] for a in articles(connection)] == ["Title 0", "Title 1", "Title 2"]
    else:
        assert [v["title"] for v in versions(connection)] == ["Title 0", "Title 1", "Title 2"]


# --- order and repetition -------------------------------------------------------------------------------------------


def history() -> list[Milled]:
    return [
        milled(replace(GATE, text=SHORT), CAFE),
        milled(replace(GATE, text=SHUT), CAFE, at=at(1)),
        milled(CAFE, at=at(2)),
        milled(replace(GATE, text=NINE), feed=WIRE, at=at(3)),
        milled(replace(GATE, text=SHORT), replace(CAFE, title="咖啡馆"), at=at(4)),
    ]


def contents(source: Path, target: Path, batches: Sequence[Sequence[Milled]], *schemas: str) -> dict[str, Rows]:
    """The tables of a new warehouse after these batches."""
    shutil.copy(source, target)
    with Warehouse(target).writing() as connection:
        for batch in batches:
            loaded(connection, *batch)
        return tables(connection, *schemas)


@pytest.mark.parametrize("order", [(2, 0, 4, 1, 3), (0, 4, 1, 2, 3)])
def test_the_order_of_loading_does_not_matter(empty: Path, tmp_path: Path, order: tuple[int, ...]) -> None:
    documents = history()
    forward = contents(empty, tmp_path / "a.duckdb", [[m] for m in documents], "raw", "clean")
    mixed = contents(empty, tmp_path / "b.duckdb", [[documents[n]] for n in order], "raw", "clean")
    for name in forward:
        assert mixed[name] == forward[name], name


def test_an_old_document_does_not_take_the_newest_row_s_place(connection: Connection) -> None:
    """What lies between two sightings of the current text splits its version, and touches nothing else of it."""
    first, last = replace(GATE, text=SHUT, guid="a"), replace(GATE, text=SHUT, guid="b")
    loaded(connection, milled(first))
    loaded(connection, milled(last, at=at(2)))
    loaded(connection, milled(replace(GATE, text=NINE, guid="c"), at=at(1)))
    (article,) = articles(connection)
    assert (article["content_text"], article["version"], article["guid"]) == (text(SHUT), 3, "b")


def test_the_same_batch_twice_changes_nothing(connection: Connection) -> None:
    batch = [*history(), mill_bytes(b"<html>", document(b"<html>"), FEED)]
    loaded(connection, *batch)
    before = tables(connection)
    counts = load(connection, batch, run_id="another run")
    assert (counts.new, counts.changed) == (0, 0)
    assert tables(connection) == before


def test_in_one_batch_or_in_many(empty: Path, tmp_path: Path) -> None:
    documents = history()
    many = contents(empty, tmp_path / "a.duckdb", [[m] for m in documents], "raw", "clean")
    one = contents(empty, tmp_path / "b.duckdb", [documents[::-1]], "raw", "clean")
    assert one == many


def pictured(name: str, html: str = NINE) -> Item:
    return replace(GATE, text=f'<img src="https://quay.example/{name}.jpg">{html}')


def test_images_of_the_current_version(connection: Connection) -> None:
    loaded(connection, milled(replace(GATE, text='<img src="/a.jpg" alt="A"><img src="/b.jpg">' + NINE)))
    places = rows(
        connection,
        "SELECT position, url, alt, is_lead, status "
        "FROM clean.article_images JOIN clean.images USING (image_id) ORDER BY position",
    )
    assert [tuple(place.values()) for place in places] == [
        (0, "https://quay.example/a.jpg", "A", True, "pending"),
        (1, "https://quay.example/b.jpg", None, False, "pending"),
    ]
    loaded(connection, milled(pictured("c"), at=at(1)))
    places = rows(connection, "SELECT url FROM clean.article_images JOIN clean.images USING (image_id)")
    assert places == [{"url": "https://quay.example/c.jpg"}]
    assert rows(connection, "SELECT count(*) AS n FROM clean.images") == [{"n": 3}]


@pytest.mark.parametrize(
    ("policy", "statuses"), [("all", ["pending"] * 2), ("lead", ["pending", "skipped"]), ("none", ["skipped"] * 2)]
)
def test_the_feed_s_image_policy(connection: Connection, policy: Any, statuses: list[str]) -> None:
    feed = replace(FEED, images=policy)
    loaded(connection, milled(replace(GATE, text='<img src="/a.jpg"><img src="/b.jpg">' + NINE), feed=feed))
    assert [i["status"] for i in rows(connection, "FROM clean.images ORDER BY url")] == statuses


def test_every_version_s_lead_image_is_known(connection: Connection) -> None:
    loaded(connection, milled(pictured("a")), milled(pictured("b", SHUT), at=at(1)))
    leads = {v["lead_image_id"] for v in versions(connection)}
    assert len(leads) == 2
    assert leads <= {i["image_id"] for i in rows(connection, "FROM clean.images")}


# --- properties -----------------------------------------------------------------------------------------------------


@st.composite
def _states(
    draw: st.DrawFn, feeds: tuple[Feed, ...], *, images: bool, dates: bool
) -> list[tuple[Feed, list[Item], datetime]]:
    """What feeds said, hour by hour."""
    states = []
    for hour in range(draw(st.integers(2, 4))):
        items = []
        for number in range(2):
            if draw(st.booleans()):
                picture = f'<img src="/{draw(st.integers(0, 1))}.jpg">' if images else ""
                items.append(
                    Item(
                        title=f"Title {number}",
                        text=f"{draw(st.sampled_from([SHORT, NINE, SHUT]))}<p>{number}</p>{picture}",
                        link=f"https://quay.example/{number}",
                        guid=f"g{number}",
                        date=draw(st.sampled_from([GATE.date, None])) if dates else GATE.date,
                    )
                )
        states.append((draw(st.sampled_from(feeds)), items, at(hour)))
    return states


_numbers = itertools.count()
_slow = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def _same(empty: Path, folder: Path, states: list[tuple[Feed, list[Item], datetime]]) -> None:
    batch = [milled(*items, feed=feed, at=moment) for feed, items, moment in states]
    one, many = (folder / f"{next(_numbers)}.duckdb" for _ in range(2))
    whole = contents(empty, one, [batch], "clean")
    single = contents(empty, many, [[m] for m in batch], "clean")
    for name in whole:
        assert single[name] == whole[name], name


@given(states=_states((FEED,), images=False, dates=False))
@_slow
def test_any_edits_load_in_one_go_as_one_by_one(empty: Path, tmp_path: Path, states: Any) -> None:
    _same(empty, tmp_path, states)


@given(states=_states((FEED, WIRE), images=False, dates=False))
@_slow
def test_so_they_do_in_two_feeds(empty: Path, tmp_path: Path, states: Any) -> None:
    _same(empty, tmp_path, states)


@given(states=_states((FEED,), images=True, dates=True))
@_slow
def test_so_they_do_with_images_and_without_dates(empty: Path, tmp_path: Path, states: Any) -> None:
    _same(empty, tmp_path, states)


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_a_reject_is_recorded_once(connection: Connection) -> None:
    page = b"<!DOCTYPE html><title>Parked</title>"
    parked = mill_bytes(page, document(page), FEED)
    assert loaded(connection, parked).rejected == 1
    load(connection, [parked], run_id="later")
    (reject,) = rows(connection, "FROM ops.rejects")
    assert (reject["step"], reject["feed_id"], reject["run_id"]) == ("parse", "quay", "run")
    assert reject["document_id"] == parked.document.document_id
    assert "HTML page" in reject["error"]


def test_a_failing_transaction_leaves_nothing(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(connection, milled(GATE))
    before = tables(connection)

    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(warehouse.load.batch, "load_rejects", broken)  # the last step
        with pytest.raises(KeyboardInterrupt):
            loaded(connection, milled(replace(GATE, text=SHUT), CAFE, at=at(1)))
    assert tables(connection) == before
    assert loaded(connection, milled(replace(GATE, text=SHUT), CAFE, at=at(1))).new == 1


def _numbered(first: int, count: int = 5) -> list[Milled]:
    items = [
        Item(f"Title {n}", f"<p>Text of {n}</p>", f"https://quay.example/{n}", f"g{n}")
        for n in range(first, first + count)
    ]
    return [milled(item, GATE, at=at(first + n)) for n, item in enumerate(items)]


def test_threads_that_load_at_the_same_time(path: Path) -> None:
    failures: list[BaseException] = []
    barrier = threading.Barrier(2)

    def work(first: int) -> None:
        try:
            barrier.wait()
            for one in _numbered(first):
                with Warehouse(path).writing() as connection:
                    loaded(connection, one)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with Warehouse(path).reading() as connection:
        assert len(articles(connection)) == 11
        assert rows(connection, "SELECT count(*) AS n FROM raw.documents") == [{"n": 10}]


_LOADER = """
import pickle
import sys
from pathlib import Path
from warehouse.store.connection import Warehouse
from warehouse.load import load

batch = pickle.loads(Path(sys.argv[2]).read_bytes())
print("ready", flush=True)
sys.stdin.readline()
for one in batch:
    with Warehouse(Path(sys.argv[1])).writing() as connection:
        load(connection, [one], run_id="run")
"""

_HOLDER = """
import sys
from pathlib import Path
from warehouse.store.connection import Warehouse

with Warehouse(Path(sys.argv[1])).writing():
    print("ready", flush=True)
    sys.stdin.readline()
"""


def started(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A process of ours, ready to go on when it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_processes_that_load_at_the_same_time(path: Path) -> None:
    batches = [path.with_name(f"{first}.pickle") for first in (0, 100)]
    for first, batch in zip((0, 100), batches, strict=True):
        batch.write_bytes(pickle.dumps(_numbered(first)))
    processes = [started(_LOADER, path, batch) for batch in batches]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.wait() for process in processes] == [0, 0]
    for process in processes:
        process.communicate()
    with Warehouse(path).reading() as connection:
        assert len(articles(connection)) == 11
        (gate,) = (a for a in articles(connection) if a["title"] == GATE.title)
        assert (gate["first_seen_at"], gate["last_seen_at"], gate["version"]) == (at(0), at(104), 1)


def test_a_warehouse_another_process_holds(path: Path) -> None:
    holder = started(_HOLDER, path)
    try:
        for opened in (Warehouse(path, lock_timeout=0.05).writing, Warehouse(path, lock_timeout=0.05).reading):
            with pytest.raises(WarehouseLockedError, match=rf"process {holder.pid} \("), opened():
                pass
    finally:
        holder.communicate("\n")
    assert holder.returncode == 0
    with Warehouse(path, lock_timeout=0.05).writing() as connection:
        assert articles(connection) == []


def _raise_schema(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO ops.schema_migrations VALUES (9999, '9999_later.sql', now())")


def _write_text(path: Path) -> None:
    path.write_text("This is no database. " * 2000, encoding="utf-8")


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _cut(path: Path) -> None:
    os.truncate(path, 5000)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_raise_schema, "its schema is number 9999"),
        (_write_text, "not a DuckDB file"),
        (_make_folder, "newsmill.duckdb"),
        (_cut, "newsmill.duckdb"),
    ],
)
def test_a_warehouse_that_cannot_be_used(path: Path, harm: Callable[[Path], None], words: str) -> None:
    harm(path)
    for opened in (Warehouse(path).writing, Warehouse(path).reading):
        with pytest.raises(WarehouseError, match=words), opened():
            pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WarehouseError, match="can't be made"), Warehouse(tmp_path / "file" / "w.duckdb").writing():
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to any folder")
def test_a_read_only_folder(tmp_path: Path) -> None:
    folder = tmp_path / "shut"
    folder.mkdir(mode=0o500)
    with pytest.raises(WarehouseError, match="no right"), Warehouse(folder / "w.duckdb").writing():
        pass


def test_reading_what_is_not_there_yet(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="there is no warehouse yet"), Warehouse(tmp_path / "w.duckdb").reading():
        pass
    assert not (tmp_path / "w.duckdb").exists()


def test_a_warehouse_in_a_folder_with_a_quote(tmp_path: Path) -> None:
    path = tmp_path / "o'brien; 港" / "w.duckdb"
    with Warehouse(path).writing() as connection:
        loaded(connection, milled(GATE))
    with Warehouse(path).reading() as connection:
        assert len(articles(connection)) == 1
