"""A feed's access as feeds.toml writes it: `headers`, `cookies`, `user_agent`, `proxy` and `auth`.

The messages about these keys show no values: they may be secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from tasks.references import REFERENCE
from tasks.registry.feed_checks import invalid
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
        raise invalid('must be one line of ASCII characters (write "{env:NAME}" to take it from the environment)')
    return value.strip()


def _check_credential(value: str) -> str:
    if not value or not value.isprintable():
        raise invalid('must be one line of text (write "{env:NAME}" to take it from the environment)')
    return value


def _check_headers(headers: dict[str, str]) -> dict[str, str]:
    for name in map(str.lower, headers):
        if not _TOKEN.fullmatch(name):
            raise invalid('has a name that no header has (write { x-api-key = "{env:NAME}" }, for example)')
        if name in _OTHER_KEYS:
            raise invalid(f"can't hold {name} (write it as {_OTHER_KEYS[name]})")
        if name in _OWN:
            raise invalid(f"can't hold {name}, which newsmill sets itself (leave it out)")
    if len({name.lower() for name in headers}) < len(headers):
        raise invalid("hold a header twice (upper and lower case are the same; leave one out)")
    return {name.lower(): value for name, value in headers.items()}


def _check_cookies(cookies: dict[str, str]) -> dict[str, str]:
    for name, value in cookies.items():
        if not _TOKEN.fullmatch(name) or re.search(r'[\s;,"\\]', REFERENCE.sub("", value)):
            raise invalid('must be names and values without spaces (write { session = "{env:NAME}" }, for example)')
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
        raise invalid(
            'must be an http:// or https:// address (write "http://proxy.example:3128", for example; user and password '
            "may be references, or all of it one)"
        )
    return value


Value = Annotated[str, AfterValidator(_check_value)]
Credential = Annotated[str, AfterValidator(_check_credential)]
Headers = Annotated[dict[str, Value], AfterValidator(_check_headers)]
Cookies = Annotated[dict[str, Value], AfterValidator(_check_cookies)]
Proxy = Annotated[str, AfterValidator(_check_value), AfterValidator(_check_proxy)]


class AuthTable(BaseModel):
    """A feed's `auth`."""

    model_config = ConfigDict(extra="forbid")

    user: Credential | None = None
    password: Credential | None = None
    token: Value | None = None

    @model_validator(mode="after")
    def _is_one_of_two(self) -> AuthTable:
        if (self.token is None) != (self.user is not None and self.password is not None) or (self.token and self.user):
            raise invalid(
                'must have user and password, or token (write { user = "reader", password = "{env:NAME}" }, '
                "for example)"
            )
        if self.user and ":" in self.user:
            raise invalid('has a user with a ":", which only its password may have (RFC 7617)')
        return self


def check_not_twice(auth: AuthTable | None, others: Mapping[str, object]) -> AuthTable | None:
    """The feed's auth, if neither its address nor its headers, among the `others` of its table, are one already."""
    headers, url = others.get("headers"), others.get("url")
    if auth and isinstance(headers, dict) and "authorization" in headers:
        raise invalid("stands beside an authorization in headers (leave one of the two out)")
    if auth and isinstance(url, str) and "@" in urlsplit(url).netloc:
        raise invalid("stands beside a user in url (leave one of the two out)")
    return auth


def as_tables(access: Access) -> dict[str, object]:
    """The access as feeds.toml writes it, without what it lacks."""
    auth = {name: value for name in AuthTable.model_fields if (value := getattr(access, name))}
    tables = {"headers": dict(access.headers), "cookies": dict(access.cookies), "user_agent": access.user_agent}
    return {name: value for name, value in (tables | {"proxy": access.proxy, "auth": auth}).items() if value}
