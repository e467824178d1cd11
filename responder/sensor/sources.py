"""Who sends: the top sources, where each is and whose, and which of them cannot be true."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from responder.cloudflare.analytics import Listed
from responder.cloudflare.analytics_rows import Row, Window
from responder.sensor.geoip import Databases, Place
from responder.sensor.ranges import range_of, read_address
from responder.sensor.samples import Rate, rate
from responder.sensor.scope import Networks

__all__ = ["Source", "spoofed_share", "top_sources"]

_ASN = re.compile(r"[1-9][0-9]{0,9}")
_NOWHERE = frozenset({"", "XX"})
"""What Cloudflare says of an address whose country it does not know."""


@dataclass(frozen=True, slots=True)
class Source:
    """An address that packets claim to come from."""

    address: str
    rate: Rate
    place: Place
    special: str | None
    """The range, in one word, if nothing on the internet has such an address."""

    @property
    def spoofed(self) -> bool:
        """Whether it cannot be true."""
        return self.special is not None


def top_sources(
    listed: Listed, window: Window, own: Networks, databases: Databases
) -> tuple[Source, ...]:
    """Return a ranking by packets with all that is known, by our databases or by Cloudflare."""
    return tuple(_source(row, window, own, databases) for row in listed.rows)


def spoofed_share(sources: Sequence[Source], *, by_packets: bool) -> float | None:
    """Return what part of their traffic cannot come from where it says; None without traffic."""
    rates = [(one.rate.packets if by_packets else one.rate.bits, one.spoofed) for one in sources]
    total = sum(found for found, _ in rates)
    return round(sum(found for found, spoofed in rates if spoofed) / total, 4) if total else None


def _source(row: Row, window: Window, own: Networks, databases: Databases) -> Source:
    text = row.word("ipSourceAddress")
    address, place, special = read_address(text), Place(), None
    if address is not None:
        place, special = databases.place(address), range_of(address, own)
    return Source(text, rate(row, window), place.completed(_said(row)), special)


def _said(row: Row) -> Place:
    """Return what Cloudflare says of a source."""
    country, asn = row.maybe("sourceCountry"), row.maybe("sourceAsn")
    return Place(
        country=None if country in _NOWHERE else country,
        asn=int(asn) if _ASN.fullmatch(asn) else None,
        as_name=row.maybe("sourceAsnName") or None,
    )
