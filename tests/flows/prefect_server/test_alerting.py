"""Alerts arrive: Prefect's own server, automations and notifications, and a receiver on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.flows.cli.complaining import complaint
from tests.flows.prefect_server.test_serving import notices
from tests.flows.serving import Served
from tests.sites.receiver import Receiver
from tests.sites.sample import SampleSite
from tests.sites.server import SiteServer
from tests.sites.teasers import STORIES, TeaserSite

ALERTS = {
    "newsmill: a run failed",
    "newsmill: many feeds fail",
    "newsmill: a feed is silent",
    "newsmill: articles were taken down",
    "newsmill: quality checks fail",
    "newsmill: a test",
}

OF_AN_OLDER_NEWSMILL = {
    "name": "newsmill: a feed is silent",
    "description": "A feed has brought nothing for longer than its rhythm says.",
    "enabled": True,
    "trigger": {
        "type": "event",
        "posture": "Reactive",
        "match": {"prefect.resource.id": "newsmill.feed.*"},
        "expect": ["newsmill.feed.silent"],
        "for_each": ["prefect.resource.id"],
        "threshold": 1,
        "within": 0,
    },
    "actions": [{"type": "do-nothing"}],
}
"""As newsmill 0.1 registered it; its event no longer comes."""


@pytest.fixture(scope="module")
def receiver(served: Served) -> Iterator[Receiver]:
    """The only address that alerts go to; at the end they go nowhere, and no automation that does nothing is left."""
    assert not ALERTS & automations(served).keys()
    for _ in range(2):
        served.ask("/automations/", **OF_AN_OLDER_NEWSMILL)
    with Receiver() as receiver:
        added = served.newsmill("alerts", "to", receiver.url("/hooks/s3cret?token=t0ken"), "--name", "desk")
        assert added.returncode == 0, added.stderr
        assert added.stdout.startswith("alerts go to desk (JSON, json://127.0.0.1:")
        assert added.stdout.endswith("; `newsmill alerts test` sends one\n")
        names = [each["name"] for each in served.ask("/automations/filter", limit=50)]
        assert len(names) == len(set(names)), "of the older ones, one goes on"
        yield receiver
        assert served.newsmill("alerts", "remove", "desk").returncode == 0
        assert not ALERTS & automations(served).keys()


def automations(served: Served) -> dict[str, Any]:
    return {each["name"]: each for each in served.ask("/automations/filter", limit=50)}


def blocks(served: Served) -> dict[str, str]:
    """The ids of the blocks that send alerts, by their names."""
    found = served.ask("/block_documents/filter", limit=200, include_secrets=False)
    return {block["name"]: block["id"] for block in found if str(block["name"]).startswith("newsmill-")}


def titled(receiver: Receiver, words: str) -> list[dict[str, Any]]:
    """The messages with these words in their subject."""
    return [message.content for message in receiver.messages if words in message.content["title"]]


def arrived(served: Served, receiver: Receiver, words: str, count: int) -> list[dict[str, Any]]:
    """The messages with these words in their subject, of which there must be so many and no more.

    A test that was asked for after them comes after them: once it is there, no other is under way.
    """
    served.until(lambda: len(titled(receiver, words)) >= count, f"{count} × {words}: {receiver.messages}")
    assert served.newsmill("alerts", "test").stdout == "sent to desk\n"
    messages = titled(receiver, words)
    assert len(messages) == count, [(m["title"], m["message"]) for m in messages]
    return messages


def test_an_address_is_kept_once_and_its_secret_is_never_shown(served: Served, receiver: Receiver) -> None:
    again = served.newsmill.facts("alerts", "to", receiver.url("/hooks/s3cret?token=t0ken"))
    assert (again["name"], again["new"]) == ("desk", False)
    assert served.newsmill.facts("alerts", "list") == [
        {"name": "desk", "service": "JSON", "place": receiver.url("").replace("http", "json")}
    ]
    listed = served.newsmill("alerts", "list").stdout
    blocks = served.ask("/block_documents/filter", limit=50, include_secrets=False)
    (block,) = [block for block in blocks if block["name"] == "newsmill-alerts-desk"]
    shown = f"{listed} {block} {automations(served)} {served.log.read_text()}"
    assert "s3cret" not in shown
    assert "t0ken" not in shown
    assert "http://127.0.0.1:1/other" not in complaint(
        served.newsmill, "alerts", "to", "http://127.0.0.1:1/other", "--name", "desk"
    )
    assert 'there is no address "dask" for alerts; did you mean "desk"?' in complaint(
        served.newsmill, "alerts", "remove", "dask"
    )


def test_each_failed_run_is_one_message_with_its_feeds_errors_and_address(
    served: Served, receiver: Receiver, site: SampleSite
) -> None:
    def dead_feed(id: str) -> str:
        return f'[[feed]]\nid = "{id}"\nname = "{id}"\nurl = "{site.url("/dead.xml")}?{id}"\n'

    runs = []
    for feeds in (("dead", "dumb"), ("mute",)):
        served.newsmill.registry("".join(map(dead_feed, feeds)))
        runs.append(served.run("ingest/ingest", force=True))
        assert served.finished(runs[-1]) == "Failed"
    # what only goes on failing was told already
    assert served.finished(served.run("ingest/ingest", force=True)) == "Completed"
    crashed = served.ask(
        f"/deployments/{served.deployment('publish/publish')['id']}/create_flow_run",
        state={"type": "SCHEDULED"},
        job_variables={"command": "false"},
    )["id"]
    assert served.finished(crashed) == "Crashed"

    messages = arrived(served, receiver, " is ", 3)
    assert {message["type"] for message in messages} == {"failure"}
    first, second, message = messages
    assert first["title"].startswith("newsmill: ingest all feeds 20")
    assert first["title"].endswith(" is Failed")
    head, *lines, gap, address = first["message"].splitlines()
    assert head == "nothing could be fetched: 2 feeds failed:"
    assert sorted(lines) == [
        f"- {id}: {site.url('/dead.xml')}?{id}: the server answered 404 Not Found" for id in ("dead", "dumb")
    ]
    assert (gap, address) == ("", f"{served.ui}/runs/flow-run/{runs[0]}")
    assert second["message"].startswith("nothing could be fetched: 1 feed failed:\n- mute: ")
    assert second["message"].endswith(f"\n\n{served.ui}/runs/flow-run/{runs[1]}")
    assert message["title"].endswith(" is Crashed")
    assert message["message"].endswith(f"\n\n{served.ui}/runs/flow-run/{crashed}")
    assert receiver.messages[-1].path == "/hooks/s3cret?token=t0ken"


def test_many_feeds_of_a_run_that_did_not_fail(served: Served, receiver: Receiver, site: SampleSite) -> None:
    # of a name of its own: that a feed goes on failing is not told again
    served.newsmill.registry(site.feeds_toml().replace("harbour-dead", "harbour-lost"))
    run = served.run("ingest/ingest", force=True, images=False, env={"NEWSMILL_ALERT_SHARE": "0.1"})
    assert served.finished(run) == "Completed"
    (message,) = arrived(served, receiver, "newsmill: many feeds fail", 1)
    assert message["type"] == "warning"
    assert message["message"].splitlines() == [
        "20% of the feeds fail; NEWSMILL_ALERT_SHARE allows 10%. Of those that were asked in this run, 1 feed failed:",
        f"- harbour-lost: {site.url('/dead.xml')}: the server answered 404 Not Found",
        "",
        f"{served.ui}/runs/flow-run/{run}",
    ]
    (failing,) = served.events("newsmill.feeds.failing")
    assert failing["payload"]["share"] == 0.2
    assert list(failing["payload"]["feeds"]) == ["harbour-lost"]


def test_silent_feeds_and_failing_checks(served: Served, receiver: Receiver, tmp_path: Path) -> None:
    warehouse = tmp_path / "newsmill.duckdb"
    apart = served.newsmill.setting(warehouse=warehouse)
    newest = datetime.now(UTC) - timedelta(days=6)
    with SiteServer({"/feed": notices(newest, 8)}) as other:
        served.newsmill.registry(
            "".join(
                f'[[feed]]\nid = "{id}"\nname = "{id}"\nurl = "{other.url(f"/feed?{id}")}"\n' for id in ("pier", "mole")
            )
        )
        apart.facts("ingest", "--no-images")
        assert titled(receiver, "newsmill: feeds are silent") == []
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("UPDATE ops.fetches SET started_at = started_at - INTERVAL 7 DAY")
        other.pages["/feed"] = notices(newest, 9)  # one more from long ago, so that checks are made again
        apart.facts("ingest", "--no-images")
    (silent,) = arrived(served, receiver, "newsmill: feeds are silent", 1)
    first, *lines = silent["message"].splitlines()
    assert first == "2 feeds are silent for longer than is usual:"
    assert sorted(lines[:2]) == [f"- {id}: nothing new since {newest:%Y-%m-%d %H:%M} UTC" for id in ("mole", "pier")]
    # the first of the two runs told of it
    (checks,) = arrived(served, receiver, "newsmill: quality checks fail", 1)
    assert "- address: Every article has an address if its feed gave one" in checks["message"]
    assert (silent["type"], checks["type"]) == ("warning", "failure")
    (event,) = served.events("newsmill.feeds.silent")
    assert event["payload"]["feeds"]["pier"]["newest_article_at"][:16] == newest.isoformat()[:16]


def test_articles_that_are_taken_down(served: Served, receiver: Receiver) -> None:
    eager = served.newsmill.setting(full_text="auto", page_checks="0.001s 1h", gone_after="0.001s")
    with TeaserSite() as site:
        served.newsmill.registry(site.registry())
        eager.facts("ingest", "--no-images", "--no-publish")
        site.take_down(STORIES[0].path, "410")
        for _ in range(2):
            eager.facts("pages", "ridge", "--no-images", "--no-publish")
    (message,) = arrived(served, receiver, "newsmill: articles were taken down", 1)
    assert message["message"].startswith(f"1 article taken down:\n- {site.url(STORIES[0].path)}: ")
    assert message["type"] == "info"
    (event,) = served.events("newsmill.articles.gone")
    assert event["resource"]["prefect.resource.id"] == "newsmill.flow.pages"
    assert event["payload"]["count"] == 1
    (article,) = event["payload"]["articles"]
    assert (article["feed_id"], article["url"]) == ("ridge", site.url(STORIES[0].path))
    assert "410" in article["reason"]


def test_each_kind_of_message_has_a_block_of_the_address(served: Served, receiver: Receiver) -> None:
    """Prefect reads the kind from the block. A newsmill before that had one block, of kind "info", for all alerts."""
    ours = {f"newsmill-{kind}-desk" for kind in ("alerts", "warnings", "failures")}
    before = blocks(served)
    assert before.keys() == ours
    failed = automations(served)["newsmill: a run failed"]
    assert [action["block_document_id"] for action in failed["actions"]] == [before["newsmill-failures-desk"]]
    values = {key: failed[key] for key in ("name", "description", "trigger", "enabled")}
    of_one_block = {**failed["actions"][0], "block_document_id": before["newsmill-alerts-desk"], "subject": "Look!"}
    served.put(f"/automations/{failed['id']}", **values, actions=[of_one_block])
    served.delete(f"/block_documents/{before['newsmill-failures-desk']}")
    assert served.newsmill("alerts", "to", "json://127.0.0.1:9/closed", "--name", "closed").returncode == 0
    left = blocks(served)["newsmill-warnings-closed"]
    served.delete(f"/block_documents/{blocks(served)['newsmill-alerts-closed']}")  # in Prefect's UI

    assert served.newsmill("alerts", "test").stdout == "sent to desk\n"
    after = blocks(served)
    assert after.keys() == ours
    changed = served.ask(f"/automations/{failed['id']}")["actions"]
    assert [(action["block_document_id"], action["subject"]) for action in changed] == [
        (after["newsmill-failures-desk"], "Look!")
    ]
    assert left not in str(automations(served))
    served.put(
        f"/automations/{failed['id']}", **values, actions=[{**changed[0], "subject": failed["actions"][0]["subject"]}]
    )


def test_a_test_says_which_address_fails_and_an_operators_changes_stay(served: Served, receiver: Receiver) -> None:
    failed = automations(served)["newsmill: a run failed"]
    wanted = {key: failed[key] for key in ("name", "description", "trigger")}
    own_trigger = failed["trigger"] | {"expect": ["prefect.flow-run.Failed"]}
    changed_action = {**failed["actions"][0], "subject": "Somebody look: {{ flow_run.name }}"}
    address = f"/automations/{failed['id']}"
    served.put(
        address,
        **wanted | {"trigger": own_trigger},
        enabled=False,
        actions=[changed_action, {"type": "cancel-flow-run"}],
    )

    assert served.newsmill.facts("alerts", "to", "json://127.0.0.1:9/closed", "--name", "closed")["new"] is True
    tested = served.newsmill("alerts", "test")
    assert tested.returncode == 1
    assert sorted(tested.stdout.splitlines())[1] == "sent to desk"
    assert tested.stdout.count("not sent to closed: Notification failed: ") == 1
    assert receiver.messages[-1].content["title"] == "newsmill: a test"

    changed = served.ask(address)
    assert not changed["enabled"]
    assert [action["type"] for action in changed["actions"]] == [
        "send-notification",
        "cancel-flow-run",
        "send-notification",
    ]
    assert changed["actions"][0]["subject"].startswith("Somebody look: ")
    assert changed["trigger"]["expect"] == own_trigger["expect"]

    # changed in Prefect's UI into something that is no address
    served.patch(f"/block_documents/{blocks(served)['newsmill-alerts-closed']}", data={"url": "nonsense"})
    closed, _ = served.newsmill.facts("alerts", "list")
    assert (closed["name"], closed["service"]) == ("closed", "not understood")
    assert served.newsmill("alerts", "remove", "closed").stdout == "alerts no longer go to closed\n"
    assert [action["type"] for action in served.ask(address)["actions"]] == ["send-notification", "cancel-flow-run"]
    served.put(address, **wanted, enabled=True, actions=failed["actions"])
