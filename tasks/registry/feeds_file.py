"""The feeds registry, feeds.toml: read, checked, chosen from and added to.

What is wrong with the file is said all at once, a line each, with the line it stands on and what to write instead.
"""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError

from tasks.errors import FeedsFileError
from tasks.registry.feed_table import FEED_ID, FeedTable, nearest, problems, same_address, slug
from tasks.registry.line_numbers import line_numbers, line_of
from tasks.text import urls
from warehouse.landing import write_durably
from warehouse.records import Feed


def read_feeds(path: Path) -> list[Feed]:
    """The file's feeds, in its order. Raises FeedsFileError that lists every problem of the file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise FeedsFileError(
            f"{path}: there is no such file; make one with `newsmill feeds add URL`, "
            "or copy the feeds.toml that comes with newsmill here"
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    return _parse(data, path)


def choose(feeds: Sequence[Feed], ids: Sequence[str] = (), groups: Sequence[str] = ()) -> list[Feed]:
    """The enabled feeds; with ids or groups, those that are named or are in a named group, in the file's order.

    A feed named by its id is chosen even while it is disabled. Raises FeedsFileError for an unknown id or group.
    """
    _check_known("feed", ids, [feed.id for feed in feeds])
    _check_known("group", groups, [feed.group for feed in feeds if feed.group])
    if not ids and not groups:
        return [feed for feed in feeds if feed.enabled]
    return [feed for feed in feeds if feed.id in ids or (feed.enabled and feed.group in groups)]


def part_of(feeds: Sequence[Feed], part: str) -> list[Feed]:
    """The feeds of a part, such as "1/4": each feed is in one of the four, and stays there as others come and go.

    Raises FeedsFileError for a part that is none.
    """
    number, _, count = part.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise FeedsFileError(f"{part!r} is no part of the feeds; the first of four is 1/4, the last 4/4")
    return [feed for feed in feeds if zlib.crc32(feed.id.encode()) % int(count) == int(number) - 1]


def add_feed(path: Path, feed: Feed) -> None:
    """Append the feed to the file, made if absent. Raises FeedsFileError (as add_feeds does) and LandingError."""
    add_feeds(path, [feed])


def add_feeds(path: Path, feeds: Sequence[Feed]) -> None:
    """Append the feeds in one write, all or none; what the file holds stays as it is, comments and all.

    Raises FeedsFileError for a feed that is not valid or whose id or url is taken, and for a file that can't be read;
    LandingError where it can't be written.
    """
    try:
        data, mode = path.read_bytes(), path.stat().st_mode
    except FileNotFoundError:
        data, mode = b"# The feeds newsmill reads; one [[feed]] table each.\n", None
    except OSError as error:
        raise _unreadable(path, error) from error
    known = _parse(data, path)
    text = data.decode("utf-8-sig")
    top, _ = line_numbers(text)
    if "feed" in top:
        raise FeedsFileError(f"{path}:{top['feed']}: feed = […] can't be added to; write each feed as a [[feed]] table")
    added = [_checked(feed, path) for feed in feeds]
    _check_free(added, known, path)
    end = "\r\n" if "\r\n" in text else "\n"
    addition = "\n".join(_as_toml(feed) for feed in added).replace("\n", end)
    gap = "" if not text else end if text.endswith("\n") else end * 2
    data += (gap + addition).encode()
    _parse(data, path)  # whatever happens, a file that can't be read again is not written
    target = path.resolve()  # a link stays a link
    write_durably(target, data)
    if mode is not None:
        target.chmod(mode & 0o7777)


def _unreadable(path: Path, error: OSError) -> FeedsFileError:
    return FeedsFileError(f"{path}: can't be read ({error.strerror}); mend that, or name another file with --feeds")


def _parse(data: bytes, path: Path) -> list[Feed]:
    text, document = _load(data, path)
    top, places = line_numbers(text)
    tables = document.pop("feed", [])
    found = [(top.get(key, 1), _unknown_top(key)) for key in document]
    if not isinstance(tables, list):
        found.append((top.get("feed", 1), "feed must be a list of tables (write [[feed]], with two brackets)"))
        tables = []
    feeds: list[Feed] = []
    ids: dict[str, int] = {}
    addresses: dict[str, int] = {}
    for number, table in enumerate(tables):
        places_of = places[number] if number < len(places) else {"": top.get("feed", 1)}
        wrong: list[tuple[str, str]] = []
        if isinstance(table, dict):
            try:
                feeds.append(FeedTable.model_validate(table).feed())
            except ValidationError as error:
                wrong = problems(error, table)
            wrong += _taken(table, places_of[""], ids, addresses)
        else:
            wrong.append(("", "must be a table (write [[feed]], then a key a line)"))
        label = _label(table, number)
        found += [(line_of(places_of, key), f"{label}: {problem}") for key, problem in wrong]
    if found:
        raise FeedsFileError("\n".join(f"{path}:{line}: {problem}" for line, problem in sorted(found)))
    return feeds


def _load(data: bytes, path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FeedsFileError(f"{path}:{line}: not UTF-8 (byte 0x{data[error.start]:02X}); save it as UTF-8") from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        at = re.search(r"\(at line (\d+), column (\d+)\)", said)
        line = int(at[1]) if at else text.count("\n") + 1
        column = f" in column {at[2]}" if at else " at the end"
        reason = said.rpartition(" (at ")[0] or said
        hint = (
            "write text with a backslash, such as a regular expression, in 'single quotes'"
            if "\\" in reason
            else 'write key = "text", key = ["list", "of texts"], or key = true'
        )
        raise FeedsFileError(f"{path}:{line}: not TOML: {reason}{column} ({hint})") from error
    except RecursionError as error:
        raise FeedsFileError(f"{path}:1: not a feeds file: its lists are nested too deep (write [[feed]])") from error


def _unknown_top(key: str) -> str:
    if key in FeedTable.model_fields:
        return f"{key} stands before the first [[feed]] (write it below the [[feed]] it belongs to)"
    return f"unknown table or key {key} (write [[feed]] for each feed)"


def _label(table: object, number: int) -> str:
    for key in ("id", "name", "url"):
        if isinstance(table, dict) and isinstance(value := table.get(key), str) and value:
            return f'feed "{value}"'
    return f"feed {number + 1}"


def _taken(
    table: Mapping[str, object], line: int, ids: dict[str, int], addresses: dict[str, int]
) -> list[tuple[str, str]]:
    """Whether another feed has the id or the url; if not, this one has."""
    found = []
    name, address = table.get("id"), table.get("url")
    if isinstance(name, str) and FEED_ID.fullmatch(name):
        if name in ids:
            found.append(("id", f'id is taken by the feed on line {ids[name]} (write "{slug(name, ids)}")'))
        ids.setdefault(name, line)
    if isinstance(address, str) and urls.resolve(None, address):
        same = same_address(address)
        if same in addresses:
            found.append(("url", f"url is that of the feed on line {addresses[same]} too (remove one of the two)"))
        addresses.setdefault(same, line)
    return found


def _check_known(kind: str, wanted: Iterable[str], known: Sequence[str]) -> None:
    for name in wanted:
        if name in known:
            continue
        if better := nearest(name, known):
            raise FeedsFileError(f'there is no {kind} "{name}"; did you mean "{better}"?')
        names = ", ".join(list(dict.fromkeys(known))[:30]) or "none"
        raise FeedsFileError(f'there is no {kind} "{name}"; `newsmill feeds list` shows those there are: {names}')


def _checked(feed: Feed, path: Path) -> Feed:
    table = as_table(feed)
    try:
        return FeedTable.model_validate(table).feed()
    except ValidationError as error:
        reasons = "; ".join(problem for _, problem in problems(error, table))
        raise FeedsFileError(f"{path}: {_label(table, 0)} can't be added: {reasons}") from error


def _check_free(added: Iterable[Feed], known: Sequence[Feed], path: Path) -> None:
    addresses = {same_address(feed.url): feed.id for feed in known}
    ids = {feed.id: feed.url for feed in known}
    for feed in added:
        if other := addresses.get(same_address(feed.url)):
            raise FeedsFileError(f'{path}: {feed.url} is there already, as feed "{other}"; it was not added again')
        if feed.id in ids:
            better = slug(feed.id, ids)
            raise FeedsFileError(f'{path}: id "{feed.id}" is taken by {ids[feed.id]}; give another, such as "{better}"')
        addresses[same_address(feed.url)] = feed.id
        ids[feed.id] = feed.url


def as_table(feed: Feed) -> dict[str, object]:
    """The feed as its [[feed]] table; what is as by default is left out."""
    table = {f.name: value for f in fields(feed) if (value := getattr(feed, f.name)) != f.default}
    if "rules" in table:
        rules = {key: value for key, value in asdict(feed.rules).items() if value not in (None, ())}
        table["rules"] = {key: list(value) if isinstance(value, tuple) else value for key, value in rules.items()}
    return table


def _as_toml(feed: Feed) -> str:
    table = tomlkit.table()
    for key, value in as_table(feed).items():
        if isinstance(value, dict):
            inline = tomlkit.inline_table()
            inline.update(value)
            table.add(key, inline)
        else:
            table.add(key, tomlkit.item(value))
    document = tomlkit.document()
    document.add("feed", tomlkit.aot())
    document["feed"].append(table)
    return tomlkit.dumps(document)
