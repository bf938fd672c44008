"""The numbers that monitoring reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.tasks.making import Item, milled
from warehouse.errors import WarehouseError
from warehouse.load.batch import load
from warehouse.read.metrics import Metric, metric_heads, read_metrics
from warehouse.store.connection import Warehouse

RUNS = """
INSERT INTO ops.runs (run_id, flow, started_at, finished_at, state) VALUES
    ('a', 'ingest', now() - INTERVAL 3 HOUR, now() - INTERVAL 3 HOUR + INTERVAL 9 SECOND, 'failed'),
    ('b', 'ingest', now() - INTERVAL 1 HOUR, now() - INTERVAL 1 HOUR + INTERVAL 20 SECOND, 'partial'),
    ('c', 'ingest', now(), NULL, 'running'),
    ('d', 'maintain', now() - INTERVAL 3 DAY, now() - INTERVAL 3 DAY + INTERVAL 5 SECOND, 'failed');
INSERT INTO ops.feeds (feed_id, last_fetched_at, last_success_at, consecutive_failures, due_at) VALUES
    ('quay', now(), now(), 0, now() + INTERVAL 1 HOUR), ('码头', now(), now(), 4, now() - INTERVAL 1 HOUR);
"""


@pytest.fixture
def store(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "newsmill.duckdb", lock_timeout=0)


def by_name(store: Warehouse) -> dict[str, Metric]:
    return {metric.name: metric for metric in read_metrics(store)}


def test_what_the_warehouse_holds(store: Warehouse) -> None:
    now = datetime.now(UTC)
    item = Item(
        "泊位开放", "<p>一号泊位今天开放。</p><img src='https://quay.example/1.png'>", "https://quay.example/1", "1"
    )
    with store.writing() as connection:
        load(connection, [milled(item, at=now - timedelta(hours=2))], run_id="a")
        connection.execute(RUNS)
    found = by_name(store)
    assert list(found) == list(metric_heads())
    assert found["newsmill_feeds"].values == {"healthy": 2, "failing": 1}, "with the one of the article"
    assert found["newsmill_feeds_due"].values == {"": 2}
    assert found["newsmill_feed_consecutive_failures"].values == {"码头": 4}
    assert found["newsmill_articles"].values == found["newsmill_articles_last_day"].values == {"": 1}
    assert found["newsmill_waiting"].values == {"images": 1, "pages": 0}
    assert found["newsmill_run_seconds"].values == {"ingest": 20, "maintain": 5}
    assert found["newsmill_run_failed"].values == {"ingest": 0, "maintain": 1}
    assert found["newsmill_runs_last_day"].values == {"failed": 1, "partial": 1, "running": 1}
    assert found["newsmill_stored_bytes"].values["documents"] > 0


def test_an_empty_warehouse_has_no_newest_article(store: Warehouse) -> None:
    with store.writing():
        pass
    found = by_name(store)
    assert found["newsmill_articles"].values == {"": 0}
    assert found["newsmill_newest_article_timestamp_seconds"].values == {}


def test_without_a_warehouse_the_reason_is_said(store: Warehouse) -> None:
    with pytest.raises(WarehouseError, match="newsmill ingest"):
        read_metrics(store)
