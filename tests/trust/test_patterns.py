"""No regular expression of newsmill can be made to try its text in every grouping, which would take for ever.

Each pattern is given texts that repeat pieces of its own alphabet and end in what it does not expect, and texts made
for each of its repetitions: what leads to it, what it repeats, dozens of times, and an unexpected end. One that may
group a text in many ways (`(?:a+)+b`) does not end within five seconds on ninety characters; the others take
microseconds.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import signal
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from random import Random
from types import FrameType
from typing import Any

import feedparser.encodings
import feedparser.sanitizer
import pytest

import tasks
import warehouse
from tests.places import ROOT

LENGTH = 90
"""Characters of a text."""
TEXTS = 120
"""For each pattern."""
SECONDS = 5.0
LONG = 16_000
"""Characters of a text with which a pattern that takes the square of it takes seconds."""
BOUNDED = {
    "feedparser.sanitizer.RE_SAFE_ENTITY_PATTERN": "what RE_ENTITY_PATTERN matches: 1,000 characters",
    "tasks.backfill.warc._RDF": "the first 4,096 bytes of a payload",
    "tasks.clean.authors._SEPARATOR": "names have no two blanks in a row",
    "tasks.clean.authors._WEAK_SEPARATOR": "names have no two blanks in a row",
    "tasks.clean.authors._AND_OTHERS": "names have no two blanks in a row",
    "tasks.clean.page_kinds._ERROR_NUMBER": "a title's first characters (NOTICE)",
    "tasks.clean.template_lines._BELOW": "lines of 300 characters",
    "tasks.parse.list_dates._AGO": "80 characters",
    "tasks.parse.list_dates._WITH_ZONE": "a date as `find_date` finds it, in 500 characters",
    "tasks.parse.page_drops._SENTENCE": "fewer than 60 letters, at which it begins",
    "tasks.registry.line_numbers._KEY": "feeds.toml is the operator's own",
    "tasks.text.dates._DATE_LINE": "60 characters",
    "tasks.text.plain._CUT": "lines of 1,200 characters without two blanks in a row",
}
"""Pattern that takes the square of a text → how long its texts are at most."""
_IN_A_CLASS = {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " \n", "CATEGORY_WORD": "a_1", "CATEGORY_NOT_WORD": "-"}
_CALLS = frozenset(["compile", "search", "match", "fullmatch", "sub", "split", "findall", "finditer"])


def patterns() -> Iterator[tuple[str, re.Pattern[str] | re.Pattern[bytes]]]:
    """(where it is, the pattern): what modules hold, and what functions spell out."""
    for package in (tasks, warehouse):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(found.name)).items():
                yield from ((f"{found.name}.{name}", each) for each in held(value))
        for path in (ROOT / package.__name__).rglob("*.py"):
            for node in inside_functions(ast.parse(path.read_text())):
                match node:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Name(id="re"), attr=attr),
                        args=[ast.Constant(value=str() | bytes() as spelled), *_],
                    ) if attr in _CALLS:
                        yield f"{path.relative_to(ROOT)}:{node.lineno}.{attr}", re.compile(spelled)


def of_feedparser() -> Iterator[tuple[str, re.Pattern[bytes]]]:
    """The patterns that look through a whole document before feedparser parses it; `tasks.parse.feed` replaces some."""
    for module in (feedparser.encodings, feedparser.sanitizer):
        for name, value in vars(module).items():
            if name.startswith("RE_"):
                yield f"{module.__name__}.{name}", value


def held(value: object) -> Iterator[re.Pattern[Any]]:
    """The patterns that a module's variable holds."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from held(tuple(value.values()))
    elif isinstance(value, tuple):
        for each in value:
            yield from held(each)


def inside_functions(module: ast.Module) -> Iterator[ast.AST]:
    """What functions have in them; the patterns that a module makes have names, and come with these."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from ast.walk(node)


def alphabet(pattern: str | bytes) -> tuple[list[str], list[str]]:
    """(characters that the pattern names, words that it names)"""
    parser = re._parser  # type: ignore[attr-defined]
    characters: set[str] = {"a"}
    words: set[str] = set()

    def walk(tree: object) -> None:
        word = ""
        for code, argument in tree:  # type: ignore[attr-defined]
            kind = str(code)
            if kind == "LITERAL":
                characters.add(chr(argument))
                word += chr(argument)
                continue
            if word:
                words.add(word)
                word = ""
            if kind == "IN":
                for what, value in argument:
                    if str(what) == "LITERAL":
                        characters.add(chr(value))
                    elif str(what) == "RANGE":
                        characters.update(map(chr, value))
                    elif str(what) == "CATEGORY":
                        characters.update(_IN_A_CLASS.get(str(value), "a"))
            elif kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
                walk(argument[2])
            elif kind == "SUBPATTERN":
                walk(argument[3])
            elif kind == "BRANCH":
                for branch in argument[1]:
                    walk(branch)
            elif kind in ("ASSERT", "ASSERT_NOT"):
                walk(argument[1])
            elif kind == "ATOMIC_GROUP":
                walk(argument)
        if word:
            words.add(word)

    walk(parser.parse(pattern))
    return sorted(characters)[:40], sorted(words, key=len)[:30] or ["a"]


def texts(pattern: str | bytes, count: int) -> Iterator[str]:
    rng = Random(repr(pattern))
    characters, words = alphabet(pattern)

    def piece() -> str:
        return rng.choice(characters if rng.random() < 0.6 else words)

    for _ in range(count):
        start = "".join(piece() for _ in range(rng.choice((0, 0, 1, 2))))
        unit = "".join(piece() for _ in range(rng.choice((1, 1, 2, 2, 3, 4))))
        repeated = unit * max(LENGTH // len(unit), 40 if len(unit) > 7 else 1)
        yield start + repeated + rng.choice(("", "!", "\x01", "~ "))


def texts_for_repetitions(pattern: str | bytes, count: int) -> Iterator[str]:
    """`count` texts for each repetition in the pattern: what leads to it and then what it repeats, often; or what leads
    to it, often."""
    rng = Random(repr(pattern))
    for _ in range(count):
        for before, repeated in repetitions(re._parser.parse(pattern), "", rng):  # type: ignore[attr-defined]
            unit = "".join(matched(repeated, rng) for _ in range(rng.choice((1, 1, 2, 3))))
            for often in filter(None, (unit, unit[:1], before)):
                yield before + often * (LENGTH // len(often)) + rng.choice("!\x01~ ")


def repetitions(tree: Iterable[Any], before: str, rng: Random) -> Iterator[tuple[str, Iterable[Any]]]:
    """(a text that leads to it, what it repeats) for each repetition below that has no small bound."""
    for item in tree:
        code, argument = str(item[0]), item[1]
        if code in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            if argument[1] > 10:
                yield from ((before, each) for each in (argument[2], *alternatives(argument[2])))
            yield from repetitions(argument[2], before, rng)
        elif code in ("SUBPATTERN", "ASSERT"):
            yield from repetitions(argument[-1], before, rng)
        elif code == "ATOMIC_GROUP":
            yield from repetitions(argument, before, rng)
        elif code == "BRANCH":
            for branch in argument[1]:
                yield from repetitions(branch, before, rng)
        before += matched([item], rng)


def alternatives(tree: Iterable[Any]) -> Iterator[Iterable[Any]]:
    """Each branch of what is repeated, which a random choice may miss."""
    for code, argument in tree:
        if str(code) == "SUBPATTERN":
            yield from alternatives(argument[3])
        elif str(code) == "BRANCH":
            yield from argument[1]


def matched(tree: Iterable[Any], rng: Random) -> str:
    """A text that matches, unless the pattern looks around."""
    text = ""
    for code, argument in tree:
        match str(code):
            case "LITERAL":
                text += chr(argument)
            case "NOT_LITERAL":
                text += "a" if argument != ord("a") else "b"
            case "ANY":
                text += "a"
            case "IN":
                text += one_of(argument, rng)
            case "BRANCH":
                text += matched(rng.choice(argument[1]), rng)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                times = min(argument[1], argument[0] + rng.choice((0, 0, 1)))
                text += "".join(matched(argument[2], rng) for _ in range(times))
            case "SUBPATTERN":
                text += matched(argument[3], rng)
            case "ATOMIC_GROUP":
                text += matched(argument, rng)
    return text


def one_of(members: Sequence[Any], rng: Random) -> str:
    """A character that a class such as [a-z] or [^<>] has."""
    named: list[str] = []
    for code, value in members:
        match str(code):
            case "LITERAL":
                named.append(chr(value))
            case "RANGE":
                named += [chr(value[0]), chr(value[1])]
            case "CATEGORY":
                named += _IN_A_CLASS.get(str(value), "a")
    if str(members[0][0]) == "NEGATE":
        return rng.choice([character for character in "a1 .-_/x" if character not in named] or ["y"])
    return rng.choice(named)


def slow_text(pattern: re.Pattern[str] | re.Pattern[bytes], count: int = TEXTS) -> str | None:
    """A text that the pattern does not come to an end with."""
    of_repetitions = texts_for_repetitions(pattern.pattern, max(4, count // 100))
    return next((t for t in chain(texts(pattern.pattern, count), of_repetitions) if not ends(pattern, t)), None)


def ends(
    pattern: re.Pattern[str] | re.Pattern[bytes], text: str, methods: Iterable[str] = ("search", "fullmatch")
) -> bool:
    """Whether all of them come to an end within so many seconds of processor time."""
    given = text.encode("utf-8", "replace") if isinstance(pattern.pattern, bytes) else text
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        for method in methods:
            getattr(pattern, method)(given)
    except TimeoutError:
        return False
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return True


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    def end(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, end)
    yield
    signal.signal(signal.SIGVTALRM, before)


def test_no_pattern_tries_every_grouping() -> None:
    found = {pattern: where for where, pattern in patterns()}
    assert len(found) > 300
    slow = {where: text for pattern, where in found.items() if (text := slow_text(pattern))}
    assert not slow


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:a+)+b",
        r"^\s*(?:<!--.*?-->\s*)*<html",  # a feed that began with a hundred comments
        r"\d*(?:[-_][\w.]{1,6})+",  # <sup>1____…!</sup>
        r"(?:^|/)(?:blank|lazy)(?:[_-]?(?:\d+(?:x\d+)?|image|icon))*\.gif",  # an image's address: /lazy1111…!
    ],
)
def test_a_pattern_that_does_is_found(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.trust.test_patterns.SECONDS", 0.5)
    assert slow_text(re.compile(pattern, re.DOTALL), 3_000)


def methods_of(where: str) -> set[str]:
    """How newsmill applies the pattern; where texts are replaced or split, they are searched."""
    module, _, name = where.rpartition(".")
    use = re.compile(rf"\b{name}\.(search|match|fullmatch|sub|subn|split|findall|finditer)\b")
    anywhere = (path for package in (tasks, warehouse) for path in (ROOT / package.__name__).rglob("*.py"))
    paths = [ROOT / f"{module.replace('.', '/')}.py"] if name.startswith("_") else anywhere
    used = {method for path in paths for method in use.findall(path.read_text())}
    used |= {name} & {"match", "fullmatch"}  # what a function spells out has the method for a name
    return {method if method in ("match", "fullmatch") else "search" for method in used} or {"search", "match"}


@pytest.mark.thorough
@pytest.mark.timeout(1800)
def test_no_pattern_takes_the_square_of_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """An article's text has millions of characters, and a JSON document may begin with as many blanks."""
    monkeypatch.setattr("tests.trust.test_patterns.SECONDS", 1.0)
    monkeypatch.setattr("tests.trust.test_patterns.LENGTH", LONG)
    found = {pattern: where for where, pattern in chain(patterns(), of_feedparser())}
    slow = {
        where: text[:60]
        for pattern, where in found.items()
        for text in texts_for_repetitions(pattern.pattern, 3)
        if not ends(pattern, text, methods_of(where))
    }
    assert set(slow) <= set(BOUNDED), "\n".join(map(repr, sorted(slow.items())))
    assert set(BOUNDED) <= set(found.values())
