"""Several pages of one article in one document: a line of JSON with their addresses and sizes, then their bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tasks.errors import ParseError

Part = tuple[str, str | None, bytes]
"""A page's address, its content type and its bytes."""


def bundle(parts: Sequence[Part]) -> bytes:
    """The pages as one document, in their order."""
    head = [{"url": url, "type": kind, "size": len(data)} for url, kind, data in parts]
    return json.dumps(head).encode() + b"\n" + b"".join(data for _, _, data in parts)


def unbundle(data: bytes) -> list[Part]:
    """The pages of such a document. Raises ParseError for what is none."""
    line, _, rest = data.partition(b"\n")
    parts: list[Part] = []
    try:
        for page in json.loads(line):
            url, kind, size = page["url"], page["type"], page["size"]
            if not isinstance(url, str) or not isinstance(kind, str | None) or not 0 <= size <= len(rest):
                raise ValueError("a page's address or size is none")  # noqa: TRY301
            parts.append((url, kind, rest[:size]))
            rest = rest[size:]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ParseError(f"the document is not several pages of one article ({error})") from error
    if not parts:
        raise ParseError("the document names no page")
    return parts
