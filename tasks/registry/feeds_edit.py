"""Changing and removing feeds in feeds.toml. Every other line of the file stays as it is, comments above all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tasks.errors import FeedsFileError
from tasks.registry.feeds_file import choose, parse_feeds, read_bytes, write_feeds
from tasks.registry.line_numbers import line_numbers
from warehouse.records import Feed

REMARK = re.compile(r"\s*(#.*)?$")
"""A line that says nothing to the program: a comment, or empty."""


def edit_feed(path: Path, feed_id: str, values: Mapping[str, str | bool | None]) -> Feed:
    """Set these keys of the feed; None removes a key. Returns the feed as it is then.

    Raises FeedsFileError for an unknown feed and for a value that is invalid; the file then stays as it was.
    """

    def edit(table: str) -> str:
        import tomlkit

        document = tomlkit.parse(table)
        feed = document["feed"][0]
        for key, value in values.items():
            if value is None:
                feed.pop(key, None)
            elif key in feed:
                feed[key] = value
            else:
                _add_key(feed, key, value)
        return tomlkit.dumps(document)

    feeds = _rewrite(path, [feed_id], edit)
    return next(feed for feed in feeds if feed.id == str(values.get("id") or feed_id))


def _add_key(feed: object, key: str, value: str | bool) -> None:
    """Add the key below the others: above [feed.rules], and above the blank lines and comments that end the table."""
    import tomlkit

    feed.add(key, tomlkit.item(value))  # type: ignore[attr-defined]


def remove_feeds(path: Path, ids: Sequence[str]) -> None:
    """Remove the tables of these feeds. Raises FeedsFileError for an unknown feed."""
    _rewrite(path, ids, lambda table: "")


def _rewrite(path: Path, ids: Sequence[str], change: Callable[[str], str]) -> list[Feed]:
    """Replace the tables of these feeds by what `change` makes of them, in one write. Returns the feeds of the file."""
    data = read_bytes(path)
    known = parse_feeds(data, path)
    chosen = choose(known, ids)
    bom = "\ufeff" if data.startswith(b"\xef\xbb\xbf") else ""
    text = data.decode("utf-8-sig")
    top, tables = line_numbers(text)
    if "feed" in top:
        raise FeedsFileError(
            f"{path}:{top['feed']}: feed = […] can't be changed here; write each feed as a [[feed]] table"
        )
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    for feed in reversed(chosen):
        first = tables[known.index(feed)][""] - 1
        last = _end_of_table(lines, first, [table[""] - 1 for table in tables])
        old = "".join(lines[first:last])
        new = change(old.replace("\r\n", "\n")).replace("\n", end)
        if new and not new.endswith(end):
            new += end
        lines[first:last] = new.splitlines(keepends=True)
    data = (bom + "".join(lines)).encode()
    feeds = parse_feeds(data, path)  # raises rather than write a file that can't be read again
    write_feeds(path, data)
    return feeds


def _end_of_table(lines: Sequence[str], first: int, headers: Sequence[int]) -> int:
    """The index after the last line of the table; the comments and empty lines after that belong to what follows."""
    end = min((header for header in headers if header > first), default=len(lines))
    while end > first + 1 and REMARK.match(lines[end - 1]):
        end -= 1
    return end
