"""References to secrets in the addresses and the access of feeds.toml, so that the file itself holds none.

`{env:NAME}` is an environment variable, `{file:PATH}` a file's text, `{block:NAME}` a Secret block of Prefect's server:
url = "https://example.org/feed?token={env:EXAMPLE_TOKEN}". What is stored and shown is the address with the reference.

Only what the operator wrote is looked through for references: an address from a feed, a page or a redirect could name
any secret, and send it to its own server.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from tasks.errors import FetchError
from tasks.settings import environment_variable
from warehouse.errors import NewsmillError
from warehouse.masking import remember_secret

REFERENCE = re.compile(r"\{(env|file|block):([^{}]+)\}")
MAX_BYTES = 65_536
"""Of a file with a secret."""


def resolve_references(address: str) -> str:
    """The address with each reference replaced by its secret, percent-encoded. Raises FetchError."""
    return REFERENCE.sub(lambda match: quote(_secret(match[1], match[2].strip(), address), safe=""), address)


def resolve_value(value: str, whose: str) -> str:
    """The value of a header or a cookie, a password or an address, each reference replaced by its secret as it is.

    `whose` is how a message names the value. Raises FetchError.
    """
    return REFERENCE.sub(lambda match: _secret(match[1], match[2].strip(), whose), value)


async def resolve_for_request(address: str) -> str:
    """The same for the event loop: reading a block or a file takes time, and most addresses refer to nothing."""
    if not REFERENCE.search(address):
        return address
    import asyncio  # not for the commands that only read feeds.toml: it takes 30 ms

    return await asyncio.to_thread(resolve_references, address)


def escape_references(address: str) -> str:
    """An address that somebody else wrote, with its braces percent-encoded: nothing in it is a reference."""
    return address.replace("{", "%7B").replace("}", "%7D")


def _secret(kind: str, name: str, address: str) -> str:
    try:
        value = {"env": _from_environment, "file": _from_file, "block": _from_block}[kind](name)
    except (NewsmillError, OSError, UnicodeDecodeError) as error:
        # retry_after: the server was not asked, so it need not be left alone
        raise FetchError(f"{address}: {{{kind}:{name}}} has no value: {error}", retry_after=0) from error
    remember_secret(value)
    return value


def _from_environment(name: str) -> str:
    value = environment_variable(name)
    if not value:
        raise NewsmillError("the environment of this run does not set it")
    return value


def _from_file(name: str) -> str:
    with Path(name).expanduser().open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES or not data.strip():
        raise NewsmillError(f"the file is empty, or larger than {MAX_BYTES:,} bytes")
    return data.decode().strip()


def _from_block(name: str) -> str:
    from tasks.blocks import read_secret  # Prefect takes seconds to import

    return read_secret(name)
