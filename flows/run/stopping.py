"""A run that SIGTERM asks to stop does so, whatever it is doing when the signal comes."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.exceptions import TerminationSignal


@contextmanager
def stop_on_sigterm() -> Iterator[None]:
    """Cancel the running task when SIGTERM comes, and end in Prefect's TerminationSignal.

    Prefect's own handler raises TerminationSignal wherever the main thread is. Where that is a callback of asyncio's
    loop, the loop logs it, and the run goes on as if nothing had come. So the signal is also written to a socket that
    the loop reads (`signal.set_wakeup_fd`); Prefect's handler stays, as its runner cancels only where it is in place.
    """
    task = asyncio.current_task()
    if task is None or threading.current_thread() is not threading.main_thread():  # no signal is handled elsewhere
        yield
        return
    loop, (reading, writing) = asyncio.get_running_loop(), socket.socketpair()
    has_come = False

    def read() -> None:
        nonlocal has_come
        if signal.SIGTERM in reading.recv(4096) and not task.cancelling():  # else it is stopping already
            has_come = task.cancel()

    with reading, writing:
        reading.setblocking(False)
        writing.setblocking(False)
        loop.add_reader(reading, read)
        before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            yield
        except asyncio.CancelledError:
            if has_come:
                raise TerminationSignal(signal.SIGTERM) from None
            raise
        finally:
            signal.set_wakeup_fd(before)
            loop.remove_reader(reading)
