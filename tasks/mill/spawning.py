"""How milling processes start: as copies of one process that has imported what they need, not the program's modules.

Importing takes a third of a second of processor time, which is spent once however many processes there are. A copy of
the program itself (`fork`) would have its threads' locks without its threads.

Milling processes import this module, to unpickle a `_MillingProcess`, so it imports nothing of newsmill.
"""

from __future__ import annotations

import fcntl
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.forkserver import set_forkserver_preload
from threading import Lock
from types import ModuleType

PIPE_BYTES = 1 << 20
"""Capacity of the pipes to and from a process: a chunk's results fit in, and Linux allows it to every user."""
PRELOADED = ["tasks.mill.document"]
"""Modules that the process of which all are copies imports."""
_STARTING = Lock()


class _MillingProcess(ForkServerProcess):
    """Does not import the module that runs the program, as multiprocessing's own do: Prefect runs a deployment with
    `python -m prefect.engine`, and importing that takes five times as long as what milling needs."""

    def start(self) -> None:
        from tasks.settings import without_current_folder

        with _STARTING, without_current_folder():
            program = sys.modules["__main__"]
            set_forkserver_preload(PRELOADED)
            try:
                sys.modules["__main__"] = ModuleType("__main__")  # without a spec or a file there is nothing to import
                super().start()
            finally:
                sys.modules["__main__"] = program


class MillingContext(ForkServerContext):
    """Where the pool gets its processes and pipes from.

    The pipes hold a chunk's results, where the system allows it (Linux). With the usual 64 KB a process would wait
    until its results are read bit by bit, and so would the others: one thread reads for all.
    """

    Process = _MillingProcess

    def Pipe(self, duplex: bool = True) -> tuple[Connection, Connection]:  # noqa: N802 - overrides multiprocessing's
        pipe = super().Pipe(duplex)
        if set_size := getattr(fcntl, "F_SETPIPE_SZ", None):
            for end in pipe:
                with suppress(OSError):
                    fcntl.fcntl(end, set_size, PIPE_BYTES)
        return pipe
