"""Prefect servers that refuse what they are asked for, as Prefect Cloud does where a plan or a key doesn't reach."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from flows.prefect_server.refusals import refusal, silence
from tests.conftest import Newsmill
from tests.flows.cli.complaining import complaint


class Refusing(BaseHTTPRequestHandler):
    """Without a password, 401; else it lacks what guards against CSRF, has no blocks, and refuses automations."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        status = 403 if "automations" in self.path else 404
        body = b'{"detail": "not part of your plan"}'
        self.send_response(status if "Authorization" in self.headers else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name is http.server's

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is logged."""


class Busy(Refusing):
    """Its database is locked; it needs none to say that it runs."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = {"/api/health": b"true", "/api/admin/version": b'"3.0.0"'}.get(self.path, b"")
        self.send_response(200 if body else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name is http.server's


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("command", [("alerts", "list"), ("run", "ingest"), ("ingest", "--no-images"), ("deploy",)])
def test_a_wrong_password_is_a_sentence(newsmill: Newsmill, server: str, command: tuple[str, ...]) -> None:
    newsmill.registry('[[feed]]\nid = "quay"\nname = "The Quay"\nurl = "https://quay.example/feed"\n')
    (newsmill.folder / "prefect.yaml").write_text("deployments: []\n")
    there = replace(newsmill, environment={**newsmill.environment, "PREFECT_API_URL": f"{server}/api"})
    assert complaint(there, *command) == (
        f"error: {server}: this Prefect server asks for another password or key; set PREFECT_API_AUTH_STRING, or "
        "PREFECT_API_KEY for Prefect Cloud, as whoever runs it says\n"
    )


def test_alerts_without_automations_are_a_sentence(newsmill: Newsmill, server: str) -> None:
    """It was a traceback, and the address was kept, though no alert would tell it."""
    login = {"PREFECT_API_URL": f"{server}/api", "PREFECT_API_AUTH_STRING": "quay:s3cret"}
    there = replace(newsmill, environment={**newsmill.environment, **login})
    assert complaint(there, "alerts", "to", "json://127.0.0.1:9/hook") == (
        f"error: {server}: this Prefect server refuses automations, which alerts are made of (403 Forbidden: not part "
        "of your plan); ask whoever runs it for the right, or unset PREFECT_API_URL, so that newsmill uses a server of "
        "its own\n"
    )
    assert there.facts("alerts", "list") == []


@pytest.mark.parametrize("command", [("ingest", "--no-images"), ("run", "ingest")])
def test_a_busy_server_is_a_sentence(newsmill: Newsmill, command: tuple[str, ...]) -> None:
    """It was a traceback: a run that could not be registered, as the server's database was locked for a minute."""
    newsmill.registry('[[feed]]\nid = "quay"\nname = "The Quay"\nurl = "https://quay.example/feed"\n')
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        at = {"PREFECT_API_URL": f"{address}/api", "PREFECT_CLIENT_MAX_RETRIES": "0"}
        assert complaint(replace(newsmill, environment={**newsmill.environment, **at}), *command) == (
            f"error: {address}: this Prefect server answers 503 Service Unavailable, as while its database is busy "
            "(its log says more); run the command again: it goes on where it ended\n"
        )
        server.shutdown()


def test_a_server_that_stops_answering_is_a_sentence() -> None:
    late = httpx.ReadTimeout("timed out", request=httpx.Request("POST", "http://quay:s3cret@quay.example:4200/api"))
    assert refusal(late) is None
    assert silence(late) == (
        "http://quay.example:4200: this Prefect server does not answer (ReadTimeout); run the command again: it goes "
        "on where it ended"
    )


def test_other_errors_are_not_refusals() -> None:
    assert refusal(ValueError("401")) is silence(ValueError("401")) is None
