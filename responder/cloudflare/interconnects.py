"""Interconnects as physical lines: where each is plugged in, how it is, and what runs over it.

The `cni` family answers without the envelope of the others, and in the field in other shapes than
in its schema: an address as text or as an object, `cursor` in place of `next`, the address of a
facility as one text or as lines. Both are read. The key of a BGP session is not.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from responder.cloudflare.answers import Operation, malformed
from responder.cloudflare.client import CloudflareClient
from responder.domain.breaker import Failure
from responder.errors import ProviderError

__all__ = ["Interconnect", "Link", "interconnects"]

MOST_PAGES = 10
"""Pages of a list that are read: an account with more lines than these hold sees the first."""

MOST_STATES = 100
"""Lines whose state is asked for in one answer; each is one request of the API's budget."""

AT_ONCE = 5

_PERMISSION = "Magic Transit Read"
_LINES = Operation("list_interconnects", _PERMISSION)
_LINKS = Operation("list_cnis", _PERMISSION)
_STATE = Operation("read_interconnect_state", _PERMISSION)

_OF_ONE_LINE = frozenset({Failure.REFUSED, Failure.MALFORMED})


@dataclass(frozen=True, slots=True)
class Link:
    """What runs over a line: a point-to-point link, with BGP when there is a session."""

    id: str
    interconnect: str
    tunnel: str | None
    """The name that it has among the tunnels."""
    cloudflare_address: str | None
    """Our end, with its length, such as 169.254.0.2/31."""
    customer_address: str | None
    mtu: int | None
    asn: int | None
    """The AS at the customer's end; None when there is no BGP."""
    bgp_mode: str | None


@dataclass(frozen=True, slots=True)
class Interconnect:
    """A line; what Cloudflare does not tell is None."""

    name: str
    kind: str | None = None
    site: str | None = None
    """The site of Cloudflare, or the region of a partner's cloud."""
    facility: str | None = None
    address: str | None = None
    speed: str | None = None
    state: str | None = None
    """Pending, Down, Unhealthy or Healthy."""
    reason: str | None = None
    problem: str | None = None
    """Why the state is not known."""
    links: tuple[Link, ...] = ()


async def interconnects(
    client: CloudflareClient, account_id: str
) -> tuple[list[Interconnect], list[str]]:
    """Ask for all lines with their states and links, and return what could not be had.

    Raises ProviderError when there is no list of lines.
    """
    base = f"/accounts/{account_id}/cni"
    items, cut = await _all(client, f"{base}/interconnects", _LINES)
    lines, problems = [_line(item) for item in items], [cut]
    links: list[Link] = []
    try:
        items, cut = await _all(client, f"{base}/cnis", _LINKS)
        links = [_link(item) for item in items]
        problems.append(cut)
    except ProviderError as error:
        problems.append(str(error))
    known = await _with_states(client, base, _joined(lines, links))
    return known, [problem for problem in problems if problem]


async def _all(
    client: CloudflareClient, path: str, operation: Operation
) -> tuple[list[Mapping[str, object]], str]:
    """Return a list, and why it is not the whole of it; empty when it is."""
    found: list[Mapping[str, object]] = []
    cursor = 0
    for _ in range(MOST_PAGES):
        params = {"cursor": str(cursor)} if cursor else None
        page = await client.read_bare(path, operation, params=params)
        items = page.get("items")
        if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
            raise malformed(operation, "no list of items")
        found += items
        following = page.get("next", page.get("cursor"))
        if following is None:
            return found, ""
        if not isinstance(following, int) or following <= cursor:
            return found, f"{operation.name}: a page does not lead on; what came before is shown"
        cursor = following
    return found, f"{operation.name}: there are more than {MOST_PAGES} pages; the first are shown"


def _joined(lines: Sequence[Interconnect], links: Sequence[Link]) -> list[Interconnect]:
    """Put links to their lines; one whose line is not listed brings it in."""
    over: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        over[link.interconnect].append(link)
    listed = {line.name for line in lines}
    unlisted = [Interconnect(name) for name in over if name not in listed]
    return [replace(one, links=tuple(over[one.name])) for one in (*lines, *unlisted)]


async def _with_states(
    client: CloudflareClient, base: str, lines: Sequence[Interconnect]
) -> list[Interconnect]:
    """Ask for the state of each line, a few at once.

    What is refused or makes no sense speaks of one line. After any other failure no more is asked:
    it would only add to the trouble.
    """
    found: list[Interconnect] = []
    trouble = ""
    for start in range(0, len(lines), AT_ONCE):
        group = lines[start : start + AT_ONCE]
        if not trouble and start >= MOST_STATES:
            trouble = f"{_STATE.name}: only the first {MOST_STATES} lines are asked"
        if trouble:
            found += [replace(line, problem=trouble) for line in group]
            continue
        answers = await asyncio.gather(*(_with_state(client, base, line) for line in group))
        found += [line for line, _ in answers]
        trouble = next((line.problem or "" for line, last in answers if last), "")
    return found


async def _with_state(
    client: CloudflareClient, base: str, line: Interconnect
) -> tuple[Interconnect, bool]:
    """Return a line with its state or its problem, and whether nothing more should be asked."""
    path = f"{base}/interconnects/{quote(line.name, safe='')}/status"
    try:
        answer = await client.read_bare(path, _STATE)
        state, reason = answer.get("state"), answer.get("reason")
        if not isinstance(state, str) or not state:
            raise malformed(_STATE, "no state")
    except ProviderError as error:
        return replace(line, problem=str(error)), error.failure not in _OF_ONE_LINE
    return replace(line, state=state, reason=_text(reason)), False


def _line(item: Mapping[str, object]) -> Interconnect:
    name = _text(item.get("name"))
    if name is None:
        raise malformed(_LINES, "an interconnect without its name")
    facility = _object(item.get("facility"))
    return Interconnect(
        name=name,
        kind=_text(item.get("type")),
        site=_text(item.get("site")) or _text(item.get("region")),
        facility=_text(facility.get("name")),
        address=_lines(facility.get("address")),
        speed=_text(item.get("speed")),
    )


def _link(item: Mapping[str, object]) -> Link:
    interconnect = _text(item.get("interconnect"))
    if interconnect is None:
        raise malformed(_LINKS, "a link without its interconnect")
    magic, bgp = _object(item.get("magic")), _object(item.get("bgp"))
    return Link(
        id=_text(item.get("id")) or "",
        interconnect=interconnect,
        tunnel=_text(magic.get("conduit_name")),
        cloudflare_address=_address(item.get("p2p_ip")),
        customer_address=_address(item.get("cust_ip")),
        mtu=_number(magic.get("mtu")),
        asn=_number(bgp.get("customer_asn")),
        bgp_mode=_text(item.get("bgp_mode")),
    )


def _address(value: object) -> str | None:
    """Return an address with its length, from text or from an object of the two."""
    if isinstance(value, str):
        return value or None
    parts = _object(value)
    address, bits = _text(parts.get("ip")), _number(parts.get("cidr"))
    return f"{address}/{bits}" if address and bits is not None else address


def _lines(value: object) -> str | None:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value if one) or None
    return _text(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
