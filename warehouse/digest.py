"""The key of what has several parts."""

from __future__ import annotations

import hashlib


def digest(*parts: str | None) -> str:
    """A key of 32 hex digits. None and "" differ, and so do ("ab", "c") and ("a", "bc")."""
    pieces: list[bytes] = []
    for part in parts:
        data = b"\xff" if part is None else part.encode("utf-8", "surrogatepass")
        pieces += (len(data).to_bytes(8, "big"), data)
    return hashlib.sha256(b"".join(pieces)).hexdigest()[:32]
