"""Removing blocks that are not part of the article: the date line above it, the footer below it, template noise.

`tasks.clean.template_lines` tells which lines are a template's.
"""

from __future__ import annotations

import re

from tasks.clean import template_lines
from tasks.text.dates import is_date_line
from tasks.text.markup import Element
from tasks.text.plain import inline_text

# Mirrors and publishing systems end every article with one of these; nothing of the article follows.
_FOOTER = re.compile(
    r"^(获取更多\s*RSS|獲取更多\s*RSS|更多RSS|"
    r"(本文|文章)?(由|来自)?\s*RSSHub|Powered by RSS|本文章由.{0,20}(订阅|RSS))",
    re.IGNORECASE | re.DOTALL,
)
MAX_FOOTER = 400
"""Characters of a footer's block."""
FOOTER_BLOCKS = 4
"""Blocks at the end that may be the footer."""


def remove_boilerplate(
    blocks: list[Element], drop_after: str | None, link: str | None = None
) -> tuple[list[Element], list[Element]]:
    """(the blocks without the date line above the article, the footer below it and template lines; those that are text)

    `drop_after` is a regular expression: the first block whose text matches and everything after it are removed.
    `link` is the article's own address.
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
        if len(line := text(index)) < MAX_FOOTER and (_FOOTER.match(line) or _says_where_first(blocks[index], line)):
            end = index
            break
    return template_lines.remove(blocks[start:end], link)


def _says_where_first(block: Element, line: str) -> bool:
    """WordPress links both names; without a link, the line may be the article's, and only ends it at its very end."""
    return any(isinstance(child, Element) for child in block.children) and template_lines.says_where_first(block, line)
