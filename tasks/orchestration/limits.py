"""Limits that hold across runs and machines, kept by Prefect's server as global concurrency limits.

Only runs of deployments ask for them, and only for those that are there: a slot costs requests of its own. The
deployment makes one for the warehouse's writer, and one for each host that feeds lie on. Within a run `per_host` holds
all the same, for these hosts and for any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from urllib.parse import urlsplit

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError, concurrency
from prefect.logging import get_run_logger
from prefect.runtime import deployment

from tasks.registry.feeds_file import read_feeds
from tasks.settings import current_settings

WRITER = "newsmill-writer"
LEASE = 60.0
"""Seconds after which the slot of a killed run is free again, the least Prefect allows; a living one renews it."""
PATIENCE = 120.0
"""Seconds of waiting; then the run goes on without a slot: it is a courtesy, the warehouse's own lock keeps order."""

_known: ContextVar[frozenset[str]] = ContextVar("limits", default=frozenset())


def of_host(host: str) -> str:
    return f"newsmill-host-{host}"


@asynccontextmanager
async def limits_known() -> AsyncIterator[None]:
    """Let `turn` wait for the limits that Prefect's server keeps, where this is a deployment's run."""
    names: frozenset[str] = frozenset()
    if deployment.id:
        async with get_client() as client:
            names = await _names(client)
    token = _known.set(names)
    try:
        yield
    finally:
        _known.reset(token)


@asynccontextmanager
async def turn(name: str) -> AsyncIterator[None]:
    """Hold a slot of the limit, where there is one."""
    async with AsyncExitStack() as stack:
        if name in _known.get():
            try:
                await stack.enter_async_context(concurrency(name, timeout_seconds=PATIENCE, lease_duration=LEASE))
            except TimeoutError:
                get_run_logger().warning("no slot of %s within %g s; going on without", name, PATIENCE)
            except ConcurrencySlotAcquisitionError as error:
                get_run_logger().warning("no slot of %s, going on without: %s", name, error)
        yield


def turn_of(host: str) -> AbstractAsyncContextManager[None]:
    """Hold a slot of the host's limit, where there is one."""
    return turn(of_host(host))


async def make_limits() -> None:
    """What deployments need: the step that `prefect deploy` takes before it registers one.

    A limit for a host that is there stays as the operator set it.
    """
    settings = await asyncio.to_thread(current_settings)
    # a machine that only deploys may have no feeds of its own
    feeds = read_feeds(settings.feeds) if settings.feeds.exists() else []
    async with get_client() as client:
        await client.upsert_global_concurrency_limit_by_name(WRITER, 1)
        wanted = {
            of_host(host) for host in hosts_of(settings.wayback_url, *(feed.url for feed in feeds if feed.enabled))
        }
        for name in sorted(wanted - await _names(client)):
            await client.create_global_concurrency_limit(
                GlobalConcurrencyLimitCreate(name=name, limit=settings.per_host)
            )


def hosts_of(*addresses: str) -> set[str]:
    return {host for address in addresses if (host := urlsplit(address).hostname)}


async def _names(client: PrefectClient) -> frozenset[str]:
    """Newsmill's limits on the server."""
    names: list[str] = []
    while page := await client.read_global_concurrency_limits(limit=200, offset=len(names)):
        names += [each.name for each in page]
        if len(page) < 200:
            break
    return frozenset(name for name in names if name.startswith("newsmill-"))
