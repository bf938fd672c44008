"""One [[feed]] of feeds.toml: its keys and their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from tasks.registry.access_table import ACCESS, check_not_twice, make_access
from tasks.registry.feed_checks import (
    check_feed_address,
    check_id,
    check_language,
    check_pairs,
    check_path,
    check_pattern,
    check_period,
    check_retention,
    check_selector,
    check_switch,
    check_text,
    check_time_zone,
    check_web_address,
    one_of,
    page_selectors,
    text_that,
)
from tasks.registry.filter_table import FILTERS, make_filters
from tasks.shapes import Check, list_of, optional, table, together
from warehouse.feed import Feed, FullText, ImagePolicy, Kind
from warehouse.rules import ListRules, PageRules, Rules

_selector = text_that(check_selector)
_path = text_that(check_path)

RULES: Mapping[str, Check] = {
    "content": optional(_selector),
    "remove": list_of(_selector),
    "drop_after": optional(text_that(check_pattern)),
}
"""A feed's `rules`."""

PAGE: Mapping[str, Check] = {
    **dict.fromkeys(("content", "remove", "title", "author", "date", "next", "whole"), page_selectors),
    "replace": check_pairs,
}
"""A feed's `page`: each rule is a selector, or a list of them."""

_LISTED = ("title", "date", "summary", "image", "author")

PAGE_LIST: Mapping[str, Check] = dict.fromkeys(("items", "link", *_LISTED), optional(_selector))
"""`list` of a feed with kind = "page"."""

JSON_LIST: Mapping[str, Check] = {
    **dict.fromkeys(("items", "link"), _path),
    **dict.fromkeys((*_LISTED, "content", "id"), optional(_path)),
}
"""`list` of a feed with kind = "json"."""

FEED: Mapping[str, Check] = {
    "id": text_that(check_id),
    "name": text_that(check_text),
    "url": text_that(check_feed_address),
    "site_url": optional(text_that(check_web_address)),
    "language": optional(text_that(check_language)),
    "timezone": text_that(check_time_zone),
    "group": optional(text_that(check_text)),
    "images": one_of(get_args(ImagePolicy), "all"),
    "enabled": check_switch,
    "rules": table(RULES),
    "page": table(PAGE),
    "full_text": one_of(get_args(FullText), "auto"),
    "recheck": optional(list_of(text_that(check_period))),
    "keep_for": optional(text_that(check_retention)),
    "kind": one_of(get_args(Kind), "page"),
    **FILTERS,
    **ACCESS,
}
"""One [[feed]], but for its `list`."""

_NEEDED = ("id", "name", "url")
_FEED = together(table(FEED, _NEEDED), check_not_twice)
_OF_A_PAGE = together(table({**FEED, "list": table(PAGE_LIST)}, _NEEDED), check_not_twice)
_OF_JSON = together(table({**FEED, "list": table(JSON_LIST, ("items", "link"))}, (*_NEEDED, "list")), check_not_twice)


def read_table(feed: Mapping[str, object]) -> Feed:
    """The feed of a [[feed]] table. Raises voluptuous.Invalid, which `problems` puts into words."""
    kind = feed.get("kind")
    check = _OF_A_PAGE if kind == "page" else _OF_JSON if kind == "json" else _FEED
    values: dict[str, Any] = check(feed)
    rules, page, its_list = (values.pop(key, {}) for key in ("rules", "page", "list"))
    filters = make_filters({key: values.pop(key, ()) for key in FILTERS})
    access = make_access({key: values.pop(key, None) for key in ACCESS})
    return Feed(
        **values,
        rules=Rules(**rules),
        page=PageRules(**page),
        list=ListRules(**its_list),
        filters=filters,
        access=access,
    )
