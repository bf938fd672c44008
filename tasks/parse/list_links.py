"""Finding the articles that a page lists: among its links, the largest group of links that stand alike and have titles.

Two links stand alike if the elements around them have the same tags and, level by level, compatible names. So the
entries of a list come together, and apart from its categories, authors and "read more", from the menu and from a list
of what is most read. The groups are then compared by what an entry has beside its title: a date, a teaser, a heading.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urldefrag, urlsplit

from tasks.parse.list_items import (
    MAX_ITEMS,
    ListItem,
    entries_of,
    picture_title,
    read_items,
    text_weight,
    title_of,
)
from tasks.parse.list_words import JUNK, JUNK_HEADING, MAIN, NOT_JUNK, NOT_TITLE, UNSTABLE
from tasks.parse.page_blocks import HIDDEN
from tasks.text import urls
from tasks.text.markup import Element
from tasks.text.plain import collapse
from tasks.text.tags import HEADINGS

MAX_LINKS = 5_000
MIN_ITEMS = 3
MIN_COMMON = 30
"""Letters of a title from which on two entries with it are one entry that comes twice."""
MIN_WEIGHT, MIN_MEAN_WEIGHT = 10, 18
"""Letters of a title, and of a group's titles on average; a Chinese character counts as three. Names of sections are
shorter."""
MAX_KINDS = 100
"""Names of elements that another is compared with."""
COMPARED = 12
"""Groups, the largest ones, of which the beginning is read."""
SAMPLE = 100
"""Entries of a group that are read to compare it."""

_SKIPPED = HIDDEN | {"footer"}
_WORD = re.compile(r"[a-z]+|[A-Z][a-z]*|[^\W\d_A-Za-z]+")
_FILE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|mp3|mp4|zip|gz|tgz|bz2|xz|7z|rar|tar|mbox|ics|xml|rss|css|js)$", re.IGNORECASE
)
_CONTROL = re.compile(r"\s*\[[^\[\]]{1,30}\]\s*")
"""Text of a link that is a button: [ Thread ], [edit], [Gzip'd Text 40 KB], as archives of mailing lists have them."""


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """A link that may lead to an article."""

    chain: tuple[Element, ...]
    """The elements around it, from the body down to the link itself."""
    url: str
    weight: int
    is_junk: bool
    """Whether it is in a part of the page that calls itself a menu, a list of related articles, and so on."""
    title: str
    is_picture: bool
    """Whether its title is what a picture in it says that it shows."""
    place: int
    """Its place among the page's links."""

    @property
    def near(self) -> Sequence[Element]:
        """The elements nearest around it."""
        return self.chain[-4:-1]

    @property
    def is_heading(self) -> bool:
        return any(element.tag in HEADINGS for element in (*self.near, *self.chain[-1].walk()))


def find_items(body: Element, base: str, own: str) -> list[ListItem]:
    """The entries of the page's list of articles, in their order; empty without one. `own` is the page's address."""
    links = _find_links(body, base, own)
    return _read(links) if links else []


def where_found(body: Element, base: str, own: str) -> str:
    """Which elements `find_items` reads, as CSS; "" without any."""
    links = _find_links(body, base, own)
    pairs = entries_of([link.chain for link in links]) if links else []
    named = Counter(f"{_css(parent)} > {_css(element)}" for parent, element in pairs)
    return named.most_common(1)[0][0] if named else ""


def _css(element: Element) -> str:
    classes = [name for name in element.attrs.get("class", "").split() if re.fullmatch(r"[A-Za-z][A-Za-z_-]*", name)]
    stable = [name for name in classes if name.lower() not in UNSTABLE]
    return ".".join([element.tag, *stable[:1]])


def _find_links(body: Element, base: str, own: str) -> list[Link]:
    """The links of the page's list of articles, in their order."""
    wrap_lines(body)
    links = _without_repeats(list(_links(body, base, own)))
    groups = [_distinct(group) for group in _groups(links)]
    groups = [group for group in groups if len(group) >= MIN_ITEMS and _mean_weight(group) >= MIN_MEAN_WEIGHT]
    best: list[Link] = []
    best_score = 0.0
    for group in sorted(groups, key=_size, reverse=True)[:COMPARED]:
        sample = group[:SAMPLE]
        if (score := _size(group) * _worth(sample, _read(sample), own)) > best_score:
            best, best_score = group[:MAX_ITEMS], score
    return _with_others(_without_undated(best), links)[:MAX_ITEMS] if best else []


def wrap_lines(body: Element) -> None:
    """Make an element of each line of a list that has nothing but <br> between its entries."""
    for element in [body, *body.walk()]:
        tags = [child.tag for child in element.children if isinstance(child, Element)]
        if tags.count("br") >= MIN_ITEMS - 1 and tags.count("a") >= MIN_ITEMS:
            lines = [Element("div")]
            for child in element.children:
                if isinstance(child, Element) and child.tag == "br":
                    lines.append(Element("div"))
                else:
                    lines[-1].children.append(child)
            element.children = list(lines)


def _read(group: Sequence[Link]) -> list[ListItem]:
    return read_items([link.chain for link in group], [link.url for link in group])


def _without_repeats(links: Sequence[Link]) -> list[Link]:
    """Of links to one address that stand together, as a title and a subtitle do, that of a heading, else the first. A
    picture gives way to any of them."""
    by_url: dict[str, list[Link]] = defaultdict(list)
    links = sorted(links, key=lambda link: link.is_picture)
    for link in links:
        together = [other for other in by_url[link.url][-20:] if {*map(id, link.near)} & {*map(id, other.near)}]
        if together and link.is_heading and not any(other.is_heading for other in together):
            by_url[link.url] = [other for other in by_url[link.url] if other not in together]
            together = []
        if not together:
            by_url[link.url].append(link)
    kept = {id(link) for alike in by_url.values() for link in alike}
    return sorted((link for link in links if id(link) in kept), key=lambda link: link.place)


def _without_undated(group: list[Link]) -> list[Link]:
    """The group without its parts in which nothing has a date, if all in the other parts has: a menu beside a list, on
    a page without names."""
    depth = _depth(group)
    parts: dict[int, list[bool]] = defaultdict(list)
    for link, item in zip(group, _read(group), strict=True):
        parts[id(link.chain[depth])].append(bool(item.date))
    dated = {part for part, dates in parts.items() if all(dates)}
    undated = {part for part, dates in parts.items() if not any(dates)}
    left = [link for link in group if id(link.chain[depth]) in dated]
    is_clear = 2 * len(parts) <= len(group) and dated | undated == set(parts)
    return left if is_clear and len(left) >= MIN_ITEMS else group


def _depth(group: Sequence[Link]) -> int:
    """The level at which the elements around the links begin to differ."""
    levels = zip(*(link.chain for link in group), strict=False)
    return next(depth for depth, level in enumerate(levels) if len({*map(id, level)}) > 1)


def _with_others(group: list[Link], links: Sequence[Link]) -> list[Link]:
    """The group with the links around it whose titles are of the same class: the newest article is often larger."""
    kinds = Counter(_title_kind(link) for link in group)
    kind, count = kinds.most_common(1)[0]
    if kind is None or count < 0.8 * len(group):
        return group
    depth = _depth(group)
    around = {id(element) for element in group[0].chain[max(depth - 3, 1) : depth]}
    taken = {link.url for link in group}
    inside = {id(link) for link in group}
    found = []
    for link in links:
        is_other = link.url not in taken and not link.is_junk and _title_kind(link) == kind
        if id(link) in inside or (is_other and around & {*map(id, link.chain)}):
            found.append(link)
            taken.add(link.url)
    return found


def _title_kind(link: Link) -> Hashable:
    """The tag and the names of what holds the title; None if it has no name."""
    elements = [*link.chain[-3:-1], *link.chain[-1].walk(), link.chain[-1]]
    for element in sorted(elements, key=lambda element: element.tag not in HEADINGS):
        if (element.tag in HEADINGS or element.tag in ("a", "span")) and (names := names_of(element)):
            return element.tag, names
    return None


def _links(body: Element, base: str, own: str) -> Iterator[Link]:
    own, found = urldefrag(own).url, 0
    stack: list[tuple[Element, tuple[Element, ...], bool]] = [(body, (), False)]
    while stack and found < MAX_LINKS:
        element, above, is_junk = stack.pop()
        if element.tag in _SKIPPED or "hidden" in element.attrs:
            continue
        chain = (*above, element)
        is_junk = is_junk or element.tag == "aside" or _is_junk(element)
        if element.tag == "a" and element.attrs.get("href"):
            found += 1
            if link := _link(chain, base, own, is_junk, found):
                yield link
            continue
        after_junk = False
        children = []
        for child in element.children:
            if isinstance(child, Element):
                text = _heading_text(child)
                if text:  # a list of what is most read says so in the heading before it
                    after_junk = bool(JUNK_HEADING.search(text))
                children.append((child, chain, is_junk or after_junk))
        stack.extend(reversed(children))


def _link(chain: tuple[Element, ...], base: str, own: str, is_junk: bool, place: int) -> Link | None:
    anchor = chain[-1]
    href = anchor.attrs["href"].strip()
    url = None if href.startswith("#") else urls.resolve(base, href)
    if not url or (address := urldefrag(url).url) == own or _FILE.search(urlsplit(address).path):
        return None
    title = title_of(anchor)[0]
    weight = text_weight(title)
    if weight < MIN_WEIGHT or _CONTROL.fullmatch(title) or NOT_TITLE.fullmatch(title.strip(" .…>»→[]【】（）()")):
        return None
    return Link(chain, address, weight, is_junk, title, bool(picture_title(anchor)), place)


def _heading_text(element: Element) -> str:
    """The text of a heading, or of what is used as one: short, with a name that says so. "" for anything else."""
    names = " ".join((element.attrs.get("class", ""), element.attrs.get("id", ""))).lower()
    if element.tag not in HEADINGS and not re.search(r"title|head(?:er|ing)|hd\b|caption", names):
        if element.tag in ("div", "header", "dt", "caption", "legend", "th") and len(element.children) <= 5:
            inner = next((child for child in element.children if isinstance(child, Element)), None)
            return _heading_text(inner) if inner is not None and inner.tag in HEADINGS else ""
        return ""
    text = collapse(element.text()) if sum(1 for _ in islice(element.walk(), 20)) < 20 else ""
    return text if len(text) <= 60 else ""


def names_of(element: Element) -> frozenset[str]:
    """The words of its class and id, without numbers and what tells no list from another."""
    stated = f"{element.attrs.get('class', '')} {element.attrs.get('id', '')}"[:500]
    return frozenset(re.sub(r"\d+", "", name).strip("-_").lower() for name in stated.split()) - UNSTABLE - {""}


def _is_junk(element: Element) -> bool:
    if element.tag in ("body", "main", "html", "form", "a"):
        return False
    stated = " ".join(element.attrs.get(name, "") for name in ("class", "id", "role"))[:500]
    for name in stated.split():
        words = [word.lower() for word in _WORD.findall(name)]
        if NOT_JUNK & set(words):  # has-sidebar
            continue
        if JUNK & set(words) or "".join(words) in JUNK or "mostread" in "".join(words):
            return not (MAIN - {"list"}) & set(words)
    return False


def _groups(links: Sequence[Link]) -> Iterator[list[Link]]:
    """The links that stand alike."""
    by_tags: dict[Hashable, list[Link]] = defaultdict(list)
    for link in links:
        by_tags[(link.is_junk, *(element.tag for element in link.chain))].append(link)
    for alike in by_tags.values():
        if len(alike) < MIN_ITEMS:
            continue
        by_names: dict[Hashable, list[Link]] = defaultdict(list)
        kinds = [_kinds(alike, level) for level in range(len(alike[0].chain))]
        for link in alike:
            by_names[tuple(kinds[level][id(element)] for level, element in enumerate(link.chain))].append(link)
        yield from by_names.values()


def _kinds(links: Sequence[Link], level: int) -> dict[int, int]:
    """id of each of the links' elements at this level → a number, the same for those that may be of one list."""
    elements = {id(link.chain[level]): link.chain[level] for link in links}
    if len(elements) == 1:
        return dict.fromkeys(elements, 0)
    parents = {id(link.chain[level - 1]) for link in links}
    links_each = len(links) / len(elements)
    if links_each <= 1.5 and len(elements) >= 3 * len(parents) and level < len(links[0].chain) - 1:
        return dict.fromkeys(elements, 0)  # the entries of a list, whatever they are called: first, featured, post-12
    columns = _columns(links, level) if links_each >= MIN_ITEMS else {}
    kinds: list[frozenset[str]] = []
    known: dict[tuple[str, int], list[int]] = defaultdict(list)  # a name and a column → the kinds that have both
    found = {}
    for key, element in elements.items():
        names, column = names_of(element) or frozenset([""]), columns.get(key, 0)
        alike = dict.fromkeys(number for name in names for number in known[name, column][:MAX_KINDS])
        number = next(
            (n for n in alike if links_each <= 1.5 or 2 * len(names & kinds[n]) >= len(names | kinds[n])), None
        )
        if number is None:
            number = len(kinds)
            kinds.append(names)
            for name in names:
                known[name, column].append(number)
        found[key] = number
    return found


def _columns(links: Sequence[Link], level: int) -> dict[int, int]:
    """id of each cell of a table → its column: pages of the old kind have a list in each."""
    columns: dict[int, int] = {}
    for link in links:
        row, cell = link.chain[level - 1], link.chain[level]
        if cell.tag == "td" and id(cell) not in columns:  # the first link of its row: the others' cells come with it
            cells = [child for child in row.children if isinstance(child, Element)]
            columns |= {id(each): n for n, each in enumerate(cells) if each.tag == "td"}
    return columns


def _distinct(group: Sequence[Link]) -> list[Link]:
    """Each address once, without what several entries have in common: categories and authors. Empty if most links
    repeat others: "share"."""
    by_count = Counter(link.url for link in group) + Counter(link.title for link in group)
    group = [link for link in group if link.weight >= MIN_COMMON or max(by_count[link.url], by_count[link.title]) == 1]
    by_url = {link.url: link for link in reversed(group)}
    titles = Counter(link.title.casefold() for link in by_url.values())
    if 2 * len(by_url) < len(group) or 2 * len(titles) < len(by_url):
        return []
    return list(by_url.values())[::-1]


def _mean_weight(group: Sequence[Link]) -> float:
    return sum(min(link.weight, 90) for link in group) / len(group)


def _size(group: Sequence[Link]) -> float:
    """How much the titles of a group say. Titles are long, but a group of more is better than one with longer ones."""
    size = min(len(group), 40) * _mean_weight(group)
    return size * (0.1 if sum(link.is_junk for link in group) * 2 > len(group) else 1.0)


def _worth(group: Sequence[Link], items: Sequence[ListItem], own: str) -> float:
    """How much the links look like articles: by what is with each of them, and by their addresses."""
    count = len(items)
    headings = sum(link.is_heading for link in group) / count
    dates = sum(bool(item.date) for item in items) / count
    summaries = sum(bool(item.summary) for item in items) / count
    images = sum(bool(item.image) for item in items) / count
    telling = sum(_tells_an_article(link.url) for link in group) / count
    elsewhere = sum(urls.site_of(link.url) != urls.site_of(own) for link in group) / count
    in_main = any(element.tag == "main" or "main" in names_of(element) for element in group[0].chain)
    return (
        (1 + headings / 2 + 1.5 * dates + summaries / 2 + images / 4)
        * (0.5 + telling / 2)
        * (1 - elsewhere / 2)
        * (1.3 if in_main else 1.0)
    )


def _tells_an_article(url: str) -> bool:
    """Whether the address looks like an article's: with a number, several words or a file's name at its end."""
    parts = urlsplit(url)
    last = parts.path.rstrip("/").rpartition("/")[2]
    return (
        bool(re.search(r"\d", f"{parts.path}?{parts.query}")) or last.count("-") + last.count("_") >= 2 or "." in last
    )
