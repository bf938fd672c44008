"""Ids of feeds and of sites, and the names that are like another."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from urllib.parse import urlsplit

from tasks.text import urls

MAX_ID = 63
MAX_TITLE_ID = 40
"""Characters of an id that a title gives; some are whole sentences."""
FEED_ID = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{MAX_ID - 1}}}")


def slug(name: str, taken: Collection[str]) -> str:
    """A free id from a site's address, host or name: www.example.co.uk gives example-co-uk, then example-co-uk-2 …"""
    base = slug_text(name) or "feed"
    result, number = base, 1
    while result in taken:
        number += 1
        suffix = f"-{number}"
        result = base[: MAX_ID - len(suffix)].rstrip("-") + suffix
    return result


def unshared_id(address: str, title: str, taken: Collection[str], *, of_many: bool = False) -> str:
    """A free id for a feed: of its address, as `slug`; of its title, if the host has other feeds (`of_many`, or its id
    is taken), because `youtube-com-3` says nothing."""
    host = slug(address, ())
    if host not in taken and not of_many:
        return host
    from slugify import slugify

    words = slugify(title, max_length=MAX_TITLE_ID, word_boundary=True) if "://" not in title else ""
    return slug(words if re.search("[a-z]", words) else host, taken)


def site_id(name: str) -> str:
    """The id of a site that only an archive has, by its name there."""
    readable = slug(name, ())
    # the slug of a name without Latin letters is always "feed"
    if readable != "feed" or name == "feed":
        return readable
    from warehouse.digest import digest  # brings OpenSSL

    return f"site-{digest('site', name)[:10]}"


def nearest(word: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The name most similar to the word, ignoring case; None if none is similar enough."""
    folded = {name.casefold(): name for name in sorted(names)}
    matches = get_close_matches(word.casefold(), folded, n=1, cutoff=cutoff)
    return folded[matches[0]] if matches else None


def slug_text(text: str) -> str:
    """The text in a-z, 0-9 and -; of an address only its host. Empty for a text without Latin letters and digits."""
    if "://" in text:
        try:
            text = urlsplit(text).hostname or ""
        except ValueError:  # "http://[" is not an address: take it as text
            text = text.partition("://")[2]
    text = urls.strip_www(text.strip().lower())
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:MAX_ID].rstrip("-")
