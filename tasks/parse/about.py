"""What a feed says of itself: its title, description, link, icon and language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tasks.parse.page_head import PageHead, find_language
from tasks.text import urls
from tasks.text.markup import parse
from tasks.text.plain import collapse, printable
from warehouse.feed_descriptions import About

MAX_TITLE = 500
MAX_DESCRIPTION = 2_000
"""Characters."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}")


def about_xml_feed(feed: Mapping[str, Any], base: str) -> About:
    """`feed` is feedparser's channel, `base` the address that its addresses are relative to."""
    image = feed.get("image")
    picture = image.get("href") if isinstance(image, Mapping) else None
    return _about(
        feed.get("title"),
        feed.get("subtitle") or feed.get("summary") or feed.get("itunes_summary"),
        feed.get("link"),
        (feed.get("icon"), picture, feed.get("logo")),
        feed.get("language"),
        base,
    )


def about_json_feed(top: Mapping[str, Any], base: str) -> About:
    """`top` is the feed without its items, https://www.jsonfeed.org/version/1.1/#top-level."""
    icons = (top.get("icon"), top.get("favicon"))
    return _about(top.get("title"), top.get("description"), top.get("home_page_url"), icons, top.get("language"), base)


def about_list_page(head: PageHead) -> About:
    """`head` is that of a page that lists articles."""
    description = next(head.all("description", "og:description"), None)
    return _about(head.title, description, head.base, (), find_language(head), head.base)


def about_sitemap(publications: Iterable[str]) -> About | None:
    """`publications` are what its pages call the newspaper that they are of; None if not all say the same."""
    names = set(publications)
    return _about(names.pop(), None, None, (), None, "") if len(names) == 1 and "" not in names else None


def _about(
    title: object, description: object, link: object, icons: tuple[object, ...], language: object, base: str
) -> About:
    """A value of another type than text counts as none."""
    addresses = (urls.resolve(base, icon) for icon in icons if isinstance(icon, str))
    code = language.strip() if isinstance(language, str) else ""
    return About(
        title=_plain(title, MAX_TITLE),
        description=_plain(description, MAX_DESCRIPTION),
        link=urls.resolve(base, link) if isinstance(link, str) else None,
        icon=next(filter(None, addresses), None),
        language=code.replace("_", "-") if _LANGUAGE.fullmatch(code) else None,
    )


def _plain(value: object, length: int) -> str | None:
    if not isinstance(value, str):
        return None
    text = printable(value[: 4 * length])
    if "<" in text or "&" in text:
        text = parse(text).text()
    return collapse(text)[:length] or None
