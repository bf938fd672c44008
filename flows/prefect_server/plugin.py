"""Prefect's plugin: `prefect deploy` finds newsmill's work pool on a fresh server.

Prefect asks for the pool of a deployment before it takes any step of `prefect.yaml`. What runs earlier is the start-up
hook of Prefect's plugins, which `pyproject.toml` turns on for the commands that are given in the clone.
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
_OTHERWISE = frozenset(["-h", "--help", "--profile", "-p", "--pool"])
"""What asks for no deployment, or for one in another pool, or perhaps on another server than Prefect has settled on."""


@register_hook
async def setup_environment(*, ctx: HookContext) -> None:
    """Called whenever Prefect is imported, so anything but `prefect deploy` costs only this look at the command."""
    program, words = Path("".join(sys.orig_argv[1:2])).name, sys.orig_argv[2:]
    if program not in ("prefect", "-m") or "deploy" not in words or not _OTHERWISE.isdisjoint(words):
        return
    if ctx.api_url and _is_ours(Path("prefect.yaml")):  # a server of that one command's own has no use for a pool
        import httpx

        with suppress(httpx.HTTPError):  # `prefect deploy` says itself that there is no server
            await make_pool()


def _is_ours(project: Path) -> bool:
    return project.exists() and "\nname: newsmill\n" in project.read_text("utf-8")


async def make_pool() -> None:
    """The work pool of `prefect.yaml`; one that is there stays as it is."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists

    async with get_client() as client:
        with suppress(ObjectAlreadyExists):
            await client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
