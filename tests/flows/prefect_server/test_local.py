"""The local server's record and its clients' certificates; tests/flows/cli/test_prefect.py tests a running one."""

from __future__ import annotations

import json
import ssl
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_SERVER_API_AUTH_STRING,
    temporary_settings,
)

from flows.prefect_server.local import (
    Server,
    check_password,
    password_settings,
    present_server,
    running_server,
    stop_server,
    write_one_authority,
)
from tasks.errors import ServerError
from tasks.settings import Settings, load_settings
from tests.conftest import Newsmill
from tests.sites.server import Page, RequestHandler, SiteServer

GONE = Server("http://127.0.0.1:9", 1, "3.8.8")
"""A server that no longer answers."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "prefect").mkdir()
    return load_settings(home=tmp_path)


def test_a_server_that_does_not_answer_does_not_run(settings: Settings) -> None:
    record = settings.home / "prefect" / "server.json"
    assert running_server(settings) is None
    for text in ("", "[]", "{}", json.dumps(asdict(GONE))):
        record.write_text(text)
        assert running_server(settings) is None


def test_a_busy_server_that_answers_late_runs(settings: Settings) -> None:
    """Its database is busy: a command said that no server runs, and another one would have started a second."""

    def late(handler: RequestHandler) -> None:
        time.sleep(6)
        handler.send_page(_settings_page(settings.home / "prefect"))

    with SiteServer({"/api/admin/settings": late}) as site:
        server = _recorded(settings, site)
        assert running_server(settings) == server


def test_another_installation_s_server_at_its_port_is_not_its_own(settings: Settings, tmp_path: Path) -> None:
    """After a restart of the machine, another installation's server had the port: runs went there, and stopping ended
    whatever process had the number of the former server's."""
    (other := tmp_path / "other").mkdir()
    with SiteServer({"/api/admin/settings": _settings_page(other)}) as site:
        _recorded(settings, site)
        assert running_server(settings) is None
        site.pages["/api/admin/settings"] = Page(b"{}", "application/json")
        assert running_server(settings) is None
        site.pages["/api/admin/settings"] = _settings_page(settings.home / "prefect")
        assert running_server(settings) is not None


def test_a_server_that_asks_for_a_password_runs(settings: Settings) -> None:
    with SiteServer({"/api/admin/settings": Page(b"{}", "application/json", status=401)}) as site:
        server = _recorded(settings, site)
        assert running_server(settings) == server


def test_a_port_that_another_server_has_is_not_taken_for_a_start(
    newsmill: Newsmill, prefect_api: str, tmp_path: Path
) -> None:
    """Two installations that started at once chose one port, and both used the faster one's server."""
    port = prefect_api.removesuffix("/api").rpartition(":")[2]
    refused = newsmill.setting(home=tmp_path / "other", prefect_port=port)("server", "start")
    assert refused.returncode == 1
    assert f"did not start at port {port} (see {tmp_path / 'other' / 'prefect' / 'server.log'})" in refused.stderr
    assert not (tmp_path / "other" / "prefect" / "server.json").exists()


def _recorded(settings: Settings, site: SiteServer) -> Server:
    server = Server(site.url(""), 1, "3.8.8")
    (settings.home / "prefect" / "server.json").write_text(json.dumps(asdict(server)))
    return server


def _settings_page(home: Path) -> Page:
    """What Prefect's server says of itself."""
    return Page(json.dumps({"home": str(home)}).encode(), "application/json")


def test_stopping_forgets_a_server_that_is_gone(settings: Settings) -> None:
    record = settings.home / "prefect" / "server.json"
    record.write_text(json.dumps(asdict(GONE)))
    assert stop_server(settings) is None
    assert not record.exists()


def test_the_api_is_below_the_ui() -> None:
    assert GONE.api_url == "http://127.0.0.1:9/api"


def test_a_server_with_another_password_says_what_to_set() -> None:
    with SiteServer({"/api/admin/version": Page(b"{}", "application/json", status=401)}) as site:
        server = Server(site.url(""), 1, "3.8.8")
        with pytest.raises(ServerError, match="asks for another password; set PREFECT_SERVER_API_AUTH_STRING"):
            check_password(server)
        site.pages["/api/admin/version"] = Page(b"{}", "application/json")
        check_password(server)
    with pytest.raises(ServerError, match="no longer answers"):
        check_password(GONE)


def test_a_password_for_the_server_is_its_clients_too() -> None:
    assert password_settings() == {}
    with temporary_settings({PREFECT_SERVER_API_AUTH_STRING: "quay:s3cret"}):
        assert password_settings() == {PREFECT_API_AUTH_STRING: "quay:s3cret"}


def test_the_password_is_for_the_own_server_alone(settings: Settings) -> None:
    """`newsmill serve` says which PREFECT_API_URL to export; with that, newsmill's commands lacked the password."""
    own, other = SiteServer(), SiteServer()
    for site in (own, other):
        site.pages["/api/admin/version"] = Page(b"{}", "application/json")
        site.pages["/api/admin/settings"] = _settings_page(settings.home / "prefect")
    with own, other:
        _recorded(settings, own)
        for site, password in ((own, "quay:s3cret"), (other, None)):
            given = {PREFECT_SERVER_API_AUTH_STRING: "quay:s3cret", PREFECT_API_URL: site.url("/api")}
            with temporary_settings(given), present_server(settings) as ui:
                assert ui == site.url("")
                assert PREFECT_API_AUTH_STRING.value() == password


def test_one_authority_is_enough_for_a_client(tmp_path: Path) -> None:
    path = write_one_authority(tmp_path)
    assert len(ssl.create_default_context(cafile=str(path)).get_ca_certs()) == 1
    assert write_one_authority(tmp_path) == path
    assert list(tmp_path.iterdir()) == [path]
