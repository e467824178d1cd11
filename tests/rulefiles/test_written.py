"""YAML in which every value knows its place."""

import math

import pytest

from responder.rulefiles.written import UnreadableError, read_written


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "file.yml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_written(path)

    return read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"),
        ("5e6", 5e6),
        ("-3", -3),
        ("1.5", 1.5),
        ("'4'", "4"),
        (".inf", math.inf),
        ("true", True),
        ("~", None),
        ("5m", "5m"),
        ("[1, a]", [1, "a"]),
    ],
)
def test_a_value_is_what_yaml_1_2_makes_of_it(read, text, value):
    assert read(f"key: {text}").plain() == {"key": value}


def test_every_value_knows_its_place(read):
    root = read("a: 1\nb:\n  - c: 2\n    d: 3\n")
    assert (root.at("a").line, root.at("a").column) == (1, 1)
    assert (root.at("b", 0).line, root.at("b", 0).column) == (3, 5)
    assert (root.at("b", 0, "d").line, root.at("b", 0, "d").column) == (4, 5)


def test_what_is_not_there_stands_where_it_would_be(read):
    root = read("b:\n  - c: 2\n")
    assert root.at("b", 0, "missing", "deeper") is root.at("b", 0)
    assert root.at("b", 7) is root.at("b")


def test_anchors_and_merges_are_read(read):
    root = read("a: &x {k: 1, l: 1}\nb: {<<: *x, l: 2}\n")
    assert root.at("b").plain() == {"k": 1, "l": 2}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", ":3:1: a: is already in line 1; keep one of them"),
        ("a: !secret x", ":1:4: the tag !secret is not allowed; leave it out"),
        ("? [a]\n: 1\n", ":1:3: a key must be plain text"),
        ("<<: 5\na: 1\n", ":1:5: is not YAML: expected a mapping"),
        ("a: [1", ":1:6: is not YAML: "),
        ("a: &x [*x]", ": is nested too deeply"),
        (b"a: \xff", ": is no UTF-8 (byte 3)"),
        ("a: \x07", ": is not YAML: character #x0007 is not allowed"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(read, text, told):
    with pytest.raises(UnreadableError) as caught:
        read(text)
    assert told in str(caught.value)


def test_all_keys_that_stand_twice_are_told(read):
    with pytest.raises(UnreadableError) as caught:
        read("a: 1\na: 2\nb: {c: 1, c: 2}\n")
    assert [flaw.line for flaw in caught.value.flaws] == [2, 3]


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UnreadableError, match="cannot be read"):
        read_written(tmp_path / "nowhere.yml")
