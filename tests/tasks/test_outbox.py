"""Posting to an outbox: what is posted, in which order, and what becomes of what is not taken."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks.outbox import Posted, begin_all, post_all
from tasks.outbox_table import read_outbox
from tasks.settings import Settings
from tests.places import ROOT
from tests.sites.receiver import Receiver
from tests.tasks.making import Item, milled
from tests.warehouse.load.making import CAFE, GATE, NINE, SHUT, WIRE, at, load_batch, rows
from warehouse.errors import WarehouseLockedError
from warehouse.load.forgetting import Selection, forget
from warehouse.load.outbox import Wanted, messages, retry, since
from warehouse.records import Milled
from warehouse.store.connection import Warehouse

SECRET = "whsec_" + base64.b64encode(b"of the harbour master").decode()
GATE_SHUT = Item(title="The gate is shut", text=SHUT)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


class Desk:
    """A warehouse and its outbox."""

    def __init__(self, folder: Path, receiver: Receiver, **table: Any) -> None:
        outbox = {"name": "index", "url": receiver.url("/newsmill"), "secret": "{env:INDEX_SECRET}", **table}
        self.values: dict[str, Any] = {
            "warehouse": str(folder / "newsmill.duckdb"),
            "allow_private_addresses": "1",
            "outbox": (read_outbox(outbox),),
        }
        self.store = Warehouse(folder / "newsmill.duckdb")
        begin_all(Settings(**self.values))

    def load(self, *batch: Milled) -> None:
        with self.store.writing() as connection:
            load_batch(connection, *batch)

    def post(self, **settings: Any) -> Posted:
        return asyncio.run(post_all(Settings(**self.values | settings)))

    def states(self) -> list[tuple[str, int]]:
        with self.store.reading() as connection:
            found = rows(connection, "SELECT state, attempts FROM ops.outbox ORDER BY position")
        return [(row["state"], row["attempts"]) for row in found]

    def let_time_pass(self) -> None:
        with self.store.writing() as connection:
            connection.execute("UPDATE ops.outbox SET next_try_at = next_try_at - INTERVAL 2 DAY")


@pytest.fixture
def desk(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Desk]:
    monkeypatch.setenv("INDEX_SECRET", SECRET)
    return lambda **table: Desk(tmp_path, receiver, **table)


def is_genuine() -> Callable[..., bool]:
    """The check that docs/outbox.md shows to receivers."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "outbox.md").read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    found: Callable[..., bool] = names["is_genuine"]
    return found


def test_articles_that_come_change_and_go_are_told_in_order(desk: Callable[..., Desk], receiver: Receiver) -> None:
    told = desk()
    told.load(milled(GATE, CAFE))
    told.load(milled(GATE_SHUT, CAFE, at=at(1)))
    told.load(milled(GATE_SHUT, CAFE, at=at(2)))  # nothing new
    with told.store.writing() as connection:
        forget(connection, Selection(keys=("url:quay.example/cafe",)))
    posted = told.post()
    assert (posted.sent, posted.failed, posted.problems) == (3, 0, {})
    assert receiver.taken == [
        ("article.new", GATE.title),
        ("article.edited", "The gate is shut"),
        ("article.removed", None),
    ]
    new, edited, removed = (message.content["data"] for message in receiver.messages)
    assert (new["article"]["content_text"], new["version"]) == (NINE[3:-4], 1)
    assert (edited["article_id"], edited["version"], edited["feed_id"]) == (new["article_id"], 2, "quay")
    assert (removed["reason"], removed["article"]) == ("forgotten", None)
    assert told.post().sent == 0
    assert len(receiver.messages) == 3


def test_forgetting_the_article_that_came_last_is_told(desk: Callable[..., Desk], receiver: Receiver) -> None:
    """Its own events go, and the positions of events that receivers have seen are not given again."""
    told = desk()
    told.load(milled(GATE))
    told.load(milled(CAFE, at=at(1)))
    told.post()
    with told.store.writing() as connection:
        cursor = since(connection, 0, Wanted(), 9)[-1].position
        forget(connection, Selection(keys=("url:quay.example/cafe",)))
        (removed,) = since(connection, cursor, Wanted(), 9)
    assert (removed.kind, removed.reason) == ("removed", "forgotten")
    assert (told.post().sent, receiver.taken[-1]) == (1, ("article.removed", None))


def test_a_message_is_signed_as_the_documents_say(desk: Callable[..., Desk], receiver: Receiver) -> None:
    told = desk()
    told.load(milled(CAFE))
    told.post()
    (message,) = receiver.messages
    check = is_genuine()
    assert check(message.headers, message.body, SECRET)
    assert not check(message.headers, message.body + b" ", SECRET)
    assert not check(message.headers, message.body, "another")
    assert not check({**message.headers, "webhook-timestamp": "1700000000"}, message.body, SECRET)
    assert message.headers["webhook-id"] == message.content["data"]["event_id"]


def test_the_ids_of_what_is_sent_again_are_the_same(desk: Callable[..., Desk], receiver: Receiver) -> None:
    told = desk()
    told.load(milled(GATE, CAFE))
    receiver.answer = lambda message: 500 if len(receiver.messages) == 0 else 200
    assert (told.post().sent, told.states()) == (1, [("pending", 1), ("sent", 1)])
    assert told.post().sent == 0, "it is not due yet"
    told.let_time_pass()
    assert (told.post().sent, told.states()) == (1, [("sent", 2), ("sent", 1)])
    first, _, again = receiver.messages
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.body == again.body


def test_later_messages_about_an_article_wait_for_earlier_ones(desk: Callable[..., Desk], receiver: Receiver) -> None:
    told = desk()
    told.load(milled(GATE, CAFE))
    told.load(milled(GATE_SHUT, CAFE, at=at(1)))
    receiver.answer = lambda message: 400 if message.content["data"]["article"]["title"] == GATE.title else 200
    told.post()
    assert receiver.taken == [("article.new", CAFE.title)]
    told.post()
    assert len(receiver.messages) == 2, "the edited one was not tried"
    receiver.answer = lambda message: 200
    told.let_time_pass()
    told.post()
    assert receiver.taken[1:] == [("article.new", GATE.title), ("article.edited", "The gate is shut")]


@pytest.mark.parametrize(("status", "timeout"), [(503, 60), (0, 0.2)], ids=["answers 503", "hangs"])
def test_a_receiver_that_is_down_is_left_alone(
    desk: Callable[..., Desk], receiver: Receiver, status: int, timeout: float
) -> None:
    told = desk()
    told.load(
        milled(*(Item(f"Berth {n}", f"<p>Berth {n}.</p>", f"https://quay.example/{n}", str(n)) for n in range(9)))
    )
    receiver.answer = lambda message: status
    posted = told.post(timeout=timeout)
    assert (posted.sent, posted.failed) == (0, 3)
    assert len(receiver.messages) == 3 or (not status and len(receiver.messages) < 3), "or the time was up before"
    assert ("503" if status else "did not answer") in posted.problems["index"]
    receiver.answer = lambda message: 200
    told.let_time_pass()
    assert told.post().sent == 9
    assert {state for state, _ in told.states()} == {"sent"}


def test_what_is_refused_too_often_is_given_up_until_it_is_asked_for(
    desk: Callable[..., Desk], receiver: Receiver
) -> None:
    told = desk()
    told.load(milled(GATE))
    told.load(milled(GATE_SHUT, at=at(1)))
    receiver.answer = lambda message: 400 if message.content["type"] == "article.new" else 200
    for _ in range(2):
        posted = told.post(outbox_attempts=2)
        told.let_time_pass()
    assert (posted.dead, told.states()) == (1, [("dead", 2), ("sent", 1)])
    with told.store.writing() as connection:
        (dead,) = messages(connection, "dead", 9)
        assert (dead["error"], dead["http_status"]) == ("the receiver answered 400", 400)
        assert retry(connection, None, datetime.now(UTC)) == 1
    receiver.answer = lambda message: 200
    assert told.post().sent == 1


def test_filters(desk: Callable[..., Desk], receiver: Receiver) -> None:
    told = desk(feeds=["quay"], events=["new"], text=False)
    told.load(milled(GATE), milled(CAFE, feed=WIRE))
    told.load(milled(GATE_SHUT, at=at(1)))
    told.load(milled(Item("Archived", link="https://quay.example/a", guid="a"), at=at(2), source="archive"))
    told.post()
    assert receiver.taken == [("article.new", GATE.title)]
    assert "content_text" not in receiver.messages[0].content["data"]["article"]


def test_an_outbox_begins_with_the_run_that_sees_it_first(desk: Callable[..., Desk], receiver: Receiver) -> None:
    desk(name="another").load(milled(GATE))
    told = desk()
    told.load(milled(CAFE, at=at(1)))
    told.post()
    assert receiver.taken == [("article.new", CAFE.title)]


def test_a_receiver_in_a_private_network_is_refused(desk: Callable[..., Desk], receiver: Receiver) -> None:
    told = desk()
    told.load(milled(GATE))
    posted = told.post(allow_private_addresses="0")
    assert "leads to a private network address" in posted.problems["index"]
    assert receiver.messages == []
    assert told.states() == [("pending", 1)]


def test_an_outbox_of_which_the_warehouse_is_locked_says_so(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = desk()
    told.load(milled(GATE))

    def locked(*_: object) -> None:
        raise WarehouseLockedError("the warehouse is locked")

    monkeypatch.setattr("tasks.outbox.outbox.fill", locked)
    assert told.post().problems == {"index": "the warehouse is locked"}


@pytest.mark.parametrize("secret", ["", "whsec_*"])
def test_a_secret_that_is_missing_or_wrong_sends_nothing(
    desk: Callable[..., Desk], receiver: Receiver, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("INDEX_SECRET", secret)
    told = desk()
    told.load(milled(GATE))
    assert told.post().problems["index"].startswith("its secret")
    assert (receiver.messages, told.states()) == ([], [("pending", 0)])
