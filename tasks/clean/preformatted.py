"""Preformatted text: its lines, and code in tables that number its lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tasks.clean.tables import table_rows
from tasks.text import superscripts
from tasks.text.markup import Element
from tasks.text.tags import DROPPED, STAND_ALONE

_LINE_CLASSES = frozenset(["line", "code-line", "crayon-line", "token-line", "hljs-ln-line", "CodeMirror-line"])
"""Classes of elements that a highlighter's style sheet puts on lines of their own."""
_GUTTER_CLASS = re.compile(r"gutter|line-?n(?:o|um)|crayon-num|blob-num|hljs-ln-n|(?:^|\s)lnt?(?:\s|$)", re.IGNORECASE)
_CODE_CLASS = re.compile(r"(?:^|[\s_-])code(?:$|[\s_-])", re.IGNORECASE)
_NUMBER = re.compile(r"\d+[.:]?")
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")


def lines(pre: Element) -> str:
    """The text of a <pre>, without line numbers. What a browser shows on a line of its own is on a line of its own."""
    writer = _Lines()
    writer.add_children(_code_by_line(pre) or pre)
    return superscripts.write("".join(writer.texts))


def holds_text(node: Element) -> bool:
    return any(child.strip() if isinstance(child, str) else holds_text(child) for child in node.children)


class _Lines:
    def __init__(self) -> None:
        self.texts: list[str] = []
        """None of them is empty."""
        self._line_ended = False
        """Whether an element on lines of its own ended here, so that what follows begins a line."""

    def add_children(self, node: Element) -> None:
        for child in node.children:
            if isinstance(child, str):
                self._write(child)
            elif child.tag == "span" and not _is_telling(child.attrs.get("class", "")):  # most, in highlighted code
                if len(child.children) == 1 and isinstance(only := child.children[0], str):
                    self._write(only)
                else:
                    self.add_children(child)
            elif child.tag == "br":
                self._write("\n")
            elif child.tag == "button" or child.tag in DROPPED or _is_gutter(child):
                continue
            elif child.tag in ("sup", "sub"):
                self._write(superscripts.mark(child, child.text(), linked=False))
            elif child.tag == "table":
                self.add_children(code_of_table(table_rows(child), in_pre=True) or Element("pre", {}, child.children))
            elif _stands_alone(child):
                self._begin_line()
                self.add_children(child)
                self._line_ended = not self._begins_line()
            else:
                self.add_children(child)

    def _begin_line(self) -> None:
        if self.texts and not self._begins_line():
            self.texts.append("\n")
        self._line_ended = False

    def _begins_line(self) -> bool:
        return bool(self.texts) and self.texts[-1].endswith("\n")

    def _write(self, text: str) -> None:
        if not text:
            return
        if self._line_ended:
            self._line_ended = False
            if not text.startswith("\n"):
                self.texts.append("\n")
        self.texts.append(text)


@lru_cache(maxsize=1024)
def _is_telling(classes: str) -> bool:
    """Whether a highlighter's classes may say that an element is a line or holds line numbers."""
    return not _LINE_CLASSES.isdisjoint(classes.split()) or _GUTTER_CLASS.search(classes) is not None


def _stands_alone(element: Element) -> bool:
    if element.tag in ("td", "th"):
        return False
    return element.tag in STAND_ALONE or not _LINE_CLASSES.isdisjoint(element.attrs.get("class", "").split())


def _code_by_line(pre: Element) -> Element | None:
    """A <pre> of nothing but several <code>, each of them a line, as in WeChat's articles; None for any other."""
    codes = [child for child in pre.children if isinstance(child, Element)]
    if len(codes) < 2 or any(code.tag != "code" for code in codes):
        return None
    if any("\n" in child or child.strip() for child in pre.children if isinstance(child, str)):
        return None
    return Element("pre", {}, [Element("div", {}, code.children) for code in codes])


def code_of_table(rows: Sequence[Sequence[Element]], *, in_pre: bool = False) -> Element | None:
    """The code in a table whose first cells number its lines, as a <pre>; None for any other table."""
    if not rows or any(len(row) != 2 for row in rows):
        return None
    if not all(_is_gutter(number) for number, _ in rows):
        numbers = [number for cell, _ in rows for number in _numbers(cell) or [""]]
        if not _are_consecutive(numbers) or not (in_pre or all(_holds_code(code) for _, code in rows)):
            return None
    return Element("pre", {}, [Element("div", {}, code.children) for _, code in rows])


def _is_gutter(element: Element) -> bool:
    """Whether it is made for line numbers, and holds nothing else."""
    if not element.attrs:
        return False
    is_made_for_them = "data-line-number" in element.attrs or _GUTTER_CLASS.search(element.attrs.get("class", ""))
    return bool(is_made_for_them) and all(map(_NUMBER.fullmatch, _numbers(element)))


def _numbers(cell: Element) -> list[str]:
    return _NONCHARACTERS.sub("", cell.text()).split()


def _are_consecutive(numbers: list[str]) -> bool:
    if not all(number.isdecimal() for number in numbers):
        return False
    first = int(numbers[0])
    return list(map(int, numbers)) == list(range(first, first + len(numbers)))


def _holds_code(cell: Element) -> bool:
    return any(element.tag == "pre" for element in cell.walk()) or bool(_CODE_CLASS.search(cell.attrs.get("class", "")))
