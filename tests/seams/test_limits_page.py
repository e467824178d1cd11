"""The page about limits says what the code says."""

import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest

from responder.settings import format_duration

PAGE = (Path(__file__).parents[2] / "docs/limits.md").read_text()
ROWS = re.findall(r"^\| (?P<what>.+) \| (?P<figure>.+) \| `(?P<where>.+)` \|$", PAGE, re.MULTILINE)
KIB = 1024
MIB = 1024 * KIB


def shown(name, value):
    """Return a figure as people read it; a number of bytes is known by its name."""
    if isinstance(value, timedelta):
        return format_duration(value)
    if "BYTES" in name.upper() or name == "LARGEST_ANSWER":
        return f"{value // MIB} MiB" if value % MIB == 0 else f"{value // KIB} KiB"
    return f"{value:g}" if value < MIB else str(value)


def test_the_page_has_its_table():
    assert len(ROWS) > 30
    assert len({where for _, _, where in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("what", "figure", "where"), ROWS, ids=[where for _, _, where in ROWS])
def test_a_figure_of_the_page_is_that_of_the_code(what, figure, where):
    module, _, path = where.partition(":")
    found = import_module(module)
    *owners, name = path.split(".")
    for owner in owners:
        kind = getattr(found, owner)
        found = kind() if hasattr(kind, "__dataclass_fields__") else kind
    assert shown(name, getattr(found, name)) == figure, what
