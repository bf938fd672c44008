"""Fetching an article's own page: conditionally, as robots.txt allows, and only what can be read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from tasks.errors import FetchError, ForbiddenFetchError, HostRefusedError, TransientFetchError
from tasks.fetch.http import TRANSIENT, Client, Response
from tasks.fetch.robots import Robots
from tasks.fetch.trying import get_twice
from tasks.fetch.unpacking import request_headers
from warehouse.landing import Landing
from warehouse.masking import mask, mask_headers
from warehouse.page_answers import PageAnswer, PendingPage
from warehouse.page_request import GONE
from warehouse.records import Document, Validators

ACCEPT: Final = "text/html, application/xhtml+xml, */*;q=0.1"
FORBIDDEN: Final = frozenset([401, 402, 403, 407])
"""Answers of sites that want a login or let no program read them. Some change their mind."""
MAY_HELP: Final = FORBIDDEN | TRANSIENT | {429}
"""Answers after which a later run asks again, whether they say when (Retry-After) or not."""
PDF: Final = "application/pdf"
PAGES: Final = frozenset(["", "text/html", "application/xhtml+xml", "text/xml", "application/xml", "text/plain"])
"""Content types of what may be a page; some servers call theirs plain text."""
START: Final = 1_024
"""Bytes of a PDF that are landed, to say that it is one."""
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,99}<(?:!doctype html|html)[\s>]", re.IGNORECASE)
"""How a page begins, whatever its server calls it."""


async def fetch_page(pending: PendingPage, client: Client, robots: Robots) -> PageAnswer | None:
    """Ask for a page. A failure is an answer that says why; None if it was not asked for, as its host wants to be left
    alone: it stays as it is."""
    url, asked_at = pending.request.url, datetime.now(UTC)

    def answer(outcome: str, error: str | None = None, **details: object) -> PageAnswer:
        return PageAnswer(pending, asked_at, outcome, error=error, **details)  # type: ignore[arg-type]

    try:
        await robots.require(url)
        response = await _ask(pending, client, robots)
    except HostRefusedError:
        return None
    except ForbiddenFetchError as error:
        return answer("forbidden", str(error), may_help=False)
    except FetchError as error:
        if error.status in GONE:
            return answer("fetched", http_status=error.status, document=_document(pending, url, error.status, {}, b""))
        outcome = "forbidden" if error.status in FORBIDDEN else "failed"
        may_help = isinstance(error, TransientFetchError) or error.status in MAY_HELP
        return answer(outcome, str(error), http_status=error.status, may_help=may_help)
    if response.status == 304:
        if pending.etag or pending.last_modified:
            return answer("not-modified", http_status=304)
        return answer("failed", "the server answered “not modified” without having been asked that", http_status=304)
    if response.status == 204 or not response.body.strip():
        return answer("failed", "the server answered without a page", http_status=response.status)
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = response.body
    if kind == PDF or body.startswith(b"%PDF-"):
        body = body[:START]
    elif kind not in PAGES and not _HTML.match(body):
        return answer("skipped", f"not a web page but {kind}", http_status=response.status, may_help=False)
    document = _document(pending, response.url, response.status, response.headers, body)
    return answer("fetched", http_status=response.status, document=document, data=body)


async def _ask(pending: PendingPage, client: Client, robots: Robots) -> Response:
    """Raises FetchError."""
    return await get_twice(
        client,
        pending.request.url,
        max_bytes=client.settings.max_page_bytes,
        headers={"accept": ACCEPT, **request_headers(Validators(pending.etag, pending.last_modified))},
        permit=robots.require,
        feed=pending.feed_id,
    )


def _document(pending: PendingPage, url: str, status: int, headers: object, body: bytes) -> Document:
    """The page as it is to be landed."""
    request = replace(pending.request, url=mask(pending.request.url))
    return Document(
        document_id=hashlib.sha256(body).hexdigest(),
        feed_id=pending.feed_id,
        url=request.url,
        final_url=mask(url),
        fetched_at=datetime.now(UTC),
        status=status,
        headers=mask_headers(headers),  # type: ignore[arg-type]
        size=len(body),
        landing_path="",
        source="page",
        form="page",
        request=request,
    )


def land_pages(answers: Sequence[PageAnswer], landing: Landing) -> list[PageAnswer]:
    """Make the documents durable, in one pack, before anything reads them. Raises LandingError."""
    drafts = {number: (a.document, a.data) for number, a in enumerate(answers) if a.document}
    landed = dict(zip(drafts, landing.land_pack(list(drafts.values())) if drafts else (), strict=True))
    return [replace(a, document=landed.get(number), data=b"") for number, a in enumerate(answers)]


def with_pages(answer: PageAnswer, body: bytes) -> PageAnswer:
    """The answer with the pages of its article in place of the first alone."""
    if answer.document is None:
        return answer
    document = replace(answer.document, document_id=hashlib.sha256(body).hexdigest(), size=len(body), form="pages")
    return replace(answer, document=document, data=body)
