"""Which IP addresses may be asked: those of the public internet, and what NEWSMILL_ALLOW_PRIVATE_ADDRESSES allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address

# Python calls these global, although what they lead to is an IPv4 address that need not be
_SIX_TO_FOUR = IPv6Network("2002::/16")
_IPV4_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether the address is of the public internet, also where it stands for an IPv4 address."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    if address.ipv4_mapped:
        return is_public(address.ipv4_mapped)
    if address in _SIX_TO_FOUR:
        return is_public(IPv4Address(address.packed[2:6]))
    if address in _IPV4_COMPATIBLE or address in _NAT64:
        return is_public(IPv4Address(address.packed[-4:]))
    return address.is_global and not address.is_multicast


@dataclass(frozen=True, slots=True)
class AllowedAddresses:
    """Which addresses that are not public may be asked for."""

    everything: bool = False
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    """Names, in lower case: whatever address they resolve to."""

    def allow(self, host: str, address: Address, port: int | None = None) -> bool:
        """Whether a request to this host, which resolves to this address, may be sent."""
        return (
            self.everything
            or is_public(address)
            or host.lower().rstrip(".") in self.hosts
            or any(address.version == network.version and address in network for network in self.networks)
        )


NONE_BESIDES_PUBLIC = AllowedAddresses()


def parse_allowed(text: str) -> AllowedAddresses:
    """NEWSMILL_ALLOW_PRIVATE_ADDRESSES: 1 or 0, or a list of networks and hosts: `127.0.0.0/8,news.internal`.

    Raises ValueError.
    """
    value = text.strip().lower()
    if value in ("1", "true", "yes", "on"):
        return AllowedAddresses(everything=True)
    if value in ("", "0", "false", "no", "off"):
        return NONE_BESIDES_PUBLIC
    return _from_list(part.strip() for part in value.split(",") if part.strip())


def _from_list(parts: Iterable[str]) -> AllowedAddresses:
    networks, hosts = [], set()
    for part in parts:
        try:
            networks.append(ip_network(part, strict=False))
        except ValueError as error:
            if "/" in part or ":" in part or part[-1:].isdigit() or " " in part:
                raise ValueError(
                    f"{part} is neither a network nor a host's name; write 127.0.0.0/8,news.internal, or 1 for all"
                ) from error
            hosts.add(part.rstrip("."))
    return AllowedAddresses(networks=tuple(networks), hosts=frozenset(hosts))
