"""newsmill outside pytest, for the long forms: a Prefect server of its own and a process that has imported it all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import preloaded
from tests.conftest import SETTINGS, Newsmill


@contextmanager
def stand(folder: Path) -> Iterator[Callable[[Path], Newsmill]]:
    """Makes a newsmill in a folder. Everything it keeps elsewhere is below `folder`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "NEWSMILL_"))}
    environment |= {
        "PREFECT_HOME": str(folder / "prefect-client"),
        "DO_NOT_TRACK": "1",
        "NEWSMILL_HOME": str(folder / "home"),
        **SETTINGS,
    }
    server = Newsmill(folder, environment)
    started = server("server", "start")
    if started.returncode:
        raise SystemExit(started.stderr)
    try:
        with preloaded.newsmill(environment) as program:
            yield lambda place: Newsmill(place, environment, program)
    finally:
        server("server", "stop")
