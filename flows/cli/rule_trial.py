"""Trying rules on one page: for `rules try`. Nothing is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from tasks.backfill.polite import Asker
from tasks.errors import FetchError
from tasks.fetch.http import open_client
from tasks.fetch.robots import Robots
from tasks.mill.document import mill_bytes
from tasks.registry.pattern_import import feeds_of
from tasks.registry.site_patterns import SitePatterns, hosts_of
from tasks.settings import Settings
from tasks.text import urls
from warehouse.errors import NewsmillError
from warehouse.records import Document, Feed, PageRules, Rules

UNKNOWN_PAGE = "https://site.invalid/page"
"""The address of a page in a file that does not say where it comes from."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What rules make of a page, and beside it what the general way makes of it."""

    url: str
    feed: str | None
    """The id of the feed whose language, time zone and rules are used."""
    origin: str
    """Where the rules come from, in words."""
    ruled: Mapping[str, Any]
    default: Mapping[str, Any]


async def fetch_page(settings: Settings, url: str) -> tuple[bytes, Document]:
    """Ask for the page as a run does, if the site's robots.txt allows it. Raises FetchError."""
    async with open_client(settings) as client:
        asker = Asker(client, pause=0, tries=1)
        robots = Robots(asker)
        await robots.require(url)
        answer = await asker.get(url, max_bytes=settings.max_page_bytes, permit=robots.require)
    return answer.body, _document(answer.body, answer.url, answer.headers)


def read_page(path: Path, url: str | None) -> tuple[bytes, Document]:
    """The page in the file; its address is `url`, or what it says itself. Raises FetchError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FetchError(
            f"{path}: can't be read ({error.strerror}); give the file of a page, or its address"
        ) from error
    return data, _document(data, url or _stated_address(data) or UNKNOWN_PAGE, {})


def _stated_address(data: bytes) -> str | None:
    page = LexborHTMLParser(data)
    for selector, attribute in (("link[rel~=canonical][href]", "href"), ("meta[property='og:url']", "content")):
        node = page.css_first(selector)
        if node is not None and (address := urls.resolve(None, node.attributes.get(attribute))):
            return address
    return None


def _document(data: bytes, url: str, headers: Mapping[str, str]) -> Document:
    sha256 = hashlib.sha256(data).hexdigest()
    return Document(sha256, "try", url, url, datetime.now(UTC), 200, headers, len(data), "", "try", "page")


def choose_feed(feeds: Sequence[Feed], url: str) -> Feed:
    """The feed on whose site the page is, one with rules for pages before others; else one without any."""
    ids = {id for host in hosts_of(url) for id in feeds_of(host, feeds)}
    of_site = sorted((feed for feed in feeds if feed.id in ids), key=lambda feed: not feed.page)
    return of_site[0] if of_site else Feed("try", "", url)


def try_rules(data: bytes, document: Document, feed: Feed, patterns: SitePatterns, given: Mapping[str, Any]) -> Trial:
    """`given` rules take the place of those of the same name that hold for the page."""
    in_force = patterns.apply(feed, document)
    origins = []
    if feed.page:
        origins.append(f'page of feed "{feed.id}"')
    elif in_force.page:
        origins.append(f"site pattern {patterns.file_for(document.final_url)}")
    elif feed.rules != Rules():
        origins.append(f'rules of feed "{feed.id}"')
    if given:
        origins.append("options")
        in_force = replace(in_force, page=replace(in_force.page, **given))
    return Trial(
        document.final_url,
        None if feed.id == "try" else feed.id,
        " and ".join(origins),
        _extract(data, document, in_force),
        _extract(data, document, replace(feed, page=PageRules(), rules=Rules())),
    )


def _extract(data: bytes, document: Document, feed: Feed) -> dict[str, Any]:
    """The article's fields; without one, the `error`."""
    milled = mill_bytes(data, document, feed)
    if not milled.articles:
        return {"error": "; ".join(reject.error for reject in milled.rejects), "words": 0}
    (entry,), (article,) = milled.entries, milled.articles
    parsed = json.loads(entry.parsed)
    return {
        "title": article.title,
        "author": article.author,
        "published_at": article.published_at,
        "updated_at": article.updated_at,
        "language": article.language,
        "words": article.word_count,
        "image": article.lead_image.url if article.lead_image else None,
        "images": len(article.images),
        "is_free": entry.is_free,
        "next_page": entry.next_page,
        "plain_version": entry.plain_version,
        "matched": parsed.get("rules", {}),
        "missed": parsed.get("rules_missed", []),
        "text": article.content_text,
        "html": article.content_html,
    }


def check_address(value: str) -> str:
    """The address of a page as it is asked for. Raises NewsmillError, also for the name of a file that is not there."""
    if "://" not in value and (
        value.startswith((".", "/", "~")) or value.lower().endswith((".html", ".htm", ".xhtml"))
    ):
        raise NewsmillError(
            f"{value}: there is no such file; give the file of a saved page, or an address with https://"
        )
    address = value if "://" in value else f"https://{value}"
    if resolved := urls.resolve(None, address):
        return resolved
    raise NewsmillError(f"{value}: neither a file nor a web address; give https://… or the file of a saved page")
