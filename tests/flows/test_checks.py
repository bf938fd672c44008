"""Quality checks in a run: shown, and where the settings say so, the end of it before anything is published."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.sites.server import Page, SiteServer
from tests.tasks.backfill.archives import article, write_archive

NO_ADDRESS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>码头日报</title><link>https://quay.example/</link>
<item><title>港口启事</title><guid isPermaLink="false">notice-1</guid>
<description>&lt;p&gt;第1号泊位今天开放。&lt;/p&gt;</description></item></channel></rss>
"""


def test_a_failing_check_is_shown_and_the_run_goes_on_unless_it_may_not(newsmill: Newsmill) -> None:
    with SiteServer({"/feed": Page(NO_ADDRESS.encode(), "application/rss+xml")}) as site:
        newsmill.registry(f'[[feed]]\nid = "quay"\nname = "码头日报"\nurl = "{site.url("/feed")}"\n')
        strict = newsmill.setting(checks="fail")("ingest", "--no-images")
        assert strict.returncode == 1
        assert "address: Every article has an address. 1 rows contradict it: " in strict.stderr
        assert "nothing was published" in strict.stderr
        assert not newsmill.published.exists()
        assert rows(newsmill.warehouse, "SELECT title FROM clean.articles") == [("港口启事",)], "loaded all the same"
        assert rows(newsmill.warehouse, "SELECT state FROM ops.runs") == [("failed",)]

        site.pages["/feed"] = Page(NO_ADDRESS.replace("今天", "明天").encode(), "application/rss+xml")
        shown = newsmill("ingest", "--no-images")
        assert shown.returncode == 0, shown.stderr
        assert "check failed: address: Every article has an address. 1 rows contradict it: " in shown.stdout
        assert newsmill.published.exists()

        site.pages["/feed"] = Page(NO_ADDRESS.replace("今天", "昨天").encode(), "application/rss+xml")
        assert newsmill.setting(checks="off").facts("ingest", "--no-images")["checks_failed"] == []
    broken = rows(
        newsmill.warehouse, "SELECT name, found, sample[1] LIKE '%: 港口启事' FROM ops.checks WHERE NOT passed"
    )
    assert broken == [("address", 1, True)] * 2


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
