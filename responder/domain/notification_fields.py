"""Reading single fields of what Cloudflare sends: numbers as text, two ways to write a time.

Nothing here fails: a field that cannot be read is one that is missing.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

__all__ = [
    "LONGEST",
    "address",
    "hostname",
    "link",
    "listed_prefixes",
    "moment",
    "number",
    "prefix",
    "seconds",
    "text",
]

LONGEST = 200
"""Of a text that somebody else has written, in characters."""

_READ = 4 * LONGEST
_MOST_PREFIXES = 100
_GO_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? \+0000 UTC")
_NUMBER = re.compile(r"\s*([0-9][0-9,]{0,30}(?:\.[0-9]{1,20})?)\s*([kmg]?)", re.IGNORECASE)
_SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
_HOSTNAME = re.compile(r"(?=.{1,253}\Z)(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*\.?\Z")
_DASHBOARD = re.compile(r"(?:https://)?((?:[a-z0-9-]+\.)?cloudflare\.com(?:/[!-~]*)?)\Z")

Data = Mapping[str, object]


def text(data: Data, *names: str) -> str:
    """Return the first of these fields that says something, short and on one line."""
    for name in names:
        value = data.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        said = " ".join(_printable(value).split())
        if said:
            return said if len(said) <= LONGEST else said[: LONGEST - 3] + "..."
    return ""


def _said(value: object) -> str:
    """Return the beginning of a text; nothing for any other value."""
    return value[:_READ].strip() if isinstance(value, str) else ""


def _printable(value: float | str) -> str:
    if not isinstance(value, str):
        return f"{value:g}" if abs(value) < LONGEST_NUMBER else ""
    return "".join(one if one.isprintable() else " " for one in value[:_READ])


LONGEST_NUMBER = 1e18
"""Beyond it a number is nonsense, and takes long to write down."""


def number(data: Data, *names: str) -> float | None:
    """Return the first of these fields that begins with a number: `750000`, `20,000 pps`, `5K`."""
    for name in names:
        value = data.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            if 0 <= value < LONGEST_NUMBER:
                return float(value)
        elif isinstance(value, str) and (found := _NUMBER.match(value[:_READ])):
            return float(found[1].replace(",", "")) * _SCALES[found[2].lower()]
    return None


def moment(data: Data, *names: str) -> datetime | None:
    """Return the first of these fields that is a time: RFC 3339, or as Go prints one."""
    for name in names:
        at = _moment(_said(data.get(name)))
        if at is not None:
            return at
    return None


def _moment(said: str) -> datetime | None:
    go_time = _GO_TIME.fullmatch(said)
    try:
        at = datetime.fromisoformat(f"{go_time[1]}+00:00" if go_time else said)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def seconds(data: Data, name: str) -> datetime | None:
    """Return a field that counts seconds since 1970, as a moment."""
    value = number(data, name)
    try:
        return None if value is None else datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def address(data: Data, name: str) -> str:
    """Return a field that is an IP address, in its shortest spelling."""
    try:
        return str(ip_address(_said(data.get(name))))
    except ValueError:
        return ""


def prefix(value: object) -> str:
    """Return a value that is a prefix, as the configuration writes it."""
    said = _said(value)
    try:
        return str(ip_network(said)) if "/" in said else ""
    except ValueError:
        return ""


def listed_prefixes(data: Data) -> tuple[str, ...]:
    """Return the prefixes whose advertisement is told of."""
    states = data.get("advertise_status")
    listed = states[:_MOST_PREFIXES] if isinstance(states, list) else []
    found = (prefix(one.get("prefix")) for one in listed if isinstance(one, dict))
    return tuple(dict.fromkeys(filter(None, found)))


def hostname(data: Data, *names: str) -> str:
    """Return the first of these fields that can be the name of a host or a zone."""
    for name in names:
        said = _said(data.get(name)).lower()
        if _HOSTNAME.match(said):
            return said.rstrip(".")
    return ""


def link(data: Data, *names: str) -> str:
    """Return the first of these fields that leads to Cloudflare and nowhere else."""
    for name in names:
        found = _DASHBOARD.match(_said(data.get(name)))
        if found:
            return f"https://{found[1]}"
    return ""
