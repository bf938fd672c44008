"""Addresses for alerts, as apprise and newsmill read them. tests/flows/prefect_server/test_alerting.py sends to one."""

from __future__ import annotations

import pytest
from apprise import Apprise, NotifyFormat

from flows.prefect_server.alert_addresses import read_address
from tasks.errors import ServerError


@pytest.mark.parametrize(
    ("text", "name", "place"),
    [
        ("https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", "Slack", "slack://T...0"),
        ("mailtos://reader:s3cret@smtp.example.org?to=desk@example.org", "E-Mail", "mailtos://smtp.example.org"),
        ("ntfys://ntfy.example.org/newsmill-s3cret", "ntfy", "ntfys://ntfy.example.org"),
        ("json://desk.example.org:8080/s3cret", "JSON", "json://desk.example.org:8080"),
        ("https://desk.example.org/hooks/s3cret", "JSON", "jsons://desk.example.org"),
    ],
)
def test_an_address_is_known_by_its_service_and_shown_without_its_secrets(text: str, name: str, place: str) -> None:
    service = read_address(text)
    assert (service.name, service.place) == (name, place)
    assert "s3cret" not in repr(service)
    again = Apprise.instantiate(service.url)
    assert again is not None
    assert again.notify_format == NotifyFormat.TEXT, "lines stay lines, also in mail"
    assert read_address(service.url) == service, "what is kept is read as the same address"


def test_a_format_that_was_asked_for_is_kept() -> None:
    service = Apprise.instantiate(read_address("mailto://a:b@example.org?to=c@example.org&format=html").url)
    assert service is not None
    assert service.notify_format == NotifyFormat.HTML


@pytest.mark.parametrize("text", ["", "desk", "desk@example.org", "slak://T1/B2/s3cret", "https://", "slack://s3cret"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ServerError, match="not an address that alerts can go to") as error:
        read_address(text)
    assert "s3cret" not in str(error.value)
