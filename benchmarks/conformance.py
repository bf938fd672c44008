"""feedparser's test cases and the W3C validator's, from the archives in ../shared/conformance.

A case of feedparser's is a feed with a comment that holds an expression over feedparser's result, such as
`not bozo and entries[0]['title'] == 'Example'`, and the headers that the server answers with.
"""

from __future__ import annotations

import ast
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

CONFORMANCE = Path(__file__).resolve().parents[2] / "shared" / "conformance"

ANY = object()
"""Expected of a field that only must not be empty."""

_EXPECTED = re.compile(r"Expect:\s*(.*?)\s*(?:-->|\Z)", re.DOTALL)
_HEADER = re.compile(r"^\s*Header:\s*([\w-]+):[ \t]*(.*?)\s*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison of an expectation."""

    entry: int | None
    """The entry's position; None for the feed itself."""
    field: str
    """Such as `title` or `authors.1.name`."""
    expected: Any


@dataclass(frozen=True, slots=True)
class Case:
    path: str
    """In the archive, such as wellformed/rss/item_title.xml."""
    data: bytes
    headers: dict[str, str]
    """In lower case."""
    clauses: tuple[Clause, ...]
    """Empty if the expectation is about anything but fields: `bozo`, `encoding`, `headers`."""

    @property
    def folder(self) -> str:
        parts = self.path.split("/")
        return parts[1] if parts[0] == "wellformed" else parts[0]

    @property
    def url(self) -> str:
        """Where feedparser's own tests serve it."""
        return f"http://127.0.0.1:8097/{self.path}"


def feedparser_cases() -> Iterator[Case]:
    for path, data in _files("feedparser"):
        comment = _COMMENT.search(_decode(data))
        expectation = _EXPECTED.search(comment[0]) if comment else None
        if comment and expectation:
            headers = {name.lower(): value for name, value in _HEADER.findall(comment[0])}
            clauses = [*_clauses(expectation[1])]
            about_fields = [clause for clause in clauses if clause]
            yield Case(path, data, headers, tuple(about_fields) if len(about_fields) == len(clauses) else ())


def w3c_feeds() -> Iterator[tuple[str, bytes]]:
    """(path, bytes) of all feeds among the validator's cases."""
    return _files("feedvalidator")


def _files(archive: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(CONFORMANCE / f"{archive}.tar.xz") as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(".xml") and (file := tar.extractfile(member)):
                yield member.name.removeprefix("./"), file.read()


def _decode(data: bytes) -> str:
    """The text of a case, whose comment is ASCII; some are UTF-16 or UTF-32."""
    return data.replace(b"\0", b"").decode("utf-8", "replace")


def _clauses(expression: str) -> Iterator[Clause | None]:
    """The comparisons that `and` joins; None for one that is not of a field with a value."""
    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError:  # some are damaged on purpose, with the bytes around them
        return
    nodes = [tree]
    while nodes:
        match nodes.pop(0):
            case ast.BoolOp(ast.And(), values):
                nodes = [*values, *nodes]
            case ast.Name("bozo") | ast.UnaryOp(ast.Not(), ast.Name("bozo")):
                continue  # whether feedparser's strict parser took it, which is no field
            case node:
                yield _clause(node)


def _clause(node: ast.expr) -> Clause | None:
    match node:
        case ast.Compare(ast.Call(ast.Name("ord"), [item]), [ast.Eq()], [ast.Constant(int(number))]):
            return _field(item, chr(number))
        case ast.Compare(ast.Call(ast.Name("len"), [item]), [ast.Eq()], [ast.Constant(int(number))]):
            clause = _field(item, number)
            return clause and replace(clause, field=f"len({clause.field})")
        case ast.Compare(item, [ast.Eq() | ast.Is()], [ast.Constant() | ast.Tuple() | ast.BinOp() as expected]):
            return _field(item, _value(expected))
        case ast.Compare(item, [ast.NotEq()], [ast.Constant(None)]):
            return _field(item, ANY)
        case ast.UnaryOp(ast.Not(), ast.Call(ast.Attribute(item, "has_key"), [ast.Constant(str(name))])):
            return _field(ast.Attribute(item, name, ast.Load()), None)
    return None


def _value(node: ast.expr) -> object:
    """A literal, or strings joined by +."""
    if isinstance(node, ast.BinOp):
        return f"{_value(node.left)}{_value(node.right)}"
    return ast.literal_eval(node)


def _field(node: ast.expr, expected: object) -> Clause | None:
    """The field that `entries[0]['authors'][1].name` or `feed['title']` is."""
    names: list[str | int] = []
    while True:
        match node:
            case ast.Subscript(inner, ast.Constant(str() | int() as name)) | ast.Attribute(inner, name):
                names.insert(0, name)
                node = inner
            case ast.Name("feed"):
                return Clause(None, ".".join(map(str, names)), expected)
            case ast.Name("entries") if names and isinstance(names[0], int):
                return Clause(names[0], ".".join(map(str, names[1:])), expected)
            case _:
                return None
