"""Which article an entry belongs to."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tasks.making import FEED, Item, milled
from tests.warehouse.load.making import GATE, NINE, SHORT, SHUT, WIRE, articles, at, load_batch, rows, text, versions
from warehouse.filters import Filter, Filters
from warehouse.load.batch import known_entries
from warehouse.load.identities import CROWD
from warehouse.records import Feed
from warehouse.store.connection import Warehouse
from warehouse.store.transactions import Connection


@pytest.mark.parametrize(
    "changed",
    [
        replace(GATE, guid="another"),
        replace(GATE, guid=None),
        replace(GATE, link="http://quay.example/gate"),
        replace(GATE, link="https://www.quay.example/gate/"),
        replace(GATE, link="https://quay.example/gate?utm_source=rss&utm_medium=feed"),
        replace(GATE, link="https://quay.example/elsewhere"),  # its guid and title stay
        replace(GATE, title="Another title", text=SHUT),
        replace(GATE, guid="another", title="The gate opened"),
    ],
)
def test_an_article_keeps_its_id(connection: Connection, changed: Item) -> None:
    load_batch(connection, milled(GATE))
    (before,) = articles(connection)
    assert load_batch(connection, milled(changed, at=at(1))).new == 0
    (after,) = articles(connection)
    assert after["article_id"] == before["article_id"]
    assert (after["guid"], after["last_seen_at"]) == (changed.guid, at(1))
    # what it is called now leads to it as well
    last = replace(changed, title="A third title", text=SHORT, date=None)
    assert load_batch(connection, milled(last, at=at(2))).new == 0
    assert len(articles(connection)) == 1


def test_one_address_in_two_feeds_is_one_article_of_two_raw_entries(connection: Connection) -> None:
    load_batch(connection, milled(GATE), milled(replace(GATE, guid="w1"), feed=WIRE))
    assert len(articles(connection)) == 1
    entries = rows(connection, "FROM raw.entries ORDER BY feed_id")
    assert [e["feed_id"] for e in entries] == ["quay", "wire"]
    assert len({e["article_id"] for e in entries}) == 1


def test_guids_of_different_feeds_are_different(connection: Connection) -> None:
    load_batch(connection, milled(replace(GATE, link=None)), milled(replace(GATE, link=None), feed=WIRE))
    assert len(articles(connection)) == 2


@pytest.mark.parametrize(
    "changes", [{"guid": "0"}, {"link": "https://quay.example/news"}, {"link": None}, {"guid": None}]
)
def test_what_all_items_share_does_not_merge_them(connection: Connection, changes: dict[str, Any]) -> None:
    items = [
        replace(Item(f"Title {n}", f"<p>Text of {n}</p>", f"https://quay.example/{n}", f"g{n}"), **changes)
        for n in range(4)
    ]
    load_batch(connection, milled(*items))
    load_batch(connection, milled(*items[1:], at=at(1)))
    assert [(a["title"], a["content_text"]) for a in articles(connection)] == [
        (f"Title {n}", f"Text of {n}") for n in range(4)
    ]
    assert len(versions(connection)) == 4


NOTES = "https://quay.example/notes"
PHOTO = "https://quay.example/photo-of-the-day"
OTHERS = {
    "guid, always the same": (
        Item("North gate", "<p>It opens at eight.</p>", "https://quay.example/north", "N/A"),
        Item("Ferry strike", "<p>No boats until Thursday.</p>", "https://quay.example/ferry", "N/A"),
    ),
    "link, guids of their own": (
        Item("Lamp 16.1", "<p>Fixes the switch.</p>", NOTES, "lamp161"),
        Item("Horn 16.2", "<p>Fixes the pitch.</p>", NOTES, "horn162"),
    ),
    "link and title, guids of their own": (
        Item("Alle Systeme laufen", "<p>Am Morgen geprüft.</p>", NOTES, "e1"),
        Item("Alle Systeme laufen", "<p>Abends noch einmal.</p>", NOTES, "e2"),
    ),
    "link but for its fragment": (
        Item("Version 1", "<p>La puerta se abre.</p>", f"{NOTES}#v1", None),
        Item("Version 2", "<p>El muelle se alarga.</p>", f"{NOTES}#v2", None),
    ),
    "link but for what may be tracking": (
        Item("第一号通告", "<p>北门八点开放。</p>", f"{NOTES}?ref=2024-111", None),
        Item("第二号通告", "<p>渡轮周四停航。</p>", f"{NOTES}?ref=2024-112", None),
    ),
    "comments, by one person on one post": (
        Item("By: Ana", "<p>First remark.</p>", f"{NOTES}#comment-5", f"{NOTES}?p=1#comment-5"),
        Item("By: Ana", "<p>Second remark, quite another.</p>", f"{NOTES}#comment-6", f"{NOTES}?p=1#comment-6"),
    ),
    "neither link nor guid, on other days": (
        Item("Closed today", "<p>The gate is shut.</p>", None, None, date="Fri, 20 Nov 2026 08:00:00 GMT"),
        Item("Closed today", "<p>The gate is shut.</p>", None, None, date="Wed, 18 Nov 2026 08:00:00 GMT"),
    ),
    "link and guid, nothing else": (
        Item("Fog over the pier", SHUT, PHOTO, PHOTO, date="Fri, 20 Nov 2026 08:00:00 GMT"),
        Item("A heron at dawn", "<p>Seen at six.</p>", PHOTO, PHOTO, date="Wed, 18 Nov 2026 08:00:00 GMT"),
    ),
}


@pytest.mark.parametrize("together", [True, False], ids=["in one document", "one at a time"])
@pytest.mark.parametrize("shared", OTHERS)
def test_articles_that_share_a_key_are_told_apart(connection: Connection, shared: str, together: bool) -> None:
    pair = OTHERS[shared]
    documents = [pair] if together else [(item,) for item in pair]
    for hour in (0, 10, 20):
        for number, document in enumerate(documents):
            load_batch(connection, milled(*document, at=at(hour + number)))
    assert sorted(a["content_text"] for a in articles(connection)) == sorted(text(item.text) for item in pair)
    assert [a["version"] for a in articles(connection)] == [1, 1]


def test_a_page_that_all_entries_link_to_is_no_key(connection: Connection) -> None:
    """Nor is it compared with hundreds of articles; the guid still tells an edit."""
    items = [Item(f"Notice {n}", f"<p>Text of {n}</p>", NOTES, f"notice-{n}") for n in range(CROWD + 8)]
    load_batch(connection, milled(*items[:20]))
    load_batch(connection, milled(*items[20:], at=at(1)))
    edited = replace(items[30], text="<p>Text of 30, corrected</p>")
    counts = load_batch(connection, milled(edited, Item("News", "<p>Of today</p>", NOTES, "news"), at=at(2)))
    assert (counts.new, counts.changed) == (1, 1)
    assert len(articles(connection)) == len(items) + 1


_TITLES = ("By: Ana", "The gate opens", "The gate opens at nine", "北门开放", "")
_TEXTS = ("<p>First remark.</p>", NINE, SHUT, f"{NINE}{SHUT}", "<p>北门八点开放。</p>", "")
_LINKS = (None, NOTES, f"{NOTES}#1", f"{NOTES}?ref=7", "https://quay.example/", PHOTO)
_DATES = ("", "Fri, 20 Nov 2026 08:00:00 GMT", "Wed, 18 Nov 2026 08:00:00 GMT")
_ITEMS = st.builds(
    Item,
    st.sampled_from(_TITLES),
    st.sampled_from(_TEXTS),
    st.sampled_from(_LINKS),
    st.sampled_from((None, "N/A", "a", "b", NOTES)),
    st.sampled_from(_DATES),
)


_RULES = st.builds(
    Filter,
    st.sampled_from(["any", "title", "text", "url"]),
    st.sampled_from([("gate",), ("storm", "北门"), ("notes",)]),
    st.sampled_from([None, "^The", "nine$"]),
    before=st.sampled_from([None, datetime(2026, 11, 19, tzinfo=UTC)]),
)
_FILTERS = st.builds(Filters, *[st.lists(_RULES, max_size=1).map(tuple)] * 2)
_numbers = itertools.count()


@given(
    st.lists(st.tuples(st.lists(_ITEMS, min_size=1, max_size=4), st.sampled_from((FEED, WIRE))), max_size=4),
    st.data(),
)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_document_again_never_makes_a_version(
    empty: Path, tmp_path: Path, documents: list[tuple[list[Item], Feed]], data: st.DataObject
) -> None:
    hours = itertools.count()
    with Warehouse(Path(shutil.copy(empty, tmp_path / f"{next(_numbers)}.duckdb"))).writing() as connection:
        for items, feed in documents:
            load_batch(connection, milled(*items, feed=feed, at=at(next(hours))))
            before = [(v["article_id"], v["version"], v["content_hash"]) for v in versions(connection)]
            known = known_entries(connection, [feed.id])[feed.id]
            for seen in (frozenset[str](), known, frozenset[str]()):
                order = data.draw(st.permutations(items))
                counts = load_batch(connection, milled(*order, feed=feed, at=at(next(hours)), known=seen))
                assert (counts.new, counts.changed) == (0, 0)
            assert [(v["article_id"], v["version"], v["content_hash"]) for v in versions(connection)] == before


@given(
    st.lists(st.tuples(st.lists(_ITEMS, min_size=1, max_size=4), st.booleans()), min_size=1, max_size=4),
    st.tuples(_FILTERS, _FILTERS),
)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_loading_under_rules_is_reprocessing_under_them(
    empty: Path, tmp_path: Path, documents: list[tuple[list[Item], bool]], filters: tuple[Filters, Filters]
) -> None:
    """Document by document, the known entries left out; and once more all of them, as `reprocess` does."""
    feeds = [replace(FEED, filters=filters[0]), replace(WIRE, shared_filters=filters[1])]
    number = next(_numbers)
    found = []
    for run in ("load", "reprocess"):
        path = Path(shutil.copy(empty, tmp_path / f"{number}-{run}.duckdb"))
        with Warehouse(path).writing() as connection:
            for hour, (items, is_wire) in enumerate(documents):
                feed = feeds[is_wire]
                known = known_entries(connection, [feed.id]).get(feed.id, frozenset()) if run == "load" else frozenset()
                counts = load_batch(connection, milled(*items, feed=feed, at=at(hour), known=known))
                assert counts.new + counts.changed + counts.unchanged + counts.blocked.total() <= counts.entries
            entries = rows(
                connection, "SELECT entry_id, article_id, blocked_by, last_seen_at FROM raw.entries ORDER BY entry_id"
            )
            found.append((articles(connection), versions(connection), entries))
            assert all((entry["article_id"] is None) == (entry["blocked_by"] is not None) for entry in entries)
    assert found[0] == found[1]
