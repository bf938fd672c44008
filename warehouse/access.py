"""What a feed's own site is sent with each request, and through what: columns of no table, keys of feeds.toml.

Values may hold references to secrets, and are secrets where they don't: a representation shows none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Access:
    headers: Pairs = field(default=(), repr=False)
    """Names in lower case."""
    cookies: Pairs = field(default=(), repr=False)
    user_agent: str | None = None
    proxy: str | None = field(default=None, repr=False)
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    """Sent as `Authorization: Bearer`."""


NO_ACCESS = Access()
