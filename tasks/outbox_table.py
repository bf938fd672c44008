"""An [[outbox]] of newsmill.toml: where articles are posted to, which, and how the messages are signed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from voluptuous import All, Invalid

from tasks.shapes import Check, list_of, one_of, optional, switch, table, text
from warehouse.masking import mask

Kind = Literal["new", "edited", "removed"]
"""What happened to an article."""
KINDS: tuple[Kind, ...] = get_args(Kind)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SECRET = re.compile(r"\{(env|file|block):[^{}]+\}")


def _check_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise Invalid("must be of lower-case letters, digits and hyphens, such as search-index")
    return value


def _check_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise Invalid("must begin with https:// or http://")
    return value


def _check_secret(value: str) -> str:
    if not _SECRET.fullmatch(value):
        # the value itself is not shown: it may be the secret
        raise Invalid('must be a reference, such as "{env:OUTBOX_SECRET}", "{file:PATH}" or "{block:NAME}"')
    return value


@dataclass(frozen=True, slots=True)
class OutboxTable:
    name: str
    url: str
    secret: str
    feeds: tuple[str, ...] | None = None
    """Ids of feeds; None for all."""
    events: tuple[Kind, ...] = KINDS
    backfilled: bool = False
    """Whether articles of backfills are posted, too."""
    text: bool = True
    """Whether messages have the article's text and HTML."""

    def __str__(self) -> str:
        return f"{self.name} → {mask(self.url)}"


_KEYS: Mapping[str, Check] = {
    "name": All(text, _check_name),
    "url": All(text, _check_url),
    "secret": All(text, _check_secret),
    "feeds": optional(list_of(text)),
    "events": list_of(one_of(KINDS)),
    "backfilled": switch,
    "text": switch,
}
_TABLE = table(_KEYS, required=("name", "url", "secret"))


def read_outbox(value: object) -> OutboxTable:
    """The outbox of an [[outbox]] table. Raises voluptuous.Invalid, whose message shows none of its values."""
    return value if isinstance(value, OutboxTable) else OutboxTable(**_TABLE(value))


def check_names(tables: tuple[OutboxTable, ...]) -> tuple[OutboxTable, ...]:
    names = [table.name for table in tables]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Invalid(f"two are called {twice}: each has a name of its own")
    return tables
