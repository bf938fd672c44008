"""A feed's access as feeds.toml writes it: `headers`, `cookies`, `user_agent`, `proxy` and `auth`.

The messages about these keys show no values: they may be secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from voluptuous import All, Invalid

from tasks.references import REFERENCE
from tasks.shapes import Check, optional, table, table_of, text
from warehouse.access import Access

SECRETS = frozenset(["headers", "cookies", "proxy", "auth"])
"""Keys whose values no message shows."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A name of a header or a cookie (RFC 9110 5.6.2)."""
_OTHER_KEYS = {"cookie": "cookies", "user-agent": "user_agent", "proxy-authorization": "proxy"}
_OWN = frozenset(
    [
        *("host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect"),
        *("accept-encoding", "if-none-match", "if-modified-since", "if-match", "if-range", "range", "referer"),
    ]
)
"""Headers that newsmill sets, as it reads the answer by them."""


def _check_value(value: str) -> str:
    if not value.strip() or not value.isascii() or not value.isprintable():
        raise Invalid('must be one line of ASCII characters (write "{env:NAME}" to take it from the environment)')
    return value.strip()


def _check_credential(value: str) -> str:
    if not value or not value.isprintable():
        raise Invalid('must be one line of text (write "{env:NAME}" to take it from the environment)')
    return value


def _check_headers(headers: dict[str, str]) -> dict[str, str]:
    for name in map(str.lower, headers):
        if not _TOKEN.fullmatch(name):
            raise Invalid('has a name that no header has (write { x-api-key = "{env:NAME}" }, for example)')
        if name in _OTHER_KEYS:
            raise Invalid(f"can't hold {name} (write it as {_OTHER_KEYS[name]})")
        if name in _OWN:
            raise Invalid(f"can't hold {name}, which newsmill sets itself (leave it out)")
    if len({name.lower() for name in headers}) < len(headers):
        raise Invalid("hold a header twice (upper and lower case are the same; leave one out)")
    return {name.lower(): value for name, value in headers.items()}


def _check_cookies(cookies: dict[str, str]) -> dict[str, str]:
    for name, value in cookies.items():
        if not _TOKEN.fullmatch(name) or re.search(r'[\s;,"\\]', REFERENCE.sub("", value)):
            raise Invalid('must be names and values without spaces (write { session = "{env:NAME}" }, for example)')
    return cookies


def _check_proxy(value: str) -> str:
    """An address whose user and password may be references; or one reference to all of it."""
    if REFERENCE.fullmatch(value):
        return value
    try:
        parts = urlsplit(REFERENCE.sub("x", value))
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port)
        host = urlsplit(value).netloc.rpartition("@")[2]
    except ValueError:
        is_address, host = False, ""
    if not is_address or REFERENCE.search(host) or parts.path.strip("/") or parts.query or not value.isascii():
        raise Invalid(
            'must be an http:// or https:// address (write "http://proxy.example:3128", for example; user and password '
            "may be references, or all of it one)"
        )
    return value


def _check_auth(auth: Mapping[str, str | None]) -> Mapping[str, str | None]:
    user, password, token = auth.get("user"), auth.get("password"), auth.get("token")
    if (token is None) != (user is not None and password is not None) or (token and user):
        raise Invalid(
            'must have user and password, or token (write { user = "reader", password = "{env:NAME}" }, for example)'
        )
    if user and ":" in user:
        raise Invalid('has a user with a ":", which only its password may have (RFC 7617)')
    return auth


_value = All(text, _check_value)
_credential = All(text, _check_credential)

AUTH: Mapping[str, Check] = {
    "user": optional(_credential),
    "password": optional(_credential),
    "token": optional(_value),
}
"""A feed's `auth`."""

ACCESS: Mapping[str, Check] = {
    "headers": All(table_of(_value), _check_headers),
    "cookies": All(table_of(_value), _check_cookies),
    "user_agent": optional(_value),
    "proxy": optional(All(_value, _check_proxy)),
    "auth": optional(All(table(AUTH), _check_auth)),
}
"""The keys of a [[feed]] that say how its site is asked."""


def check_not_twice(feed: Mapping[str, object]) -> None:
    """Raises voluptuous.Invalid for an `auth` whose [[feed]] has one already, in its headers or its address."""
    headers, url = feed.get("headers"), feed.get("url")
    if not feed.get("auth"):
        return
    if isinstance(headers, dict) and "authorization" in map(str.lower, headers):
        raise Invalid("stands beside an authorization in headers (leave one of the two out)", ["auth"])
    if isinstance(url, str) and "@" in re.split("[/?#]", url.partition("://")[2], maxsplit=1)[0]:
        raise Invalid("stands beside a user in url (leave one of the two out)", ["auth"])


def make_access(values: Mapping[str, Any]) -> Access:
    """The access of these values of ACCESS' keys; None for a key that is not there."""
    headers, cookies = (tuple((values[name] or {}).items()) for name in ("headers", "cookies"))
    return Access(headers, cookies, values["user_agent"], values["proxy"], **values["auth"] or {})


def as_tables(access: Access) -> dict[str, object]:
    """The access as feeds.toml writes it, without what it lacks."""
    auth = {name: value for name in AUTH if (value := getattr(access, name))}
    tables = {"headers": dict(access.headers), "cookies": dict(access.cookies), "user_agent": access.user_agent}
    return {name: value for name, value in (tables | {"proxy": access.proxy, "auth": auth}).items() if value}
