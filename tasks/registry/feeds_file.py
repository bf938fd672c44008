"""The feeds registry, feeds.toml: reading and checking it, choosing from its feeds, adding feeds.

All problems of the file are reported at once, each with its line number and what to write instead.
"""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from voluptuous import Invalid

from tasks.errors import FeedsFileError
from tasks.registry import access_table, filter_table
from tasks.registry.feed_ids import FEED_ID, nearest, slug
from tasks.registry.feed_problems import problems
from tasks.registry.feed_table import FEED, read_table
from tasks.registry.filter_table import FILTERS, read_filters
from tasks.registry.line_numbers import line_numbers, line_of
from tasks.text import urls
from warehouse.feed import Feed
from warehouse.filters import NO_FILTERS, Filters


def read_feeds(path: Path) -> list[Feed]:
    """The file's feeds, in its order. Raises FeedsFileError, which lists every problem of the file."""
    return read_registry(path)[0]


def read_registry(path: Path) -> tuple[list[Feed], Filters]:
    """(the file's feeds, in its order; its keep and block rules for all feeds). Raises FeedsFileError."""
    return parse_registry(read_bytes(path), path)


def read_feeds_if_any(path: Path) -> list[Feed]:
    """The file's feeds; none if there is no such file, as after a backfill that needs none. Raises FeedsFileError."""
    return read_feeds(path) if path.exists() else []


def read_bytes(path: Path) -> bytes:
    """The file as it is. Raises FeedsFileError."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise FeedsFileError(
            f"{path}: there is no such file; make one with `newsmill feeds add URL`, "
            "or copy the feeds.toml that comes with newsmill here"
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def choose(feeds: Sequence[Feed], ids: Sequence[str] = (), groups: Sequence[str] = ()) -> list[Feed]:
    """The enabled feeds; with ids or groups, the feeds with these ids or in these groups, in the file's order.

    A feed named by its id is chosen even if it is disabled. Raises FeedsFileError for an unknown id or group.
    """
    _check_known("feed", ids, [feed.id for feed in feeds])
    _check_known("group", groups, [feed.group for feed in feeds if feed.group])
    if not ids and not groups:
        return [feed for feed in feeds if feed.enabled]
    return [feed for feed in feeds if feed.id in ids or (feed.enabled and feed.group in groups)]


def part_of(feeds: Sequence[Feed], part: str) -> list[Feed]:
    """The feeds of a part, such as "1/4": each feed is in one of the four parts, whichever other feeds there are.

    Raises FeedsFileError for an invalid part.
    """
    number, _, count = part.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise FeedsFileError(f"{part!r} is not a part of the feeds; the first of four is 1/4, the last 4/4")
    return [feed for feed in feeds if zlib.crc32(feed.id.encode()) % int(count) == int(number) - 1]


def add_feed(path: Path, feed: Feed) -> None:
    """Append the feed to the file, which is created if absent. Raises FeedsFileError and LandingError as add_feeds."""
    add_feeds(path, [feed])


def add_feeds(path: Path, feeds: Sequence[Feed]) -> None:
    """Append the feeds in one write, all or none; the rest of the file stays as it is, with its comments.

    Raises FeedsFileError for a feed that is invalid or whose id or url is taken, and for a file that can't be read;
    LandingError if it can't be written.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b"# The feeds newsmill reads; one [[feed]] table each.\n"
    except OSError as error:
        raise _unreadable(path, error) from error
    known = parse_feeds(data, path)
    text = data.decode("utf-8-sig")
    top, _ = line_numbers(text)
    if "feed" in top:
        raise FeedsFileError(f"{path}:{top['feed']}: feed = […] can't be added to; write each feed as a [[feed]] table")
    added = [_validate(feed, path) for feed in feeds]
    _check_not_taken(added, known, path)
    end = "\r\n" if "\r\n" in text else "\n"
    addition = "\n".join(_as_toml(feed) for feed in added).replace("\n", end)
    gap = "" if not text else end if text.endswith("\n") else end * 2
    data += (gap + addition).encode()
    parse_feeds(data, path)  # never write a file that can't be read again
    write_feeds(path, data)


def write_feeds(path: Path, data: bytes) -> None:
    """Write the file durably, with the permissions that it has. Raises LandingError."""
    from warehouse.landing import write_durably  # brings zstandard

    target = path.resolve()  # so that a symlink stays one
    mode = target.stat().st_mode if target.exists() else None
    write_durably(target, data)
    if mode is not None:
        target.chmod(mode & 0o7777)


def _unreadable(path: Path, error: OSError) -> FeedsFileError:
    return FeedsFileError(f"{path}: can't be read ({error.strerror}); fix that, or name another file with --feeds")


def parse_feeds(data: bytes, path: Path) -> list[Feed]:
    """The feeds of the file. Raises FeedsFileError, which lists every problem of the file."""
    return parse_registry(data, path)[0]


def parse_registry(data: bytes, path: Path) -> tuple[list[Feed], Filters]:
    """The feeds of the file, and the rules for all. Raises FeedsFileError, which lists every problem of the file."""
    text, document = _load_toml(data, path)
    top_lines, feed_lines = line_numbers(text)
    tables = document.pop("feed", [])
    shared = {key: document.pop(key) for key in FILTERS if key in document}
    complaints = [(top_lines.get(key, 1), _unknown_key(key)) for key in document]
    shared_filters = NO_FILTERS
    try:
        shared_filters = read_filters(shared)
    except Invalid as error:
        complaints += [(line_of({"": 1} | top_lines, key), problem) for key, problem in problems(error, shared)]
    feed_line = top_lines.get("feed", 1)
    if not isinstance(tables, list):
        complaints.append((feed_line, "feed must be a list of tables (write [[feed]], with two brackets)"))
        tables = []
    feeds: list[Feed] = []
    ids: dict[str, int] = {}
    addresses: dict[str, int] = {}
    for number, table in enumerate(tables):
        lines = feed_lines[number] if number < len(feed_lines) else {"": feed_line}
        keys_and_problems: list[tuple[str, str]] = []
        if isinstance(table, dict):
            try:
                feeds.append(read_table(table))
            except Invalid as error:
                keys_and_problems = problems(error, table)
            keys_and_problems += _duplicates(table, lines[""], ids, addresses)
        else:
            keys_and_problems.append(("", "must be a table (write [[feed]], then a key a line)"))
        label = _label(table, number)
        complaints += [(line_of(lines, key), f"{label}: {problem}") for key, problem in keys_and_problems]
    if complaints:
        raise FeedsFileError("\n".join(f"{path}:{line}: {complaint}" for line, complaint in sorted(complaints)))
    return feeds, shared_filters


def _load_toml(data: bytes, path: Path) -> tuple[str, dict[str, Any]]:
    """The file's text, and what it holds. Raises FeedsFileError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FeedsFileError(f"{path}:{line}: not UTF-8 (byte 0x{data[error.start]:02X}); save it as UTF-8") from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        match = re.search(r"\(at line (\d+), column (\d+)\)", message)
        line = int(match[1]) if match else text.count("\n") + 1
        column = f" in column {match[2]}" if match else " at the end"
        reason = message.rpartition(" (at ")[0] or message
        hint = (
            "write text with a backslash, such as a regular expression, in 'single quotes'"
            if "\\" in reason
            else 'write key = "text", key = ["list", "of texts"], or key = true'
        )
        raise FeedsFileError(f"{path}:{line}: not TOML: {reason}{column} ({hint})") from error
    except RecursionError as error:
        raise FeedsFileError(f"{path}:1: not a feeds file: its lists are nested too deep (write [[feed]])") from error
    except ValueError as error:  # Python refuses to read a number of 4,301 digits
        raise FeedsFileError(f"{path}:1: not a feeds file: {error} (no key takes a number)") from error


def _unknown_key(key: str) -> str:
    if key in FEED or key == "list":
        return f"{key} stands before the first [[feed]] (write it below the [[feed]] it belongs to)"
    return f"unknown table or key {key} (write [[feed]] for each feed)"


def _label(table: object, number: int) -> str:
    """How a message names the feed: by its id, name or url, else by its number in the file."""
    for key in ("id", "name", "url"):
        if isinstance(table, dict) and isinstance(value := table.get(key), str) and value:
            return f'feed "{value}"'
    return f"feed {number + 1}"


def _duplicates(
    table: Mapping[str, object], line: int, ids: dict[str, int], addresses: dict[str, int]
) -> list[tuple[str, str]]:
    """The problems of a feed whose id or url an earlier feed has. Adds its own to `ids` and `addresses`."""
    keys_and_problems = []
    feed_id, address = table.get("id"), table.get("url")
    if isinstance(feed_id, str) and FEED_ID.fullmatch(feed_id):
        if feed_id in ids:
            problem = f'id is taken by the feed on line {ids[feed_id]} (write "{slug(feed_id, ids)}")'
            keys_and_problems.append(("id", problem))
        ids.setdefault(feed_id, line)
    if isinstance(address, str) and urls.resolve(None, address):
        canonical = urls.normalize(address)
        if canonical in addresses:
            problem = f"url is that of the feed on line {addresses[canonical]} too (remove one of the two)"
            keys_and_problems.append(("url", problem))
        addresses.setdefault(canonical, line)
    return keys_and_problems


def _check_known(kind: str, names: Iterable[str], known: Sequence[str]) -> None:
    for name in names:
        if name in known:
            continue
        if better := nearest(name, known):
            raise FeedsFileError(f'there is no {kind} "{name}"; did you mean "{better}"?')
        examples = ", ".join(list(dict.fromkeys(known))[:30]) or "none"
        raise FeedsFileError(f'there is no {kind} "{name}"; `newsmill feeds list` shows those there are: {examples}')


def _validate(feed: Feed, path: Path) -> Feed:
    table = as_table(feed)
    try:
        return read_table(table)
    except Invalid as error:
        reasons = "; ".join(problem for _, problem in problems(error, table))
        raise FeedsFileError(f"{path}: {_label(table, 0)} can't be added: {reasons}") from error


def _check_not_taken(added: Iterable[Feed], known: Sequence[Feed], path: Path) -> None:
    addresses = {urls.normalize(feed.url): feed.id for feed in known}
    ids = {feed.id: feed.url for feed in known}
    for feed in added:
        if other := addresses.get(urls.normalize(feed.url)):
            raise FeedsFileError(f'{path}: {feed.url} is there already, as feed "{other}"; it was not added again')
        if feed.id in ids:
            better = slug(feed.id, ids)
            raise FeedsFileError(f'{path}: id "{feed.id}" is taken by {ids[feed.id]}; give another, such as "{better}"')
        addresses[urls.normalize(feed.url)] = feed.id
        ids[feed.id] = feed.url


def as_table(feed: Feed) -> dict[str, object]:
    """The feed as its [[feed]] table, without values that are the default."""
    names = [field for field in fields(feed) if field.name not in ("filters", "shared_filters", "access")]
    table = {field.name: value for field in names if (value := getattr(feed, field.name)) != field.default}
    for key, rules in (("rules", feed.rules), ("page", feed.page), ("list", feed.list)):
        if key in table:
            table[key] = {name: _as_list(value) for name, value in asdict(rules).items() if value not in (None, ())}
    return table | filter_table.as_tables(feed.filters) | access_table.as_tables(feed.access)


def _as_list(value: object) -> object:
    return [_as_list(member) for member in value] if isinstance(value, tuple) else value


def _as_toml(feed: Feed) -> str:
    import tomlkit

    table = tomlkit.table()
    for key, value in as_table(feed).items():
        if isinstance(value, dict):
            table.add(key, _inline(value))
        elif key in FILTERS and isinstance(value, list):
            rules = tomlkit.array()
            for rule in value:
                rules.add_line(_inline(rule))
            rules.add_line(indent="")
            table.add(key, rules)
        else:
            table.add(key, tomlkit.item(value))
    document = tomlkit.document()
    document.add("feed", tomlkit.aot())
    document["feed"].append(table)
    return tomlkit.dumps(document)


def _inline(values: Mapping[str, object]) -> Any:
    import tomlkit

    table = tomlkit.inline_table()
    table.update(values)
    return table
