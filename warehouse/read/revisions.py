"""What changed between the versions of an article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Literal

import regex

from warehouse.errors import WarehouseError
from warehouse.read.queries import run_query
from warehouse.store.sql_files import query

Kind = Literal["kept", "removed", "added"]
Piece = tuple[Kind, str]

MAX_TOKENS = 2_000
"""Tokens of a changed passage, before or after. A longer one is shown as removed and added whole: the time to compare
grows with the square."""
MAX_LINES = 20_000
"""Lines of a text, for the same reason."""

# A character of a script without spaces; a word; white space; anything else alone.
_TOKEN = regex.compile(
    r"(?V1)[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]"
    r"|[\w--[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]]+|\s+|.",
    regex.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Version:
    article_id: str
    number: int
    valid_from: datetime
    url: str | None
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Revision:
    """The step from one version of an article to the next."""

    before: Version
    after: Version

    @property
    def title(self) -> list[Piece]:
        return difference(self.before.title, self.after.title)

    @property
    def text(self) -> list[Piece]:
        return difference(self.before.text, self.after.text)


def versions_of(published: Path, article: str) -> list[Version]:
    """The versions of the article with this id, beginning of an id, or address.

    Raises WarehouseError if there is none or more than one.
    """
    result = run_query(published, query("versions_of"), {"article": article})
    versions = [Version(*row) for row in result.rows]
    if not versions:
        raise WarehouseError(
            f"{article}: no article has this id or address; marts.latest_articles has the ids and addresses of all"
        )
    ids = {version.article_id for version in versions}
    if len(ids) > 1:
        raise WarehouseError(f"{article}: {len(ids)} articles match; give one of {', '.join(sorted(ids))}")
    return versions


def revisions(versions: Sequence[Version]) -> list[Revision]:
    """The steps from each version to the next."""
    return [Revision(before, after) for before, after in pairwise(versions)]


def difference(before: str, after: str) -> list[Piece]:
    """The pieces of both texts in order. Changed lines are compared by words, or by characters in scripts without
    spaces.

    Kept and removed pieces together are `before`; kept and added ones `after`.
    """
    return list(_join(_compare_lines(before, after)))


def _compare_lines(before: str, after: str) -> Iterator[Piece]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if max(len(old), len(new)) > MAX_LINES:
        yield from _replace_all(before, after)
        return
    for tag, i, j, k, l in SequenceMatcher(None, old, new).get_opcodes():  # noqa: E741
        if tag == "equal":
            yield "kept", "".join(old[i:j])
        else:
            yield from _compare_tokens("".join(old[i:j]), "".join(new[k:l]))


def _compare_tokens(before: str, after: str) -> Iterator[Piece]:
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    if not (old and new) or max(len(old), len(new)) > MAX_TOKENS:
        yield from _replace_all(before, after)
        return
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < 0.3:  # a different text: a patchwork of words that happen to recur would tell nothing
        yield from _replace_all(before, after)
        return
    for tag, i, j, k, l in matcher.get_opcodes():  # noqa: E741
        if tag == "equal":
            yield "kept", "".join(old[i:j])
        else:
            yield from _replace_all("".join(old[i:j]), "".join(new[k:l]))


def _replace_all(before: str, after: str) -> Iterator[Piece]:
    yield "removed", before
    yield "added", after


def _join(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Drop empty pieces and join neighbours of the same kind."""
    last: Piece | None = None
    for kind, text in pieces:
        if not text:
            continue
        if last and last[0] == kind:
            last = kind, last[1] + text
        else:
            if last:
                yield last
            last = kind, text
    if last:
        yield last


def shorten_kept(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, with kept ones shortened to the lines next to a change."""
    shortened: list[Piece] = []
    for number, (kind, text) in enumerate(pieces):
        lines = text.splitlines(keepends=True)
        if kind == "kept" and len(lines) > 2:
            first = lines[0] if number > 0 else ""
            last = lines[-1] if number < len(pieces) - 1 else ""
            text = f"{first}…\n{last}"
        shortened.append((kind, text))
    return shortened
