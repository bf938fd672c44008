"""Where the links of a line lead: to the article itself, to its site, elsewhere, or to a network to share it on."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from tasks.text import urls
from tasks.text.markup import Element
from tasks.text.plain import collapse

_SHARE_LINK = re.compile(
    r"facebook\.com/(?:sharer|share\.php|dialog/(?:share|feed))|(?:twitter|x)\.com/(?:intent/(?:tweet|post)|share\b)"
    r"|linkedin\.com/(?:shareArticle|sharing|cws/share)|whatsapp\.com/send|wa\.me/\?|(?:t|telegram)\.me/share"
    r"|reddit\.com/submit|pinterest\.[a-z.]+/pin/create|tumblr\.com/(?:share|widgets/share)|getpocket\.com/(?:save|edit)"
    r"|news\.ycombinator\.com/submitlink|service\.weibo\.com/share|connect\.qq\.com/widget|sns\.qzone\.qq\.com"
    r"|vk\.com/share|connect\.ok\.ru/offer|line\.me/(?:R/msg|lineit)|b\.hatena\.ne\.jp/(?:entry/|add)|bsky\.app/intent"
    r"|threads\.(?:net|com)/intent|xing\.com/(?:app/user|spi/shares)|addtoany\.com|[?&]share=[a-z]|^mailto:\?",
    re.IGNORECASE,
)
_SHARE_PARTS = (
    *("share", "sharing", "intent", "/send", "/submit", "/pin/create", "mailto:?", "wa.me/", "getpocket.com"),
    *("qq.com/", "connect.ok.ru", "line.me/", "b.hatena.ne.jp", "xing.com", "addtoany.com"),
)
"""Each address that the pattern matches contains one of these, which is found much faster."""


def links_of(block: Element) -> list[str]:
    return [element.attrs.get("href", "") for element in block.walk() if element.tag == "a"]


def linked_length(block: Element) -> int:
    """How many characters of the block are links."""
    return sum(len(collapse(element.text())) for element in block.walk() if element.tag == "a")


def is_own(address: str, link: str | None) -> bool:
    """Whether it is the article's own address, or a place in it."""
    return link is not None and not is_elsewhere(address, link) and urls.identity(address) == urls.identity(link)


def is_front_page(address: str, link: str | None) -> bool:
    return urlsplit(address).path in ("", "/") or (link is not None and link.startswith(address))


def is_elsewhere(address: str, link: str | None) -> bool:
    """Whether the address is of another site than the article."""
    return link is not None and urls.domain_of(address) != urls.domain_of(link)


@lru_cache(maxsize=4096)
def is_share_link(address: str) -> bool:
    lower = address.lower()
    return any(map(lower.__contains__, _SHARE_PARTS)) and _SHARE_LINK.search(address) is not None
