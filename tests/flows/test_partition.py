"""Scaling out: feeds shared by several runs, and milling on Dask's workers."""

from __future__ import annotations

import pytest

from tasks.errors import FeedsFileError
from tasks.registry.feeds_file import part_of
from tests.conftest import Newsmill
from tests.flows.asking import ask
from tests.flows.observing import contents, rows
from tests.sites.sample import SampleSite
from warehouse.records import Feed
from warehouse.store.lake import Bucket, lake_at


def test_each_feed_is_in_one_part_and_stays_there() -> None:
    feeds = [Feed(f"feed-{n}", "", f"https://{n}.example/") for n in range(400)]
    parts = [part_of(feeds, f"{number}/4") for number in (1, 2, 3, 4)]
    assert sorted(feed.id for part in parts for feed in part) == sorted(feed.id for feed in feeds)
    assert all(70 < len(part) < 130 for part in parts), "about as many in each"
    assert part_of(feeds[200:], "2/4") == [feed for feed in parts[1] if feed in feeds[200:]]
    named = [Feed(id, "", "") for id in ("voa-zh", "dw-zh", "rfi-cn", "bbc-zh", "nyt-zh")]
    assert [feed.id for feed in part_of(named, "1/2")] == ["voa-zh", "dw-zh"], "on every machine, in every version"


@pytest.mark.parametrize("part", ["0/4", "5/4", "1", "a/b", "1/0", "-1/4", ""])
def test_what_is_no_part(part: str) -> None:
    with pytest.raises(FeedsFileError, match="is not a part of the feeds"):
        part_of([], part)


@pytest.mark.thorough  # test_deploying has a part on Dask, too
def test_parts_at_once_and_dask_bring_what_one_run_brings(newsmill: Newsmill, prefect_api: str) -> None:
    """Two runs at the same time, each with a part; and one whose documents are milled in two processes of Dask."""
    alone, parted, dask = (
        newsmill.setting(warehouse=f"{name}/newsmill.duckdb") for name in ("alone", "parted", "dask")
    )
    with SampleSite() as site:
        newsmill.registry(site.feeds_toml())
        assert alone.facts("ingest")["new"] == 18
        runs = [parted.start("ingest", "--partition", f"{number}/2", "--json") for number in (1, 2)]
        output = [run.communicate(timeout=180) for run in runs]
        assert [run.returncode for run in runs] == [0, 0], output
        on_dask = dask.setting(workers=2)("ingest", "--dask", "--json")
        assert on_dask.returncode == 0, on_dask.stderr
        into_lake = dask.setting(workers=2, warehouse="ducklake:sqlite:lake/news.sqlite")("ingest", "--dask", "--json")
        assert into_lake.returncode == 0, into_lake.stderr
    expected = contents(newsmill.folder / "alone" / "newsmill.duckdb")
    assert contents(newsmill.folder / "parted" / "newsmill.duckdb") == expected
    assert contents(newsmill.folder / "dask" / "newsmill.duckdb") == expected
    address = f"ducklake:sqlite:{newsmill.folder / 'lake' / 'news.sqlite'}"
    assert contents(lake_at(address, data=None, bucket=Bucket(), password=None)) == expected
    assert len(rows(newsmill.folder / "parted" / "newsmill.duckdb", "FROM ops.runs")) == 2
    ((flow_run,),) = rows(newsmill.folder / "dask" / "newsmill.duckdb", "SELECT flow_run_id FROM ops.runs")
    wanted = {"flow_runs": {"id": {"any_": [flow_run]}}, "task_runs": {"name": {"like_": "elsewhere"}}}
    milled = ask(f"{prefect_api}/task_runs/filter", **wanted)
    assert [task["state_type"] for task in milled] == ["COMPLETED"], "it was Dask that milled"
