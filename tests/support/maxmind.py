"""Small databases in MaxMind's format, written by the test that reads them."""

from collections.abc import Mapping
from pathlib import Path

from mmdb_writer import MMDBWriter
from netaddr import IPSet

CITY = {
    "country": {"iso_code": "NL"},
    "registered_country": {"iso_code": "US"},
    "city": {"names": {"en": "Amsterdam", "de": "Amsterdam (de)"}},
}
ASN = {"autonomous_system_number": 64501, "autonomous_system_organization": "Example Net"}


def write_database(
    path: Path, kind: str, records: Mapping[str, object], ip_version: int = 6
) -> Path:
    """Write a database of a type such as GeoLite2-City, with a record for each network.

    It comes whole to its place, as geoipupdate does it.
    """
    writer = MMDBWriter(ip_version, database_type=kind, ipv4_compatible=ip_version == 6)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    partial = path.with_suffix(".part")
    writer.to_db_file(str(partial))
    return partial.replace(path)
