"""What stands among the article's blocks and is no part of it: the title, teasers, credits, lists of links."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from tasks.parse.page_blocks import Block, Section, comparable, leads_elsewhere
from tasks.text.tags import HEADINGS

TEASERS = 0.25
"""Share of an article's letters that may be teasers of others."""
TEASER = 12
"""Letters in which teasers begin alike, before their link."""

_MORE = re.compile(
    r"\W*(?:read (?:more|also|next)|see (?:also|more)\b|related\b|more (?:on|from)\b|don'?t miss|recommended\b|"
    r"mehr (?:zum|zu|dazu|lesen)|lesen sie|lies auch|auch interessant|lire aussi|à lire|sur le même|leer más|"
    r"lee también|te puede interesar|le[ei]a (?:mais|também)|leggi anche|czytaj (?:też|więcej|również)|"
    r"läs (?:också|mer)|les også|lees ook|читайте также|ilgili haber|"
    r"相关(?:新闻|阅读|推荐|报道|文章|链接|专题|资讯|视频|[:：])|推荐阅读|延伸(?:阅读|推荐)|更多|"
    r"関連(?:記事|ニュース|[:：])|あわせて読|관련 ?(?:기사|뉴스|[:：])|"
    r"click here|watch:|watch \||video:)",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r"\W*(?:advertisement|anzeige|werbung|publicidad|publicité|pubblicità|reklama?|annonse|advertentie|реклама|广告|広告|"
    r"광고|story continues below|article continues below|article content|continue reading|loading|"
    r"(?:(?:image|photo|foto|bild|photograph|picture)s? ?(?:source|credit|copyright|by)?[:：©])|image copyright|"
    r"getty images|©|责任编辑|违法和不良信息举报|请支持独立网站|(?:转发|转载)请注明|"
    r"sign up|subscribe|newsletter|follow (?:us|\S+ on)|share this|comments?$|"
    r"this material may not|copyright|all rights reserved)"
    r"|.*(?:扫描?(?:下方|下图|上方|文末)二维码|长按(?:识别)?(?:下方|下图)?二维码|扫码关注)",
    re.IGNORECASE,
)


def dropped(blocks: Sequence[Block], article: set[int], junk: set[Section], told_title: str, site: str) -> set[int]:
    prose = [number for number in sorted(article) if blocks[number].size >= 60 and blocks[number].is_prose]
    first, last = (prose[0], prose[-1]) if prose else (min(article), max(article))
    while first - 1 in article and _is_beginning(blocks[first - 1], blocks[first]):
        first -= 1
    whole = sum(blocks[number].size for number in article)
    if sum(blocks[number].size for number in article if number < first) > 0.1 * whole:
        first = min(article)  # the text is in short lines, as poems and captions of long pictures are
    if sum(blocks[number].size for number in article if number > last) > 0.1 * whole:
        last = max(article)
    title = comparable(told_title)
    lists = _link_lists(blocks, article, site)
    teasers = _teasers(blocks, article) | _teaser_items(blocks, article)
    gone: set[int] = set()
    for number in article:
        block = blocks[number]
        tag = block.section.element.tag
        if (
            is_in(block, junk)
            or block.section.parent in lists
            or number in teasers
            or (number < first and (tag in HEADINGS or is_title(block.key, title)))
            or (number < first and block.size < 60 and not _is_first_sentence(block, blocks[first]))
            or (tag in HEADINGS and is_title(block.key, title))
            or (number > last and (tag in HEADINGS or (block.size < 40 and not _ENDS.search(block.text))))
            or (_MORE.match(block.text) and (block.linked or block.size < 60) and block.size < 250)
            or (_NOISE.match(block.text) and block.size < 160)
            or block.section.linked
            or (block.linked > 0.8 * block.size and tag not in ("li", "td", "p") and block.size > 12)
        ):
            gone.add(number)
    return gone | _loose_headings(blocks, article - gone)


def _is_first_sentence(block: Block, prose: Block) -> bool:
    """Whether the short block is a sentence of the text that begins below it, such as a greeting."""
    is_beside = block.section.parent is prose.section.parent and 2 * block.linked < block.size
    return is_beside and bool(_SENTENCE.search(block.text))


def _is_beginning(block: Block, following: Block) -> bool:
    """Whether the short block leads over to the one directly below it: "Ladies and gentlemen," or "Key points:"."""
    is_lead_in = 6 <= block.size < 60 and enclosing(block) is enclosing(following) and not block.linked
    return is_lead_in and bool(_OPENING.search(block.text) or _SENTENCE.search(block.text))


def enclosing(block: Block) -> Section | None:
    """What the block is in; of a list's item, what the list is in."""
    section = block.section.parent
    while section is not None and section.element.tag in ("ul", "ol", "dl", "li"):
        section = section.parent
    return section


_OPENING = re.compile(r"\w[:：,，]\s*$")
_SENTENCE = re.compile(r"[^\W\d].{8,}[.!?…。！？।]['\"”»’）)]?$")
_ENDS = re.compile(r"[.!?…。！？।\"”»'’)）]\s*$")


def _link_lists(blocks: Sequence[Block], article: set[int], site: str) -> set[Section | None]:
    """Lists of links to other articles."""
    items: dict[Section | None, list[Block]] = {}
    for number in article:
        if blocks[number].section.element.tag == "li":
            items.setdefault(blocks[number].section.parent, []).append(blocks[number])
    return {
        holder
        for holder, within in items.items()
        if len(within) > 1
        and sum(b.linked for b in within) > 0.7 * sum(b.size for b in within)
        and not all(leads_elsewhere(b, site) for b in within)
    }


def _teasers(blocks: Sequence[Block], article: set[int]) -> set[int]:
    """Lines that begin alike and go on as links: "Read this too: …", in whichever language."""
    alike: dict[str, list[int]] = {}
    for number in article:
        block = blocks[number]
        if block.size < 200 and block.size < 2 * block.linked <= 2 * (block.size - TEASER):
            alike.setdefault(block.key[:TEASER], []).append(number)
    return {number for numbers in alike.values() if len(numbers) > 1 for number in numbers}


def _teaser_items(blocks: Sequence[Block], article: set[int]) -> set[int]:
    """The items of lists that present other articles, each with a heading that is a link. Where they hold more than a
    little, they are the article's: games, each with its maker."""
    items: dict[Section, list[int]] = {}
    for number in article:
        item = next((s for s in blocks[number].section.up() if s.element.tag == "li"), None)
        if item is not None:
            items.setdefault(item, []).append(number)
    linked = [b.number for b in blocks if 2 * b.linked > b.size and _is_heading(b)] if items else []
    within = {
        number
        for item, numbers in items.items()
        if bisect_left(linked, item.first) < bisect_right(linked, item.last)
        for number in numbers
    }
    return within if sum(blocks[n].size for n in within) <= TEASERS * sum(blocks[n].size for n in article) else set()


def _is_heading(block: Block) -> bool:
    return any(section.element.tag in HEADINGS for section in block.section.up())


def _loose_headings(blocks: Sequence[Block], article: set[int]) -> set[int]:
    """The headings without anything below them, because it was dropped."""
    loose: set[int] = set()
    following: Block | None = None
    for number in sorted(article, reverse=True):
        block = blocks[number]
        tag = block.section.element.tag
        if tag in HEADINGS and (
            following is None
            or (block.size < 40 and following.section.element.tag in HEADINGS and following.section.element.tag <= tag)
        ):
            loose.add(number)
        else:
            following = block
    return loose


def is_title(key: str, title: str) -> bool:
    if len(key) <= 8 or not title:
        return False
    return key == title or (20 < len(key) < 1.6 * len(title) and (key in title or title in key))


def is_in(block: Block, sections: set[Section]) -> bool:
    return any(section in sections for section in block.section.up())
