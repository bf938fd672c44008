"""What an OpenLineage server is told of a run."""

from __future__ import annotations

from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.sites.faults import GOOD_FEED
from tests.sites.receiver import Receiver
from tests.sites.server import SiteServer


def test_a_run_says_when_it_begins_and_what_it_wrote_and_needs_no_answer(newsmill: Newsmill) -> None:
    with SiteServer({"/feed": GOOD_FEED}) as site, Receiver() as server:
        newsmill.registry(f'[[feed]]\nid = "quay"\nname = "Quay"\nurl = "{site.url("/feed")}"\n')
        told = newsmill.setting(openlineage_url=server.url())
        new = told.facts("ingest", "--no-images")["new"]
        begun, ended = (message.content for message in server.messages)
        assert {message.path for message in server.messages} == {"/api/v1/lineage"}
        assert (begun["eventType"], ended["eventType"]) == ("START", "COMPLETE")
        assert begun["run"]["runId"] == ended["run"]["runId"]
        assert ended["job"] == {"namespace": "newsmill", "name": "ingest", "facets": {}}
        outputs = {output["name"]: output for output in ended["outputs"]}
        assert outputs["clean.articles"]["outputFacets"]["outputStatistics"]["rowCount"] == new > 0
        known = rows(newsmill.warehouse, "SELECT schema_name || '.' || table_name FROM duckdb_tables()")
        assert {*outputs} - {"news"} <= {name for (name,) in known}
        assert outputs["news"]["namespace"] == f"duckdb://{newsmill.published}"

        server.answer = lambda message: 500
        assert told("ingest", "--no-images", "--force").returncode == 0
        assert len(server.messages) == 4

        nowhere = newsmill.setting(openlineage_url="lineage.example")
        assert nowhere("ingest", "--no-images", "--force").returncode == 0
