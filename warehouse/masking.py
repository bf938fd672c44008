"""Keeping secrets out of everything that is stored or shown: messages, logs, tables, records of the landing zone.

Every NewsmillError masks its message, and whatever writes an address into a table or a record masks it first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

HIDDEN = "****"
"""What replaces a password in the address of a database."""
MASK = "…"
"""What replaces a secret everywhere else."""
SHORTEST = 6
"""Characters of a secret that is replaced wherever it occurs; shorter ones would be replaced within words."""

_REFERENCE = r"\{(?:env|file|block):[^{}]+\}"
_SHOWABLE = rf"{_REFERENCE}(?::{_REFERENCE})?@|[^/?#\s@:]*:\*{{4}}@"
"""Credentials that are none: references, and what mask_passwords made of them."""
_CREDENTIALS = re.compile(rf"(?<=://)(?!{_SHOWABLE})[^/?#\s]*@")
# an address as a parameter of another one is percent-encoded, once or more often
_ENCODED_CREDENTIALS = re.compile(
    r"(%(?:25)*3A(?:%(?:25)*2F){2})(?:(?!%(?:25)*(?:2F|3F|23))[^/?#&\s])*%(?:25)*40", re.IGNORECASE
)
_NAME = (
    r"[\w.-]*(?:token|secret|passw(?:or)?d|passwd|pwd|auth|sig(?:nature)?|key|credentials?|session(?:id)?|jwt|password)"
)
_END = r"""(?=[:,.;)\]]{0,3}(?:[&#\s"'<>]|$))"""
"""Of a value: punctuation after it belongs to the sentence in which the address stands."""
_PARAMETER = re.compile(rf"([?&;#]{_NAME}=)(?!{_REFERENCE})[^&#\s\"'<>]+?{_END}", re.IGNORECASE)
_ENCODED_PARAMETER = re.compile(
    rf"((?:[?&;#]|%(?:25)*(?:3F|26|3B|23)){_NAME}%(?:25)*3D)(?:(?!%(?:25)*(?:26|23))[^&#\s\"'<>])+", re.IGNORECASE
)
_PASSWORD = re.compile(
    r"""(password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&]+)|((?<=://)[^:/@\s]*:)[^@\s]+(?=@)""", re.IGNORECASE
)

_SECRET_HEADERS = frozenset({"set-cookie", "set-cookie2"})
_known: set[str] = set()


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that is only shown to who asks for its value."""

    value: str

    def __repr__(self) -> str:
        return HIDDEN


def remember_secret(value: str) -> None:
    """From now on, mask this value in everything, however it is written."""
    if len(value) >= SHORTEST:
        _known.update({value, quote(value), quote(value, safe="")})


def mask(text: str) -> str:
    """The text without user and password of addresses, without the values of keys and tokens in them, and without any
    secret that is known. References such as `{env:NEWS_TOKEN}` stay."""
    text = mask_credentials(text)
    return _PARAMETER.sub(rf"\1{MASK}", _ENCODED_PARAMETER.sub(rf"\1{MASK}", text))


def mask_credentials(text: str) -> str:
    """The same, but the parameters of addresses stay: some sites name their articles by `?key=`."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return _CREDENTIALS.sub("", _ENCODED_CREDENTIALS.sub(r"\1", text)) if "://" in text or "%" in text else text


def mask_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """A response's headers as they may be stored: no cookies, and no secrets in addresses."""
    return {name: mask(value) for name, value in headers.items() if name.lower() not in _SECRET_HEADERS}


def mask_passwords(text: str) -> str:
    """The text with the passwords of addresses and of key=value pairs replaced."""
    return _PASSWORD.sub(lambda match: f"{match[1] or match[2]}{HIDDEN}", text)
