"""The line of each key in feeds.toml, which TOML parsers do not report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count

# Strings and comments, which may contain anything, even brackets and line ends.
_OPAQUE = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*',
    re.DOTALL,
)
_HEADER = re.compile(r"\s*\[(\[?)\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*\]")
_KEY = re.compile(r"\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*=")
_LIST = re.compile(r"[^\n=]*=\s*\[")


def line_numbers(text: str) -> tuple[dict[str, int], list[dict[str, int]]]:
    """The line number of each key outside the feeds, and of each key of each [[feed]]; "" is the line of [[feed]].

    Tables in a list have a number for a key: block.0, block.1 …
    """
    top: dict[str, int] = {}
    feeds: list[dict[str, int]] = []
    current, prefix = top, ""
    structure = _OPAQUE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    start, after = 0, 0
    for number, line in enumerate(structure.split("\n"), 1):
        start, after = after, after + len(line) + 1
        if header := _HEADER.match(line):
            name = "".join(header[2].split())
            if header[1] and name == "feed":
                feeds.append({"": number})
                current, prefix = feeds[-1], ""
                continue
            is_in_feed = feeds and name.startswith("feed.")
            current, prefix = (feeds[-1], f"{name[5:]}.") if is_in_feed else (top, f"{name}.")
            current.setdefault(prefix[:-1], number)
            if header[1]:
                prefix = f"{prefix}{next(index for index in count() if f'{prefix}{index}' not in current)}."
                current[prefix[:-1]] = number
        elif key := _KEY.match(line):
            name = prefix + "".join(key[1].split())
            current.setdefault(name, number)
            for index, lines_down in enumerate(_tables_in_list(structure, start)):
                current.setdefault(f"{name}.{index}", number + lines_down)
    return top, feeds


def _tables_in_list(structure: str, start: int) -> Iterator[int]:
    """How many lines below its key each table in a list begins; `start` is where the key's line begins."""
    opening = _LIST.match(structure, start)
    if not opening:
        return
    depth, lines_down = 1, opening[0].count("\n")
    for position in range(opening.end(), len(structure)):
        character = structure[position]
        if character in "[{":
            if character == "{" and depth == 1:
                yield lines_down
            depth += 1
        elif character in "]}":
            depth -= 1
        lines_down += character == "\n"
        if depth == 0:
            return


def line_of(lines: Mapping[str, int], key: str) -> int:
    """The line of the key, or of the table around it if the key is missing."""
    while key and key not in lines:
        key = key.rpartition(".")[0]
    return lines[key]
