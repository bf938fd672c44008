"""`newsmill alerts` where there is no address; tests/flows/prefect_server/test_alerting.py has the others."""

from __future__ import annotations

from tests.conftest import Newsmill
from tests.flows.cli.complaining import complaint


def test_alerts_go_nowhere_at_first(newsmill: Newsmill) -> None:
    assert newsmill("alerts", "list").stdout.startswith("alerts go nowhere; `newsmill alerts to ADDRESS`")
    assert newsmill.facts("alerts", "list") == []
    assert "there is no address for alerts" in complaint(newsmill, "alerts", "test")
    assert 'there is no address "desk" for alerts; there are none' in complaint(newsmill, "alerts", "remove", "desk")


def test_what_is_no_address_is_refused(newsmill: Newsmill) -> None:
    assert "not an address that alerts can go to" in complaint(newsmill, "alerts", "to", "desk")
    assert '"The Desk" can\'t be a name' in complaint(
        newsmill, "alerts", "to", "json://127.0.0.1:9", "--name", "The Desk"
    )
    assert newsmill.facts("alerts", "list") == []
