"""What a mitigation's options mean is told where people look for it."""

from pathlib import Path

import pytest

from responder.mitigations.registry import KINDS
from responder.settings.reference import render_section

DOCS = Path(__file__).parents[2] / "docs"
TOLD = {"under_attack": "how-it-decides.md", "prefix_advertisement": "prefixes.md"}


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_every_option_is_documented_as_the_configuration_reads_it(kind):
    told = (DOCS / TOLD[kind.name]).read_text()
    text = "\n".join(render_section("options", kind.options))
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows
    assert [row for row in rows if row not in told] == []
