"""Loading a batch in one opening of the warehouse."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tasks.load import Batch, commit_batch, log_batch
from tests.tasks.making import FEED, NOW, Item, milled
from warehouse.records import FeedState, Fetch, Reject
from warehouse.store.connection import Warehouse
from warehouse.watermark import Watermark

FETCH = Fetch(FEED.id, FEED.url, NOW, 0.1, "fetched", status=200)
REJECT = Reject("parse", "no title", FEED.id, location="entry 3")


def test_articles_states_rejects_and_watermark_are_loaded_together(tmp_path: Path) -> None:
    store = Warehouse(tmp_path / "newsmill.duckdb")
    batch = Batch(
        store=store,
        run_id="run",
        milled=[milled(Item())],
        fetches=[(FEED, FETCH, FeedState(FEED.id, FEED.url))],
        rejects=[REJECT],
        watermark=Watermark("archive", "folder", "{}", "mark", 7, NOW),
    )
    counts = commit_batch(batch)
    assert (counts.new, counts.rejected) == (1, 1)
    with store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM clean.articles").fetchall() == [(1,)]
        assert connection.execute("SELECT due_at > ?, interval_reason FROM ops.feeds", [NOW]).fetchall() == [
            (True, "no rhythm known yet")
        ]
        assert connection.execute("SELECT count(*) FROM ops.rejects").fetchall() == [(1,)]
        assert connection.execute("SELECT documents FROM ops.watermarks").fetchall() == [(7,)]


def test_documents_and_rejects_are_logged_at_debug_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    batch = Batch(store=Warehouse(tmp_path / "none"), run_id="run", milled=[milled(Item())], rejects=[REJECT])
    log = logging.getLogger("tests.load")
    with caplog.at_level(logging.INFO, "tests.load"):
        log_batch(batch, log)
    assert not caplog.messages
    with caplog.at_level(logging.DEBUG, "tests.load"):
        log_batch(batch, log)
    assert any("1 entry," in message for message in caplog.messages)
    assert "quay: rejected (parse): entry 3: no title" in caplog.messages
