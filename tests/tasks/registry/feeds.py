"""Feeds for the tests: as TOML, as a list, and as Hypothesis makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from tests.places import ROOT
from warehouse.characters import UNPRINTABLE_IN_LINES
from warehouse.records import Feed, Kind, ListRules, Rules

DEFAULT = ROOT / "feeds.toml"

Write = Callable[[str], Path]


def feed(line: str = "", *, name: str = "a") -> str:
    return f'[[feed]]\nid = "{name}"\nname = "{name.upper()}"\nurl = "https://example.org/{name}"\n{line}\n'


FEEDS = [
    Feed("bbc-zh", "BBC 中文", "https://example.org/1", group="zh"),
    Feed("voa-zh", "美国之音", "https://example.org/2", group="zh", enabled=False),
    Feed("npr", "NPR", "https://example.org/3", group="en"),
    Feed("alone", "Alone", "https://example.org/4"),
]

slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)

texts = st.text(min_size=1, max_size=40).filter(lambda t: t == t.strip() and not UNPRINTABLE_IN_LINES.search(t))

addresses = st.builds(
    "https://{}.example/{}".format,
    st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9/_.~%26&=?-]{0,20}", fullmatch=True).filter(lambda t: "%" not in t),
)

selectors = st.sampled_from(["p", ".ad", 'a[href^="x"]', "div > p:first-child", "中文", ":is(h1, h2)\n"])

patterns = st.sampled_from([r"^\d+\.", "'quoted'", '"""', "版权|©", "a\nb\t\x7f\\\\", ""])

rules = st.builds(Rules, st.none() | selectors, st.lists(selectors, max_size=3).map(tuple), st.none() | patterns)

paths = st.sampled_from(["@", "data.articles", '"first-name"', "join('', ['https://a.example/', slug])", "a[].b"])
page_lists = st.builds(ListRules, *[st.none() | selectors] * 7)
json_lists = st.builds(ListRules, paths, paths, *[st.none() | paths] * 7)
lists_by_kind = st.one_of(
    st.tuples(st.sampled_from(["feed", "sitemap"]), st.just(ListRules())),
    st.tuples(st.just("page"), page_lists),
    st.tuples(st.just("json"), json_lists),
)


def _with_list(made: Feed, kind_and_list: tuple[Kind, ListRules]) -> Feed:
    return replace(made, kind=kind_and_list[0], list=kind_and_list[1])


plain_feeds = st.builds(
    Feed,
    id=slugs,
    name=texts,
    url=addresses,
    site_url=st.none() | addresses,
    language=st.sampled_from([None, "zh", "zh-Hant", "en-GB", "pt-BR", "mul", "sr-Latn-RS", "es-419"]),
    timezone=st.sampled_from(["UTC", "Asia/Shanghai", "America/Argentina/Ushuaia"]),
    group=st.none() | texts,
    images=st.sampled_from(["all", "lead", "none"]),
    enabled=st.booleans(),
    rules=rules,
)
feeds_ = st.builds(_with_list, plain_feeds, lists_by_kind)

lists = st.lists(feeds_, min_size=1, max_size=6, unique_by=(lambda f: f.id, lambda f: f.url.split("?")[0].rstrip("/")))
