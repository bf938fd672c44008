"""Which blocks of a web page are its article.

Two opinions are asked, and their faults differ: trafilatura's, which knows many layouts, and one by the amount of prose
that an element holds, as browsers' reading modes judge. The first counts, unless it misses much of the second.
Then what stands among the article but is no part of it goes, and the lead above it comes in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tasks.parse.page_blocks import Block, Section, comparable

_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_ASIDE = frozenset(["aside", "footer", "form", "figcaption"])
_JUNK = frozenset(["junk", "comments", "caption"])


@dataclass(frozen=True, slots=True)
class Told:
    """What a page's metadata says of its text."""

    title: str
    description: str
    body: str
    """JSON-LD's articleBody."""


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
    article = _with_gaps(blocks, article, junk)
    article -= _dropped(blocks, article, junk, told)
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
    whole = comparable(told.body)
    if len(whole) < 400:
        return article
    stated = {b.number for b in blocks if b.key and b.key in whole and not b.section.hidden}
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
_TAG_FINES = dict.fromkeys(["form", "address", "dl", "dd", "dt", "li", "ol", "ul", "th", *_HEADINGS], -5)


def densest(sections: Sequence[Section], blocks: Sequence[Block], junk: set[Section]) -> set[int]:
    """The prose of the element that holds most of it directly, as reading modes judge."""
    points: dict[Section, float] = {}
    sizes: dict[Section, list[int]] = {section: [0, 0] for section in sections}
    for block in blocks:
        for section in block.section.up():
            sizes[section][0] += block.size
            sizes[section][1] += block.linked
        if not block.is_prose or _is_in(block, junk):
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
        if not b.section.hidden and 2 * b.linked <= b.size and not _is_in(b, junk)
    }


def _junk(sections: Sequence[Section], blocks: Sequence[Block], among: Iterable[int], share: float) -> set[Section]:
    """The sections that their names or tags call no part of an article, and that hold little of what is `among`.

    What holds much is named after something else: the box that the paywall opens, the slides that a caption is under.
    """
    held: dict[Section, int] = dict.fromkeys(sections, 0)
    for number in among:
        for section in blocks[number].section.up():
            held[section] += blocks[number].weight
    limit = share * held[sections[0]]
    named = {s for s in sections[1:] if s.hidden or s.element.tag in _ASIDE or not _JUNK.isdisjoint(s.purposes)}
    small = {s for s in named if held[s] <= limit or "comments" in s.purposes}
    within = sum(blocks[n].weight for n in among if any(s in small for s in blocks[n].section.up()))
    if within > 2 * limit:
        return {s for s in small if s.hidden or "comments" in s.purposes or s.element.tag == "aside"}
    return small


def _is_in(block: Block, sections: set[Section]) -> bool:
    return any(section in sections for section in block.section.up())


def _with_gaps(blocks: Sequence[Block], article: set[int], junk: set[Section]) -> set[int]:
    """The article with what stands between its parts in the same element: subheadings, quotations, list items."""
    holders = {blocks[number].section.parent for number in article if blocks[number].is_prose}
    first, last = min(article), max(article)
    between = {
        block.number
        for block in blocks[first:last]
        if block.section.parent in holders
        and (block.section.element.tag in _HEADINGS or 2 * block.linked <= block.size)
        and (block.size >= 15 or block.section.element.tag in _HEADINGS)
        and not _is_in(block, junk)
    }
    return article | between


_MORE = re.compile(
    r"\W*(?:read (?:more|also|next)|see (?:also|more)\b|related\b|more (?:on|from)\b|don'?t miss|recommended\b|"
    r"mehr (?:zum|zu|dazu|lesen)|lesen sie|lies auch|auch interessant|lire aussi|à lire|sur le même|leer más|"
    r"lee también|te puede interesar|le[ei]a (?:mais|também)|leggi anche|czytaj (?:też|więcej|również)|"
    r"läs (?:också|mer)|les også|lees ook|читайте также|ilgili haber|相关|推荐阅读|延伸阅读|更多|関連|あわせて読|관련|"
    r"click here|watch:|watch \||video:)",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r"\W*(?:advertisement|anzeige|werbung|publicidad|publicité|pubblicità|reklama?|annonse|advertentie|реклама|广告|広告|"
    r"광고|story continues below|article continues below|article content|continue reading|loading|"
    r"(?:(?:image|photo|foto|bild|photograph|picture)s? ?(?:source|credit|copyright|by)?[:：©])|image copyright|"
    r"getty images|©|责任编辑|sign up|subscribe|newsletter|follow (?:us|\S+ on)|share this|comments?$|"
    r"this material may not|copyright|all rights reserved)",
    re.IGNORECASE,
)


def _dropped(blocks: Sequence[Block], article: set[int], junk: set[Section], told: Told) -> set[int]:
    prose = [number for number in sorted(article) if blocks[number].size >= 60 and blocks[number].is_prose]
    first, last = (prose[0], prose[-1]) if prose else (min(article), max(article))
    whole = sum(blocks[number].size for number in article)
    if sum(blocks[number].size for number in article if number < first) > 0.1 * whole:
        first = min(article)  # the text is in short lines, as poems and captions of long pictures are
    if sum(blocks[number].size for number in article if number > last) > 0.1 * whole:
        last = max(article)
    title = comparable(told.title)
    lists = _link_lists(blocks, article)
    gone: set[int] = set()
    for number in article:
        block = blocks[number]
        tag = block.section.element.tag
        if (
            _is_in(block, junk)
            or block.section.parent in lists
            or (number < first and (tag in _HEADINGS or block.size < 60 or _is_title(block.key, title)))
            or (tag in _HEADINGS and _is_title(block.key, title))
            or (number > last and (tag in _HEADINGS or (block.size < 40 and not _ENDS.search(block.text))))
            or (_MORE.match(block.text) and (block.linked or block.size < 60) and block.size < 250)
            or (_NOISE.match(block.text) and block.size < 160)
            or block.section.linked
            or (block.linked > 0.8 * block.size and tag not in ("li", "td", "p") and block.size > 12)
        ):
            gone.add(number)
    return gone | _loose_headings(blocks, article - gone)


_ENDS = re.compile(r"[.!?…。！？।\"”»'’)）]\s*$")


def _link_lists(blocks: Sequence[Block], article: set[int]) -> set[Section | None]:
    """Lists of links to other articles."""
    items: dict[Section | None, list[Block]] = {}
    for number in article:
        if blocks[number].section.element.tag == "li":
            items.setdefault(blocks[number].section.parent, []).append(blocks[number])
    return {
        holder
        for holder, within in items.items()
        if len(within) > 1 and sum(b.linked for b in within) > 0.7 * sum(b.size for b in within)
    }


def _loose_headings(blocks: Sequence[Block], article: set[int]) -> set[int]:
    """The headings without anything below them, because it was dropped."""
    loose: set[int] = set()
    following: Block | None = None
    for number in sorted(article, reverse=True):
        block = blocks[number]
        tag = block.section.element.tag
        if tag in _HEADINGS and (
            following is None
            or (block.size < 40 and following.section.element.tag in _HEADINGS and following.section.element.tag <= tag)
        ):
            loose.add(number)
        else:
            following = block
    return loose


def _is_title(key: str, title: str) -> bool:
    if len(key) <= 8 or not title:
        return False
    return key == title or (20 < len(key) < 1.6 * len(title) and (key in title or title in key))


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
        if _is_title(key, title) or any(s in junk and "lead" not in s.purposes for s in block.section.up()):
            continue
        if block.section.element.tag in _HEADINGS or "dek" in block.section.purposes:
            continue
        repeated = len(description) > 30 and (key[:60] in description or description[:50] in key)
        named = any("lead" in s.purposes for s, _ in zip(block.section.up(), range(2), strict=False))
        if repeated or (named and first - block.number < 12):
            return {block.number}
    return set()
