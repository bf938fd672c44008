"""The Referer of a request for an image: some hosts only answer what an article of their own asks for."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from warehouse.masking import mask


def referer(article: str, address: str) -> str | None:
    """The article's address as the Referer of a request for `address` (RFC 9110 10.1.3); None if it has none to send.

    Neither its fragment nor its credentials are sent. Its origin alone is, if the request is not encrypted but the
    article was (Referrer Policy 8.4), or if there is a secret in its address.
    """
    try:
        parts = urlsplit(article)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or not article.isascii() or not article.isprintable():
        return None
    bare = urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
    if (parts.scheme == "https" and not address.lower().startswith("https:")) or mask(bare) != bare:
        return f"{parts.scheme}://{host}/"
    return bare
