"""How far a flow is, for whoever watches: the command line's bar, or nobody."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

Watcher = Callable[[str, int, int], None]
"""Called with a step's name, how much of it is done, and how much there is."""


def _nobody(step: str, done: int, total: int) -> None:
    pass


watcher: ContextVar[Watcher] = ContextVar("watcher", default=_nobody)


def progress(step: str, done: int, total: int) -> None:
    watcher.get()(step, done, total)
