"""Addresses and URLs: where to listen, whom to call, where to store."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from responder.settings.secret import HIDDEN

__all__ = [
    "Address",
    "api_url",
    "hook_url",
    "http_url",
    "parse_address",
    "password_of",
    "store_url",
    "without_password",
]

_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<host>[^:\[\]]+)):(?P<port>[0-9]+)")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_HIGHEST_PORT = 65535
_SQLITE = "sqlite:///"
_POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True)
class Address:
    """A host and port to listen on."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return _is_loopback(self.host)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Return the address that a text such as `127.0.0.1:9847` or `[::1]:9847` says."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no address with a port; write one such as 127.0.0.1:9847")
    host = found["ipv6"] or found["host"]
    if not _is_host(host) or (found["ipv6"] and ":" not in host):
        raise ValueError(f"{host!r} is no address; write one such as 127.0.0.1 or [::1]")
    if not 0 < int(found["port"][:6]) <= _HIGHEST_PORT:
        raise ValueError(f"port {found['port'][:20]} does not exist; write one from 1 to 65535")
    return Address(host, int(found["port"]))


def http_url(text: str) -> str:
    """Return a base URL without a slash at its end."""
    parts = _split(text)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("is no http or https URL; write one such as http://127.0.0.1:9090")
    if not parts.hostname:
        raise ValueError("has no host; write a URL such as http://127.0.0.1:9090")
    if parts.username is not None:
        raise ValueError(
            "has a user name or password in it; use username and password_file under http"
        )
    if parts.query or parts.fragment:
        raise ValueError("has a ? or # in it; write only the base URL")
    return text.rstrip("/")


def api_url(text: str) -> str:
    """Return a base URL to which a credential may be sent: https, or http on this machine."""
    url = http_url(text)
    if urlsplit(url).scheme == "http" and not _is_loopback(urlsplit(url).hostname or ""):
        raise ValueError("would send the credential in clear; write https (http only on loopback)")
    return url


def hook_url(text: str) -> str:
    """Return a URL to call as it is: https, or http on this machine."""
    parts = _split(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is no URL to call; write one such as https://router.example.com/hook")
    if parts.username is not None:
        raise ValueError("has a user name or password in it; the signature is what proves us")
    if parts.query or parts.fragment:
        raise ValueError("has a ? or # in it; write only the path (the secret is secret_file)")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("could be answered by anybody; write https (http only on loopback)")
    return text


def store_url(text: str) -> str:
    """Return the URL of a database that we can use; no message repeats it (passwords)."""
    parts = _split(text)
    if parts.scheme == "sqlite":
        path = text.removeprefix(_SQLITE)
        if not text.startswith(_SQLITE) or not path or path == ":memory:":
            raise ValueError("names no file; write sqlite:////absolute or sqlite:///relative")
        return text
    if parts.scheme != _POSTGRESQL:
        hint = "postgresql://" if parts.scheme.startswith("postgres") else "sqlite or postgresql"
        raise ValueError(f"unknown store {parts.scheme[:40]!r}; write {hint}")
    if text.count("@") > ("@" in parts.netloc):
        # The database's driver would split it elsewhere, and take a part for the host.
        raise ValueError("has an @ too many; write it as %40 (in a password also / as %2F)")
    if not parts.path.strip("/"):
        raise ValueError("names no database; write postgresql://user@host/database")
    return text


def password_of(text: str) -> str:
    """Return the password in a URL, empty when there is none."""
    return unquote(urlsplit(text).password or "")


def without_password(text: str) -> str:
    """Return a text with the password of a URL in it hidden."""
    text = re.sub(r"(://[^/@:\s]*):\S*@", rf"\1:{HIDDEN}@", text)
    return re.sub(r"([?&](?:ssl)?password=)[^&\s]*", rf"\1{HIDDEN}", text)


def _split(text: str) -> SplitResult:
    """Split a URL, judging only what every URL must have right."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("has a bad host or port; write a port from 1 to 65535") from None
    if port == 0 or parts.netloc.endswith(":"):
        raise ValueError("has a bad port; write one from 1 to 65535")
    if re.search(r"\s", text) or (parts.hostname and not _is_host(parts.hostname)):
        raise ValueError("has a bad host; write a name or an address")
    return parts


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        # A name of digits and dots only is an address with a mistake.
        return bool(_HOST.fullmatch(text)) and not re.fullmatch(r"[0-9.]+", text)
    return True


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
