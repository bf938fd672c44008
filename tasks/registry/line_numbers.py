"""The line of each key in feeds.toml, which TOML parsers do not report."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Strings and comments, which may contain anything, even brackets and line ends.
_OPAQUE = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*',
    re.DOTALL,
)
_HEADER = re.compile(r"\s*\[(\[?)\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*\]")
_KEY = re.compile(r"\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*=")


def line_numbers(text: str) -> tuple[dict[str, int], list[dict[str, int]]]:
    """The line number of each key outside the feeds, and of each key of each [[feed]]; "" is the line of [[feed]]."""
    top: dict[str, int] = {}
    feeds: list[dict[str, int]] = []
    current, prefix = top, ""
    structure = _OPAQUE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    for number, line in enumerate(structure.split("\n"), 1):
        if header := _HEADER.match(line):
            name = "".join(header[2].split())
            if header[1] and name == "feed":
                feeds.append({"": number})
                current, prefix = feeds[-1], ""
                continue
            is_in_feed = feeds and name.startswith("feed.")
            current, prefix = (feeds[-1], f"{name[5:]}.") if is_in_feed else (top, f"{name}.")
            current.setdefault(prefix[:-1], number)
        elif key := _KEY.match(line):
            current.setdefault(prefix + "".join(key[1].split()), number)
    return top, feeds


def line_of(lines: Mapping[str, int], key: str) -> int:
    """The line of the key, or of the table around it if the key is missing."""
    while key and key not in lines:
        key = key.rpartition(".")[0]
    return lines[key]
