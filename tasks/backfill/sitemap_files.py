"""Reading one sitemap of a backfill, gzipped or not, within limits."""

from __future__ import annotations

from tasks.fetch.decoding import GZIP, decode
from tasks.fetch.http import Response
from tasks.text.sitemaps import SitemapContents, read_sitemap


def parse_sitemap(response: Response, max_bytes: int, timezone: str) -> SitemapContents:
    """Read a sitemap, at most `max_bytes` after decompression. Dates without a time zone are of `timezone`."""
    data = response.body
    try:
        if data.startswith(GZIP):
            data = decode(data, "gzip", max_bytes)
    except OverflowError:
        return SitemapContents(response.url, problems=(f"larger than {max_bytes:,} bytes when unpacked",))
    except ValueError as error:
        return SitemapContents(response.url, problems=(f"its gzip is broken ({error})",))
    return read_sitemap(data, response.url, content_type=response.headers.get("content-type", ""), timezone=timezone)
