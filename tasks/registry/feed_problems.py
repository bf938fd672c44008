"""The problems of a [[feed]] of feeds.toml in words: what is wrong, and what to write instead."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pydantic import (
    BaseModel,
    ValidationError,
)
from pydantic_core import ErrorDetails

from tasks.registry.access_table import SECRETS, AuthTable
from tasks.registry.feed_ids import nearest, slug, slug_text
from tasks.registry.feed_table import FeedTable, JsonListTable, PageListTable, PageTable, RulesTable
from tasks.registry.filter_table import FiltersTable, FilterTable
from warehouse.characters import UNPRINTABLE_IN_LINES


def problems(error: ValidationError, table: Mapping[str, object]) -> list[tuple[str, str]]:
    """The key and a sentence for each problem of a [[feed]] table."""
    keys_and_sentences = (_problem(details, table) for details in error.errors())
    return [(key, UNPRINTABLE_IN_LINES.sub("?", sentence)) for key, sentence in keys_and_sentences]


_EXAMPLES = {
    "id": "bbc-world",
    "name": "BBC News: World",
    "url": "https://example.org/feed",
    "list.items": "data.articles",
    "list.link": "url",
}
_LIST = 'write list = { items = "articles", link = "url", title = "title" }, for example'
_EXAMPLE_TABLES = {
    "rules": 'rules = { remove = ["…"] }',
    "page": 'page = { remove = ["…"] }',
    "auth": 'auth = { token = "{env:NAME}" }',
}
# What other programs call these keys.
_OTHER_NAMES = {"title": "name", "link": "site_url", "feed_url": "url", "xmlUrl": "url", "category": "group"}


def _problem(details: ErrorDetails, table: Mapping[str, object]) -> tuple[str, str]:
    key, name = ".".join(map(str, details["loc"])), _name(details["loc"])
    value = details["input"]
    match details["type"]:
        case "feeds" if key == "id":
            better = slug_text(str(value)) or slug(str(table.get("url") or "feed"), ())
            return key, f'id {details["msg"]} (write "{better}")'
        case "feeds":
            return key, f"{name} {details['msg']}"
        case "missing" if key == "list":
            return key, f"list is missing: it says where the articles are in the JSON ({_LIST})"
        case "missing":
            return key, f'{name} is missing (write {name} = "{_EXAMPLES.get(key, "…")}")'
        case "extra_forbidden" if key == "list":
            return key, 'list is only for feeds of kind "page" or "json" (write kind = "page", or leave list out)'
        case "extra_forbidden":
            return key, f"unknown key {name} ({_suggest_key(details['loc'], table.get('kind'))})"
        case "string_type" if details["loc"][0] in SECRETS:
            return key, f'{name} must be text (write it in quotes: "…")'
        case "dict_type":
            return key, f'{name} must be a table (write {name} = {{ … = "…" }})'
        case "string_type":
            return key, f'{name} must be text, not {_toml(value)} (write it in quotes: "…")'
        case "bool_type":
            return key, f"{name} must be true or false, not {_toml(value)} (write it without quotes)"
        case "tuple_type" if key.startswith("page."):
            return key, f'{name} must be a selector or a list of selectors (write {key} = "div.story")'
        case "tuple_type":
            example = '[{ words = ["…"] }]' if key in FiltersTable.model_fields else '["…"]'
            return key, f"{name} must be a list (write {name.partition(' of ')[0]} = {example})"
        case "model_type" | "model_attributes_type":
            if key == "list":
                return key, f"list must be a table ({_LIST})"
            example = _EXAMPLE_TABLES.get(key, '{ words = ["…"] }')
            return key, f"{name} must be a table (write {example})"
        case _:
            return key, f"{name}: {details['msg']}"


def _name(loc: Sequence[str | int]) -> str:
    """How a message names the key: rules.content, or regex of block rule 1."""
    if loc[0] not in FiltersTable.model_fields or len(loc) == 1:
        return ".".join(part for part in loc if isinstance(part, str))
    rule = f"{loc[0]} rule {int(loc[1]) + 1}"
    return f"{loc[2]} of {rule}" if len(loc) > 2 else rule


_TABLES: dict[str | int, type[BaseModel]] = {
    "rules": RulesTable,
    "page": PageTable,
    "keep": FilterTable,
    "block": FilterTable,
    "auth": AuthTable,
}
"""The tables within a [[feed]]."""


def _suggest_key(loc: Sequence[str | int], kind: object) -> str:
    within = loc[0] if len(loc) > 1 else None
    tables = _TABLES | {"list": JsonListTable if kind == "json" else PageListTable}
    keys = list(tables[within].model_fields) if within else [*FeedTable.model_fields, "list"]
    match = nearest(str(loc[-1]), keys if within else [*keys, *_OTHER_NAMES])
    if match is None:
        return f"the keys are {', '.join(keys)}"
    if within in FiltersTable.model_fields:
        return f"write {match}"
    return f"write {within}.{match}" if within else f"write {_OTHER_NAMES.get(match, match)}"


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
