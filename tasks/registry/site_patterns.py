"""Site patterns: files with the rules for the pages of one host each, as FiveFilters' full-text tools read them.

A line holds a directive and its value, most of them an XPath:

    body: //div[@id='story']
    strip_id_or_class: advert
    # a comment
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from tasks.text.urls import strip_www
from warehouse.records import Document, Feed, PageRules

MAX_PATTERN = 200_000
"""Bytes of a file that are read."""
_log = logging.getLogger(__name__)
_HOST = re.compile(r"\.?(?:[\w-]+\.)+[\w-]+")
_DIRECTIVE = re.compile(r"(replace_string\(.*?\)|[A-Za-z_]+(?:\([^)]*\))?)\s*:(.*)")
_FUNCTION = re.compile(r"[a-z-]+\s*\(")
_RULES = {
    "body": "content",
    "strip": "remove",
    "strip_id_or_class": "remove",
    "strip_image_src": "remove",
    "title": "title",
    "author": "author",
    "date": "date",
    "next_page_link": "next",
    "single_page_link": "whole",
}
"""Directive → the page rule that it is."""
_NEEDLESS = frozenset(
    [
        *("prune", "tidy", "parser", "test_url", "test_contains", "autodetect_on_failure", "autodetect_next_page"),
        *("convert_double_br_tags", "strip_comments", "skip_json_ld", "insert_detected_image"),
    ]
)
"""Directives about how those tools clean a page, which newsmill does in its own way; and for their tests."""


@dataclass(frozen=True, slots=True)
class SitePattern:
    host: str
    """The host; ".example.org" for all hosts below example.org."""
    rules: PageRules
    problems: tuple[str, ...] = ()
    """Lines that can't be read, and were left out: the line's number, a colon and the reason."""
    unfollowed: tuple[str, ...] = ()
    """The directives that newsmill does not follow, by name."""


def host_of_file(path: Path) -> str | None:
    """The host that the file is for, by its name; None if that is no host's."""
    name = strip_www(path.name.lower().removesuffix(".txt"))
    return name if path.suffix.lower() == ".txt" and _HOST.fullmatch(name) else None


def read_pattern(host: str, data: bytes) -> SitePattern:
    """The rules of a file for the host. A line that can't be read is a problem; the others hold."""
    reader = _Reader()
    text = data[:MAX_PATTERN].decode("utf-8-sig", "replace")
    for number, line in enumerate(text.splitlines(), 1):
        try:
            reader.read(line.strip())
        except ValueError as error:
            reader.problems.append(f"{number}: {error}")
    if len(reader.found) != len(reader.replacements):
        reader.problems.append("1: each find_string needs a replace_string of its own; none of them is used")
        reader.found.clear()
    pairs = [pair for pair in zip(reader.found, reader.replacements, strict=False) if pair[0]]
    selectors = {name: tuple(dict.fromkeys(found)) for name, found in reader.rules.items()}
    rules = PageRules(**selectors, replace=(*reader.pairs, *pairs))
    return SitePattern(host, rules, tuple(reader.problems), tuple(dict.fromkeys(reader.unfollowed)))


class _Reader:
    """What the lines of a file have said so far."""

    def __init__(self) -> None:
        self.rules: dict[str, list[str]] = {}
        self.found: list[str] = []
        self.replacements: list[str] = []
        self.pairs: list[tuple[str, str]] = []
        self.problems: list[str] = []
        self.unfollowed: list[str] = []
        self._link = ""
        """The rule of the last link, which if_page_contains is about."""

    def read(self, line: str) -> None:
        """Raises ValueError."""
        if not line or line.startswith("#"):
            return
        match = _DIRECTIVE.fullmatch(line)
        if match is None:
            raise ValueError(f'"{line[:60]}" is no directive (write body: //div, for example)')
        name, value = match[1].lower(), match[2].strip()
        if name.startswith("replace_string("):
            find = match[1][len("replace_string(") : -1]
            self.pairs += [(find, value)] if find else []
        elif name == "find_string":
            self.found.append(value)
        elif name == "replace_string":
            self.replacements.append(value)
        elif name == "if_page_contains":
            self._limit_link(value)
        elif name in _RULES:
            self._add(name, value)
        elif name not in _NEEDLESS:
            self.unfollowed.append(name.partition("(")[0])

    def _add(self, name: str, value: str) -> None:
        if not value:
            return
        rule = _RULES[name]
        self.rules.setdefault(rule, []).append(_checked(name, _as_xpath(name, value)))
        if rule in ("next", "whole"):
            self._link = rule

    def _limit_link(self, condition: str) -> None:
        """Let the last link count only where the page holds something: without, a made address would always be one."""
        if not self._link:
            raise ValueError("if_page_contains stands before any link (write it below single_page_link)")
        condition = _checked("if_page_contains", condition)
        rule, self._link = self._link, ""  # if the two together can't be used, the link is left out
        link = self.rules[rule].pop()
        # substring(…, 1 div true) is the whole text, substring(…, 1 div false) none of it
        is_made = link.startswith("(") and _FUNCTION.match(link[1:])
        limited = f"(substring({link}, 1 div boolean({condition})))" if is_made else f"({link})[boolean({condition})]"
        self.rules[rule].append(_checked("if_page_contains", limited))
        self._link = rule


def _as_xpath(name: str, value: str) -> str:
    from tasks.text.selectors import is_xpath

    word = re.sub(r"['\"]", "", value)
    if name == "strip_image_src":
        return f"//img[contains(@src, '{word}')]"
    if name == "strip_id_or_class":
        quick = f"contains(@class, '{word}') or contains(@id, '{word}')"  # the next takes three times as long
        return f"//*[{quick}][{_has_word('class', word)} or {_has_word('id', word)}]"
    if is_xpath(value):
        return value
    # a path without a slash begins at the body; what calls a function is put in brackets to be known as XPath
    return f"({value})" if _FUNCTION.match(value) else f"//body/{value}"


def _has_word(attribute: str, word: str) -> str:
    return f"contains(concat(' ', normalize-space(@{attribute}), ' '), ' {word} ')"


def _checked(name: str, xpath: str) -> str:
    from tasks.text.selectors import compile_selector

    try:
        compile_selector(xpath)
    except ValueError as error:
        raise ValueError(f'{name} holds "{xpath}", which is not an XPath: {error}') from error
    return xpath


def hosts_of(address: str) -> Iterator[str]:
    """The hosts that a file for the address may be named for, the nearest first."""
    try:
        host = strip_www((urlsplit(address).hostname or "").lower())
    except ValueError:  # a host such as "["
        return
    if not _HOST.fullmatch(host):
        return
    yield host
    _, _, parent = host.partition(".")
    while "." in parent:
        yield f".{parent}"
        _, _, parent = parent.partition(".")


class SitePatterns:
    """The site patterns of a folder, each read when the first page of its host needs it. Not a dataclass: Prefect
    searches every field of one."""

    def __init__(self, folder: Path | None, known: Mapping[str, PageRules] | None = None) -> None:
        self.folder = folder
        self._known = dict(known or {})
        """Name of a file's host → its rules; without any, there is no such file."""

    def rules_for(self, address: str) -> PageRules:
        """The rules for the page at this address; without any rule, there is no file for it."""
        return next(filter(None, map(self._read, hosts_of(address))), PageRules())

    def file_for(self, address: str) -> str | None:
        """The name of the file that has them."""
        return next((f"{host}.txt" for host in hosts_of(address) if self._read(host)), None)

    def apply(self, feed: Feed, document: Document) -> Feed:
        """The feed with the rules that hold for this document: its own, else those of the page's host."""
        if document.form != "page" or feed.page:
            return feed
        rules = self.rules_for(document.final_url)
        return replace(feed, page=rules) if rules else feed

    def only_for(self, addresses: Iterable[str]) -> SitePatterns:
        """The patterns for these addresses, for a process that does not see the folder."""
        hosts = {host for address in addresses for host in hosts_of(address)}
        return SitePatterns(None, {host: self._read(host) for host in hosts})

    def _read(self, host: str) -> PageRules:
        if host not in self._known:
            self._known[host] = self._read_file(host)
        return self._known[host]

    def _read_file(self, host: str) -> PageRules:
        if self.folder is None:
            return PageRules()
        path = self.folder / f"{host}.txt"
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return PageRules()
        except OSError as error:
            _log.warning("%s: can't be read (%s); its pages are read without it", path, error.strerror)
            return PageRules()
        pattern = read_pattern(host, data)
        for problem in pattern.problems:
            _log.warning("%s:%s; the line is left out", path, problem)
        return pattern.rules
