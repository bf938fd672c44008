"""What the command line prints of a flow's run."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from flows.cli.running import _summary
from flows.run.report import FeedLine, Report
from tests.conftest import Newsmill
from tests.sites.sample import SampleSite


def test_unchanged_feed_prints_only_newsmills_own_lines(
    newsmill: Newsmill, site: SampleSite, prefect_home: Path
) -> None:
    newsmill.registry(site.feeds_toml())
    assert newsmill.facts("ingest", "harbour-world")["new"] == 4
    done = newsmill("ingest", "harbour-world")
    assert done.returncode == 0
    assert done.stderr == ""
    first, second, last = done.stdout.splitlines()
    assert first == "0 new, 0 changed, 0 seen again"
    assert second == "1 feed: 0 fetched, 1 not modified, 0 failed, 0 skipped"
    server = json.loads((prefect_home / "prefect" / "server.json").read_text())["url"]
    assert last.startswith("ingest took ")
    assert last.endswith(f" s; the run in Prefect's UI: {server}")


def test_the_summary_has_a_line_for_what_there_was() -> None:
    report = Report("ingest", "run", datetime.now(UTC), {}, feeds=[FeedLine("a", "failed")], not_due=3, images_stored=2)
    report.counts.rejected = 1
    assert list(_summary(report)) == [
        "[bold]0 new[/], [bold]0 changed[/], 0 seen again",
        "1 feed: 0 fetched, 0 not modified, 1 failed, 0 skipped",
        "3 feeds are not due yet; `newsmill status` says when",
        "2 images stored, 0 failed",
        '1 rejected: newsmill sql "FROM ops.rejects"',
    ]
    read = Report("pages", "run", datetime.now(UTC), {})
    read.counts.pages = 1
    assert list(_summary(read)) == ["1 page read for its text, 0 gave none"]
    assert list(_summary(Report("images", "run", datetime.now(UTC), {}))) == ["0 images stored, 0 failed"]
    assert list(_summary(Report("maintain", "run", datetime.now(UTC), {}))) == []
