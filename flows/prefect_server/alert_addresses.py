"""The addresses that alerts go to: any that apprise knows. Each is a block on Prefect's server, which hides it.

The block's type is Prefect's Slack Webhook, whatever the service: it sends to every address of apprise's, and each of
Prefect's servers has it. A type of newsmill's own would have to be installed beside the server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast
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

BLOCK = "newsmill-alerts-"
"""What the names of the blocks begin with."""
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
    block_id: UUID
    service: Service


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
            "mailtos://…, ntfy://… (docs/alerts.md), or a web address for JSON"
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
    try:
        blocks = client.read_block_documents_by_type(SlackWebhook.get_block_type_slug(), include_secrets=True)
    except PrefectHTTPStatusError as error:
        status = error.response.status_code
        if status == httpx.codes.NOT_FOUND:
            return []  # a server that was told not to register Prefect's types of blocks, and has none yet
        raise ServerError(
            f"Prefect's server can't read the addresses of alerts (it answers {status}); if its "
            "PREFECT_SERVER_ENCRYPTION_KEY was changed, set the former one; else remove the blocks "
            f"{BLOCK}… in Prefect's UI, and name the addresses again"
        ) from error
    return sorted(map(_address, filter(_is_ours, blocks)), key=lambda address: address.name)


def _is_ours(block: BlockDocument) -> bool:
    return bool(block.name) and str(block.name).startswith(BLOCK)


def _address(block: BlockDocument) -> Address:
    url = str(block.data["url"])
    try:
        service = read_address(url)
    except ServerError:  # changed in Prefect's UI; `alerts list` shows it, and `serve` goes on
        service = Service("not understood", "", url)
    return Address(str(block.name).removeprefix(BLOCK), block.id, service)


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
    block_id = cast("UUID", SlackWebhook(url=SecretStr(service.url)).save(BLOCK + name))
    return Address(name, block_id, service), True


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
