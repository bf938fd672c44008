"""`newsmill maintain`: beside a running ingest, twice in a row, and what it says."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import Newsmill
from tests.flows.observing import contents, rows, until
from tests.flows.test_crash import Gate
from tests.sites.sample import SampleSite
from warehouse.store.connection import Warehouse


@pytest.mark.thorough
def test_maintain_beside_an_ingest(newsmill: Newsmill) -> None:
    newsmill = newsmill.setting(keep_fetches=30, image_attempts=1, timeout=150, deadline=150)
    with SampleSite() as site:
        newsmill.registry(site.feeds_toml())
        with Gate(site, "/img/phare.jpg") as gate:
            process = newsmill.start("ingest", "--json")
            until(gate.arrived.is_set, "articles are loaded, images are being fetched")
            with Warehouse(newsmill.warehouse).writing() as connection:
                connection.execute(
                    "INSERT INTO ops.fetches (run_id, feed_id, started_at) VALUES ('old', 'harbour-en', $1)",
                    [datetime.now(UTC) - timedelta(days=40)],
                )
                connection.execute("UPDATE ops.schema_migrations SET applied_at = applied_at - INTERVAL 9 DAY")
            orphan = newsmill.warehouse.parent / "images" / "00" / "11" / "orphan.jpg"
            orphan.parent.mkdir(parents=True)
            orphan.write_bytes(b"nobody's")
            long_ago = time.time() - 3 * 86_400
            os.utime(orphan, (long_ago, long_ago))
            done = newsmill.facts("maintain")
            gate.opened.set()
        output, errors = process.communicate(timeout=180)
        assert process.returncode == 0, output + errors
    assert (done["fetches_forgotten"], done["orphans_removed"], done["checks_failed"]) == (1, 1, [])
    assert not orphan.exists()
    assert rows(newsmill.warehouse, "SELECT count(*) FROM clean.images WHERE status = 'stored'") == [(17,)]
    for (path,) in rows(newsmill.warehouse, "SELECT path FROM clean.images WHERE status = 'stored'"):
        assert (newsmill.warehouse.parent / "images" / path).exists()

    before = contents(newsmill.warehouse)
    again = newsmill("maintain")
    assert again.returncode == 0, again.stderr
    assert "forgotten records: 0 fetches, 0 runs, 0 checks" in again.stdout
    assert "maintain took" in again.stdout
    assert "seen again" not in again.stdout
    assert contents(newsmill.warehouse) == before
    assert rows(newsmill.published, "SELECT count(*) FROM clean.articles") == [(18,)]
    states = rows(newsmill.warehouse, "SELECT flow, state FROM ops.runs ORDER BY started_at")
    assert states == [("ingest", "partial"), ("maintain", "completed"), ("maintain", "completed")]
