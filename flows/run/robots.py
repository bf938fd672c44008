"""The robots.txt files that a run knows: ops.robots keeps each for a day, so that not every run asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from tasks.fetch.http import Client
from tasks.fetch.robots import Robots
from tasks.settings import Settings
from warehouse.load.pages import record_robots, stored_robots
from warehouse.store.transactions import Connection

ROBOTS_FOR = timedelta(days=1)
"""How long a robots.txt counts (RFC 9309 2.4)."""
MAX_HOSTS = 10_000
"""Hosts whose robots.txt one run asks for."""


@asynccontextmanager
async def open_robots(client: Client) -> AsyncIterator[Robots]:
    """Those that the run asks for are recorded at the end."""
    robots = Robots(client, max_hosts=MAX_HOSTS)
    try:
        yield robots
    finally:
        if new := robots.take_new():
            await asyncio.to_thread(_record, client.settings, new)


def read_known(robots: Robots, connection: Connection) -> None:
    """Take over those that earlier runs asked for."""
    robots.know(stored_robots(connection, datetime.now(UTC) - ROBOTS_FOR))


def _record(settings: Settings, fetched: Mapping[str, str]) -> None:
    with settings.store.writing() as connection:
        record_robots(connection, fetched, datetime.now(UTC))
