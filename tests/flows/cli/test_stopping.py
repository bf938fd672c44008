"""A command that is stopped says so, in one line, whatever it was doing."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.prefect_server import serving
from tasks.settings import load_settings
from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.sites.server import RequestHandler, SiteServer

STOPPED = {
    signal.SIGINT: "stopped; the same command goes on where this one was\n",
    signal.SIGTERM: "stopped by SIGTERM; the same command goes on where this one was\n",
}


@pytest.fixture(autouse=True)
def _heed_signals() -> Iterator[None]:
    """In the background, or under nohup, signals are ignored, also by what is started there."""
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGHUP: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@contextmanager
def hanging_feed(newsmill: Newsmill) -> Iterator[threading.Event]:
    """Register a feed that does not answer; the event says that it was asked."""
    asked, over = threading.Event(), threading.Event()

    def hang(_handler: RequestHandler) -> None:
        asked.set()
        over.wait(60)

    with SiteServer({"/feed": hang}) as site:
        newsmill.registry(f'[[feed]]\nid = "slow"\nname = "Slow"\nurl = "{site.url("/feed")}"\n')
        try:
            yield asked
        finally:
            over.set()


@pytest.mark.parametrize("number", STOPPED)
def test_a_run_that_is_stopped_says_so_and_is_recorded_as_failed(newsmill: Newsmill, number: signal.Signals) -> None:
    with hanging_feed(newsmill) as asked:
        run = newsmill.start("ingest", real=True)
        assert asked.wait(120)
        run.send_signal(number)
        _, said = run.communicate(timeout=120)
    assert said.lstrip("\n").endswith(STOPPED[number])
    assert "Traceback" not in said
    assert run.returncode == 128 + number
    assert rows(newsmill.warehouse, "SELECT state, error FROM ops.runs") == [("failed", "stopped before its end")]


_WHILE_IMPORTING = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            try:
                os.kill(os.getpid(), {number})
            except BaseException as stopped:
                if name == "_duckdb":  # what a module in C makes of it
                    raise ImportError("initialization failed") from stopped
                raise

sys.meta_path.insert(0, Finder())
sys.argv = ["newsmill", "status"]
from flows import main
main()
"""


@pytest.mark.parametrize("number", STOPPED)
@pytest.mark.parametrize("module", ["click", "_duckdb", "warehouse.records"])
def test_a_command_that_is_stopped_while_it_imports_prints_no_traceback(
    newsmill: Newsmill, module: str, number: signal.Signals
) -> None:
    done = newsmill.python(_WHILE_IMPORTING.format(module=module, number=int(number)))
    assert (done.returncode, done.stderr.lstrip("\n")) == (128 + number, STOPPED[number])


_WITHIN_THE_LOOP = """
import asyncio, os, signal, sys
import httpx

send = httpx.AsyncClient.send

async def send_and_stop(self, request, **options):
    if request.url.path == "/feed":
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
    return await send(self, request, **options)

httpx.AsyncClient.send = send_and_stop
from flows import main
main()
"""


@pytest.mark.parametrize("command", [["ingest"], ["feeds", "check"]], ids=" ".join)
def test_a_command_stops_where_sigterm_comes_in_a_callback_of_the_loop_which_only_logs_what_is_raised(
    newsmill: Newsmill, command: list[str]
) -> None:
    with hanging_feed(newsmill):
        done = newsmill.python(_WITHIN_THE_LOOP, *command)
    assert (done.returncode, done.stderr.lstrip("\n")) == (128 + signal.SIGTERM, STOPPED[signal.SIGTERM])
    if command == ["ingest"]:
        assert rows(newsmill.warehouse, "SELECT state, error FROM ops.runs") == [("failed", "stopped before its end")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_serve_stops_where_a_signal_comes_in_a_callback_of_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    async def hang() -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
        await asyncio.sleep(60)
        raise AssertionError("the signal was lost")

    monkeypatch.setattr(serving, "_serve", lambda *_: asyncio.run(hang()))
    monkeypatch.chdir(tmp_path)
    Path("prefect.yaml").write_text("deployments: []\n", encoding="utf-8")
    serving.serve(load_settings(home=tmp_path), {}, print, print)
