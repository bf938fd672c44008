"""Reading the entries of a page's list of articles: from each its title, date, teaser and picture."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tasks.parse.list_dates import find_date, is_only_date, take_date
from tasks.parse.page_blocks import HIDDEN
from tasks.text.markup import Element
from tasks.text.plain import UNSPACED, collapse
from tasks.text.tags import HEADINGS

MAX_ITEMS = 1_000
"""Entries of a list that are read."""
MAX_PARTS = 12
"""Elements after the one of a title that may belong to its entry."""
MAX_SUMMARY = 2_000
"""Characters."""
MARK = "data-newsmill-"
"""Attribute of an element that a selector has chosen, for example data-newsmill-title."""
MIN_TITLE, MIN_SUMMARY = 10, 40
"""Letters. What is shorter than a teaser is the name of a section, a place or a number of comments."""

_BLOCKS = HEADINGS | frozenset(
    [
        *("address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "footer"),
        "header",
        *("hr", "li", "main", "ol", "p", "section", "table", "tbody", "td", "th", "tr", "ul"),
    ]
)
_ALONE = frozenset(["li", "article", "section", "td"])
"""Elements that hold all of an entry; of others, such as <dt>, a part may come after them."""
_TITLE_NAMES = re.compile(r"(?:^|[\s_-])(?:heading|tit|tt|bt|subject)(?:$|[\s_-])|title|headline", re.IGNORECASE)
_DATE_NAMES = re.compile(r"date|time|publish|posted|(?:^|[\s_-])(?:pub|rq|sj|meta|info|day)(?:$|[\s_-])", re.IGNORECASE)
_SUMMARY_NAMES = re.compile(r"summary|excerpt|teaser|desc|intro|chapo|lead|abstract|dek|subtitle", re.IGNORECASE)
_MORE = re.compile(
    r"\W*(?:read|learn|see) more.*|continue reading.*|more|(?:weiter|mehr).*|lire la suite.*|leer más.*|leggi.*|"
    r".{0,4}(?:全文|详细|详情|詳細|更多)\W*|続き.*|더보기.*|далее.*|подробнее.*",
    re.IGNORECASE,
)
_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-echo", "data-url", "src")
_NO_PICTURE = re.compile(r"spacer|blank|pixel|icon|logo|avatar|loading|placeholder|arrow|bullet|^data:", re.IGNORECASE)
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;]{0,200}?url\(\s*[\"']?([^\"')]{1,2000})", re.IGNORECASE)
_SEAM = re.compile("\x1f+")
"""Between two inline elements that touch."""
_ELLIPSIS = ("…", "..", "．．")


@dataclass(frozen=True, slots=True, eq=False)
class ListItem:
    """An entry of a list; texts are empty if it does not have them."""

    url: str
    title: str
    date: str = ""
    """As the page writes it."""
    summary: str = ""
    image: str = ""
    """An address, perhaps relative."""
    author: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A text without the end of a block in it."""

    text: str
    element: Element
    """The block that it is in, or the element that was read if it is in none."""
    linked: float
    """The share of it that is in links."""


def text_weight(text: str) -> int:
    """Letters, a Chinese, Japanese or Korean character counting as three."""
    return len(text) + 2 * sum(map(len, UNSPACED.findall(text)))


def title_of(anchor: Element) -> tuple[str, Element]:
    """(the title that a link states, the element that holds it)"""
    inner = [element for element in anchor.walk() if element.tag not in HIDDEN]
    for element in (e for test in (_is_heading, _is_called_title) for e in inner if test(e)):
        if text := " ".join(text.text for text in texts([element])):
            return text, element
    read = [text for text in texts([anchor]) if not is_only_date(text.text)]
    if any(element.tag in _BLOCKS and element.tag != "br" for element in inner):
        long = next((text for text in read if text_weight(text.text) >= MIN_TITLE), None)
        return (long.text, long.element) if long else ("", anchor)
    dates = {id(element) for element in inner if element.tag == "time" or is_only_date(_spaced(element))}
    text = take_date(" ".join(text.text for text in texts([anchor], without=dates)))[0]
    stated = collapse(anchor.attrs.get("title", ""))
    if text.endswith(_ELLIPSIS) and stated.startswith(text.rstrip(".…． ")[:10]):
        text = stated  # lists cut titles to a width, and say the whole in a tooltip
    return text or picture_title(anchor), anchor


def picture_title(anchor: Element) -> str:
    """What the picture in a link that holds nothing else says that it shows."""
    if any(not text.text.isspace() for text in texts([anchor])):
        return ""
    alternatives = (collapse(element.attrs.get("alt", "")) for element in anchor.walk() if element.tag == "img")
    return next(filter(None, alternatives), "")


def _is_heading(element: Element) -> bool:
    return element.tag in HEADINGS


def _is_called_title(element: Element) -> bool:
    return bool(_TITLE_NAMES.search(element.attrs.get("class", "")))


def texts(nodes: Iterable[Element], without: Iterable[int] = (), unlinked: Container[int] = ()) -> list[Text]:
    """The texts of the elements, block by block. `without` has the ids of elements to leave out, `unlinked` those of
    links that don't count as such."""
    left_out = frozenset(without)
    found: list[Text] = []
    pieces: list[tuple[str, Element, bool]] = []
    for node in nodes:
        is_linked = node.tag == "a" and id(node) not in unlinked
        for piece in (*_pieces(node, node, is_linked, left_out, unlinked), None):
            if piece:
                pieces.append(piece)
            elif pieces:
                if text := collapse(_SEAM.sub(_join, "".join(text for text, _, _ in pieces))):
                    linked = sum(len(text.strip()) for text, _, is_linked in pieces if is_linked)
                    found.append(Text(text, pieces[0][1], linked / len(text)))
                pieces = []
    return found


def _pieces(
    element: Element, owner: Element, is_linked: bool, without: Container[int], unlinked: Container[int]
) -> Iterator[tuple[str, Element, bool] | None]:
    """(text, the block it is in, whether it is in a link); None for the start and the end of a block."""
    if id(element) in without:
        return
    after_inline = False
    for child in element.children:
        is_after_inline, after_inline = after_inline, False
        if isinstance(child, str):
            yield child, owner, is_linked
        elif child.tag in _BLOCKS:
            yield None
            yield from _pieces(child, child, is_linked, without, unlinked)
            yield None
        elif child.tag not in HIDDEN:
            after_inline = True
            if is_after_inline:
                yield "\x1f", owner, is_linked
            in_link = is_linked or (child.tag == "a" and id(child) not in unlinked)
            yield from _pieces(child, owner, in_link, without, unlinked)


def _join(seam: re.Match[str]) -> str:
    """What stands for the seam of two elements without white space: sites set a kicker and a title apart by CSS."""
    around = seam.string[seam.start() - 1 : seam.start()] + seam.string[seam.end() : seam.end() + 1]
    return "" if UNSPACED.search(around) else " "


def read_items(chains: Sequence[tuple[Element, ...]], addresses: Sequence[str]) -> list[ListItem]:
    """The entries whose links these are: each with the elements around it, from the outermost to the link itself."""
    elements = entries_of(chains)
    before = _dates_before(chains, elements)
    items = []
    for chain, address, nodes in zip(chains, addresses, segments(elements, chains), strict=True):
        item = read_item(nodes, chain[-1], address, dated=nodes[:1] if before else nodes)
        items.append(item if item.date else _dated(item, before.get(id(nodes[0]), "")))
    return items


def _dated(item: ListItem, date: str) -> ListItem:
    return ListItem(item.url, item.title, date, item.summary, item.image, item.author)


def entries_of(chains: Sequence[tuple[Element, ...]]) -> list[tuple[Element, Element]]:
    """(parent, element) for each entry: the largest element around the link that no other link of the list is in.

    Of entries that are built alike, none is further out than most: a row's only card would else be the row.
    """
    through = Counter(id(element) for chain in chains for element in chain)
    tops = [next((n for n, e in enumerate(chain) if through[id(e)] == 1), len(chain) - 1) for chain in chains]
    alike: dict[Hashable, Counter[int]] = defaultdict(Counter)
    for chain, top in zip(chains, tops, strict=True):
        alike[tuple(element.tag for element in chain)][top] += 1
    found = []
    for chain, top in zip(chains, tops, strict=True):
        usual, count = alike[tuple(element.tag for element in chain)].most_common(1)[0]
        place = max(usual if count > 2 else 1, top, 1)
        found.append((chain[place - 1], chain[place]))
    return found


def segments(
    elements: Sequence[tuple[Element | None, Element]], chains: Sequence[tuple[Element, ...]]
) -> list[list[Element]]:
    """For each (parent, element) the element and what comes after it up to the next: the <dd> of a <dt>. `chains` has
    each with the elements around it: what holds further entries is no part of one."""
    starts = {id(element) for _, element in elements} | {id(element) for chain in chains for element in chain}
    parents = {id(parent): parent for parent, _ in elements if parent is not None}
    children = {
        key: [child for child in parent.children if isinstance(child, Element)] for key, parent in parents.items()
    }
    places = {id(child): n for siblings in children.values() for n, child in enumerate(siblings)}
    found: list[list[Element]] = []
    for parent, element in elements:
        nodes = [element]
        if parent is not None and element.tag not in _ALONE:
            place = places[id(element)]
            for sibling in children[id(parent)][place + 1 : place + 1 + MAX_PARTS]:
                if id(sibling) in starts or (sibling.tag in HEADINGS and element.tag not in HEADINGS):
                    break
                nodes.append(sibling)
        found.append(nodes)
    if len(found) > 1:  # nothing says where the last one ends
        found[-1] = found[-1][: max(map(len, found[:-1]))]
    return found


def _dates_before(chains: Sequence[tuple[Element, ...]], elements: Sequence[tuple[Element, Element]]) -> dict[int, str]:
    """id of an entry's element → the date that stands before it, or before it and others of the same day. Empty if no
    date comes before the first one: dates after it are those of the entries before them."""
    entries = {id(element) for _, element in elements}
    around = {id(element) for chain in chains for element in chain}
    depth = next((n for n, level in enumerate(zip(*chains, strict=False)) if len({id(e) for e in level}) > 1), 1)
    found: dict[int, str] = {}
    date = _date_just_before(chains[0], depth)
    stack: list[tuple[Element, Element]] = [(chains[0][depth - 1], chains[0][depth - 1])]
    while stack:
        parent, element = stack.pop()
        if id(element) in entries:
            if not date:
                return {}
            found[id(element)] = date
        elif id(parent) in around and id(element) not in around and len(text := _spaced(element)) <= 60:
            date = find_date(text) if is_only_date(text) else date
        else:
            stack.extend((element, child) for child in reversed(element.children) if isinstance(child, Element))
    return found


def _date_just_before(chain: Sequence[Element], depth: int) -> str:
    """The date that stands just before the whole list, if there is one."""
    if depth < 2:
        return ""
    siblings = [child for child in chain[depth - 2].children if isinstance(child, Element)]
    place = next(n for n, sibling in enumerate(siblings) if sibling is chain[depth - 1])
    text = _spaced(siblings[place - 1]) if place else ""
    return find_date(text) if is_only_date(text) else ""


def read_item(
    nodes: Sequence[Element], anchor: Element, address: str, *, dated: Sequence[Element] | None = None
) -> ListItem:
    """The entry that these elements hold; its date is looked for in `dated`."""
    marked = _marked(nodes)
    title, holder = title_of(anchor)
    if "title" in marked:
        title, holder = " ".join(text.text for text in texts([marked["title"]])), marked["title"]
    summary = (
        collapse(marked["summary"].text())
        if "summary" in marked
        else _summary(nodes, holder, title, anchor.attrs.get("href"))
    )
    date = stated_date(marked["date"]) or find_date(_spaced(marked["date"])) if "date" in marked else ""
    if "date" not in marked:
        date = _date(nodes if dated is None else dated, holder) or take_date(collapse(anchor.text()))[1]
    return ListItem(
        url=address,
        title=title,
        date=date,
        summary=summary[:MAX_SUMMARY],
        image=next(filter(None, map(image_of, [marked["image"]] if "image" in marked else nodes)), ""),
        author=collapse(marked["author"].text())[:200] if "author" in marked else _author(nodes),
    )


def _marked(nodes: Iterable[Element]) -> dict[str, Element]:
    """The elements that selectors of feeds.toml have chosen, by what they are."""
    marked: dict[str, Element] = {}
    for node in nodes:
        for element in (node, *node.walk()):
            for name in element.attrs:
                if name.startswith(MARK):
                    marked.setdefault(name.removeprefix(MARK), element)
    return marked


def _date(nodes: Sequence[Element], title: Element) -> str:
    inner = [element for node in nodes for element in (node, *node.walk())]
    for element in inner:
        if date := stated_date(element):
            return date
    for element in inner:
        is_called_date = _DATE_NAMES.search(element.attrs.get("class", ""))
        if is_called_date and len(text := _spaced(element)) <= 200 and (date := find_date(text)):
            return date
    for element in inner:
        if len(text := _spaced(element)) <= 60 and is_only_date(text) and (date := find_date(text)):
            return date
    read = [text.text for text in texts(nodes, without=[id(title)])]
    read.sort(key=lambda text: not is_only_date(text))
    # a teaser tells of dates, too
    return next((date for text in read if text_weight(text) < 100 and (date := find_date(text))), "")


def stated_date(element: Element) -> str:
    """The date of an element that is for dates."""
    for name in ("datetime", "content"):
        is_date = element.tag == "time" or element.attrs.get("itemprop", "") in ("datePublished", "dateCreated")
        if is_date and find_date(stated := collapse(element.attrs.get(name, "")[:100])):
            return stated
    return find_date(_spaced(element)) if element.tag == "time" else ""


def _spaced(element: Element, most: int = 300) -> str:
    """The start of the element's text, with a space between those of its parts: a box of 28 above 2026-11."""
    parts: list[str] = []
    length = 0
    stack: list[Element | str] = [element]
    while stack and length < most:
        node = stack.pop()
        if isinstance(node, str):
            parts.append(node[:most])
            length += len(node.strip())
        else:
            stack.extend(reversed(node.children))
    return collapse(" ".join(parts))[:most]


def _summary(nodes: Sequence[Element], holder: Element, title: str, href: str | None) -> str:
    """The teaser: the first text beside the title that is long enough, and calls itself a teaser if one does."""
    anchors = [element for node in nodes for element in (node, *node.walk()) if element.tag == "a"]
    more = [id(anchor) for anchor in anchors if _MORE.fullmatch(_spaced(anchor))]
    own = {id(anchor) for anchor in anchors if anchor.attrs.get("href") == href}
    candidates = [
        text
        for text in texts(nodes, without=[id(holder), *more], unlinked=own)
        if (weight := text_weight(text.text)) >= MIN_SUMMARY
        if text.linked <= 0.5 and text.text != title and (weight > 150 or not find_date(text.text))
    ]
    called = [text for text in candidates if _SUMMARY_NAMES.search(text.element.attrs.get("class", ""))]
    return next((text.text for text in called or candidates), "")


def image_of(node: Element) -> str:
    """The address of the first picture in the element; "" if there is none but icons."""
    for element in (node, *node.walk()):
        if element.tag in ("img", "amp-img"):
            stated = [element.attrs.get(name, "").strip() for name in _SOURCES]
            stated.append(_widest(element.attrs.get("data-srcset") or element.attrs.get("srcset") or ""))
            is_small = any(element.attrs.get(side, "").strip("px") in _SMALL for side in ("width", "height"))
            address = next((one for one in stated if one and not _NO_PICTURE.search(one)), "")
            if address and not is_small:
                return address
        elif match := _BACKGROUND.search(element.attrs.get("style", "")):
            return match[1]
    return ""


_SMALL = frozenset(map(str, range(50)))
"""Pixels of a picture that is an icon."""


def _widest(srcset: str) -> str:
    candidates = [part.split() for part in srcset[:10_000].split(", ") if part.strip()]
    widths = {parts[0]: parts[1][:-1] if len(parts) > 1 else "0" for parts in candidates}
    return max(widths, key=lambda address: float(widths[address]) if widths[address].isdigit() else 0.0, default="")


def _author(nodes: Sequence[Element]) -> str:
    for node in nodes:
        for element in node.walk():
            if "author" in element.attrs.get("rel", "").split() or element.attrs.get("itemprop") == "author":
                return collapse(element.text())[:200]
    return ""
