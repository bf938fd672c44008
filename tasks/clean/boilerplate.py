"""Blocks that are not part of the article: the date line above it, the mirror's footer below it."""

from __future__ import annotations

import re

from tasks.text.dates import is_date_line
from tasks.text.markup import Element
from tasks.text.plain import inline_text

# What mirrors and publishing systems put under every article: once it begins, nothing of the article follows.
_FOOTER = re.compile(
    r"^(获取更多\s*RSS|獲取更多\s*RSS|更多RSS|The post\b.+\bappeared first on\b.+|"
    r"(本文|文章)?(由|来自)?\s*RSSHub|Powered by RSS|本文章由.{0,20}(订阅|RSS))",
    re.IGNORECASE | re.DOTALL,
)


_MORE = re.compile(r"^(Continue reading\b|Read more\b.{0,80}$)", re.IGNORECASE | re.DOTALL)
"""A link to the rest, where it is the last block; between others it is one to another article."""


def remove_boilerplate(blocks: list[Element], drop_after: str | None) -> list[Element]:
    """Without the date line above the article, and the mirror's footer with the rule before it."""

    def text(place: int) -> str:
        block = blocks[place]
        return inline_text(block) if block.tag in ("p", "h1", "h2", "h3", "h4") else ""

    start, end = 0, len(blocks)
    while start < min(end, 2) and is_date_line(text(start)):
        start += 1
    if drop_after:
        after = re.compile(drop_after)
        end = next((place for place in range(start, end) if after.search(text(place))), end)
    # a footer's own blocks are short, and close to the end
    for place in range(max(start, end - 4), end):
        if len(found := text(place)) < 400 and _FOOTER.match(found):
            end = place
            break
    while end > start and (blocks[end - 1].tag == "hr" or (len(last := text(end - 1)) < 400 and _MORE.match(last))):
        end -= 1
    return blocks[start:end]
