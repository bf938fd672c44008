"""The names of limits, and runs that use none; limits on a server are tested in tests/flows/prefect_server."""

from __future__ import annotations

import asyncio

from tasks.orchestration.limits import WRITER, hold_host_slot, hold_slot, host_limit, host_names, use_limits


def test_each_host_has_one_limit() -> None:
    hosts = host_names(
        "https://quay.example/feed", "http://quay.example:8080/other", "https://gate.example/", "no address"
    )
    assert hosts == {"quay.example", "gate.example"}
    assert host_limit("quay.example") == "newsmill-host-quay.example"


def test_a_run_of_no_deployment_waits_for_no_slot() -> None:
    async def hold_both() -> bool:
        async with use_limits(), hold_slot(WRITER), hold_host_slot("quay.example"):
            return True

    assert asyncio.run(hold_both())
