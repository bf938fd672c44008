"""The addresses that alerts go to: any that apprise knows. Each is a block on Prefect's server, which hides it, and two
more that are made of it: Prefect reads the kind of a message from the block that sends it.

The blocks' type is Prefect's Slack Webhook, whatever the service: it sends to every address of apprise's, and each of
Prefect's servers has it. A type of newsmill's own would have to be installed beside the server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, cast
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from prefect.blocks.notifications import SlackWebhook
from prefect.exceptions import PrefectHTTPStatusError
from pydantic import SecretStr

from tasks.errors import ServerError
from tasks.registry.feed_ids import nearest
from warehouse.masking import remember_secret

if TYPE_CHECKING:
    from apprise import NotifyBase
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import BlockDocument

Kind = Literal["info", "warning", "failure"]
"""apprise's word for how bad a message is: a colour in a chat, an urgency on a pager, `type` in JSON."""
BLOCK = "newsmill-alerts-"
"""What the name of an address's block begins with."""
BLOCKS: Mapping[Kind, str] = {"info": BLOCK, "warning": "newsmill-warnings-", "failure": "newsmill-failures-"}
"""What the names of blocks begin with that send messages of a kind."""
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Service:
    """An address as apprise understands it."""

    name: str
    """Slack, E-Mail, JSON …"""
    place: str
    """Its scheme and its host, which may be shown: what follows is often a key."""
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """An address that Prefect's server keeps."""

    name: str
    service: Service
    blocks: Mapping[Kind, UUID] = field(compare=False)
    """That for "info" is the address; the others are there once `write_blocks` has made them."""


def read_address(text: str) -> Service:
    """Raises ServerError for an address that apprise doesn't know.

    An ordinary web address that is of no known service gets JSON. Messages are plain text unless the address has
    `format=`: in HTML, apprise's default for mail, a message would be one long line.
    """
    scheme, separator, rest = text.partition("://")
    remember_secret(rest)
    url = text if _service(text) else _as_json(text)
    if "format=" not in urlsplit(url).query:
        url += f"{'&' if '?' in url else '?'}format=text"
    service = _service(url)
    if service is None:
        begins = f"{scheme}{separator}…: " if separator else ""
        raise ServerError(
            f"{begins}not an address that alerts can go to; write a service's as apprise does, such as slack://…, "
            "mailtos://…, ntfy://…, or a web address for JSON; `newsmill alerts to --help` has examples"
        )
    shown = urlsplit(service.url(privacy=True))
    place = f"{shown.scheme}://{shown.netloc.rpartition('@')[2]}"
    return Service(str(service.service_name), place, url)


def _service(text: str) -> NotifyBase | None:
    from apprise import Apprise  # with its services it takes long to import, and most deploys have no address

    return Apprise.instantiate(text, suppress_exceptions=True) if "://" in text else None


def _as_json(text: str) -> str:
    """A web address as apprise's address of a receiver of JSON, which marks the query's parameters with a minus."""
    parts = urlsplit(text)
    scheme = {"http": "json", "https": "jsons"}.get(parts.scheme, "")
    query = "&".join(f"-{parameter}" for parameter in parts.query.split("&") if parameter)
    return parts._replace(scheme=scheme, query=query).geturl()


def known_addresses(client: SyncPrefectClient) -> list[Address]:
    """Those on Prefect's server, by name. Raises ServerError."""
    blocks = _read_blocks(client)
    return [_address(name, blocks) for name in sorted(_names(blocks))]


def _read_blocks(client: SyncPrefectClient) -> dict[str, BlockDocument]:
    """By their names. Raises ServerError."""
    try:
        blocks = client.read_block_documents_by_type(SlackWebhook.get_block_type_slug(), include_secrets=True)
    except PrefectHTTPStatusError as error:
        status = error.response.status_code
        if status == httpx.codes.NOT_FOUND:
            return {}  # a server that was told not to register Prefect's types of blocks, and has none yet
        if status < httpx.codes.INTERNAL_SERVER_ERROR:
            raise  # it refuses
        raise ServerError(
            f"Prefect's server can't read the addresses of alerts (it answers {status}); if its "
            "PREFECT_SERVER_ENCRYPTION_KEY was changed, set the former one; else remove the blocks "
            f"{', '.join(f'{prefix}…' for prefix in BLOCKS.values())} in Prefect's UI, and name the addresses again"
        ) from error
    return {block.name: block for block in blocks if block.name}


def _names(blocks: Mapping[str, BlockDocument]) -> set[str]:
    """The names of the addresses that have a block."""
    return {name.removeprefix(BLOCK) for name in blocks if name.startswith(BLOCK)}


def _address(name: str, blocks: Mapping[str, BlockDocument]) -> Address:
    url = str(blocks[BLOCK + name].data["url"])
    try:
        service = read_address(url)
    except ServerError:  # changed in Prefect's UI; `alerts list` shows it, and `serve` goes on
        service = Service("not understood", "", url)
    ids = {kind: blocks[prefix + name].id for kind, prefix in BLOCKS.items() if prefix + name in blocks}
    return Address(name, service, ids)


def write_blocks(client: SyncPrefectClient, addresses: Sequence[Address]) -> list[Address]:
    """The addresses with a block for each kind of message, which sends to where the address's own block does; such
    blocks of addresses that are gone are deleted. Raises ServerError."""
    blocks = _read_blocks(client)
    known = _names(blocks)
    written = {address.name: dict(address.blocks) for address in addresses}
    for kind, prefix in list(BLOCKS.items())[1:]:
        for name in (name.removeprefix(prefix) for name in blocks if name.startswith(prefix)):
            if name not in known:
                client.delete_block_document(blocks[prefix + name].id)
        for address in addresses:
            block, url = blocks.get(prefix + address.name), address.service.url
            if not block or block.data.get("url") != url or block.data.get("notify_type") != kind:
                written[address.name][kind] = _write_block(prefix + address.name, kind, url)
    return [replace(address, blocks=written[address.name]) for address in addresses]


def _write_block(name: str, kind: Kind, url: str) -> UUID:
    return cast("UUID", SlackWebhook(url=SecretStr(url), notify_type=kind).save(name, overwrite=True))


def delete_blocks(client: SyncPrefectClient, addresses: Sequence[Address]) -> None:
    """That of the address first: if this is killed, the next `write_blocks` deletes the others."""
    for address in addresses:
        for kind in BLOCKS:
            if kind in address.blocks:
                client.delete_block_document(address.blocks[kind])


def add_address(client: SyncPrefectClient, text: str, name: str | None) -> tuple[Address, bool]:
    """The address, and whether it is new. `name` is how the list is to call it. Raises ServerError."""
    service = read_address(text)
    addresses = known_addresses(client)
    for address in addresses:
        if address.service.url == service.url and name in (None, address.name):
            return address, False
    taken = {address.name for address in addresses}
    if name is None:
        name = _free_name(service.name, taken)
    elif name in taken:
        raise ServerError(f'there is an address "{name}" already; `newsmill alerts remove {name}` removes it')
    elif not _NAME.fullmatch(name):
        raise ServerError(f'"{name}" can\'t be a name; take lower-case letters, digits and dashes')
    return Address(name, service, {"info": _write_block(BLOCK + name, "info", service.url)}), True


def _free_name(service: str, taken: set[str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", service.lower()).strip("-") or "address"
    number = 1
    while (name := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return name


def find_address(addresses: list[Address], name: str) -> Address:
    """Raises ServerError."""
    for address in addresses:
        if address.name == name:
            return address
    names = [address.name for address in addresses]
    better = nearest(name, names)
    hint = f'did you mean "{better}"?' if better else f"there are {', '.join(names) or 'none'}"
    raise ServerError(f'there is no address "{name}" for alerts; {hint}')
