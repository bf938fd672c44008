"""Numbers in sentences."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """The number with its noun: 1 feed, 2,000 feeds, 1 entry, 2 entries, 2 fetches."""
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{count:,} {noun[:-1]}ies"
    return f"{count:,} {noun}{'es' if noun.endswith(('ch', 'sh', 's', 'x')) else 's'}"


def are(count: int) -> str:
    """The verb after `counted`: 1 feed is, 2 feeds are."""
    return "is" if count == 1 else "are"
