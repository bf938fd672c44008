"""How the whole suite runs: no deadlines, a watchdog, folders in memory, and which tests share a worker process.

tests/conftest.py takes these hooks over; tests/test_suite.py runs small suites with the same ones.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.watchdog import watch

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

SERVED = ("test_serving", "test_alerting", "test_following", "test_pages", "test_killed")
"""Files that share one `newsmill serve`, in this order: the last one kills it."""
LONGEST = (
    *(*SERVED, "test_docs", "test_lake", "test_crash", "test_full_text", "test_kill", "test_backfill"),
    *("test_deploying", "test_analysts", "warehouse/publish/test_copy", "warehouse/load/test_identities"),
)
"""Files that take minutes. They come first, so that none of them finishes alone."""


MEMORY_FOLDER = Path("/dev/shm")
ROOM = 4_000_000_000
"""Bytes; a run of the whole suite keeps a quarter of that."""


def _name(path: Path) -> str:
    """What SERVED and LONGEST know a file by: its name; with the folders, for a test of one module: names repeat."""
    for folder in ("tasks", "warehouse"):
        if folder in path.parts:
            return "/".join(path.with_suffix("").parts[path.parts.index(folder) :])
    return path.stem


def pytest_configure(config: pytest.Config) -> None:
    # a first example imports modules, and a busy machine is slow: neither is a fault
    hypothesis.settings.register_profile(
        "newsmill", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("newsmill")
    # DuckDB waits for the disk at each commit: in memory, the tests of the warehouse take a third less processor time
    if MEMORY_FOLDER.is_dir() and shutil.disk_usage(MEMORY_FOLDER).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY_FOLDER))
    watch(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: position for position, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(_name(item.path), len(LONGEST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests also wait, for a server's answer or a worker that asks for work."""
    return min((os.cpu_count() or 1) + 1, 4)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """As `--dist loadfile`, but files that share one `newsmill serve` go to one worker as if they were one file.

    xdist's groups (`--dist loadgroup`) would do it, too, but they change the tests' names, and `pytest --lf` would find
    none of them again.
    """
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = str(super()._split_scope(nodeid))
            return "served" if _name(Path(file)) in SERVED else file

    return Scheduling(config, log)
