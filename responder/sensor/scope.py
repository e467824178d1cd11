"""What the sensor looks at: the configured prefixes and zones, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

__all__ = ["Networks", "Scope"]

_BITS = {4: 32, 6: 128}


@dataclass(frozen=True, slots=True)
class Scope:
    """The configured part of the edge; empty when there is nothing to look at."""

    prefixes: Mapping[str, str] = field(default_factory=dict)
    """The site of each prefix."""
    zones: Mapping[str, str] = field(default_factory=dict)
    """The site of each zone, by its name or id as configured."""
    interval: timedelta = timedelta(minutes=1)
    delay: timedelta = timedelta(minutes=3)
    """How late Cloudflare's data are: a window ends this long ago."""
    vectors: int = 5
    """How many attack vectors of a prefix have series of their own."""
    geoip_files: tuple[Path, ...] = ()
    """Databases that tell where a source is."""

    def __bool__(self) -> bool:
        """Tell whether there is anything to look at."""
        return bool(self.prefixes or self.zones)


class Networks:
    """Finds the configured prefixes that a subnet or an address belongs to."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._known: dict[tuple[int, int, int], str] = {}
        self._lengths: dict[int, set[int]] = {4: set(), 6: set()}
        for cidr in prefixes:
            network = ip_network(cidr)
            self._known[_key(network, network.prefixlen)] = cidr
            self._lengths[network.version].add(network.prefixlen)

    def around(self, text: str) -> list[str]:
        """Return all prefixes that contain a subnet or address.

        An attack on a part of a prefix is one on the prefix too: whichever of them is advertised
        brings it to Cloudflare.
        """
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            return []
        lengths = [one for one in self._lengths[network.version] if one <= network.prefixlen]
        keys = [_key(network, length) for length in sorted(lengths)]
        return [self._known[key] for key in keys if key in self._known]


def _key(network: IPv4Network | IPv6Network, length: int) -> tuple[int, int, int]:
    shift = _BITS[network.version] - length
    return network.version, length, int(network.network_address) >> shift
