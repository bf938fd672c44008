"""Keep and block rules, as feeds.toml has them: which articles are wanted. `tasks.clean.filtering` applies them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

FilterField = Literal["any", "title", "text", "author", "category", "url"]
MAX_WRITTEN = 300
"""Characters of a rule in raw.entries; a list of words may be long."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One rule. An article matches it if all of its conditions hold."""

    field: FilterField = "any"
    """Where `words` and `regex` are looked for."""
    words: tuple[str, ...] = ()
    """At least one of them is there."""
    regex: str | None = None
    after: datetime | None = None
    """Published then or later."""
    before: datetime | None = None
    """Published earlier."""
    language: tuple[str, ...] = ()
    """It is in one of them: ISO 639, as in clean.articles."""

    def __str__(self) -> str:
        """As in feeds.toml."""
        conditions: dict[str, object] = {"field": self.field} if self.field != "any" else {}
        conditions |= {"words": self.words, "regex": self.regex}
        conditions |= {"after": self.after, "before": self.before, "language": self.language}
        parts = (f"{name} = {_written(value)}" for name, value in conditions.items() if value)
        text = f"{{ {', '.join(parts)} }}"
        return text if len(text) <= MAX_WRITTEN else f"{text[: MAX_WRITTEN - 1]}…"


@dataclass(frozen=True, slots=True)
class Filters:
    """The rules of a feed, or those for all feeds."""

    keep: tuple[Filter, ...] = ()
    """If there are any, only articles that match one of them are wanted."""
    block: tuple[Filter, ...] = ()
    """Articles that match one of them are not wanted."""


NO_FILTERS = Filters()


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat()
    return json.dumps(value, ensure_ascii=False)
