"""The user's guide: every key and every check is in it, and what it shows is what happens."""

import re
from pathlib import Path

import pytest

from responder.rulefiles.entries import Entry, OwnThresholds
from responder.rulefiles.registry import ALL
from responder.rulefiles.written import UnreadableError

GUIDE = (Path(__file__).parents[2] / "docs/rules.md").read_text()
FIRST_CELLS = re.findall(r"^\| `([^`]+)` \|", GUIDE, re.MULTILINE)
SHOWN = re.search(r"```\n(thresholds\.yml:.+?)```", GUIDE, re.DOTALL)
WRONG = """thresholds:


  - {site: shop, signal: lod, upper: 4}
  - {site: shp, signal: load, upper: 4}
  - {site: shop, signal: load, upper: 0.5}
  - {site: shop, signal: load, upper: .nan}
"""


def test_the_guide_lists_every_key_and_every_check():
    entry = {f"thresholds[].{key}" for key in Entry.model_fields}
    assert set(FIRST_CELLS) == {*OwnThresholds.model_fields, *entry, *ALL}


def test_what_the_guide_shows_as_refused_is_refused_in_these_words(overrides):
    with pytest.raises(UnreadableError) as caught:
        overrides(WRONG)
    told = [re.sub(r"^.*own\.yml", "thresholds.yml", one) for one in caught.value.problems]
    assert told == SHOWN.group(1).splitlines()
