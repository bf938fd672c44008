"""Reading a page's list of articles by the selectors of feeds.toml.

BeautifulSoup selects, as it takes every kind of CSS selector, and marks what it has chosen. What there is no selector
for is found as on a page without any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bs4 import Tag

from tasks.errors import ParseError
from tasks.parse.list_items import (
    MARK,
    MAX_ITEMS,
    ListItem,
    read_item,
    read_items,
    segments,
    text_weight,
    title_of,
)
from tasks.parse.list_links import find_items
from tasks.text import urls
from tasks.text.markup import Element
from tasks.text.site_rules import from_soup, select_outermost, soup
from tasks.text.tags import HEADINGS
from warehouse.records import ListRules

_FIELDS = ("link", "title", "date", "summary", "image", "author")
_MAX_MARKED_ITEMS = 2 * MAX_ITEMS
"""Elements that `items` matches whose fields are searched; not all may hold a link."""


def select_items(html: str, base: str, own: str, rules: ListRules) -> list[ListItem]:
    """The entries of the list, each address once. Raises ParseError, with the selector at fault, if there is none."""
    document = soup(html)
    if rules.items:
        for item in select_outermost(document, rules.items)[:_MAX_MARKED_ITEMS]:
            item[f"{MARK}item"] = ""
            _mark_fields(item, rules, limit=1)
    else:
        _mark_fields(document, rules)
    body = from_soup(document)
    if rules.items:
        found = _items(body, base, rules.items)
    elif rules.link:
        found = _items_of_links(body, base, rules.link)
    else:
        found = find_items(body, base, own)
    return list({item.url: item for item in reversed(found)}.values())[::-1]


def _mark_fields(scope: Tag, rules: ListRules, limit: int = 0) -> None:
    for name in _FIELDS:
        if selector := getattr(rules, name):
            for tag in scope.select(selector, limit=limit):
                tag[f"{MARK}{name}"] = ""


def _chains(body: Element, mark: str) -> Iterator[tuple[Element, ...]]:
    """The marked elements, without those inside of another one, each with those around it from the body down."""
    stack: list[tuple[Element, ...]] = [(body,)]
    while stack:
        chain = stack.pop()
        if f"{MARK}{mark}" in chain[-1].attrs:
            yield chain
        else:
            stack.extend((*chain, child) for child in reversed(chain[-1].children) if isinstance(child, Element))


def _items(body: Element, base: str, selector: str) -> list[ListItem]:
    chains = list(_chains(body, "item"))
    if not chains:
        raise _nothing_matches("items", selector)
    elements = [(chain[-2] if len(chain) > 1 else None, chain[-1]) for chain in chains]
    found = []
    for nodes in segments(elements, chains):
        anchor = _anchor(nodes)
        address = anchor and urls.resolve(base, anchor.attrs["href"])
        if anchor and address:  # else it is a header, an advert, a line between two entries
            found.append(read_item(nodes, anchor, address))
    if not found:
        raise ParseError(
            f'{len(chains)} elements match list.items = "{selector}", but none of them holds a link; choose larger '
            "elements, or leave list out, and newsmill finds the articles by itself"
        )
    return found


def _anchor(nodes: Sequence[Element]) -> Element | None:
    """The link of an entry: the one that is chosen, else that of a heading, else the one that says most."""
    elements = [element for node in nodes for element in (node, *node.walk())]
    chosen = [element for element in elements if f"{MARK}link" in element.attrs]
    if chosen:
        elements = [chosen[0], *chosen[0].walk()]
    anchors = [element for element in elements if element.tag == "a" and element.attrs.get("href")]
    in_headings = {id(inner) for element in elements if element.tag in HEADINGS for inner in element.walk()}
    return max(
        anchors,
        key=lambda anchor: (
            id(anchor) in in_headings or any(element.tag in HEADINGS for element in anchor.walk()),
            text_weight(title_of(anchor)[0]),
        ),
        default=None,
    )


def _items_of_links(body: Element, base: str, selector: str) -> list[ListItem]:
    found = [(chain, urls.resolve(base, chain[-1].attrs.get("href"))) for chain in _chains(body, "link")]
    links = {address: chain for chain, address in reversed(found) if address}
    if not links:
        raise _nothing_matches("link", selector)
    addresses = list(links)[::-1][:MAX_ITEMS]
    return read_items([links[address] for address in addresses], addresses)


def _nothing_matches(key: str, selector: str) -> ParseError:
    return ParseError(
        f'nothing on the page matches list.{key} = "{selector}": the site may have changed; correct the selector, or '
        "leave list out, and newsmill finds the articles by itself"
    )
