"""Numbers in sentences."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """The number with its noun: 1 feed, 2,000 feeds, 1 entry, 2 entries."""
    if count == 1:
        return f"1 {noun}"
    many = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"
    return f"{count:,} {many}"


def are(count: int) -> str:
    """The verb after `counted`: 1 feed is, 2 feeds are."""
    return "is" if count == 1 else "are"
