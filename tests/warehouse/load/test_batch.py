"""Loading batches: order, repetition, images, processes at the same time."""

from __future__ import annotations

import itertools
import pickle
import shutil
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import warehouse.load.batch
from tasks.mill.document import mill_bytes
from tests.tasks.making import FEED, NOW, Item, document, milled
from tests.warehouse.load.making import (
    CAFE,
    GATE,
    NINE,
    SHORT,
    SHUT,
    WIRE,
    Rows,
    articles,
    at,
    load_batch,
    rows,
    start_process,
    tables,
    text,
    versions,
)
from warehouse.load.batch import load
from warehouse.records import Feed, Milled
from warehouse.store.connection import Warehouse
from warehouse.store.transactions import Connection


def test_new_articles(connection: Connection) -> None:
    counts = load_batch(connection, milled(GATE, CAFE))
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


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_counts_add_up_to_the_entries_however_they_are_batched(connection: Connection, size: int) -> None:
    """Two files of an archive had the same article: 1,234 documents were "1,233 new, 0 changed, 0 seen again"."""
    documents = [
        milled(GATE),
        milled(GATE, feed=WIRE, at=at(1)),
        milled(CAFE, at=at(2)),
        milled(replace(GATE, text=SHUT), at=at(3)),
        milled(replace(GATE, text=SHUT), CAFE, at=at(4)),
    ]
    loads = [
        load_batch(connection, *batch)
        for batch in (documents[begin : begin + size] for begin in range(0, len(documents), size))
    ]
    assert sum(counts.entries for counts in loads) == 6
    assert sum(counts.new for counts in loads) == 2
    assert sum(counts.changed for counts in loads) == 1
    assert sum(counts.unchanged for counts in loads) == 3


def test_the_same_again_changes_only_when_it_was_last_seen(connection: Connection) -> None:
    load_batch(connection, milled(GATE, CAFE))
    before = tables(connection, "raw", "clean")
    counts = load_batch(connection, milled(GATE, CAFE, at=at(1)))
    assert (counts.new, counts.changed, counts.unchanged) == (0, 0, 2)
    after = tables(connection, "raw", "clean")
    assert [d["fetched_at"] for d in sorted(after.pop("raw.documents"), key=lambda d: d["fetched_at"])] == [NOW, at(1)]
    before.pop("raw.documents")
    for name in ("raw.entries", "clean.articles", "clean.article_versions"):
        assert {row["last_seen_at"] for row in after[name]} == {at(1)}
        before[name] = [row | {"last_seen_at": at(1)} for row in before[name]]
    assert after == before


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
            load_batch(connection, *batch)
        return tables(connection, *schemas)


@pytest.mark.parametrize("order", [(2, 0, 4, 1, 3), (0, 4, 1, 2, 3)])
def test_the_order_of_loading_does_not_matter(empty: Path, tmp_path: Path, order: tuple[int, ...]) -> None:
    documents = history()
    forward = contents(empty, tmp_path / "a.duckdb", [[m] for m in documents], "raw", "clean")
    mixed = contents(empty, tmp_path / "b.duckdb", [[documents[n]] for n in order], "raw", "clean")
    for name in forward:
        assert mixed[name] == forward[name], name


def test_the_same_batch_twice_changes_nothing(connection: Connection) -> None:
    batch = [*history(), mill_bytes(b"<html>", document(b"<html>"), FEED)]
    load_batch(connection, *batch)
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


def test_other_authors_of_the_same_text_are_no_version(connection: Connection) -> None:
    load_batch(connection, milled(replace(GATE, extra="<dc:creator>Oda Brandt</dc:creator>")))
    both = "<dc:creator>Oda Brandt</dc:creator><dc:creator>Ana Reis</dc:creator>"
    load_batch(connection, milled(replace(GATE, extra=both), at=at(1)))
    (article,) = articles(connection)
    assert (article["version"], article["author"]) == (1, "Oda Brandt, Ana Reis")
    assert article["authors"] == ["Oda Brandt", "Ana Reis"]
    assert [version["authors"] for version in versions(connection)] == [["Oda Brandt"]]


def test_images_of_the_current_version(connection: Connection) -> None:
    load_batch(connection, milled(replace(GATE, text='<img src="/a.jpg" alt="A"><img src="/b.jpg">' + NINE)))
    places = rows(
        connection,
        "SELECT position, url, alt, is_lead, status "
        "FROM clean.article_images JOIN clean.images USING (image_id) ORDER BY position",
    )
    assert [tuple(place.values()) for place in places] == [
        (0, "https://quay.example/a.jpg", "A", True, "pending"),
        (1, "https://quay.example/b.jpg", None, False, "pending"),
    ]
    load_batch(connection, milled(pictured("c"), at=at(1)))
    places = rows(connection, "SELECT url FROM clean.article_images JOIN clean.images USING (image_id)")
    assert places == [{"url": "https://quay.example/c.jpg"}]
    assert rows(connection, "SELECT count(*) AS n FROM clean.images") == [{"n": 3}]


@pytest.mark.parametrize(
    ("policy", "statuses"), [("all", ["pending"] * 2), ("lead", ["pending", "skipped"]), ("none", ["skipped"] * 2)]
)
def test_the_feed_s_image_policy(connection: Connection, policy: Any, statuses: list[str]) -> None:
    feed = replace(FEED, images=policy)
    load_batch(connection, milled(replace(GATE, text='<img src="/a.jpg"><img src="/b.jpg">' + NINE), feed=feed))
    assert [i["status"] for i in rows(connection, "FROM clean.images ORDER BY url")] == statuses


def test_an_avatar_before_the_picture_does_not_lead(connection: Connection) -> None:
    html = '<img class="avatar" src="/oda.jpg"><img src="/a.jpg"><img src="/b.jpg">' + NINE
    load_batch(connection, milled(replace(GATE, text=html), feed=replace(FEED, images="lead")))
    sql = "SELECT url, is_lead, status FROM clean.article_images JOIN clean.images USING (image_id) ORDER BY position"
    assert [tuple(row.values()) for row in rows(connection, sql)] == [
        ("https://quay.example/oda.jpg", False, "skipped"),
        ("https://quay.example/a.jpg", True, "pending"),
        ("https://quay.example/b.jpg", False, "skipped"),
    ]
    leads = rows(connection, "SELECT i.url FROM clean.articles JOIN clean.images i ON image_id = lead_image_id")
    assert leads == [{"url": "https://quay.example/a.jpg"}]


def test_every_version_s_lead_image_is_known(connection: Connection) -> None:
    load_batch(connection, milled(pictured("a")), milled(pictured("b", SHUT), at=at(1)))
    leads = {v["lead_image_id"] for v in versions(connection)}
    assert len(leads) == 2
    assert leads <= {i["image_id"] for i in rows(connection, "FROM clean.images")}


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
    max_examples=5,
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


def test_a_reject_is_recorded_once(connection: Connection) -> None:
    page = b"<!DOCTYPE html><title>Parked</title>"
    parked = mill_bytes(page, document(page), FEED)
    assert load_batch(connection, parked).rejected == 1
    load(connection, [parked], run_id="later")
    (reject,) = rows(connection, "FROM ops.rejects")
    assert (reject["step"], reject["feed_id"], reject["run_id"]) == ("parse", "quay", "run")
    assert reject["document_id"] == parked.document.document_id
    assert "HTML page" in reject["error"]


def test_a_failing_transaction_leaves_nothing(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    load_batch(connection, milled(GATE))
    before = tables(connection)

    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(warehouse.load.batch, "load_rejects", broken)  # the last step
        with pytest.raises(KeyboardInterrupt):
            load_batch(connection, milled(replace(GATE, text=SHUT), CAFE, at=at(1)))
    assert tables(connection) == before
    assert load_batch(connection, milled(replace(GATE, text=SHUT), CAFE, at=at(1))).new == 1


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
                    load_batch(connection, one)
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
from warehouse.load.batch import load

batch = pickle.loads(Path(sys.argv[2]).read_bytes())
print("ready", flush=True)
sys.stdin.readline()
for one in batch:
    with Warehouse(Path(sys.argv[1])).writing() as connection:
        load(connection, [one], run_id="run")
"""


def test_processes_that_load_at_the_same_time(path: Path) -> None:
    batches = [path.with_name(f"{first}.pickle") for first in (0, 100)]
    for first, batch in zip((0, 100), batches, strict=True):
        batch.write_bytes(pickle.dumps(_numbered(first)))
    processes = [start_process(_LOADER, path, batch) for batch in batches]
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
