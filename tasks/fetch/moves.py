"""The new address that a podcast's feed states for itself: itunes:new-feed-url.

A redirect comes from whoever runs the server. This comes from whoever can write into the feed, be it by a mistake, a
template's example or a break-in, so it is a proposal. It is followed, as a permanent redirect is, only if the feed at
the new address has the same entries and names no other address in turn. Until then, and for what this run loads, the
old address counts. Never followed: from https to http, an address that holds a secret, the move of a feed whose own
address holds one, and what stands in an item, a comment or a text.
"""

from __future__ import annotations

import re
from html import escape, unescape

from tasks.errors import FetchError
from tasks.fetch.addresses import parse_address
from tasks.fetch.http import Client
from warehouse.masking import mask

HEAD = 200_000
"""Bytes of a document in which its channel states where it has moved."""
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_CDATA = re.compile(rb"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_FIRST_ITEM = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)[\s/>]", re.IGNORECASE)
_STATED = re.compile(rb"<itunes:new-feed-url(?:\s[^<>]{0,500})?>\s*([^<>\s]{1,2000})\s*</itunes:new-feed-url\s*>")
_GUID = re.compile(rb"<guid(?:\s[^<>]{0,500})?>(?:\s{0,100}<!\[CDATA\[)?([^<>]{1,1000})")


def stated_move(body: bytes, asked: str) -> str | None:
    """The new address that the document states, if it is a web address other than the one that was asked."""
    if b"<itunes:new-feed-url" not in body:
        return None
    head = _CDATA.sub(_as_text, _COMMENT.sub(b"", body[:HEAD]))
    stated = _STATED.search(_FIRST_ITEM.split(head, maxsplit=1)[0])
    if not stated:
        return None
    try:
        new, old = parse_address(unescape(stated[1].decode())), parse_address(asked)
    except (FetchError, UnicodeDecodeError):
        return None
    return str(new) if new != old else None


def _as_text(cdata: re.Match[bytes]) -> bytes:
    return escape(cdata[1].decode("utf-8", "replace"), quote=False).encode()


async def follow_move(body: bytes, asked: str, client: Client, accept: str, feed: str | None = None) -> str | None:
    """The new address that the document states, if the same feed is there; None if not, whatever the reason."""
    new = stated_move(body, asked)
    is_downgrade = asked.startswith("https:") and not (new or "").startswith("https:")
    if not new or is_downgrade or mask(new) != new or mask(asked) != asked:
        return None
    try:
        answer = await client.get(new, max_bytes=client.settings.max_feed_bytes, headers={"accept": accept}, feed=feed)
    except FetchError:
        return None  # it stays a proposal: `newsmill feeds check` shows it
    if not _are_same(body, answer.body) or stated_move(answer.body, new):
        return None
    return new


def _are_same(old: bytes, new: bytes) -> bool:
    """Whether most entries of the document with fewer are in the other, too."""
    first, second = ({guid.removesuffix(b"]]").strip() for guid in _GUID.findall(body)} for body in (old, new))
    return 2 * len(first & second) > min(len(first), len(second))
