"""Requests to Prefect's server."""

from __future__ import annotations

import time
from typing import Any

import httpx

from flows.prefect_server.local import NO_CERTIFICATES

ANSWERS = 120.0
"""Seconds the server may take to answer; its database has one writer at a time."""
ATTEMPTS = 10


def ask(address: str, method: str = "", /, **body: Any) -> Any:
    """The answer to a POST if there is a body, else to a GET. As Prefect's own client does, it asks again while the
    server's database is busy."""
    method = method or ("POST" if body else "GET")
    for _ in range(ATTEMPTS):
        answer = httpx.request(
            method, address, json=body or None, timeout=ANSWERS, trust_env=False, verify=NO_CERTIFICATES
        )
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(float(answer.headers.get("retry-after", 1)))
    answer.raise_for_status()
    return answer.json() if answer.content else None
