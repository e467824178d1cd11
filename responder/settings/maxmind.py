"""Databases in MaxMind's format: opened, or what is wrong with their file."""

import struct
from pathlib import Path
from typing import TYPE_CHECKING

from responder.errors import ConfigError

if TYPE_CHECKING:
    from maxminddb import Reader

__all__ = ["CORRUPT", "open_database"]

CORRUPT = (
    *(ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError),
    *(struct.error, TypeError, ValueError),
)
"""What the reader raises when it meets other bytes than those of a sound database."""

_TOLD = ("city", "country", "enterprise", "asn", "isp")
"""Words in the types of those databases that tell of a place or a network."""

_LONGEST = 60  # of a type that an error repeats


def open_database(path: Path) -> "Reader":
    """Open a database that tells of places or networks; raises ConfigError.

    It is read and not mapped: to cut a file short that is mapped can end the process.
    """
    # Who has configured none is spared the package and its extension in C.
    from maxminddb import MODE_FILE, open_database  # noqa: PLC0415

    try:
        reader = open_database(path, MODE_FILE)
        kind = str(reader.metadata().database_type)
    except (FileNotFoundError, PermissionError) as error:
        why = error.strerror or type(error).__name__
        raise ConfigError(
            [f"{path} cannot be read ({why}); create it or correct the path"]
        ) from error
    except CORRUPT as error:
        remedy = "give an unpacked .mmdb file, such as GeoLite2-City.mmdb, as geoipupdate writes it"
        raise ConfigError([f"{path} is not a MaxMind database; {remedy}"]) from error
    if not any(word in kind.lower() for word in _TOLD):
        reader.close()
        shown = repr(kind[:_LONGEST])
        told = f"{path} is of type {shown}, which tells no country, city or network"
        raise ConfigError([f"{told}; give a City, Country or ASN database"])
    return reader
