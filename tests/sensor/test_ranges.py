"""Which source addresses cannot be true, by the registries of special-purpose addresses."""

import ipaddress

import pytest

from responder.sensor.ranges import range_of, read_address
from responder.sensor.scope import Networks

OWN = Networks({"203.0.113.0/24": "office", "2001:db8:1::/48": "office"})

# The block and the word for it; `None` where packets do come from.
REGISTRY = {
    "0.0.0.0/32": "unspecified",
    "0.128.0.0/9": "this_network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link_local",
    "172.16.0.0/12": "private",
    "192.0.0.0/29": "reserved",
    "192.0.0.9/32": None,
    "192.0.0.10/32": None,
    "192.0.0.170/31": "reserved",
    "192.0.2.0/24": "documentation",
    "192.31.196.0/24": None,
    "192.52.193.0/24": None,
    "192.88.99.0/24": None,
    "192.168.0.0/16": "private",
    "192.175.48.0/24": None,
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "own",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/5": "reserved",
    "255.255.255.255/32": "broadcast",
    "::1/128": "loopback",
    "::/128": "unspecified",
    "64:ff9b::/96": None,
    "64:ff9b:1::/48": "private",
    "100::/64": "reserved",
    "100:0:0:1::/64": "reserved",
    "2001::/32": None,
    "2001:1::1/128": None,
    "2001:1::2/128": None,
    "2001:1::3/128": None,
    "2001:2::/48": "benchmarking",
    "2001:3::/32": None,
    "2001:4:112::/48": None,
    "2001:10::/28": "reserved",
    "2001:20::/28": None,
    "2001:30::/28": None,
    "2001:db8::/48": "documentation",
    "2001:db8:1::/48": "own",
    "2002::/16": None,
    "2620:4f:8000::/48": None,
    "3fff::/20": "documentation",
    "4000::/3": "reserved",
    "5f00::/16": "reserved",
    "fc00::/7": "unique_local",
    "fe80::/10": "link_local",
    "fec0::/10": "reserved",
    "ff00::/8": "multicast",
}


@pytest.mark.parametrize(("block", "word"), REGISTRY.items())
def test_the_first_and_the_last_address_of_a_block_are_told_in_its_word(block, word):
    network = ipaddress.ip_network(block)
    told = [range_of(address, OWN) for address in (network[0], network[-1])]
    assert told == [word, word]


BESIDE = (
    *("1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255"),
    *("172.32.0.0", "192.0.1.0", "198.17.255.255", "198.20.0.0", "223.255.255.255"),
    *("2000::", "2606:4700::1111", "2a00::1", "3fff:1000::", "3ffe::1"),
)


@pytest.mark.parametrize("address", BESIDE)
def test_an_ordinary_address_beside_a_block_has_no_word(address):
    assert range_of(ipaddress.ip_address(address), OWN) is None


def test_an_ipv4_address_in_the_clothes_of_ipv6_is_judged_as_what_it_is():
    assert range_of(read_address("::ffff:10.1.2.3"), OWN) == "private"
    assert range_of(read_address("::ffff:203.0.113.7"), OWN) == "own"
    assert range_of(read_address("::ffff:1.1.1.1"), OWN) is None


@pytest.mark.parametrize("text", ["", "x", "1.1.1.1/32", "1.1.1", "1" * 5000])
def test_what_is_no_address_is_none(text):
    assert read_address(text) is None
