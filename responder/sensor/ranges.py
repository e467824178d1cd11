"""Ranges that no packet from the internet can truly come from.

They are those of IANA's registries of special-purpose addresses (RFC 6890, as kept in
iana-ipv4-special-registry and iana-ipv6-special-registry) that are not globally reachable, and
those that are no source of any packet: multicast (RFC 1112, RFC 4291), reserved for future use,
and whatever of IPv6 is not in 2000::/3, the only part that is given out.
"""

from collections.abc import Iterator
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from responder.sensor.scope import Networks

__all__ = ["OWN", "Address", "range_of", "read_address"]

Address = IPv4Address | IPv6Address

OWN = "own"
"""Our own prefixes: what comes to them from outside does not come from them."""

_ORDINARY = ""

_WORDS = {
    "unspecified": "0.0.0.0/32 ::/128",
    "this_network": "0.0.0.0/8",  # RFC 791
    "private": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16"  # RFC 1918
    " 64:ff9b:1::/48",  # RFC 8215
    "unique_local": "fc00::/7",  # RFC 4193
    "shared": "100.64.0.0/10",  # RFC 6598
    "loopback": "127.0.0.0/8 ::1/128",
    "link_local": "169.254.0.0/16 fe80::/10",
    "documentation": "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24"  # RFC 5737
    " 2001:db8::/32 3fff::/20",  # RFC 3849, RFC 9637
    "benchmarking": "198.18.0.0/15 2001:2::/48",  # RFC 2544, RFC 5180
    "multicast": "224.0.0.0/4 ff00::/8",
    "broadcast": "255.255.255.255/32",
    "reserved": "192.0.0.0/24 240.0.0.0/4 ::/0 2001::/23",
    # What lies in a reserved range and is reachable all the same: anycast of PCP and TURN (RFC
    # 7723, RFC 8155), Teredo, DNS-SD, AMT, AS112, ORCHIDv2, drones (RFC 9374), NAT64 (RFC 6052).
    _ORDINARY: "192.0.0.9/32 192.0.0.10/32 2000::/3 2001::/32 2001:1::1/128 2001:1::2/128"
    " 2001:1::3/128 2001:3::/32 2001:4:112::/48 2001:20::/28 2001:30::/28 64:ff9b::/96",
}


def read_address(text: str) -> Address | None:
    """Read an address, also an IPv4 address that is written as one of IPv6; None for none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def range_of(source: Address, own: Networks) -> str | None:
    """Say in one word why an address cannot be a true source; None for an ordinary one."""
    if own.around(str(source)):
        return OWN
    return next(word for network, word in _RANGES if _holds(network, source)) or None


def _holds(network: IPv4Network | IPv6Network, address: Address) -> bool:
    return network.version == address.version and address in network


def _ranges() -> Iterator[tuple[IPv4Network | IPv6Network, str]]:
    for word, networks in _WORDS.items():
        yield from ((ip_network(one), word) for one in networks.split())
    yield ip_network("0.0.0.0/0"), _ORDINARY


_RANGES = sorted(_ranges(), key=lambda one: -one[0].prefixlen)
"""The narrowest first, for it decides."""
