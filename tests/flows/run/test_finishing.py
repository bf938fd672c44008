"""The end of a run: quality checks, which may keep it from publishing, and the published copy."""

from __future__ import annotations

from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.sites.faults import GOOD_FEED
from tests.sites.server import Page, SiteServer
from warehouse.store.connection import Warehouse

ADDRESS = "Every article has an address if its feed gave one: a link, or a file that it encloses."
NO_ADDRESS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>码头日报</title><link>https://quay.example/</link>
<item><title>港口启事</title><link>http://./notice-1</link><guid isPermaLink="false">notice-1</guid>
<description>&lt;p&gt;第1号泊位今天开放。&lt;/p&gt;</description></item></channel></rss>
"""


def test_a_failing_check_is_shown_and_the_run_goes_on_unless_it_may_not(newsmill: Newsmill) -> None:
    with SiteServer({"/feed": Page(NO_ADDRESS.encode(), "application/rss+xml")}) as site:
        newsmill.registry(f'[[feed]]\nid = "quay"\nname = "码头日报"\nurl = "{site.url("/feed")}"\n')
        strict = newsmill.setting(checks="fail")("ingest", "--no-images")
        assert strict.returncode == 1
        assert f"address: {ADDRESS} Not so for 1 row: " in strict.stderr
        assert "nothing was published" in strict.stderr
        assert not newsmill.published.exists()
        assert rows(newsmill.warehouse, "SELECT title FROM clean.articles") == [("港口启事",)], "loaded all the same"
        assert rows(newsmill.warehouse, "SELECT state FROM ops.runs") == [("failed",)]

        site.pages["/feed"] = Page(NO_ADDRESS.replace("今天", "明天").encode(), "application/rss+xml")
        shown = newsmill("ingest", "--no-images")
        assert shown.returncode == 0, shown.stderr
        assert f"check failed: address: {ADDRESS} Not so for 1 row: " in shown.stdout
        assert newsmill.published.exists()

        site.pages["/feed"] = Page(NO_ADDRESS.replace("今天", "昨天").encode(), "application/rss+xml")
        assert newsmill.setting(checks="off").facts("ingest", "--no-images")["checks_failed"] == []
    broken = rows(
        newsmill.warehouse,
        "SELECT name, found, sample[1] LIKE '%: 港口启事 has none%' FROM ops.checks WHERE NOT passed",
    )
    assert broken == [("address", 1, True)] * 2


def test_what_another_run_loaded_and_did_not_publish_is_published(newsmill: Newsmill) -> None:
    with SiteServer({"/good": GOOD_FEED}) as site:
        newsmill.registry(f'[[feed]]\nid = "good"\nname = "good"\nurl = "{site.url("/good")}"\n')
        assert newsmill.facts("ingest", "--no-images", "--no-publish")["new"] > 0
        again = newsmill.facts("ingest", "--no-images")
        assert (again["new"], again["published"]["kind"]) == (0, "full")
        assert "published" not in newsmill.facts("ingest", "--no-images")
        with Warehouse(newsmill.warehouse).writing() as connection:  # as a run is left that was killed after loading
            connection.execute("INSERT INTO ops.runs (run_id, started_at, state) VALUES ('killed', now(), 'running')")
        assert newsmill.facts("ingest", "--no-images")["published"]["kind"] == "incremental"
