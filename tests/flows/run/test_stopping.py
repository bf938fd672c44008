"""SIGTERM while a run is at work; what a whole command makes of it is in tests/flows/cli/test_stopping.py."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from prefect.exceptions import TerminationSignal

from flows.run.stopping import stop_on_sigterm


@pytest.fixture(autouse=True)
def _as_prefect_handles_it() -> Iterator[None]:
    def stop(number: int, _frame: object) -> None:
        raise TerminationSignal(number)

    before = signal.signal(signal.SIGTERM, stop)
    yield
    signal.signal(signal.SIGTERM, before)


async def _work(seconds: float) -> str:
    with stop_on_sigterm():
        await asyncio.sleep(seconds)
    return "done"


async def _work_while_a_callback_gets_it() -> str:
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
    return await _work(60)


def test_it_ends_the_work_where_it_comes_in_a_callback() -> None:
    with pytest.raises(TerminationSignal):
        asyncio.run(_work_while_a_callback_gets_it())


def test_nothing_is_left_behind() -> None:
    assert asyncio.run(_work(0)) == "done"
    assert signal.set_wakeup_fd(-1) == -1


def test_who_cancels_the_work_himself_gets_no_signal() -> None:
    async def cancel() -> str:
        work = asyncio.ensure_future(_work(60))
        await asyncio.sleep(0)
        work.cancel()
        return await work

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())


def test_it_works_in_a_thread_which_gets_no_signals() -> None:
    with ThreadPoolExecutor() as threads:
        assert threads.submit(asyncio.run, _work(0)).result() == "done"
