"""Lines that a site's template or publishing system adds to every article: "Read more", buttons, related articles.

A line goes only where it cannot be the author's: if it says nothing else ("Seguir leyendo"), or if the rest of it is a
link ("Read also: …"), or below the article. "Read more books this winter" is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tasks.clean.template_endings import trim_last
from tasks.clean.template_links import is_elsewhere, is_front_page, is_own, is_share_link, linked_length, links_of
from tasks.clean.template_phrases import (
    COMMENTS,
    FIRST_APPEARED,
    FIRST_APPEARED_AFTER_TITLE,
    MAX_LINE,
    MAX_PHRASE,
    MAX_SITE,
    NETWORKS,
    NEW_WINDOW,
    READ_ALSO,
    READ_ON,
    READ_ON_TITLED,
    RELATED,
    SHARE,
    SHARE_WORDS,
    SUBSCRIBE,
    Beginning,
    bare,
)
from tasks.text.markup import Element
from tasks.text.plain import UNSPACED, WORDS, collapse, inline_text

MAX_PARTS = 12
"""Texts and elements in a line."""
MAX_BUTTONS = 20
"""Buttons in a row."""
MAX_SECTION = 40
"""Blocks below a heading that may be links to other articles; bounded, since each block may be such a heading."""
_PHRASES = READ_ON | SHARE | COMMENTS | SUBSCRIBE
_HEADINGS = _PHRASES | RELATED | READ_ALSO
_LIST_HEADINGS = RELATED | READ_ALSO | READ_ON
_STARTS = {phrase[:3] for phrase in _HEADINGS}
_READ_ALSO = Beginning(READ_ALSO | READ_ON)
_READ_ON_TITLED = Beginning(READ_ON_TITLED)
_FIRST_APPEARED_BEGINNINGS = tuple(beginning for beginnings, _ in FIRST_APPEARED for beginning in beginnings)
_READ_FULL = re.compile(
    r"\W*(?:read|view|see) (?:the )?(?:full|whole|entire|original|rest of (?:the|this)|more (?:of this|at|on|in)) \w"
)
_BELOW = re.compile(
    r"\d+ ?\D{1,25} [-–] \d+ ?\D{1,25}$"  # Discourse: "3 posts - 2 participants"
    r"|submitted by\s+/?u/\S+(?:\s+to\s+/?r/\S+)?\s*(?:\[link\])?\s*\[comments\]$"  # Reddit
    r"|thanks for reading .{1,100}! (?:subscribe for free|this post is public)",
    re.DOTALL,
)
_ON_MEDIUM = re.compile(
    r".{1,250} was originally published in .{1,80} on medium, where people are continuing the conversation", re.DOTALL
)
_TEXT = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6"])
_TEXT_OR_LIST = _TEXT | {"ul", "ol"}
_BUTTON_WORDS = NETWORKS | SHARE_WORDS


def says_where_first(block: Element, line: str) -> bool:
    """Whether it is "The post … appeared first on …", in any language that WordPress writes it in."""
    lower = line.casefold().replace("’", "'")
    for beginnings, middles in FIRST_APPEARED if lower.startswith(_FIRST_APPEARED_BEGINNINGS) else ():
        if lower.startswith(beginnings):
            return any(0 < lower.rfind(middle) >= len(lower) - len(middle) - MAX_SITE for middle in middles)
    if lower.isascii() or not any(map(lower.__contains__, FIRST_APPEARED_AFTER_TITLE)):
        return False
    return line[0] in "〈《「“" or len(links_of(block)) == 2


def remove(blocks: list[Element], link: str | None) -> tuple[list[Element], list[Element]]:
    """(the blocks without the template's lines, those of them that are text). `link` is the article's own address.

    A "Read more" that leads to another site is no text, but its link is the article's: a digest's source.
    """
    found = _find(blocks, link)
    likely = found.likely
    if likely and all(
        block.tag == "hr" or index in found.certain or index in likely for index, block in enumerate(blocks)
    ):
        likely = set()  # an entry that only points to others, or only asks to subscribe, says that
    if found.certain or likely:
        blocks = [block for index, block in enumerate(blocks) if index not in found.certain and index not in likely]
    pointers = set(map(id, found.pointers))  # 2,000 pointers, each looked for among all of them, took 9 s
    blocks = trim_last(blocks, link, pointers)
    if not pointers:
        return blocks, blocks
    return blocks, [block for block in blocks if id(block) not in pointers]


@dataclass(slots=True)
class _Found:
    """What a template made of an article's blocks."""

    certain: set[int] = field(default_factory=set)
    likely: set[int] = field(default_factory=set)
    """Places of blocks that may also be all that an entry says."""
    pointers: list[Element] = field(default_factory=list)

    def __contains__(self, index: int) -> bool:
        return index in self.certain or index in self.likely


def _find(blocks: list[Element], link: str | None) -> _Found:
    found = _Found()
    below = True  # whether nothing of the article follows
    for index in range(len(blocks) - 1, -1, -1):
        block = blocks[index]
        if block.tag in _TEXT:
            if block.children and (below or _may_be_template(block)):
                _judge(blocks, index, link, below, found)
            below = below and (index in found or block in found.pointers[-1:])
        elif block.tag == "hr":
            if index + 1 == len(blocks) or index + 1 in found:
                found.certain.add(index)
        elif block.tag != "figure":
            if block.tag in ("ul", "ol") and _has_buttons(block):
                found.likely.add(index)
            below = below and index in found
    return found


def _may_be_template(block: Element) -> bool:
    """Whether the block is short and begins like a template's line: false of most blocks, and quickly found."""
    first = block.children[0]
    if isinstance(first, str):
        if len(first) > MAX_PHRASE:
            return False
    else:
        while isinstance(first, Element):
            if not first.children or (first.tag == "a" and is_share_link(first.attrs.get("href", ""))):
                return True
            first = first.children[0]
    start = first.lstrip()[:3].casefold()
    return start in _STARTS or start[:2] in _STARTS or not start[:1].isalnum()


def _judge(blocks: list[Element], index: int, link: str | None, below: bool, found: _Found) -> None:
    """Add what is found of the block, and of the blocks below it if it is the heading of links."""
    block = blocks[index]
    line = inline_text(block) if len(block.children) <= MAX_PARTS else ""
    if not 0 < len(line) <= MAX_LINE:
        return
    phrase = bare(line) if len(line) <= MAX_PHRASE else ""
    has_links = len(block.children) > 1 or not isinstance(block.children[0], str)
    if block.tag != "p" or line[-1] in ":：" or phrase in RELATED:
        ends = index + 1 == len(blocks) or index + 1 in found
        found.likely.update(_section(blocks, index, phrase, link, ends))
    elif phrase in READ_ON:
        links = links_of(block)
        if links and is_elsewhere(links[0], link):
            found.pointers.append(block)
        else:
            found.certain.add(index)
    elif phrase in _PHRASES:
        if below or has_links or _is_clear(phrase):
            found.likely.add(index)
    elif below and says_where_first(block, line):
        found.certain.add(index)
    elif (
        (has_links and (_has_buttons(block) or _points_to_another(block, line, link)))
        or (phrase.partition(" ")[0] in SHARE_WORDS and _names_networks(line))
        or (below and _is_last(block, line, link))
    ):
        found.likely.add(index)


def _is_clear(phrase: str) -> bool:
    """Whether the phrase says what it is for without being a link: "Share this", but not "Share"."""
    return " " in phrase or (len(phrase) > 3 and UNSPACED.match(phrase) is not None)


def _points_to_another(block: Element, line: str, link: str | None) -> bool:
    """Whether it is "Read also: …", with a link to another article of the site."""
    match = _READ_ALSO.match(line.casefold().replace("’", "'"))
    if not match or any(is_elsewhere(address, link) for address in links_of(block)):
        return False
    rest = line[match.end() :].lstrip()
    linked = linked_length(block)
    if rest[:1] in (":", "：", "|", "»", "→", ">"):
        return linked >= 0.8 * len(rest.strip(" :：|»→>"))
    return linked > 0 and linked <= len(rest) <= linked + 3  # the label is no part of the link, and nothing follows it


def _is_last(block: Element, line: str, link: str | None) -> bool:
    """Whether the last line is a template's: these forms would be text elsewhere."""
    lower = line.casefold().replace("’", "'")
    if _BELOW.match(lower) or ("was originally published" in lower and _ON_MEDIUM.match(lower)):
        return True
    links = links_of(block)
    if not links:
        label = _READ_ALSO.match(lower)
        rest = lower[label.end() :].strip() if label else ""
        return rest[:1] in (":", "：") and len(rest) > 1 and not re.search(r"[.!?。！？]\s*\S", rest)
    if any(is_elsewhere(address, link) for address in links):
        return False
    unlinked = len(line) - linked_length(block)
    if _READ_ON_TITLED.match(lower) and unlinked <= 5:
        return True
    if _READ_FULL.match(lower) and unlinked <= len(line) / 2 + 10:
        return True
    if len(links) == 1:  # the article's own address, whatever it is called
        short = unlinked <= 3 and (len(line) <= MAX_PHRASE / 2 or _READ_ALSO.match(lower))
        return bool(short or line[0] + line[-1] == "[]") and is_own(links[0], link)
    # the article and its site: "The post … appeared first on …", in whatever language
    return len(links) == 2 and unlinked <= MAX_PHRASE and is_front_page(links[1], link) and is_own(links[0], link)


def _section(blocks: list[Element], index: int, phrase: str, link: str | None, ends: bool) -> Iterator[int]:
    """The places of a heading such as "Related" and of the links below it; none if it is the article's."""
    if phrase not in _HEADINGS:
        return
    if phrase in SHARE and index + 1 < len(blocks) and _names_networks(_texts(blocks[index + 1])):
        yield from (index, index + 1)
        return
    end = index + 1
    last = min(len(blocks), end + MAX_SECTION)
    while end < last and (blocks[end].tag == "figure" or _is_list_of_links(blocks[end], link)):
        end += 1
    linked = [block.tag for block in blocks[index + 1 : end] if block.tag != "figure"]
    whole = end == len(blocks) or len(linked) > 1 or "ul" in linked or "ol" in linked
    while end < len(blocks) and blocks[end - 1].tag == "figure":  # before more text, a picture is the article's
        end -= 1
    if end > index + 1 and whole and phrase in _LIST_HEADINGS:
        yield from range(index, end)
    elif ends:
        yield index


def _is_list_of_links(block: Element, link: str | None) -> bool:
    """Whether it only consists of links to the article's own site."""
    if block.tag not in _TEXT_OR_LIST:
        return False
    links = links_of(block)
    if not links or any(is_elsewhere(address, link) for address in links):
        return False
    return linked_length(block) >= 0.7 * len(collapse(block.text()))


def _has_buttons(block: Element) -> bool:
    """Whether it consists of links for sharing the article."""
    first = next((element for element in block.walk() if element.tag == "a"), None)
    if first is None or len(block.children) > MAX_BUTTONS:
        return False
    if is_share_link(first.attrs.get("href", "")):
        links = links_of(block)
        text = collapse(block.text())
        short = len(text) <= MAX_PHRASE * len(links) and len(text) - linked_length(block) <= MAX_PHRASE / 2
        return short and all(map(is_share_link, links))
    if len(text := first.text()) > MAX_PHRASE * 2 or not NEW_WINDOW.search(text.casefold()):
        return False
    items = [child.text() for child in block.children if isinstance(child, Element)]
    return all(NEW_WINDOW.search(item.casefold()) for item in items)


def _texts(block: Element) -> str:
    """The texts of the block and its items, on one line."""
    return " ".join(child if isinstance(child, str) else child.text() for child in block.children)


def _names_networks(text: str) -> bool:
    """Whether the text only names networks: "Share on Facebook | Twitter"."""
    if len(text) > MAX_LINE:
        return False
    words = set(WORDS.findall(text.casefold()))
    return words <= _BUTTON_WORDS and not words.isdisjoint(NETWORKS)
