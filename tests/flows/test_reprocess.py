"""Rebuilding the warehouse; that its tables become the same is tested in test_ingest.py."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.tasks.backfill.archives import article, write_archive


def test_reprocess_keeps_what_backfills_and_checks_left(newsmill: Newsmill, tmp_path: Path) -> None:
    newsmill.registry("")
    archive = write_archive(tmp_path / "archive", {"quay/1.md": article(1), "quay/2.md": article(2) + "很长" * 9_000})
    done = newsmill.setting(max_page_bytes=20_000).facts("backfill", "archive", archive)
    assert (done["new"], done["rejected"]) == (1, 1)
    kept = {
        table: rows(newsmill.warehouse, f"FROM ops.{table} ORDER BY ALL")
        for table in ("watermarks", "rejects", "checks")
    }
    assert all(kept.values())
    newsmill.facts("reprocess")
    for table, before in kept.items():
        assert set(map(repr, before)) <= set(map(repr, rows(newsmill.warehouse, f"FROM ops.{table}"))), table
