"""Which blocks of a web page are its article.

Two opinions are asked, and their faults differ: trafilatura's, which knows many layouts, and one by the amount of prose
that an element holds, as browsers' reading modes judge. The first counts, unless it misses much of the second.
Then what stands among the article but is no part of it goes, and the lead above it comes in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from tasks.parse.page_blocks import Block, Section, comparable, is_label, leads_elsewhere
from tasks.parse.page_drops import dropped, enclosing, is_in, is_title
from tasks.text.markup import Element
from tasks.text.tags import HEADINGS

MAX_BODY = 300_000
"""Characters of JSON-LD's articleBody that are read."""
MAX_RECALLED = 5_000
"""Different blocks that are looked for in it; an article has fewer paragraphs."""
LABEL = 60
"""Letters of a line that may be a heading without being called one."""
ROW = 300
"""Letters that a row of a table holds at most; what holds more is a layout's."""
_POST = re.compile(r"\b(?:twitter-(?:tweet|video)|instagram-media|tiktok-embed|bluesky-embed|mastodon-embed)\b")
"""The class of a quotation in which a network hands out a post."""
_ASIDE = frozenset(["aside", "footer", "form", "figcaption"])
_JUNK = frozenset(["junk", "comments", "caption"])


@dataclass(frozen=True, slots=True)
class Told:
    """What a page's metadata says of its text."""

    title: str
    description: str
    body: str
    """JSON-LD's articleBody."""
    site: str = ""
    """The page's, as tasks.text.urls.domain_of names it."""


def choose(sections: Sequence[Section], blocks: Sequence[Block], lines: Iterable[str], told: Told) -> set[int]:
    """The numbers of the blocks that are the article. `lines` is what trafilatura has found."""
    first = find_lines(blocks, lines)
    second = densest(sections, blocks, _junk(sections, blocks, range(len(blocks)), 0.4))
    second = _in_same_article(sections, blocks, first, second)
    article = _better(blocks, first, second)
    article = _recalled(blocks, article, told)
    if not article:
        return article
    junk = _junk(sections, blocks, sorted(article), 0.2)
    article = _with_gaps(blocks, article, junk, told.site)
    posts = _posts(blocks, article)
    junk -= {section for number in posts for section in blocks[number].section.up()}
    article |= posts
    article |= _rest_of_lists(blocks, article)
    article |= _labels(blocks, article, junk)
    article -= dropped(blocks, article, junk, told.title, told.site)
    article |= _rest_of_rows(blocks, article)
    return article | _leads(blocks, article, junk, told)


def _weight(blocks: Sequence[Block], chosen: Iterable[int]) -> int:
    return sum(blocks[number].weight for number in chosen)


def _in_same_article(
    sections: Sequence[Section], blocks: Sequence[Block], first: set[int], second: set[int]
) -> set[int]:
    """The second opinion without what is in another <article> than the first: pages show the next ones below."""
    whole = _weight(blocks, first)
    for section in sections if whole else ():
        within = range(section.first, section.last + 1)
        if section.element.tag == "article" and _weight(blocks, first.intersection(within)) > 0.9 * whole:
            return second.intersection(within)
    return second


def _better(blocks: Sequence[Block], first: set[int], second: set[int]) -> set[int]:
    both, one, other = (_weight(blocks, numbers) for numbers in (first & second, first, second))
    if (both < 0.65 * other and both >= 0.5 * one) or one < 0.3 * other:
        return second
    if both >= 0.8 * one:
        kinds = {_holder(blocks[number]) for number in first & second if blocks[number].is_prose}
        return first | {
            number
            for number in second
            if blocks[number].size >= 80
            and 4 * blocks[number].linked < blocks[number].size
            and _holder(blocks[number]) in kinds
        }
    return first


def _holder(block: Block) -> tuple[str, str, str]:
    """What the block is in, for recognising paragraphs of the same text."""
    holder = block.section.parent or block.section
    return block.section.element.tag, holder.element.tag, holder.element.attrs.get("class", "")


def _recalled(blocks: Sequence[Block], article: set[int], told: Told) -> set[int]:
    """The blocks that JSON-LD's articleBody holds, if the article has too little of it."""
    whole = comparable(told.body[:MAX_BODY])
    if len(whole) < 400:
        return article
    shown = [block for block in blocks if block.key and not block.section.hidden]
    keys = {block.key for block in shown}
    if len(keys) > MAX_RECALLED:
        return article
    held = {key for key in keys if key in whole}
    stated = {block.number for block in shown if block.key in held}
    found = sum(len(blocks[n].key) for n in article & stated)
    if found < 0.6 * len(whole) and sum(len(blocks[n].key) for n in stated) > 0.8 * len(whole):
        return stated
    return article


def find_lines(blocks: Sequence[Block], lines: Iterable[str]) -> set[int]:
    """The blocks that the lines hold; both are in the page's order.

    A short text often stands on a page several times: it counts only between the long ones that it stands between in
    the lines.
    """
    starts: set[int] = set()
    flow = ""
    for line in lines:
        if key := comparable(line):
            starts.add(len(flow))
            flow += key
    spans: dict[int, tuple[int, int]] = {}
    position = 0
    for block in blocks:
        key = block.key
        if len(key) < 40:
            continue
        start = flow.find(key, position)
        if start >= 0:
            position = start + len(key)
            spans[block.number] = start, position
        elif (start := flow.find(key)) >= 0:
            spans[block.number] = start, start + len(key)
        elif len(key) > 80 and ((head := flow.find(key[:30])) >= 0 or (tail := flow.find(key[-30:])) >= 0):
            spans[block.number] = (head, head + 30) if head >= 0 else (tail, tail + 30)
    found = set(spans)
    following = [len(flow)] * (len(blocks) + 1)
    for block in reversed(blocks):
        number = block.number
        following[number] = spans[number][0] if number in spans else following[number + 1]
    position = 0
    for block in blocks:
        if block.number in spans:
            position = spans[block.number][1]
        elif block.key:
            end = following[block.number + 1]
            start = flow.find(block.key, position, end if end >= position else len(flow))
            if start == position or start in starts:
                found.add(block.number)
                position = start + len(block.key)
    return found


_TAG_POINTS = {"div": 5, "article": 10, "main": 5, "section": 5, "td": 3, "blockquote": 3, "pre": 3}
_TAG_FINES = dict.fromkeys(["form", "address", "dl", "dd", "dt", "li", "ol", "ul", "th", *HEADINGS], -5)


def densest(sections: Sequence[Section], blocks: Sequence[Block], junk: set[Section]) -> set[int]:
    """The prose of the element that holds most of it directly, as reading modes judge."""
    points: dict[Section, float] = {}
    sizes: dict[Section, list[int]] = {section: [0, 0] for section in sections}
    for block in blocks:
        for section in block.section.up():
            sizes[section][0] += block.size
            sizes[section][1] += block.linked
        if not block.is_prose or is_in(block, junk):
            continue
        worth = 1 + min(block.size / 100, 4) + min(sum(map(block.text.count, ",，、،")), 5)
        holder = block.section
        if holder.element.tag not in ("div", "section", "article", "td", "main", "body"):
            holder = holder.parent or holder
        for section, share in zip(holder.up(), (1.0, 0.5, 0.25), strict=False):
            points[section] = points.get(section, 0.0) + worth * share
    if not points:
        return set()

    def score(section: Section) -> float:
        tag = section.element.tag
        size, linked = sizes[section]
        named = 25 * ("body" in section.purposes) - 25 * ("junk" in section.purposes)
        base = points[section] + _TAG_POINTS.get(tag, 0) + _TAG_FINES.get(tag, 0)
        return (base + named * min(1, base / 25)) * (1 - linked / max(size, 1))

    best = max(points, key=score)
    top = score(best)
    while best.parent is not None and best.parent.element.tag != "body":
        others = [s for s in points if s.parent is best.parent and s is not best and score(s) > 0.25 * top]
        if not others:
            break
        best = best.parent
    # some layouts cut the text into several elements alike, with advertisements between them
    kind = best.element.tag, best.element.attrs.get("class")
    near = list(best.up())[:4][-1]
    alike = [s for s in points if kind[1] and (s.element.tag, s.element.attrs.get("class")) == kind and near in s.up()]
    return {
        b.number
        for section in {best, *alike}
        for b in blocks[section.first : section.last + 1]
        if not b.section.hidden and 2 * b.linked <= b.size and not is_in(b, junk)
    }


def _junk(sections: Sequence[Section], blocks: Sequence[Block], among: Iterable[int], share: float) -> set[Section]:
    """The sections that their names or tags call no part of an article, and that hold little of what is `among`.

    What holds much is named after something else: the box that the paywall opens, the slides that a caption is under.
    """
    held: dict[Section, int] = dict.fromkeys(sections, 0)
    for number in among:
        if weight := blocks[number].weight:  # most menus and links have none
            for section in blocks[number].section.up():
                held[section] += weight
    limit = share * held[sections[0]]
    named = {s for s in sections[1:] if s.hidden or s.element.tag in _ASIDE or not _JUNK.isdisjoint(s.purposes)}
    named -= _around_text(blocks)
    named |= {s for s in sections[1:] if s.element.tag == "figure" and _is_picture(s.element)}
    small = {s for s in named if held[s] <= limit or "comments" in s.purposes}
    within = sum(weight for n in among if (weight := blocks[n].weight) and is_in(blocks[n], small))
    if within > 2 * limit:
        return {s for s in small if s.hidden or "comments" in s.purposes or s.element.tag == "aside"}
    return small


def _is_picture(figure: Element) -> bool:
    """Whether the figure shows a picture or a film, so that its text is a caption; tables and quotations are text."""
    inner = {element.tag for element in figure.walk()}
    return bool(inner & {"img", "picture", "video", "iframe"}) and not inner & {"table", "blockquote", "pre"}


def _around_text(blocks: Sequence[Block]) -> set[Section]:
    """The sections around one that its name calls the article's text, and that holds some of it."""
    paragraphs: dict[Section, int] = {}
    for block in blocks:
        holder = block.section.parent
        if holder is not None and "text" in holder.purposes and block.is_prose and block.size >= 100:
            paragraphs[holder] = paragraphs.get(holder, 0) + 1
    return {outer for holder, number in paragraphs.items() if number >= 2 for outer in holder.up()}


def _with_gaps(blocks: Sequence[Block], article: set[int], junk: set[Section], site: str) -> set[int]:
    """The article with what stands between its parts in the same element: subheadings, quotations, list items."""
    holders = {blocks[number].section.parent for number in article if blocks[number].is_prose}
    spans = _spans_of_paragraphs(blocks, article)
    first, last = min(article), max(article)

    def is_among_paragraphs(block: Block) -> bool:
        """Whether it is text without an element of its own, with paragraphs of the article around it."""
        begin, end = spans.get(block.section, (block.number, block.number))
        return begin < block.number < end

    between = {
        block.number
        for block in blocks[first:last]
        if (enclosing(block) in holders or (block.section in holders and is_among_paragraphs(block)))
        and (block.section.element.tag in HEADINGS or 2 * block.linked <= block.size or leads_elsewhere(block, site))
        and (block.size >= 15 or block.section.element.tag in HEADINGS or block.text.rstrip().endswith((":", "：")))
        and not is_in(block, junk)
    }
    return article | between | _beginning(blocks, article, junk)


def _spans_of_paragraphs(blocks: Sequence[Block], article: set[int]) -> dict[Section, tuple[int, int]]:
    """The first and the last of the article's paragraphs in each element that has some of them as its children."""
    spans: dict[Section, tuple[int, int]] = {}
    for number in sorted(article):
        holder = blocks[number].section.parent
        if holder is not None and blocks[number].size >= 60:
            spans[holder] = (spans.get(holder, (number,))[0], number)
    return spans


def _rest_of_rows(blocks: Sequence[Block], article: set[int]) -> set[int]:
    """The other cells of a table's rows: what names a row is often a link. Rows of a layout hold more text."""
    rows: dict[Section, list[Block]] = {}
    for block in blocks[min(article, default=0) : max(article, default=-1) + 1]:
        if (row := next((s for s in block.section.up() if s.element.tag == "tr"), None)) and not block.section.hidden:
            rows.setdefault(row, []).append(block)
    return {
        block.number
        for cells in rows.values()
        if any(cell.number in article for cell in cells) and sum(cell.size for cell in cells) <= ROW
        for block in cells
    }


def _posts(blocks: Sequence[Block], article: set[int]) -> set[int]:
    """The posts that stand among the article's paragraphs, whatever their element is called: "social-media-embed"."""
    holders = {blocks[number].section.parent for number in article if blocks[number].is_prose}

    def is_among_paragraphs(quotation: Section) -> bool:
        return any(section in holders for section in islice(quotation.up(), 1, 4))

    return {
        block.number
        for block in blocks[min(article) : max(article) + 1]
        if (quotation := next((s for s in block.section.up() if s.element.tag == "blockquote"), None))
        and _POST.search(quotation.element.attrs.get("class", ""))
        and is_among_paragraphs(quotation)
    }


def _rest_of_lists(blocks: Sequence[Block], article: set[int]) -> set[int]:
    """The other items of lists most of which are in the article: its shortest, such as one word of what is needed."""
    items: dict[Section | None, list[Block]] = {}
    for block in blocks[min(article) : max(article) + 1]:
        if block.section.element.tag == "li" and not block.section.hidden:
            items.setdefault(block.section.parent, []).append(block)
    lists = (of_list for of_list in items.values() if 2 * sum(b.number in article for b in of_list) > len(of_list))
    return {block.number for of_list in lists for block in of_list if 2 * block.linked <= block.size}


def _labels(blocks: Sequence[Block], article: set[int], junk: set[Section]) -> set[int]:
    """What stands right above a part of the article as its heading: a heading that only has sections with their own
    headings below it, and a short line that is one but for its element. eHow has "Step 1" in a <span>, others in a <b>.
    """
    labels: set[int] = set()
    following: Block | None = None
    for block in reversed(blocks[min(article) : max(article) + 1]):
        if block.number not in article and following is not None and not block.linked and not is_in(block, junk):
            is_heading = block.section.element.tag in HEADINGS and block.section.parent in [*following.section.up()]
            is_line = block.size <= LABEL and block.section is enclosing(following) and is_label(block)
            if is_heading or is_line:
                labels.add(block.number)
        following = block if block.number in article or block.number in labels else None
    return labels


def _beginning(blocks: Sequence[Block], article: set[int], junk: set[Section]) -> set[int]:
    """The paragraphs above the article that stand in an element around it which is named for its text: some sites put
    the rest into an element of its own, which they hide from those who have not paid."""
    first = min(article)
    holder = blocks[first].section.parent
    around = [s for s in holder.up() if "text" in s.purposes and s is not holder][:1] if holder else []
    return {
        block.number
        for block in blocks[:first]
        if block.section.parent in around
        and block.size >= 80
        and 4 * block.linked < block.size
        and not is_in(block, junk)
    }


def _leads(blocks: Sequence[Block], article: set[int], junk: set[Section], told: Told) -> set[int]:
    """The lead, which stands apart from the text: what the page's description repeats, or what its name calls so."""
    if not article:
        return set()
    first = min(article)
    description, title = comparable(told.description), comparable(told.title)
    for block in blocks[:first]:
        key = block.key
        if (
            block.number in article
            or not 30 <= len(key) <= 900
            or block.section.hidden
            or 3 * block.linked > block.size
        ):
            continue
        if is_title(key, title) or any(s in junk and "lead" not in s.purposes for s in block.section.up()):
            continue
        if (block.section.element.tag in HEADINGS and block.size < 80) or "dek" in block.section.purposes:
            continue
        if any(s.element.tag == "li" for s in block.section.up()):  # a teaser of this article, among others
            continue
        repeated = len(description) > 30 and (key[:60] in description or description[:50] in key)
        named = any("lead" in s.purposes for s, _ in zip(block.section.up(), range(2), strict=False))
        if repeated or (named and first - block.number < 12):
            return {block.number}
    return set()
