"""The unit run and the long run together are all tests, and none is in both."""

import re
from pathlib import Path

from conftest import NO_UNITS, UNITS

TESTS = Path(__file__).parents[1]
MAKEFILE = (TESTS.parent / "Makefile").read_text()


def test_the_makefile_runs_as_units_what_is_marked_as_such():
    (unit,) = re.findall(r"^UNIT := \$\(addprefix tests/,([^)]*)\)(.*)$", MAKEFILE, re.MULTILINE)
    folders = unit[0].replace("\\\n", " ").split()
    assert {f"{one}/" for one in folders} == set(UNITS) - {"test_"}
    assert "$(wildcard tests/test_*.py)" in unit[1]
    assert re.findall(r"--ignore=tests/(\S+)", unit[1]) == list(NO_UNITS)


def test_the_folders_of_units_are_there():
    assert [
        one for one in (*UNITS, *NO_UNITS) if one != "test_" and not (TESTS / one).exists()
    ] == []
