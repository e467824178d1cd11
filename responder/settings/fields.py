"""The kinds of values that settings are made of: how each is read and what is wrong with it.

Every reader takes whatever the file held and raises ValueError with what to do; no message
repeats a value that may be a secret.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator

from responder.domain.alerts import Matcher, parse_matcher
from responder.errors import ConfigError
from responder.settings.addresses import (
    Address,
    api_url,
    hook_url,
    http_url,
    parse_address,
    store_url,
)
from responder.settings.durations import parse_duration
from responder.settings.maxmind import open_database
from responder.settings.secret import Secret, SecretFile, shown_path

__all__ = [
    "AccountId",
    "ApiUrl",
    "Count",
    "CountOrNone",
    "Duration",
    "ExistingFile",
    "FilePath",
    "Form",
    "HookUrl",
    "HttpUrl",
    "InlineSecret",
    "LabelName",
    "ListenAddress",
    "MatcherText",
    "MaxmindFile",
    "Name",
    "Prefix",
    "SecretInFile",
    "StoreUrl",
    "Switch",
    "Text",
    "Zone",
]

_HEX_ID = re.compile(r"[0-9a-f]{32}")
_HOST_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LONGEST = {4: 24, 6: 48}
"""Bits of the longest prefix that is routed, by version of the protocol."""

_ZONE = re.compile(rf"{_HOST_LABEL}(?:\.{_HOST_LABEL})+")
_LABEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Form:
    """How the reference describes a kind of value."""

    text: str


def _text(value: Any) -> str:
    """Return a text; a whole number is one too, since nobody quotes a user name of digits."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    text = str(value).strip() if is_whole or isinstance(value, str) else None
    if not text:
        wrong = "must be one text" if text is None else "is empty"
        raise ValueError(f"{wrong}; write a value (in quotes) or leave the key out")
    return text


def _reads(parse: Callable[[str], Any]) -> PlainValidator:
    return PlainValidator(lambda value: parse(_text(value)))


def _count(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise ValueError(f"{text[:40]!r} is not a whole number; write one such as 10")
    if int(text) <= 0:
        raise ValueError(f"{text} must be greater than 0")
    return int(text)


def _count_or_none(value: Any) -> int:
    return 0 if str(value).strip() == "0" else _count(value)


def _positive_duration(value: Any) -> timedelta:
    text = str(value) if isinstance(value, float) else _text(value)
    if text.startswith("-"):
        raise ValueError(f"{text!r} is negative; write a duration greater than 0")
    duration = parse_duration(text)
    if not duration:
        raise ValueError(f"{text} is no time at all; write a duration greater than 0")
    return duration


def _name(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"{text!r} has characters that cannot be shown; write plain text")
    return text


def _zone(text: str) -> str:
    zone = text.lower()
    if not _HEX_ID.fullmatch(zone) and not _ZONE.fullmatch(zone):
        raise ValueError(
            f"{text!r} is no zone; write its name, such as example.com, or its id of 32 digits"
        )
    return zone


def _prefix(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is no prefix; write one such as 203.0.113.0/24") from None
    if "/" not in text:
        raise ValueError(f"{text!r} has no length; write {network}")
    if network.prefixlen == 0:
        raise ValueError(f"{text!r} is the whole internet; write a prefix of your own")
    if ip_network(text.partition("/")[0]).network_address != network.network_address:
        raise ValueError(f"{text!r} has bits set after its length; did you mean {network}?")
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped is not None:
        raise ValueError(f"{text!r} is IPv4 in IPv6; write the IPv4 prefix itself")
    if network.prefixlen > _LONGEST[network.version]:
        raise ValueError(
            f"{text!r} is longer than /{_LONGEST[network.version]}, which the internet's routers "
            "do not take; write the prefix that Cloudflare has provisioned"
        )
    return str(network)


def _account_id(text: str) -> str:
    if not _HEX_ID.fullmatch(text.lower()):
        raise ValueError("is no account id; write the 32 digits that the dashboard shows")
    return text.lower()


def _label_name(text: str) -> str:
    if not _LABEL_NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no label name; write one such as prometheus")
    return text


def _existing_file(text: str) -> Path:
    path = Path(text)
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        why = error.strerror or type(error).__name__
        name = shown_path(path)
        raise ValueError(f"{name} cannot be read ({why}); create it or correct the path") from None


def _maxmind_file(text: str) -> Path:
    path = Path(text)
    try:
        open_database(path).close()
    except ConfigError as error:
        raise ValueError(str(error)) from None
    return path


def _secret(make: Callable[[str], Secret]) -> Callable[[str], Secret]:
    def read(text: str) -> Secret:
        try:
            return make(text)
        except ConfigError as error:
            raise ValueError(str(error)) from None

    return read


def _switch(value: Any) -> Any:
    if value in (True, False) or str(value).lower() in {"true", "false", "yes", "no", "on", "off"}:
        return value
    raise ValueError("is not a switch; write true or false")


Text = Annotated[str, _reads(str), Form("text")]
Name = Annotated[str, _reads(_name), Form("text")]
LabelName = Annotated[str, _reads(_label_name), Form("label name")]
Count = Annotated[int, PlainValidator(_count), Form("whole number")]
CountOrNone = Annotated[int, PlainValidator(_count_or_none), Form("whole number")]
Switch = Annotated[bool, BeforeValidator(_switch), Form("true or false")]
Duration = Annotated[timedelta, PlainValidator(_positive_duration), Form("duration")]
Zone = Annotated[str, _reads(_zone), Form("zone name or id")]
Prefix = Annotated[str, _reads(_prefix), Form("prefix")]
AccountId = Annotated[str, _reads(_account_id), Form("32 hex digits")]
ListenAddress = Annotated[Address, _reads(parse_address), Form("address:port")]
HttpUrl = Annotated[str, _reads(http_url), Form("URL")]
HookUrl = Annotated[str, _reads(hook_url), Form("URL")]
ApiUrl = Annotated[str, _reads(api_url), Form("URL")]
StoreUrl = Annotated[str, _reads(store_url), Form("database URL")]
MatcherText = Annotated[Matcher, _reads(parse_matcher), Form("matcher")]
FilePath = Annotated[Path, _reads(Path), Form("path")]
ExistingFile = Annotated[Path, _reads(_existing_file), Form("path")]
MaxmindFile = Annotated[Path, _reads(_maxmind_file), Form("path")]
InlineSecret = Annotated[Secret, _reads(_secret(Secret)), Form("secret")]
SecretInFile = Annotated[
    Secret, _reads(_secret(lambda text: SecretFile(Path(text)))), Form("path of a secret")
]
