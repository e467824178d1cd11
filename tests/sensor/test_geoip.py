"""Where sources are: databases that are read, replaced, damaged and gone."""

import random
from datetime import datetime, timedelta
from ipaddress import ip_address

import pytest
from structlog.testing import capture_logs
from support.maxmind import ASN, CITY, write_database

from responder.cloudflare.analytics import Listed
from responder.cloudflare.analytics_rows import Row, Window
from responder.cloudflare.answers import Operation
from responder.sensor.geoip import Databases, Place
from responder.sensor.scope import Networks
from responder.sensor.sources import spoofed_share, top_sources

KNOWN, UNKNOWN = ip_address("1.1.1.1"), ip_address("8.8.8.8")
AMSTERDAM = Place("NL", "Amsterdam", 64501, "Example Net")
NOW = datetime.fromisoformat("2026-11-20T10:00:00Z")
WINDOW = Window(NOW - timedelta(seconds=60), NOW)
OWN = Networks({"203.0.113.0/24": "office"})


@pytest.fixture
def city(tmp_path):
    return write_database(tmp_path / "city.mmdb", "GeoLite2-City", {"1.1.1.0/24": CITY})


@pytest.fixture
def asn(tmp_path):
    return write_database(tmp_path / "asn.mmdb", "GeoLite2-ASN", {"1.1.1.0/24": ASN})


@pytest.fixture
def opened():
    """Give databases that are closed in the end."""
    known = []

    def build(*paths):
        known.append(Databases(paths))
        return known[-1]

    yield build
    for databases in known:
        databases.close()


def damage(path):
    """Put other bytes of the same size in the place of the records, and leave the metadata."""
    whole = path.read_bytes()
    end = whole.rindex(b"\xab\xcd\xefMaxMind.com")
    begin = whole.index(b"\0" * 16) + 16
    path.write_bytes(whole[:begin] + b"\xff" * (end - begin) + whole[end:])


def test_a_place_is_put_together_from_all_databases(city, asn, opened):
    databases = opened(city, asn)
    assert databases.place(KNOWN) == AMSTERDAM
    assert databases.place(UNKNOWN) == Place()


def test_the_first_database_that_knows_has_said_it(city, asn, tmp_path, opened):
    other = {"country": {"iso_code": "DE"}, "autonomous_system_number": 64502}
    mine = write_database(tmp_path / "mine.mmdb", "Our-Enterprise", {"1.1.0.0/16": other})
    assert opened(mine, city, asn).place(KNOWN) == Place("DE", "Amsterdam", 64502, None)
    assert opened(city, asn, mine).place(KNOWN) == AMSTERDAM


def test_a_record_of_another_shape_tells_nothing_of_it(tmp_path, opened):
    odd = {"country": "NL", "city": {"names": ["Amsterdam"]}, "autonomous_system_number": "64501"}
    path = write_database(tmp_path / "odd.mmdb", "Some-City", {"1.1.1.0/24": odd})
    assert opened(path).place(KNOWN) == Place()


def test_an_enterprise_database_tells_the_network_among_its_traits(tmp_path, opened):
    record = {"registered_country": {"iso_code": "US"}, "traits": ASN}
    path = write_database(tmp_path / "e.mmdb", "GeoIP2-Enterprise", {"1.1.1.0/24": record})
    assert opened(path).place(KNOWN) == Place("US", None, 64501, "Example Net")


def test_a_database_of_ipv4_alone_knows_nothing_of_ipv6_and_is_not_damaged(tmp_path, opened):
    path = write_database(tmp_path / "4.mmdb", "GeoLite2-City", {"1.1.1.0/24": CITY}, 4)
    databases = opened(path)
    assert databases.place(ip_address("2606:4700::1111")) == Place()
    assert databases.place(KNOWN).country == "NL"


def test_a_database_that_is_replaced_is_read_again(city, opened):
    databases = opened(city)
    assert databases.place(KNOWN).country == "NL"
    moved = {**CITY, "country": {"iso_code": "FR"}}
    write_database(city, "GeoLite2-City", {"1.1.1.0/24": moved})
    assert databases.place(KNOWN).country == "FR"


def test_while_a_database_is_missing_the_last_one_stands(city, opened):
    databases = opened(city)
    databases.place(KNOWN)
    city.unlink()
    assert databases.place(KNOWN).country == "NL"


def test_a_database_that_was_never_there_is_told_once_and_read_when_it_comes(city, opened):
    away = city.rename(city.with_suffix(".away"))
    databases = opened(city)
    with capture_logs() as logs:
        assert [databases.place(KNOWN) for _ in range(3)] == [Place()] * 3
        away.rename(city)
        assert databases.place(KNOWN).country == "NL"
    assert [one["log_level"] for one in logs] == ["warning", "info"]
    assert "No such file" in logs[0]["why"]


@pytest.mark.parametrize(
    "spoil", [damage, lambda path: path.write_bytes(b"<html>"), lambda path: path.write_bytes(b"")]
)
def test_a_database_that_is_overwritten_in_place_is_told_once_and_the_others_go_on(
    city, asn, spoil, opened
):
    databases = opened(city, asn)
    assert databases.place(KNOWN) == AMSTERDAM
    spoil(city)
    with capture_logs() as logs:
        for _ in range(3):
            assert databases.place(KNOWN) == Place(asn=64501, as_name="Example Net")
    assert [one["log_level"] for one in logs] == ["warning"]
    shown, fine = databases.shown()
    assert shown["problem"] == logs[0]["why"]
    assert str(city) in shown["problem"]
    assert (fine["type"], fine["problem"]) == ("GeoLite2-ASN", None)
    assert datetime.fromisoformat(fine["built_at"]).year >= 2024


def test_no_bytes_whatever_break_a_question(city, opened):
    whole, chance = city.read_bytes(), random.Random(7)
    databases = opened(city)
    with capture_logs():
        for _ in range(300):
            changed = bytearray(whole)
            for _ in range(chance.choice([1, 4, 30])):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            city.write_bytes(bytes(changed[: chance.choice([len(changed), 200])]))
            assert isinstance(databases.place(KNOWN), Place)
            databases.shown()


def test_closed_databases_are_opened_by_the_next_question(city, opened):
    databases = opened(city)
    for _ in range(2):
        assert databases.place(KNOWN).city == "Amsterdam"
        databases.close()


def test_a_problem_is_known_before_anybody_asks_for_an_address(opened, city):
    fine, missing = opened(city, city.with_name("gone.mmdb")).shown()
    assert (fine["type"], fine["problem"]) == ("GeoLite2-City", None)
    assert (missing["type"], missing["built_at"]) == (None, None)
    assert "cannot be read (No such file or directory)" in missing["problem"]


def listed(*rows):
    operation = Operation("read_edge_mitigations", "Account Analytics Read")
    return Listed(tuple(Row(one, operation) for one in rows), truncated=False)


def row(address, bits=60, packets=60, **dimensions):
    return {
        "sum": {"bits": bits, "packets": packets},
        "dimensions": {"ipSourceAddress": address, **dimensions},
    }


def test_our_databases_come_first_and_cloudflare_fills_the_gaps(city, opened):
    said = {"sourceCountry": "BE", "sourceAsn": "64500", "sourceAsnName": "Said by Cloudflare"}
    rows = listed(row("1.1.1.1", **said), row("8.8.8.8", **said))
    known, unknown = top_sources(rows, WINDOW, OWN, opened(city))
    assert known.place == Place("NL", "Amsterdam", 64500, "Said by Cloudflare")
    assert unknown.place == Place("BE", None, 64500, "Said by Cloudflare")


@pytest.mark.parametrize(
    "said", [{}, {"sourceCountry": "XX", "sourceAsn": "0"}, {"sourceAsn": "9" * 5000}], ids=len
)
def test_what_nobody_knows_is_null(said, opened):
    (source,) = top_sources(listed(row("1.1.1.1", **said)), WINDOW, OWN, opened())
    assert source.place == Place()


def test_sources_that_cannot_be_true_are_marked_and_summed_up(opened):
    rows = listed(
        row("203.0.113.9", bits=600, packets=60),
        row("10.0.0.1", bits=300, packets=30),
        row("1.1.1.1", bits=100, packets=310),
        row("no address", bits=0, packets=0),
    )
    sources = top_sources(rows, WINDOW, OWN, opened())
    assert [one.special for one in sources] == ["own", "private", None, None]
    assert [one.spoofed for one in sources] == [True, True, False, False]
    assert spoofed_share(sources, by_packets=False) == 0.9
    assert spoofed_share(sources, by_packets=True) == 0.225


def test_without_traffic_there_is_no_share():
    assert spoofed_share((), by_packets=True) is None
