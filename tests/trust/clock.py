"""Gives a command another time of day: tests/preloaded.py calls `prepare` if the environment has TRUST_CLOCK.

Only newsmill's own clock is changed, not that of the libraries.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, tzinfo
from typing import Any

VARIABLE = "TRUST_CLOCK"


def prepare(seconds: str) -> None:
    """Move the clock by so many seconds, in all of newsmill's modules."""
    shift = timedelta(seconds=float(seconds))

    class _IsDatetime(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, datetime)

    class Shifted(datetime, metaclass=_IsDatetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + shift

    for path, module in list(sys.modules.items()):
        if path.partition(".")[0] in ("flows", "tasks", "warehouse") and vars(module).get("datetime") is datetime:
            module.datetime = Shifted  # type: ignore[attr-defined]
