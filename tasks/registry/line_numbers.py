"""On which line of feeds.toml each key stands; TOML parsers do not tell."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Strings and comments, which may hold anything, brackets and line ends included.
_OPAQUE = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*',
    re.DOTALL,
)
_HEADER = re.compile(r"\s*\[(\[?)\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*\]")
_KEY = re.compile(r"\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*=")


def line_numbers(text: str) -> tuple[dict[str, int], list[dict[str, int]]]:
    """Line numbers: of what stands outside the feeds, and of each [[feed]]'s keys ("" is its header)."""
    top: dict[str, int] = {}
    feeds: list[dict[str, int]] = []
    current, prefix = top, ""
    blanked = _OPAQUE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    for number, line in enumerate(blanked.split("\n"), 1):
        if header := _HEADER.match(line):
            name = "".join(header[2].split())
            if header[1] and name == "feed":
                feeds.append({"": number})
                current, prefix = feeds[-1], ""
                continue
            within = feeds and name.startswith("feed.")
            current, prefix = (feeds[-1], f"{name[5:]}.") if within else (top, f"{name}.")
            current.setdefault(prefix[:-1], number)
        elif key := _KEY.match(line):
            current.setdefault(prefix + "".join(key[1].split()), number)
    return top, feeds


def line_of(places: Mapping[str, int], key: str) -> int:
    """The line of the key, or else of the table around it."""
    while key and key not in places:
        key = key.rpartition(".")[0]
    return places[key]
