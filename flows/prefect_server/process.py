"""The process of the local Prefect server: Prefect's own command, with failed SQLite statements closed at once.

    python -m flows.prefect_server.process server start --port 4200

SQLAlchemy leaves the cursor of a failed statement to Python, which frees it in the thread of the event loop. Freeing it
waits while the connection's own thread uses the connection, and that thread may just be waiting for another transaction
to end, for up to 60 s (Prefect's busy_timeout). That transaction goes on only when the event loop does: neither ends.
On two busy cores a server answered nothing for four minutes, one such minute after the other.
"""

from __future__ import annotations

import runpy
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from aiosqlite import Cursor

_Method = Callable[..., Awaitable[Any]]


def close_failed_cursors() -> None:
    """Close a cursor in its connection's thread when its statement fails, in this process from now on."""
    for name in ("execute", "executemany"):
        setattr(Cursor, name, _closing(getattr(Cursor, name)))


def _closing(method: _Method) -> _Method:
    @wraps(method)
    async def run(cursor: Cursor, *arguments: Any) -> Any:
        try:
            return await method(cursor, *arguments)
        except BaseException:  # also if it was cancelled: its thread closes the cursor as the next thing that it does
            cursor._conn._tx.put_nowait((None, cursor._cursor.close))
            raise

    return run


if __name__ == "__main__":
    close_failed_cursors()
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)
