"""What a Prefect server refuses, or fails to answer, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

MAX_DETAIL = 200
"""Characters of the server's own words."""
AGAIN = "run the command again: it goes on where it ended"


def refusal(error: Exception) -> str | None:
    """What the server refused and what to do; None for any other error."""
    # by its name: this is also asked by commands that have not imported Prefect
    if type(error).__name__ != "PrefectHTTPStatusError":
        return None
    response: httpx.Response = getattr(error, "response")  # noqa: B009 - its class is not known here
    address, server = response.request.url, _server(response.request)
    if response.status_code >= 500:
        return (
            f"{server}: this Prefect server answers {response.status_code} {response.reason_phrase}, as while its "
            f"database is busy (its log says more); {AGAIN}"
        )
    if response.status_code == 401:
        return (
            f"{server}: this Prefect server asks for another password or key; set PREFECT_API_AUTH_STRING, or "
            "PREFECT_API_KEY for Prefect Cloud, as whoever runs it says"
        )
    if response.status_code == 403:
        what = "automations, which alerts are made of" if "/automations" in address.path else address.path
        return (
            f"{server}: this Prefect server refuses {what} ({_detail(response)}); ask whoever runs it for the right, "
            "or unset PREFECT_API_URL, so that newsmill uses a server of its own"
        )
    return None


def silence(error: Exception) -> str | None:
    """Which server did not answer in the middle of a run; None for any other error."""
    import httpx

    if not isinstance(error, httpx.TransportError):  # those of newsmill's own requests are handled where they come
        return None
    return f"{_server(error.request)}: this Prefect server does not answer ({type(error).__name__}); {AGAIN}"


def _server(request: httpx.Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc.decode().rpartition('@')[2]}"


def _detail(response: httpx.Response) -> str:
    """The status and what the server says of it."""
    try:
        content: Any = response.json()
    except ValueError:
        content = None
    words = [str(value) for value in content.values()] if isinstance(content, dict) else []
    return ": ".join(["403 Forbidden", *words])[:MAX_DETAIL]
