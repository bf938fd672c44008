"""What each value of a [[feed]] may be, and what to write instead of an invalid one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from voluptuous import All, Invalid

from tasks.references import REFERENCE
from tasks.registry.feed_ids import FEED_ID, MAX_ID, nearest
from tasks.rhythm import PERIOD, period
from tasks.shapes import Check, list_of, one_or_more
from tasks.text import urls
from warehouse.characters import UNPRINTABLE_IN_LINES

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-[A-Za-z0-9]{1,8})*")

SHORTEST_RETENTION = 3600.0
"""Seconds; less would be a mistake."""


def shown_text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise Invalid(f'must be text, not {_as_toml(value)} (write it in quotes: "…")')


def check_switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Invalid(f"must be true or false, not {_as_toml(value)} (write it without quotes)")


def _as_toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def check_id(value: str) -> str:
    if FEED_ID.fullmatch(value):
        return value
    raise Invalid(f'must be a slug of a-z, 0-9 and "-", {MAX_ID} characters at the most')


def check_text(value: str) -> str:
    if not value.strip():
        raise Invalid("must not be empty (write some text, or leave the key out where it is not needed)")
    if UNPRINTABLE_IN_LINES.search(value):
        raise Invalid("must be one line of text (write it without line ends and control characters)")
    return value.strip()


def check_feed_address(value: str) -> str:
    """An address that may hold references to secrets, but in the host."""
    plain = REFERENCE.sub("x", value)
    check_web_address(plain)
    if plain != value and REFERENCE.search(urlsplit(value).netloc.rpartition("@")[2]):
        raise Invalid("must name its host itself (write references to secrets after it, or as user and password)")
    return value


def check_web_address(value: str) -> str:
    if urls.resolve(None, value) and not re.search(r"\s", value) and not UNPRINTABLE_IN_LINES.search(value):
        return value
    problem = f'must be an http:// or https:// address, and "{value}" is not one'
    better = fix_address(value)
    raise Invalid(
        f'{problem} (write "{better}")' if better else f'{problem} (write "https://example.org/feed", for example)'
    )


def fix_address(value: str) -> str | None:
    """The web address that was probably meant: feed:// and a missing scheme become https://. None if unclear."""
    bare = re.sub(r"^(feed:(//)?|//)", "", UNPRINTABLE_IN_LINES.sub("", value).strip())
    if not re.match(r"https?://", bare):
        if "://" in bare or "@" in bare or "." not in bare.split("/")[0]:
            return None
        bare = f"https://{bare}"
    return urls.resolve(None, bare)


def check_language(value: str) -> str:
    if _LANGUAGE.fullmatch(value):
        return value
    better = value.strip().replace("_", "-").split(".")[0]
    hint = f'"{better}"' if _LANGUAGE.fullmatch(better) else '"en", "zh-Hant" or "pt-BR", for example'
    raise Invalid(f"must be a BCP 47 language tag (write {hint})")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _is_time_zone(name: str) -> bool:
    """As `_time_zones` says, which opens the files of all zones to know."""
    if name.startswith(("posix", "right/")):  # other forms of the same zones
        return False
    try:
        return ZoneInfo(name).key == name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def check_time_zone(value: str) -> str:
    if _is_time_zone(value):
        return value
    # Etc/GMT+8 is eight hours *behind* Greenwich, so it is not suggested for GMT+8
    names = [name for name in _time_zones() if name == "UTC" or ("/" in name and not name.startswith("Etc/"))]
    cities = {name.rpartition("/")[2]: name for name in sorted(names)}
    better = nearest(value, names, 0.8) or cities.get(nearest(value.replace(" ", "_"), cities, 0.8) or "")
    hint = f'"{better}"' if better else '"Asia/Shanghai" or "Europe/Paris", for example'
    raise Invalid(f'must be an IANA time zone, and "{value}" is not one (write {hint})')


def one_of(choices: Sequence[str], usual: str) -> Callable[[object], object]:
    """The check that a value is one of the choices; `usual` is what to write where none is like it."""
    *others, last = (f'"{choice}"' for choice in choices)

    def check(value: object) -> object:
        if value in choices:
            return value
        better = nearest(value, choices) if isinstance(value, str) else None
        raise Invalid(f'must be {", ".join(others)} or {last} (write "{better or usual}")')

    return check


def check_period(value: str) -> str:
    if PERIOD.fullmatch(value):
        return value
    raise Invalid(
        f'holds "{value}", which is no time after the first reading (write "1h", "6h", "1d" or "7d", for example)'
    )


def check_retention(value: str) -> str:
    if PERIOD.fullmatch(value) and period(value) >= SHORTEST_RETENTION:
        return value
    raise Invalid(f'holds "{value}", which is no length of time of an hour or more (write "90d" or "52w", for example)')


def check_selector(value: str) -> str:
    import soupsieve  # brings BeautifulSoup, which a feed without rules does not need

    try:
        soupsieve.compile(value)
    except soupsieve.SelectorSyntaxError as error:
        reason = str(error).splitlines()[0]
        raise Invalid(
            f'holds "{value}", which is not a CSS selector: {reason} (write "div.article", for example)'
        ) from error
    return value


def check_pattern(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise Invalid(
            f"must be a regular expression, and '{value}' is not one: {error} "
            "(write '\\(', '\\[' or '\\*' for those characters themselves, in single quotes)"
        ) from error
    return value


def check_page_selector(value: str) -> str:
    from tasks.text.selectors import compile_selector, is_xpath  # few feeds have rules for pages

    try:
        compile_selector(value)
    except ValueError as error:
        kind, example = ("an XPath", "//div[@id='story']") if is_xpath(value) else ("a CSS selector", "div.story")
        raise Invalid(
            f"""holds "{value}", which is not {kind}: {error} (write "{example}", for example; an XPath begins with """
            """"/" or "(")"""
        ) from error
    return value


def check_path(value: str) -> str:
    import jmespath  # few feeds are an API's list
    from jmespath.exceptions import JMESPathError

    try:
        jmespath.compile(value)
    except JMESPathError as error:
        column = getattr(error, "lex_position", getattr(error, "lexer_position", None))
        place = "" if column is None else f", from column {column} on"
        raise Invalid(
            f"holds '{value}', which is not a JMESPath expression{place} (write 'data.articles' or 'image.url', for "
            "example, and '\"first-name\"' for a name that has other characters than letters, digits and _)"
        ) from error
    return value


def check_pairs(value: object) -> tuple[tuple[str, str], ...]:
    pairs = value if isinstance(value, list | tuple) else [None]
    if all(isinstance(pair, list | tuple) and len(pair) == 2 and pair[0] for pair in pairs):
        return tuple((first, second) for first, second in map(list_of(shown_text), pairs))
    raise Invalid('must be pairs of texts (write replace = [["what to find", "what to put there"]])')


def text_that(check: Callable[[str], str]) -> Check:
    """Text that passes the check."""
    return All(shown_text, check)


page_selectors = one_or_more(text_that(check_page_selector))
"""One selector, or a list of them."""
