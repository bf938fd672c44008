"""An [[outbox]] of newsmill.toml: where articles are posted to, which, and how the messages are signed."""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict

from warehouse.masking import mask

Kind = Literal["new", "edited", "removed"]
"""What happened to an article."""
KINDS: tuple[Kind, ...] = get_args(Kind)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SECRET = re.compile(r"\{(env|file|block):[^{}]+\}")


def _check_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("must be of lower-case letters, digits and hyphens, such as search-index")
    return value


def _check_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with https:// or http://")
    return value


def _check_secret(value: str) -> str:
    if not _SECRET.fullmatch(value):
        # the value itself is not shown: it may be the secret
        raise ValueError('must be a reference, such as "{env:OUTBOX_SECRET}", "{file:PATH}" or "{block:NAME}"')
    return value


class OutboxTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, AfterValidator(_check_name)]
    url: Annotated[str, AfterValidator(_check_url)]
    secret: Annotated[str, AfterValidator(_check_secret)]
    feeds: tuple[str, ...] | None = None
    """Ids of feeds; None for all."""
    events: tuple[Kind, ...] = KINDS
    backfilled: bool = False
    """Whether articles of backfills are posted, too."""
    text: bool = True
    """Whether messages have the article's text and HTML."""

    def __str__(self) -> str:
        return f"{self.name} → {mask(self.url)}"


def check_names(tables: tuple[OutboxTable, ...]) -> tuple[OutboxTable, ...]:
    names = [table.name for table in tables]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"two are called {twice}: each has a name of its own")
    return tables
