"""Fetching an article whole: its page, and the pages on which it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.fetch.http import Client
from tasks.fetch.pages import fetch_page, with_pages
from tasks.fetch.robots import Robots
from warehouse.page_answers import PageAnswer, PendingPage
from warehouse.records import Feed

if TYPE_CHECKING:
    from tasks.parse.page_bundle import Part


async def fetch_whole(
    pending: PendingPage, client: Client, robots: Robots, feeds: Mapping[str, Feed]
) -> PageAnswer | None:
    """Ask for a page and for the pages on which its article goes on, as `fetch_page` does.

    They are one document. One that may be fetched later fails the whole, since half an article would pass for an edit;
    one that can't be fetched at all ends it there.
    """
    # imported late, as most runs fetch no page
    from tasks.parse.page_bundle import bundle
    from tasks.parse.page_further import further_page
    from tasks.parse.page_join import MAX_PAGES

    first = await fetch_page(pending, client, robots)
    if not first or not first.document or not first.data:
        return first
    feed = feeds.get(pending.feed_id) or Feed(pending.feed_id, pending.feed_id, "")
    document, data = first.document, first.data
    parts: list[Part] = [(document.final_url, document.headers.get("content-type"), data)]
    while len(parts) < MAX_PAGES:
        address = await asyncio.to_thread(further_page, data, document, feed)
        if not address or address in [url for url, _, _ in parts]:
            break
        answer = await fetch_page(_at(pending, address), client, robots)
        if answer is None:
            return None
        if answer.outcome == "failed" and answer.may_help:
            return replace(answer, pending=pending)
        if not answer.document or answer.data in (b"", *(data for _, _, data in parts)):
            break
        document, data = answer.document, answer.data
        parts.append((address, document.headers.get("content-type"), data))
    return with_pages(first, bundle(parts)) if len(parts) > 1 else first


def _at(pending: PendingPage, address: str) -> PendingPage:
    """The same article's page at another address, asked for unconditionally."""
    return replace(pending, request=replace(pending.request, url=address), etag=None, last_modified=None)
