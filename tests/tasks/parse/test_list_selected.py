"""A list read by the selectors of feeds.toml."""

from __future__ import annotations

import re

import pytest
from bs4 import Tag

from tasks.errors import ParseError
from tasks.parse.list_selected import _mark_fields, select_items
from tests.tasks.parse.list_pages import BASE, EN, MENU, each, link, page
from warehouse.records import ListRules

HTML = page(
    f'{MENU}<div id="latest">'
    + each(
        lambda n, s: (
            f"""<div class="box"><p class="over">Harbour and shipping</p><b class="t">{s.title}</b>
<i class="when" data-x="1">{s.day:%d.%m.%Y}</i><p>Something longer that is not the teaser of the article at all</p>
<p class="lead">{s.teaser}</p><em>Ann Lee</em>
<a href="/x/{n}"><img class="pic" src="/img/{n}.jpg"></a>{link(s, "Go on")}
</div>"""
        ),
        EN,
    )
    + "</div>"
)


def select(**selectors: str) -> list[tuple[str, str, str, str]]:
    items = select_items(HTML, f"{BASE}/news/", f"{BASE}/news/", ListRules(**selectors))
    return [(item.url.removeprefix(BASE), item.title, item.date, item.summary) for item in items]


def test_each_field_by_its_selector() -> None:
    selectors = {"items": ".box", "link": "a:last-of-type", "title": ".t", "date": ".when", "summary": ".lead"}
    assert select(**selectors) == [(s.path, s.title, f"{s.day:%d.%m.%Y}", s.teaser) for s in EN]
    rules = ListRules(**selectors, image=".pic", author="em")
    items = select_items(HTML, f"{BASE}/news/", BASE, rules)
    assert [(item.image, item.author) for item in items] == [(f"/img/{n}.jpg", "Ann Lee") for n in range(len(EN))]


def test_what_has_no_selector_is_found() -> None:
    assert [(title, date) for _, title, date, _ in select(items=".box", title=".t")] == [
        (s.title, f"{s.day:%d.%m.%Y}") for s in EN
    ]


def test_links_without_items() -> None:
    assert [url for url, *_ in select(link="#latest a:last-of-type", title=".t")] == [s.path for s in EN]


def test_items_that_are_the_links_themselves() -> None:
    html = page("".join(f"<div>{link(story)}</div>" for story in EN))
    items = select_items(html, f"{BASE}/", BASE, ListRules(items="div > a"))
    assert [(item.url, item.title) for item in items] == [(BASE + s.path, s.title) for s in EN]


def test_definitions_are_read_with_what_belongs_to_them() -> None:
    html = page(f"<dl>{each(lambda n, s: f'<dt>{link(s)}</dt><dd>{s.day}</dd><dd>{s.teaser}</dd>', EN)}</dl>")
    items = select_items(html, f"{BASE}/", BASE, ListRules(items="dt"))
    assert [(item.date, item.summary) for item in items] == [(str(s.day), s.teaser) for s in EN]


def test_a_list_with_a_single_article_is_one() -> None:
    html = page(f"<ul><li>{link(EN[0])}</li></ul>")
    assert [item.title for item in select_items(html, f"{BASE}/", BASE, ListRules(items="li"))] == [EN[0].title]


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[Tag]:
    """The elements in which fields are searched."""
    elements: list[Tag] = []

    def mark(scope: Tag, rules: ListRules, limit: int = 0) -> None:
        elements.append(scope)
        _mark_fields(scope, rules, limit)

    monkeypatch.setattr("tasks.parse.list_selected._mark_fields", mark)
    return elements


def test_items_inside_of_an_item_are_not_searched_one_by_one(searched: list[Tag]) -> None:
    """Cards that a damaged page never closes are all inside of the first."""
    html = page(f"<div class=card>{link(EN[0])}<div class=card>{link(EN[1])}" * 50)
    assert len(select_items(html, f"{BASE}/", BASE, ListRules(items=".card", link="a"))) == 1
    assert len(searched) == 1


def test_only_the_first_two_thousand_items_are_searched(searched: list[Tag]) -> None:
    html = page(f"<ul>{'<li>' * 3_000}<li>{link(EN[0])}</ul>")
    with pytest.raises(ParseError, match="2000 elements match"):
        select_items(html, f"{BASE}/", BASE, ListRules(items="li", title="a"))
    assert len(searched) == 2_000


@pytest.mark.parametrize(
    ("selectors", "message"),
    [
        ({"items": ".row"}, 'nothing on the page matches list.items = ".row": the site may have changed'),
        ({"link": "h2 a"}, 'nothing on the page matches list.link = "h2 a"'),
        ({"items": ".pic"}, '8 elements match list.items = ".pic", but none of them holds a link'),
    ],
)
def test_what_matches_nothing_is_named(selectors: dict[str, str], message: str) -> None:
    with pytest.raises(ParseError, match=re.escape(message)):
        select(**selectors)
