"""The problems of a [[feed]] of feeds.toml in words: what is wrong, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from voluptuous import Invalid

from tasks.registry.access_table import AUTH
from tasks.registry.feed_ids import nearest, slug, slug_text
from tasks.registry.feed_table import FEED, JSON_LIST, PAGE, PAGE_LIST, RULES
from tasks.registry.filter_table import FILTER, FILTERS
from tasks.shapes import Check, MissingKey, NotAList, NotATable, UnknownKey, path_of, problems_of
from warehouse.characters import UNPRINTABLE_IN_LINES


def problems(error: Invalid, table: Mapping[str, object]) -> list[tuple[str, str]]:
    """The key and a sentence for each problem of a [[feed]] table."""
    keys_and_sentences = (_problem(problem, table) for problem in problems_of(error))
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
    "headers": 'headers = { … = "…" }',
    "cookies": 'cookies = { … = "…" }',
}
# What other programs call these keys.
_OTHER_NAMES = {"title": "name", "link": "site_url", "feed_url": "url", "xmlUrl": "url", "category": "group"}


def _problem(problem: Invalid, table: Mapping[str, object]) -> tuple[str, str]:
    path = path_of(problem)
    key, name = ".".join(map(str, path)), _name(path)
    match problem:
        case MissingKey() if key == "list":
            return key, f"list is missing: it says where the articles are in the JSON ({_LIST})"
        case MissingKey():
            return key, f'{name} is missing (write {name} = "{_EXAMPLES.get(key, "…")}")'
        case UnknownKey() if key == "list":
            return key, 'list is only for feeds of kind "page" or "json" (write kind = "page", or leave list out)'
        case UnknownKey():
            return key, f"unknown key {name} ({_suggest_key(path, table.get('kind'))})"
        case NotATable() if key == "list":
            return key, f"list must be a table ({_LIST})"
        case NotATable():
            example = _EXAMPLE_TABLES.get(key, '{ words = ["…"] }')
            return key, f"{name} must be a table (write {example})"
        case NotAList() if key.startswith("page."):
            return key, f'{name} must be a selector or a list of selectors (write {key} = "div.story")'
        case NotAList():
            example = '[{ words = ["…"] }]' if key in FILTERS else '["…"]'
            return key, f"{name} must be a list (write {name.partition(' of ')[0]} = {example})"
        case _ if key == "id" and isinstance(table["id"], str):
            better = slug_text(table["id"]) or slug(str(table.get("url") or "feed"), ())
            return key, f'id {problem.msg} (write "{better}")'
        case _:
            return key, f"{name} {problem.msg}"


def _name(loc: Sequence[str | int]) -> str:
    """How a message names the key: rules.content, or regex of block rule 1."""
    if loc[0] not in FILTERS or len(loc) == 1:
        return ".".join(part for part in loc if isinstance(part, str))
    rule = f"{loc[0]} rule {int(loc[1]) + 1}"
    return f"{loc[2]} of {rule}" if len(loc) > 2 else rule


_TABLES: Mapping[str | int, Mapping[str, Check]] = {
    "rules": RULES,
    "page": PAGE,
    "keep": FILTER,
    "block": FILTER,
    "auth": AUTH,
}
"""The tables within a [[feed]]."""


def _suggest_key(loc: Sequence[str | int], kind: object) -> str:
    within = loc[0] if len(loc) > 1 else None
    tables = {**_TABLES, "list": JSON_LIST if kind == "json" else PAGE_LIST}
    keys = list(tables[within]) if within else [*FEED, "list"]
    match = nearest(str(loc[-1]), keys if within else [*keys, *_OTHER_NAMES])
    if match is None:
        return f"the keys are {', '.join(keys)}"
    if within in FILTERS:
        return f"write {match}"
    return f"write {within}.{match}" if within else f"write {_OTHER_NAMES.get(match, match)}"
