"""Where an address is, and whose: out of MaxMind databases that the operator keeps up to date.

A file that cannot be read costs what it would have told, and one line in the log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from responder.errors import ConfigError
from responder.sensor.ranges import Address
from responder.settings.maxmind import CORRUPT, open_database

if TYPE_CHECKING:
    from maxminddb import Reader

__all__ = ["Databases", "Place"]

_log = structlog.get_logger("responder.sensor")


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of an address; None is what is not."""

    country: str | None = None
    """Two letters (ISO 3166-1)."""
    city: str | None = None
    asn: int | None = None
    as_name: str | None = None

    def completed(self, more: "Place") -> "Place":
        """Fill what is not known from another one; an AS and its name come from one source."""
        network = self if self.asn is not None else more
        return Place(
            self.country or more.country, self.city or more.city, network.asn, network.as_name
        )


class Databases:
    """The configured databases; the first that knows something has said it."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._files = [_File(path) for path in paths]

    def place(self, address: Address) -> Place:
        """Say what is known of an address."""
        found = Place()
        for file in self._files:
            record = file.record(address)
            if record:
                found = found.completed(_place(record))
        return found

    def shown(self) -> list[dict[str, object]]:
        """Return each file as it is now: its type, how old its data are, its problem."""
        return [file.shown() for file in self._files]

    def close(self) -> None:
        """Let go of the files; the next question opens them again."""
        for file in self._files:
            file.close()


class _File:
    """One database, opened again when time, inode or size of its file change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: Reader | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._problem = ""

    def record(self, address: Address) -> Mapping[str, object] | None:
        """Return what the file says of an address; None when that is nothing."""
        self._follow()
        if self._reader is None:
            return None
        try:
            if address.version > self._reader.metadata().ip_version:
                return None
            found = self._reader.get(address)
        except CORRUPT as error:
            self._fail(f"{self._path} is damaged: {type(error).__name__}")
            return None
        return found if isinstance(found, dict) else None

    def shown(self) -> dict[str, object]:
        """Return what people want to know of the file as it is now."""
        self._follow()
        known = self._reader.metadata() if self._reader else None
        return {
            "file": str(self._path),
            "type": str(known.database_type) if known else None,
            "built_at": _moment(known.build_epoch) if known else None,
            "problem": self._problem or None,
        }

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        if self._reader is not None:
            self._reader.close()
        self._reader, self._stamp = None, None

    def _follow(self) -> None:
        """Open the file if it is another one than before.

        While it is missing the last one stands: it is being replaced.
        """
        try:
            status = self._path.stat()
        except OSError as error:
            if self._reader is None:
                self._stamp = None
                self._fail(f"{self._path} cannot be read ({error.strerror})")
            return
        stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        if stamp == self._stamp:
            return
        self.close()
        self._stamp = stamp
        try:
            self._reader = open_database(self._path)
        except ConfigError as error:
            self._fail(str(error))
            return
        if self._problem:
            _log.info("a GeoIP database can be read again", file=str(self._path))
        self._problem = ""

    def _fail(self, why: str) -> None:
        """Do without the file until it changes; say so once."""
        stamp = self._stamp
        self.close()
        self._stamp = stamp
        if why != self._problem:
            _log.warning("a GeoIP database is not used", why=why)
        self._problem = why


def _place(record: Mapping[str, object]) -> Place:
    """Read a record of any of MaxMind's databases; what has another shape is not known."""
    traits = _part(record, "traits")  # where those of type Enterprise tell the network
    asn = record.get("autonomous_system_number") or traits.get("autonomous_system_number")
    country = _part(record, "country") or _part(record, "registered_country")
    return Place(
        country=_text(country.get("iso_code")),
        city=_text(_part(_part(record, "city"), "names").get("en")),
        asn=asn if isinstance(asn, int) else None,
        as_name=_text(
            record.get("autonomous_system_organization")
            or traits.get("autonomous_system_organization")
        ),
    )


def _part(record: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(epoch: object) -> str | None:
    try:
        return datetime.fromtimestamp(int(str(epoch)), UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None
