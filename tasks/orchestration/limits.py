"""Limits that hold across runs and machines: Prefect's global concurrency limits.

Only runs of deployments use them, and only those that exist, as each slot costs requests to Prefect's server. Deploying
makes one for the warehouse's writer and one for each host of a feed. The setting `per_host` holds within a run in any
case, for these hosts and all others.
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
"""Seconds after which the slot of a killed run is free again, the least Prefect allows; a living run renews it."""
SLOT_TIMEOUT = 120.0
"""Seconds to wait for a slot; then the run goes on without one. The warehouse's own lock still keeps writers apart."""

_limits: ContextVar[frozenset[str]] = ContextVar("limits", default=frozenset())
"""The names of the limits that this run uses."""


def host_limit(host: str) -> str:
    """The name of the host's limit."""
    return f"newsmill-host-{host}"


@asynccontextmanager
async def use_limits() -> AsyncIterator[None]:
    """In a deployment's run, let `hold_slot` respect the limits that exist on Prefect's server."""
    names: frozenset[str] = frozenset()
    if deployment.id:
        async with get_client() as client:
            names = await _read_names(client)
    token = _limits.set(names)
    try:
        yield
    finally:
        _limits.reset(token)


@asynccontextmanager
async def hold_slot(name: str) -> AsyncIterator[None]:
    """Hold a slot of the limit, if this run uses it."""
    async with AsyncExitStack() as stack:
        if name in _limits.get():
            try:
                await stack.enter_async_context(concurrency(name, timeout_seconds=SLOT_TIMEOUT, lease_duration=LEASE))
            except TimeoutError:
                get_run_logger().warning("no slot of %s within %g s; going on without", name, SLOT_TIMEOUT)
            except ConcurrencySlotAcquisitionError as error:
                get_run_logger().warning("no slot of %s, going on without: %s", name, error)
        yield


def hold_host_slot(host: str) -> AbstractAsyncContextManager[None]:
    """Hold a slot of the host's limit, if this run uses it."""
    return hold_slot(host_limit(host))


async def make_limits() -> None:
    """Make the limits that deployments use; `prefect.yaml` has `prefect deploy` run it before it registers them.

    A host's limit that exists is left as the operator set it.
    """
    settings = await asyncio.to_thread(current_settings)
    # a machine that only deploys may have no feeds of its own
    feeds = read_feeds(settings.feeds) if settings.feeds.exists() else []
    async with get_client() as client:
        await client.upsert_global_concurrency_limit_by_name(WRITER, 1)
        hosts = host_names(settings.wayback_url, *(feed.url for feed in feeds if feed.enabled))
        missing = set(map(host_limit, hosts)) - await _read_names(client)
        for name in sorted(missing):
            await client.create_global_concurrency_limit(
                GlobalConcurrencyLimitCreate(name=name, limit=settings.per_host)
            )


def host_names(*addresses: str) -> set[str]:
    return {host for address in addresses if (host := urlsplit(address).hostname)}


async def _read_names(client: PrefectClient) -> frozenset[str]:
    """The names of newsmill's limits on the server."""
    names: list[str] = []
    while page := await client.read_global_concurrency_limits(limit=200, offset=len(names)):
        names += [limit.name for limit in page]
        if len(page) < 200:
            break
    return frozenset(name for name in names if name.startswith("newsmill-"))
