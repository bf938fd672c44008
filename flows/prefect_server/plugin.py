"""A plugin of Prefect's that makes newsmill's work pool, so that `prefect deploy` works on a fresh server.

Prefect looks up a deployment's pool before it runs any step of `prefect.yaml`. Only the start-up hook of plugins runs
earlier; `pyproject.toml` turns plugins on for commands that run in the clone.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from prefect.plugins import register_hook

if TYPE_CHECKING:
    from prefect.plugins import HookContext

POOL = "newsmill"
_SKIP = frozenset(["-h", "--help", "--profile", "-p", "--pool"])
"""Options with which nothing is deployed, or into another pool, or perhaps to another server than `ctx.api_url`."""


@register_hook
async def setup_environment(*, ctx: HookContext) -> None:
    """Make the pool before `prefect deploy`. Runs at every import of Prefect, so it looks at the command line first."""
    program, words = Path("".join(sys.orig_argv[1:2])).name, sys.orig_argv[2:]
    if program not in ("prefect", "-m") or "deploy" not in words or not _SKIP.isdisjoint(words):
        return
    if ctx.api_url and _is_ours(Path("prefect.yaml")):  # without an address, Prefect uses a temporary server
        import httpx

        with suppress(httpx.HTTPError):  # `prefect deploy` itself reports a server that doesn't answer
            await make_pool()


def _is_ours(project: Path) -> bool:
    return project.exists() and "\nname: newsmill\n" in project.read_text("utf-8")


async def make_pool() -> None:
    """Make the work pool of `prefect.yaml`, unless it exists."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists

    async with get_client() as client:
        with suppress(ObjectAlreadyExists):
            await client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
