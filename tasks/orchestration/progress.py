"""How far a flow is, reported to a watcher: the command line's progress bar, Prefect's artifacts, or none."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

Watcher = Callable[[str, int, int], None]
"""Called with a step's name, how many items are done, and how many there are."""


def _ignore(step: str, done: int, total: int) -> None:
    pass


watcher: ContextVar[Watcher] = ContextVar("watcher", default=_ignore)


def report_progress(step: str, done: int, total: int) -> None:
    watcher.get()(step, done, total)
