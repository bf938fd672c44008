"""Removing blocks that are not part of the article: the date line above it, the mirror's footer below it."""

from __future__ import annotations

import re

from tasks.text.dates import is_date_line
from tasks.text.markup import Element
from tasks.text.plain import inline_text

# Mirrors and publishing systems end every article with one of these; nothing of the article follows.
_FOOTER = re.compile(
    r"^(获取更多\s*RSS|獲取更多\s*RSS|更多RSS|The post\b.+\bappeared first on\b.+|"
    r"(本文|文章)?(由|来自)?\s*RSSHub|Powered by RSS|本文章由.{0,20}(订阅|RSS))",
    re.IGNORECASE | re.DOTALL,
)
_READ_MORE = re.compile(r"^(Continue reading\b|Read more\b.{0,80}$)", re.IGNORECASE | re.DOTALL)
"""As the last block, a link to the rest of the article; between others, one to another article."""
MAX_FOOTER = 400
"""Characters of a footer's block."""
FOOTER_BLOCKS = 4
"""Blocks at the end that may be the footer."""


def remove_boilerplate(blocks: list[Element], drop_after: str | None) -> list[Element]:
    """The blocks without the date line above the article and the footer below it, with the <hr> before the footer.

    `drop_after` is a regular expression: the first block whose text matches and everything after it are removed.
    """

    def text(index: int) -> str:
        block = blocks[index]
        return inline_text(block) if block.tag in ("p", "h1", "h2", "h3", "h4") else ""

    start, end = 0, len(blocks)
    while start < min(end, 2) and is_date_line(text(start)):
        start += 1
    if drop_after:
        pattern = re.compile(drop_after)
        end = next((index for index in range(start, end) if pattern.search(text(index))), end)
    for index in range(max(start, end - FOOTER_BLOCKS), end):
        if len(line := text(index)) < MAX_FOOTER and _FOOTER.match(line):
            end = index
            break
    while end > start and (blocks[end - 1].tag == "hr" or _is_read_more(text(end - 1))):
        end -= 1
    return blocks[start:end]


def _is_read_more(text: str) -> bool:
    return len(text) < MAX_FOOTER and _READ_MORE.match(text) is not None
