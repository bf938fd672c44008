"""The feeds registry, feeds.toml: read, checked, chosen from and added to.

What is wrong with the file is said all at once, a line each, with the line it stands on and what to write instead.
"""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import soupsieve
import tomlkit
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StrictBool, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from w3lib.url import canonicalize_url

from tasks import urls
from warehouse.errors import FeedsFileError
from warehouse.landing import write_durably
from warehouse.records import Feed, ImagePolicy, Rules

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What no name or address holds: control characters, line ends, and what neither TOML nor XML can write."""
MAX_ID = 63

_ID = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{MAX_ID - 1}}}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-[A-Za-z0-9]{1,8})*")


def _wrong(problem: str) -> PydanticCustomError:
    return PydanticCustomError("feeds", "{problem}", {"problem": problem})


def _id(value: str) -> str:
    if _ID.fullmatch(value):
        return value
    raise _wrong(f'must be a slug of a-z, 0-9 and "-", {MAX_ID} characters at the most')


def _text(value: str) -> str:
    if not value.strip():
        raise _wrong("must not be empty (write some text, or leave the key out where it is not needed)")
    if UNPRINTABLE.search(value):
        raise _wrong("must be one line of text (write it without line ends and control characters)")
    return value.strip()


def _web_address(value: str) -> str:
    if urls.resolve(None, value) and not re.search(r"\s", value) and not UNPRINTABLE.search(value):
        return value
    said = f'must be an http:// or https:// address, and "{value}" is not one'
    better = mended_address(value)
    raise _wrong(f'{said} (write "{better}")' if better else f'{said} (write "https://example.org/feed", for example)')


def mended_address(value: str) -> str | None:
    """The web address that was probably meant: feed:// and a missing scheme become https://. None where unclear."""
    bare = re.sub(r"^(feed:(//)?|//)", "", UNPRINTABLE.sub("", value).strip())
    if not re.match(r"https?://", bare):
        if "://" in bare or "@" in bare or "." not in bare.split("/")[0]:
            return None
        bare = f"https://{bare}"
    return urls.resolve(None, bare)


def _language(value: str) -> str:
    if _LANGUAGE.fullmatch(value):
        return value
    better = value.strip().replace("_", "-").split(".")[0]
    hint = f'"{better}"' if _LANGUAGE.fullmatch(better) else '"en", "zh-Hant" or "pt-BR", for example'
    raise _wrong(f"must be a BCP 47 language tag (write {hint})")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _time_zone(value: str) -> str:
    if value in _time_zones():
        return value
    # Etc/GMT+8 lies eight hours *behind* Greenwich, so it is no suggestion for GMT+8
    known = [name for name in _time_zones() if name == "UTC" or ("/" in name and not name.startswith("Etc/"))]
    cities = {name.rpartition("/")[2]: name for name in sorted(known)}
    better = nearest(value, known, 0.8) or cities.get(nearest(value.replace(" ", "_"), cities, 0.8) or "")
    hint = f'"{better}"' if better else '"Asia/Shanghai" or "Europe/Paris", for example'
    raise _wrong(f'must be an IANA time zone, and "{value}" is not one (write {hint})')


def _images(value: object) -> object:
    policies = get_args(ImagePolicy)
    if value in policies:
        return value
    better = nearest(value, policies) if isinstance(value, str) else None
    raise _wrong(f'must be "all", "lead" or "none" (write "{better or "all"}")')


def _selector(value: str) -> str:
    try:
        soupsieve.compile(value)
    except soupsieve.SelectorSyntaxError as error:
        reason = str(error).splitlines()[0]
        raise _wrong(
            f'holds "{value}", which is no CSS selector: {reason} (write "div.article", for example)'
        ) from error
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise _wrong(
            f"must be a regular expression, and '{value}' is not one: {error} "
            "(write '\\(', '\\[' or '\\*' for those characters themselves, in single quotes)"
        ) from error
    return value


Text = Annotated[str, AfterValidator(_text)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Selector = Annotated[str, AfterValidator(_selector)]


class RulesTable(BaseModel):
    """A feed's `rules` as feeds.toml writes them."""

    model_config = ConfigDict(extra="forbid")

    content: Selector | None = None
    remove: tuple[Selector, ...] = ()
    drop_after: Annotated[str, AfterValidator(_pattern)] | None = None


class FeedTable(BaseModel):
    """One [[feed]] as feeds.toml writes it."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, AfterValidator(_id)]
    name: Text
    url: WebAddress
    site_url: WebAddress | None = None
    language: Annotated[str, AfterValidator(_language)] | None = None
    timezone: Annotated[str, AfterValidator(_time_zone)] = "UTC"
    group: Text | None = None
    images: Annotated[ImagePolicy, BeforeValidator(_images)] = "all"
    enabled: StrictBool = True
    rules: RulesTable = RulesTable()

    def feed(self) -> Feed:
        return Feed(**(dict(self) | {"rules": Rules(**dict(self.rules))}))


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
    top, _ = _lines(text)
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


def slug(name: str, taken: Collection[str]) -> str:
    """A free id from a site's address, host or name: www.example.co.uk gives example-co-uk, then example-co-uk-2 …"""
    base = _slug_text(name) or "feed"
    found, number = base, 1
    while found in taken:
        number += 1
        suffix = f"-{number}"
        found = base[: MAX_ID - len(suffix)].rstrip("-") + suffix
    return found


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known name most like the word, upper and lower case aside; None where none is."""
    folded = {name.casefold(): name for name in sorted(known)}
    found = get_close_matches(word.casefold(), folded, n=1, cutoff=likeness)
    return folded[found[0]] if found else None


def same_address(address: str) -> str:
    """What all spellings of a feed's address have in common; no parameter is taken for tracking."""
    return canonicalize_url(address)


def problems(error: ValidationError, table: Mapping[str, object]) -> list[tuple[str, str]]:
    """(key, sentence) for each thing that is wrong with a [[feed]] table."""
    found = (_problem(details, table) for details in error.errors())
    return [(key, UNPRINTABLE.sub("?", said)) for key, said in found]


_EXAMPLES = {"id": "bbc-world", "name": "BBC News: World", "url": "https://example.org/feed"}


# What other programs call the same.
_OTHER_NAMES = {"title": "name", "link": "site_url", "feed_url": "url", "xmlUrl": "url", "category": "group"}


def _problem(details: ErrorDetails, table: Mapping[str, object]) -> tuple[str, str]:
    key = ".".join(part for part in details["loc"] if isinstance(part, str))
    value = details["input"]
    match details["type"]:
        case "feeds" if key == "id":
            better = _slug_text(str(value)) or slug(str(table.get("url") or "feed"), ())
            return key, f'id {details["msg"]} (write "{better}")'
        case "feeds":
            return key, f"{key} {details['msg']}"
        case "missing":
            return key, f'{key} is missing (write {key} = "{_EXAMPLES.get(key, "…")}")'
        case "extra_forbidden":
            return key, f"unknown key {key} ({_known_key(details['loc'])})"
        case "string_type":
            return key, f'{key} must be text, not {_toml(value)} (write it in quotes: "…")'
        case "bool_type":
            return key, f"{key} must be true or false, not {_toml(value)} (write it without quotes)"
        case "tuple_type":
            return key, f'{key} must be a list (write {key} = ["…"])'
        case "model_type" | "model_attributes_type":
            return key, f'{key} must be a table (write {key} = {{ remove = ["…"] }})'
        case _:
            return key, f"{key}: {details['msg']}"


def _known_key(loc: Sequence[str | int]) -> str:
    within_rules = len(loc) > 1
    known = list((RulesTable if within_rules else FeedTable).model_fields)
    found = nearest(str(loc[-1]), known if within_rules else [*known, *_OTHER_NAMES])
    if found is None:
        return f"the keys are {', '.join(known)}"
    return f"write {'rules.' if within_rules else ''}{_OTHER_NAMES.get(found, found)}"


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _unreadable(path: Path, error: OSError) -> FeedsFileError:
    return FeedsFileError(f"{path}: can't be read ({error.strerror}); mend that, or name another file with --feeds")


def _parse(data: bytes, path: Path) -> list[Feed]:
    text, document = _load(data, path)
    top, places = _lines(text)
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
        found += [(_line(places_of, key), f"{label}: {problem}") for key, problem in wrong]
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
    if isinstance(name, str) and _ID.fullmatch(name):
        if name in ids:
            found.append(("id", f'id is taken by the feed on line {ids[name]} (write "{slug(name, ids)}")'))
        ids.setdefault(name, line)
    if isinstance(address, str) and urls.resolve(None, address):
        same = same_address(address)
        if same in addresses:
            found.append(("url", f"url is that of the feed on line {addresses[same]} too (remove one of the two)"))
        addresses.setdefault(same, line)
    return found


# Strings and comments, which may hold anything, brackets and line ends included.
_OPAQUE = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*',
    re.DOTALL,
)
_HEADER = re.compile(r"\s*\[(\[?)\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*\]")
_KEY = re.compile(r"\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*=")


def _lines(text: str) -> tuple[dict[str, int], list[dict[str, int]]]:
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


def _line(places: Mapping[str, int], key: str) -> int:
    """The line of the key, or else of the table around it."""
    while key and key not in places:
        key = key.rpartition(".")[0]
    return places[key]


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


def _slug_text(text: str) -> str:
    """a-z, 0-9 and - out of a text; of an address only its host. Empty where nothing of it can be written so."""
    if "://" in text:
        try:
            text = urlsplit(text).hostname or ""
        except ValueError:  # http://[: no address, so it is a text like any other
            text = text.partition("://")[2]
    text = re.sub(r"^www\d?\.", "", text.strip().lower())
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:MAX_ID].rstrip("-")
