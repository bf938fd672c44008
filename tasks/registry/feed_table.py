"""One [[feed]] of feeds.toml: its keys, what each may hold, and what to write instead of what is wrong."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Annotated, get_args
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import soupsieve
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StrictBool, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from w3lib.url import canonicalize_url

from tasks.text import urls
from warehouse.records import Feed, ImagePolicy, Rules

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What no name or address holds: control characters, line ends, and what neither TOML nor XML can write."""
MAX_ID = 63
FEED_ID = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{MAX_ID - 1}}}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-[A-Za-z0-9]{1,8})*")


def _wrong(problem: str) -> PydanticCustomError:
    return PydanticCustomError("feeds", "{problem}", {"problem": problem})


def _id(value: str) -> str:
    if FEED_ID.fullmatch(value):
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
