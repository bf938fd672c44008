"""One [[feed]] of feeds.toml: its keys and their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StrictBool,
    ValidationInfo,
    field_validator,
)

from tasks.registry.access_table import AuthTable, Cookies, Headers, Proxy, Value, check_not_twice
from tasks.registry.feed_checks import (
    JsonPath,
    Selector,
    Selectors,
    Text,
    WebAddress,
    check_feed_address,
    check_id,
    check_language,
    check_pairs,
    check_pattern,
    check_period,
    check_retention,
    check_time_zone,
    one_of,
)
from tasks.registry.filter_table import FiltersTable, FilterTable
from warehouse.access import Access
from warehouse.records import Feed, FullText, ImagePolicy, Kind, ListRules, PageRules, Rules


class RulesTable(BaseModel):
    """A feed's `rules` as feeds.toml writes them."""

    model_config = ConfigDict(extra="forbid")

    content: Selector | None = None
    remove: tuple[Selector, ...] = ()
    drop_after: Annotated[str, AfterValidator(check_pattern)] | None = None


class PageTable(BaseModel):
    """A feed's `page` as feeds.toml writes it: each rule is a selector, or a list of them."""

    model_config = ConfigDict(extra="forbid")

    content: Selectors = ()
    remove: Selectors = ()
    title: Selectors = ()
    author: Selectors = ()
    date: Selectors = ()
    next: Selectors = ()
    whole: Selectors = ()
    replace: Annotated[tuple[tuple[str, str], ...], BeforeValidator(check_pairs)] = ()


class PageListTable(BaseModel):
    """`list` of a feed with kind = "page"."""

    model_config = ConfigDict(extra="forbid")

    items: Selector | None = None
    link: Selector | None = None
    title: Selector | None = None
    date: Selector | None = None
    summary: Selector | None = None
    image: Selector | None = None
    author: Selector | None = None


class JsonListTable(BaseModel):
    """`list` of a feed with kind = "json"."""

    model_config = ConfigDict(extra="forbid")

    items: JsonPath
    link: JsonPath
    title: JsonPath | None = None
    date: JsonPath | None = None
    summary: JsonPath | None = None
    image: JsonPath | None = None
    author: JsonPath | None = None
    content: JsonPath | None = None
    id: JsonPath | None = None


class FeedTable(BaseModel):
    """One [[feed]] as feeds.toml writes it."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, AfterValidator(check_id)]
    name: Text
    url: Annotated[str, AfterValidator(check_feed_address)]
    site_url: WebAddress | None = None
    language: Annotated[str, AfterValidator(check_language)] | None = None
    timezone: Annotated[str, AfterValidator(check_time_zone)] = "UTC"
    group: Text | None = None
    images: Annotated[ImagePolicy, BeforeValidator(one_of(get_args(ImagePolicy), "all"))] = "all"
    enabled: StrictBool = True
    rules: RulesTable = RulesTable()
    page: PageTable = PageTable()
    full_text: Annotated[FullText, BeforeValidator(one_of(get_args(FullText), "auto"))] = "auto"
    recheck: tuple[Annotated[str, AfterValidator(check_period)], ...] | None = None
    keep_for: Annotated[str, AfterValidator(check_retention)] | None = None
    kind: Annotated[Kind, BeforeValidator(one_of(get_args(Kind), "page"))] = "feed"
    keep: tuple[FilterTable, ...] = ()
    block: tuple[FilterTable, ...] = ()
    headers: Headers = {}
    cookies: Cookies = {}
    user_agent: Value | None = None
    proxy: Proxy | None = None
    auth: AuthTable | None = None

    @field_validator("auth")
    @classmethod
    def _check_auth(cls, auth: AuthTable | None, others: ValidationInfo) -> AuthTable | None:
        return check_not_twice(auth, others.data)

    def feed(self) -> Feed:
        own = {*FiltersTable.model_fields, "headers", "cookies", "user_agent", "proxy", "auth"}
        values = {key: value for key, value in self if key not in own}
        values |= {"rules": Rules(**dict(self.rules)), "page": PageRules(**dict(self.page))}
        if "list" in values:
            values["list"] = ListRules(**dict(values["list"]))
        values["filters"] = FiltersTable(keep=self.keep, block=self.block).filters()
        values["access"] = Access(
            headers=tuple(self.headers.items()),
            cookies=tuple(self.cookies.items()),
            user_agent=self.user_agent,
            proxy=self.proxy,
            **dict(self.auth or AuthTable.model_construct()),
        )
        return Feed(**values)


class _PageTable(FeedTable):
    list: PageListTable = PageListTable()


class _JsonTable(FeedTable):
    list: JsonListTable


def read_table(table: Mapping[str, object]) -> Feed:
    """The feed of a [[feed]] table. Raises pydantic's ValidationError, which `problems` puts into words."""
    kind = table.get("kind")
    model = _PageTable if kind == "page" else _JsonTable if kind == "json" else FeedTable
    return model.model_validate(table).feed()
