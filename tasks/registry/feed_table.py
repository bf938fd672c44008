"""One [[feed]] of feeds.toml: its keys, their valid values, and what to write instead of an invalid one."""

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

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StrictBool,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError
from w3lib.url import canonicalize_url

from tasks.references import REFERENCE
from tasks.registry.access_table import SECRETS, AuthTable, Cookies, Headers, Proxy, Value, check_not_twice
from tasks.registry.filter_table import FiltersTable, FilterTable
from tasks.rhythm import PERIOD
from tasks.text import urls
from tasks.text.selectors import compile_selector, is_xpath
from warehouse.access import Access
from warehouse.characters import UNPRINTABLE_IN_LINES
from warehouse.records import Feed, FullText, ImagePolicy, Kind, ListRules, PageRules, Rules, digest

MAX_ID = 63
MAX_TITLE_ID = 40
"""Characters of an id that a title gives; some are whole sentences."""
FEED_ID = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{MAX_ID - 1}}}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-[A-Za-z0-9]{1,8})*")


def _error(problem: str) -> PydanticCustomError:
    return PydanticCustomError("feeds", "{problem}", {"problem": problem})


def _check_id(value: str) -> str:
    if FEED_ID.fullmatch(value):
        return value
    raise _error(f'must be a slug of a-z, 0-9 and "-", {MAX_ID} characters at the most')


def _check_text(value: str) -> str:
    if not value.strip():
        raise _error("must not be empty (write some text, or leave the key out where it is not needed)")
    if UNPRINTABLE_IN_LINES.search(value):
        raise _error("must be one line of text (write it without line ends and control characters)")
    return value.strip()


def _check_feed_address(value: str) -> str:
    """An address that may hold references to secrets, but in the host."""
    plain = REFERENCE.sub("x", value)
    _check_web_address(plain)
    if plain != value and REFERENCE.search(urlsplit(value).netloc.rpartition("@")[2]):
        raise _error("must name its host itself (write references to secrets after it, or as user and password)")
    return value


def _check_web_address(value: str) -> str:
    if urls.resolve(None, value) and not re.search(r"\s", value) and not UNPRINTABLE_IN_LINES.search(value):
        return value
    problem = f'must be an http:// or https:// address, and "{value}" is not one'
    better = fix_address(value)
    raise _error(
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


def _check_language(value: str) -> str:
    if _LANGUAGE.fullmatch(value):
        return value
    better = value.strip().replace("_", "-").split(".")[0]
    hint = f'"{better}"' if _LANGUAGE.fullmatch(better) else '"en", "zh-Hant" or "pt-BR", for example'
    raise _error(f"must be a BCP 47 language tag (write {hint})")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check_time_zone(value: str) -> str:
    if value in _time_zones():
        return value
    # Etc/GMT+8 is eight hours *behind* Greenwich, so it is not suggested for GMT+8
    names = [name for name in _time_zones() if name == "UTC" or ("/" in name and not name.startswith("Etc/"))]
    cities = {name.rpartition("/")[2]: name for name in sorted(names)}
    better = nearest(value, names, 0.8) or cities.get(nearest(value.replace(" ", "_"), cities, 0.8) or "")
    hint = f'"{better}"' if better else '"Asia/Shanghai" or "Europe/Paris", for example'
    raise _error(f'must be an IANA time zone, and "{value}" is not one (write {hint})')


def _check_images(value: object) -> object:
    policies = get_args(ImagePolicy)
    if value in policies:
        return value
    better = nearest(value, policies) if isinstance(value, str) else None
    raise _error(f'must be "all", "lead" or "none" (write "{better or "all"}")')


def _check_full_text(value: object) -> object:
    policies = get_args(FullText)
    if value in policies:
        return value
    better = nearest(value, policies) if isinstance(value, str) else None
    raise _error(f'must be "auto", "always" or "never" (write "{better or "auto"}")')


def _check_period(value: str) -> str:
    if PERIOD.fullmatch(value):
        return value
    raise _error(
        f'holds "{value}", which is no time after the first reading (write "1h", "6h", "1d" or "7d", for example)'
    )


def _check_kind(value: object) -> object:
    kinds = get_args(Kind)
    if value in kinds:
        return value
    better = nearest(value, kinds) if isinstance(value, str) else None
    raise _error(f'must be "feed", "page", "sitemap" or "json" (write "{better or "page"}")')


def _check_selector(value: str) -> str:
    import soupsieve  # brings BeautifulSoup, which a feed without rules does not need

    try:
        soupsieve.compile(value)
    except soupsieve.SelectorSyntaxError as error:
        reason = str(error).splitlines()[0]
        raise _error(
            f'holds "{value}", which is not a CSS selector: {reason} (write "div.article", for example)'
        ) from error
    return value


def _check_pattern(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise _error(
            f"must be a regular expression, and '{value}' is not one: {error} "
            "(write '\\(', '\\[' or '\\*' for those characters themselves, in single quotes)"
        ) from error
    return value


def _check_page_selector(value: str) -> str:
    try:
        compile_selector(value)
    except ValueError as error:
        kind, example = ("an XPath", "//div[@id='story']") if is_xpath(value) else ("a CSS selector", "div.story")
        raise _error(
            f"""holds "{value}", which is not {kind}: {error} (write "{example}", for example; an XPath begins with """
            """"/" or "(")"""
        ) from error
    return value


def _check_path(value: str) -> str:
    try:
        jmespath.compile(value)
    except JMESPathError as error:
        column = getattr(error, "lex_position", getattr(error, "lexer_position", None))
        place = "" if column is None else f", from column {column} on"
        raise _error(
            f"holds '{value}', which is not a JMESPath expression{place} (write 'data.articles' or 'image.url', for "
            "example, and '\"first-name\"' for a name that has other characters than letters, digits and _)"
        ) from error
    return value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _check_pairs(value: object) -> object:
    pairs = value if isinstance(value, list | tuple) else [None]
    if all(isinstance(pair, list | tuple) and len(pair) == 2 and pair[0] for pair in pairs):
        return value
    raise _error('must be pairs of texts (write replace = [["what to find", "what to put there"]])')


Text = Annotated[str, AfterValidator(_check_text)]
WebAddress = Annotated[str, AfterValidator(_check_web_address)]
Selector = Annotated[str, AfterValidator(_check_selector)]
JsonPath = Annotated[str, AfterValidator(_check_path)]


class RulesTable(BaseModel):
    """A feed's `rules` as feeds.toml writes them."""

    model_config = ConfigDict(extra="forbid")

    content: Selector | None = None
    remove: tuple[Selector, ...] = ()
    drop_after: Annotated[str, AfterValidator(_check_pattern)] | None = None


Selectors = Annotated[
    tuple[Annotated[str, AfterValidator(_check_page_selector)], ...],
    BeforeValidator(_as_list),
]


class PageTable(BaseModel):
    """A feed's `page` as feeds.toml writes it: each rule is a selector, or a list of them."""

    model_config = ConfigDict(extra="forbid")

    content: Selectors = ()
    remove: Selectors = ()
    title: Selectors = ()
    author: Selectors = ()
    date: Selectors = ()
    next: Selectors = ()
    whole: Selectors = ()
    replace: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_check_pairs)] = ()


class PageListTable(BaseModel):
    """`list` of a feed with kind = "page"."""

    model_config = ConfigDict(extra="forbid")

    items: Selector | None = None
    link: Selector | None = None
    title: Selector | None = None
    date: Selector | None = None
    summary: Selector | None = None
    image: Selector | None = None
    author: Selector | None = None


class JsonListTable(BaseModel):
    """`list` of a feed with kind = "json"."""

    model_config = ConfigDict(extra="forbid")

    items: JsonPath
    link: JsonPath
    title: JsonPath | None = None
    date: JsonPath | None = None
    summary: JsonPath | None = None
    image: JsonPath | None = None
    author: JsonPath | None = None
    content: JsonPath | None = None
    id: JsonPath | None = None


class FeedTable(BaseModel):
    """One [[feed]] as feeds.toml writes it."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, AfterValidator(_check_id)]
    name: Text
    url: Annotated[str, AfterValidator(_check_feed_address)]
    site_url: WebAddress | None = None
    language: Annotated[str, AfterValidator(_check_language)] | None = None
    timezone: Annotated[str, AfterValidator(_check_time_zone)] = "UTC"
    group: Text | None = None
    images: Annotated[ImagePolicy, BeforeValidator(_check_images)] = "all"
    enabled: StrictBool = True
    rules: RulesTable = RulesTable()
    page: PageTable = PageTable()
    full_text: Annotated[FullText, BeforeValidator(_check_full_text)] = "auto"
    recheck: tuple[Annotated[str, AfterValidator(_check_period)], ...] | None = None
    kind: Annotated[Kind, BeforeValidator(_check_kind)] = "feed"
    keep: tuple[FilterTable, ...] = ()
    block: tuple[FilterTable, ...] = ()
    headers: Headers = {}
    cookies: Cookies = {}
    user_agent: Value | None = None
    proxy: Proxy | None = None
    auth: AuthTable | None = None

    @field_validator("auth")
    @classmethod
    def _check_auth(cls, auth: AuthTable | None, others: ValidationInfo) -> AuthTable | None:
        return check_not_twice(auth, others.data)

    def feed(self) -> Feed:
        own = {*FiltersTable.model_fields, "headers", "cookies", "user_agent", "proxy", "auth"}
        values = {key: value for key, value in self if key not in own}
        values |= {"rules": Rules(**dict(self.rules)), "page": PageRules(**dict(self.page))}
        if "list" in values:
            values["list"] = ListRules(**dict(values["list"]))
        values["filters"] = FiltersTable(keep=self.keep, block=self.block).filters()
        values["access"] = Access(
            headers=tuple(self.headers.items()),
            cookies=tuple(self.cookies.items()),
            user_agent=self.user_agent,
            proxy=self.proxy,
            **dict(self.auth or AuthTable.model_construct()),
        )
        return Feed(**values)


class _PageTable(FeedTable):
    list: PageListTable = PageListTable()


class _JsonTable(FeedTable):
    list: JsonListTable


def read_table(table: Mapping[str, object]) -> Feed:
    """The feed of a [[feed]] table. Raises pydantic's ValidationError, which `problems` puts into words."""
    kind = table.get("kind")
    model = _PageTable if kind == "page" else _JsonTable if kind == "json" else FeedTable
    return model.model_validate(table).feed()


def slug(name: str, taken: Collection[str]) -> str:
    """A free id from a site's address, host or name: www.example.co.uk gives example-co-uk, then example-co-uk-2 …"""
    base = _slug_text(name) or "feed"
    result, number = base, 1
    while result in taken:
        number += 1
        suffix = f"-{number}"
        result = base[: MAX_ID - len(suffix)].rstrip("-") + suffix
    return result


def unshared_id(address: str, title: str, taken: Collection[str], *, of_many: bool = False) -> str:
    """A free id for a feed: of its address, as `slug`; of its title, if the host has other feeds (`of_many`, or its id
    is taken), because `youtube-com-3` says nothing."""
    host = slug(address, ())
    if host not in taken and not of_many:
        return host
    from slugify import slugify

    words = slugify(title, max_length=MAX_TITLE_ID, word_boundary=True) if "://" not in title else ""
    return slug(words if re.search("[a-z]", words) else host, taken)


def site_id(name: str) -> str:
    """The id of a site that only an archive has, by its name there."""
    readable = slug(name, ())
    # the slug of a name without Latin letters is always "feed"
    return readable if readable != "feed" or name == "feed" else f"site-{digest('site', name)[:10]}"


def nearest(word: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The name most similar to the word, ignoring case; None if none is similar enough."""
    folded = {name.casefold(): name for name in sorted(names)}
    matches = get_close_matches(word.casefold(), folded, n=1, cutoff=cutoff)
    return folded[matches[0]] if matches else None


def canonical_address(address: str) -> str:
    """The canonical form of a feed's address, the same for all its spellings. All parameters stay."""
    return canonicalize_url(address)


def problems(error: ValidationError, table: Mapping[str, object]) -> list[tuple[str, str]]:
    """The key and a sentence for each problem of a [[feed]] table."""
    keys_and_sentences = (_problem(details, table) for details in error.errors())
    return [(key, UNPRINTABLE_IN_LINES.sub("?", sentence)) for key, sentence in keys_and_sentences]


_EXAMPLES = {
    "id": "bbc-world",
    "name": "BBC News: World",
    "url": "https://example.org/feed",
    "list.items": "data.articles",
    "list.link": "url",
}
_LIST = 'write list = { items = "articles", link = "url", title = "title" }, for example'

_EXAMPLE_TABLES = {
    "rules": 'rules = { remove = ["…"] }',
    "page": 'page = { remove = ["…"] }',
    "auth": 'auth = { token = "{env:NAME}" }',
}

# What other programs call these keys.
_OTHER_NAMES = {"title": "name", "link": "site_url", "feed_url": "url", "xmlUrl": "url", "category": "group"}


def _problem(details: ErrorDetails, table: Mapping[str, object]) -> tuple[str, str]:
    key, name = ".".join(map(str, details["loc"])), _name(details["loc"])
    value = details["input"]
    match details["type"]:
        case "feeds" if key == "id":
            better = _slug_text(str(value)) or slug(str(table.get("url") or "feed"), ())
            return key, f'id {details["msg"]} (write "{better}")'
        case "feeds":
            return key, f"{name} {details['msg']}"
        case "missing" if key == "list":
            return key, f"list is missing: it says where the articles are in the JSON ({_LIST})"
        case "missing":
            return key, f'{name} is missing (write {name} = "{_EXAMPLES.get(key, "…")}")'
        case "extra_forbidden" if key == "list":
            return key, 'list is only for feeds of kind "page" or "json" (write kind = "page", or leave list out)'
        case "extra_forbidden":
            return key, f"unknown key {name} ({_suggest_key(details['loc'], table.get('kind'))})"
        case "string_type" if details["loc"][0] in SECRETS:
            return key, f'{name} must be text (write it in quotes: "…")'
        case "dict_type":
            return key, f'{name} must be a table (write {name} = {{ … = "…" }})'
        case "string_type":
            return key, f'{name} must be text, not {_toml(value)} (write it in quotes: "…")'
        case "bool_type":
            return key, f"{name} must be true or false, not {_toml(value)} (write it without quotes)"
        case "tuple_type" if key.startswith("page."):
            return key, f'{name} must be a selector or a list of selectors (write {key} = "div.story")'
        case "tuple_type":
            example = '[{ words = ["…"] }]' if key in FiltersTable.model_fields else '["…"]'
            return key, f"{name} must be a list (write {name.partition(' of ')[0]} = {example})"
        case "model_type" | "model_attributes_type":
            if key == "list":
                return key, f"list must be a table ({_LIST})"
            example = _EXAMPLE_TABLES.get(key, '{ words = ["…"] }')
            return key, f"{name} must be a table (write {example})"
        case _:
            return key, f"{name}: {details['msg']}"


def _name(loc: Sequence[str | int]) -> str:
    """How a message names the key: rules.content, or regex of block rule 1."""
    if loc[0] not in FiltersTable.model_fields or len(loc) == 1:
        return ".".join(part for part in loc if isinstance(part, str))
    rule = f"{loc[0]} rule {int(loc[1]) + 1}"
    return f"{loc[2]} of {rule}" if len(loc) > 2 else rule


_TABLES: dict[str | int, type[BaseModel]] = {
    "rules": RulesTable,
    "page": PageTable,
    "keep": FilterTable,
    "block": FilterTable,
    "auth": AuthTable,
}
"""The tables within a [[feed]]."""


def _suggest_key(loc: Sequence[str | int], kind: object) -> str:
    within = loc[0] if len(loc) > 1 else None
    tables = _TABLES | {"list": JsonListTable if kind == "json" else PageListTable}
    keys = list(tables[within].model_fields) if within else [*FeedTable.model_fields, "list"]
    match = nearest(str(loc[-1]), keys if within else [*keys, *_OTHER_NAMES])
    if match is None:
        return f"the keys are {', '.join(keys)}"
    if within in FiltersTable.model_fields:
        return f"write {match}"
    return f"write {within}.{match}" if within else f"write {_OTHER_NAMES.get(match, match)}"


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _slug_text(text: str) -> str:
    """The text in a-z, 0-9 and -; of an address only its host. Empty for a text without Latin letters and digits."""
    if "://" in text:
        try:
            text = urlsplit(text).hostname or ""
        except ValueError:  # "http://[" is not an address: take it as text
            text = text.partition("://")[2]
    text = urls.strip_www(text.strip().lower())
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:MAX_ID].rstrip("-")
