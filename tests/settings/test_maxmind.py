"""GeoIP databases are tried when the configuration is checked, and loaded only if there are any."""

import subprocess
import sys

import pytest
from support.maxmind import ASN, write_database


@pytest.fixture
def section(load):
    def write(*files):
        return load().minimal + f"sensor: {{geoip_files: [{', '.join(map(str, files))}]}}\n"

    return write


def test_databases_that_can_be_read_are_accepted(load, section, tmp_path):
    files = [
        write_database(tmp_path / f"{index}.mmdb", kind, {"1.1.1.0/24": ASN})
        for index, kind in enumerate(["GeoLite2-ASN", "DBIP-City-Lite", "GeoIP2-Country"])
    ]
    assert load().settings(section(*files)).sensor.geoip_files == tuple(files)


def test_databases_can_come_from_the_environment(load, tmp_path):
    path = write_database(tmp_path / "asn.mmdb", "GeoLite2-ASN", {"1.1.1.0/24": ASN})
    environ = {"RESPONDER_SENSOR__GEOIP_FILES": f'["{path}"]'}
    found = load(environ=environ).settings(load().minimal)
    assert found.sensor.geoip_files == (path,)


def test_each_file_that_is_none_is_told_with_what_to_do(load, section, tmp_path):
    archive = tmp_path / "GeoLite2-City.tar.gz"
    archive.write_bytes(b"\x1f\x8b" + b"0" * 500)
    other = write_database(tmp_path / "other.mmdb", "GeoIP2-Domain", {"1.1.1.0/24": {}})
    missing = tmp_path / "missing.mmdb"
    unpacked = "give an unpacked .mmdb file, such as GeoLite2-City.mmdb, as geoipupdate writes it"
    give = "give a City, Country or ASN database"
    told = [
        f"{missing} cannot be read (No such file or directory); create it or correct the path",
        f"{archive} is not a MaxMind database; {unpacked}",
        f"{other} is of type 'GeoIP2-Domain', which tells no country, city or network; {give}",
        f"{tmp_path} is not a MaxMind database; {unpacked}",
    ]
    assert load().problems(section(missing, archive, other, tmp_path)) == [
        f"responder.yml:8: sensor.geoip_files[{index}]: {one}" for index, one in enumerate(told)
    ]


@pytest.mark.integration
def test_without_a_database_its_reader_is_not_loaded():
    code = "import sys, responder.app; print('maxminddb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
