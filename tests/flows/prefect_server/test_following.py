"""`newsmill run` and `newsmill prefect` find the server of `newsmill serve`, wherever they are called."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from flows.prefect_server.following import read_parameters
from tasks.errors import ServerError
from tests.flows.cli.complaining import complaint
from tests.flows.serving import Served
from tests.sites.sample import SampleSite


@pytest.mark.parametrize(
    ("given", "parameters"),
    [
        ([], {}),
        (["force=true", "limit=3"], {"force": True, "limit": 3}),
        (['feeds=["harbour-en", "海港"]'], {"feeds": ["harbour-en", "海港"]}),
        (["partition=1/4", "groups="], {"partition": "1/4", "groups": ""}),
        (
            ["wanted.where=/srv/a=b", "wanted.since=2020-01-01"],
            {"wanted": {"where": "/srv/a=b", "since": "2020-01-01"}},
        ),
    ],
)
def test_parameters_are_json_or_text(given: Sequence[str], parameters: dict[str, Any]) -> None:
    assert read_parameters(given) == parameters


@pytest.mark.parametrize("given", [["force"], ["=true"], ["wanted.=x"], ["wanted=x", "wanted.where=y"]])
def test_parameters_that_are_none(given: Sequence[str]) -> None:
    with pytest.raises(ServerError, match="--param"):
        read_parameters(given)


def test_a_run_is_started_and_followed_to_its_end(served: Served, site: SampleSite, tmp_path: Path) -> None:
    served.newsmill.registry(site.feeds_toml())
    done = served.newsmill("run", "ingest", "--param", 'feeds=["harbour-world"]', "--param", "force=true", "--watch")
    assert done.returncode == 0, done.stderr
    first, *log, last = done.stdout.splitlines()
    assert first.startswith(f"started a run of ingest/ingest: {served.ui}/runs/flow-run/")
    assert any(line.endswith(f"ingest begins, into {served.newsmill.warehouse}") for line in log)
    assert len(log) == len(set(log)), "no line of the log comes twice"
    assert last.startswith("ingest harbour-world 20")
    assert " is Completed after " in last

    failed = served.newsmill("run", "backfill-archive", "--param", f"wanted.where={tmp_path}/gone", "--watch", "--json")
    assert failed.returncode == 1
    facts = json.loads(failed.stdout)
    assert (facts["deployment"], facts["state"]) == ("backfill/backfill-archive", "Failed")
    assert "gone: not there" in facts["message"]
    assert served.state(facts["flow_run_id"]) == "Failed"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ingst",), 'there is no deployment "ingst"; did you mean "ingest"?'),
        (("images/ingest",), 'there is no deployment "images/ingest"; did you mean "ingest"?'),
        (("ingest", "--param", "forc=true"), 'ingest/ingest has no parameter "forc"; did you mean "force"?'),
        (("ingest", "--param", "force=perhaps"), "force: 'perhaps' is not of type 'boolean'"),
        (("ingest", "--param", "feeds=quay"), "ingest/ingest does not take these parameters: feeds: 'quay' is not"),
    ],
)
def test_what_cannot_be_run_is_not_started(served: Served, arguments: tuple[str, ...], message: str) -> None:
    assert message in complaint(served.newsmill, "run", *arguments)


def test_a_backfills_old_name_is_still_known(served: Served, tmp_path: Path) -> None:
    started = served.newsmill("run", "archive", "--param", f"wanted.where={tmp_path}", "--param", "wanted.dry_run=true")
    assert started.returncode == 0, started.stderr
    assert '"archive" is called "backfill-archive" now' in started.stderr
    assert started.stdout.startswith("started a run of backfill/backfill-archive: ")


def test_a_feed_that_was_added_after_the_deploy_is_accepted(served: Served, site: SampleSite) -> None:
    form = served.deployment("ingest/ingest")["parameter_openapi_schema"]["properties"]
    assert form["groups"]["items"]["enum"] == ["harbour"]
    assert "harbour-late" not in form["feeds"]["items"]["enum"]
    served.newsmill.registry(site.feeds_toml().replace('"harbour-world"', '"harbour-late"'))
    asked = ("run", "ingest", "--param", 'feeds=["harbour-late"]', "--param", "force=true", "--watch", "--json")
    done = served.newsmill(*asked)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["state"] == "Completed"
    assert served.finished(served.run("ingest/ingest", feeds=["harbour-late"], force=True)) == "Completed"
    unknown = served.run("ingest/ingest", feeds=["harbour-none"])
    assert served.finished(unknown) == "Failed"
    assert "harbour-none" in served.ask(f"/flow_runs/{unknown}")["state"]["message"]


def test_prefects_own_commands_ask_the_same_server(served: Served, tmp_path: Path) -> None:
    done = served.newsmill("prefect", "deployment", "inspect", "maintain/maintain")
    assert done.returncode == 0, done.stderr
    assert served.deployment("maintain/maintain")["id"] in done.stdout
    assert served.newsmill("prefect", "deployment", "inspect", "maintain/none").returncode == 1


def test_serve_says_where_it_is_for_people_and_for_scripts(served: Served) -> None:
    log = served.log.read_text()
    assert f"\nexport PREFECT_API_URL={served.api}\n" in log
    (line,) = [line for line in log.splitlines() if line.startswith("{")]
    facts = json.loads(line)
    assert (facts["prefect_ui"], facts["prefect_api"], facts["pool"]) == (served.ui, served.api, "newsmill")
