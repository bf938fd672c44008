"""A feed as feeds.toml describes it. `warehouse.records` has it, too, among the other data that steps pass on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from warehouse.access import NO_ACCESS, Access
from warehouse.filters import NO_FILTERS, Filters
from warehouse.rules import NO_LIST_RULES, NO_PAGE_RULES, NO_RULES, ListRules, PageRules, Rules

Kind = Literal["feed", "page", "sitemap", "json"]
"""What is at a feed's address: a feed, a web page that lists articles, a sitemap, or an API's list in JSON."""
ImagePolicy = Literal["all", "lead", "none"]
FullText = Literal["auto", "always", "never"]
"""Whether an entry's own page is fetched for its text; auto: where the feed gives a teaser."""


@dataclass(frozen=True, slots=True)
class Feed:
    id: str
    name: str
    url: str
    site_url: str | None = None
    language: str | None = None
    timezone: str = "UTC"
    group: str | None = None
    images: ImagePolicy = "all"
    enabled: bool = True
    rules: Rules = NO_RULES
    page: PageRules = NO_PAGE_RULES
    kind: Kind = "feed"
    list: ListRules = NO_LIST_RULES
    full_text: FullText = "auto"
    recheck: tuple[str, ...] | None = None
    """When its pages are asked again, such as 1h and 7d after the first time; None: as the setting page_checks says."""
    keep_for: str | None = None
    """How long after their publication its articles are kept, such as 90d; None: for ever."""
    access: Access = NO_ACCESS
    filters: Filters = NO_FILTERS
    shared_filters: Filters = NO_FILTERS
    """Those that feeds.toml has for all feeds; the milling pool adds them."""

    @property
    def of_pages(self) -> Feed:
        """The feed as its pages are read: with rules for them, of its `rules` only `drop_after` holds there."""
        return replace(self, rules=Rules(drop_after=self.rules.drop_after)) if self.page else self
