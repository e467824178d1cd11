"""What the rule engine of Prometheus makes of rendered files, and what promtool says of rules."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from responder.mitigations.registry import KINDS
from responder.rulefiles.checking import Given, checked, rule_files
from responder.rulefiles.entries import read_own
from responder.rulefiles.overrides import resolved
from responder.rulefiles.promtool import ask_promtool
from responder.rulefiles.template import rendered

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
LOADED = ("thresholds.yml", "overrides.yml", "detectors/volumetric-packets.yml")
ORDER = (
    *("threshold-overrides", "thresholds", "overrides-instance", "overrides-site"),
    "volumetric-packets",
)
OWN = """
thresholds:
  - {site: shop, signal: net_packets, upper: 400e3, lower: 200e3}
  - {site: shop, instance: web1, signal: net_packets, upper: 600e3}
"""


@pytest.fixture(scope="module")
def promtool():
    program = shutil.which("promtool")
    assert program, "promtool is not on PATH; run `make tools`"
    return program


@pytest.fixture
def render(shipped_catalog, tmp_path):
    def render(text):
        source, target = tmp_path / "own.yml", tmp_path / "rendered.yml"
        source.write_text(text)
        target.write_text(rendered(resolved(read_own(source), shipped_catalog, None), source.name))
        return target

    return render


@pytest.fixture
def holds(promtool, tmp_path):
    """Let Prometheus evaluate the shipped rules and a rendered file, and compare its answers."""

    def holds(path, series, answers):
        tests = {
            "rule_files": [str(path), *(str(RULES / name) for name in LOADED)],
            "evaluation_interval": "15s",
            "group_eval_order": list(ORDER),
            "tests": [
                {
                    "interval": "15s",
                    "input_series": [
                        {
                            "series": f"instance:node_network_receive_packets:rate1m{{{labels}}}",
                            "values": f"{value}x20",
                        }
                        for labels, value in series.items()
                    ],
                    "promql_expr_test": [
                        {
                            "expr": expr,
                            "eval_time": "5m",
                            "exp_samples": [
                                {"labels": f"{{{labels}}}" if labels else "{}", "value": value}
                                for labels, value in samples.items()
                            ],
                        }
                        for expr, samples in answers.items()
                    ],
                }
            ],
        }
        file = tmp_path / "test.yml"
        file.write_text(yaml.safe_dump(tests))
        done = subprocess.run(
            [promtool, "test", "rules", str(file)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return holds


WEB1, WEB2, BLOG = (
    'site="shop",instance="web1"',
    'site="shop",instance="web2"',
    'site="blog",instance="web1"',
)
FIRING = 'group by (site, instance) (ALERTS{alertname="VolumetricPackets",alertstate="firing"})'
EVERYWHERE = "max by (signal, bound) (mitigation:threshold:global)"


def labelled(numbers):
    return {f'signal="{one.signal}",bound="{one.bound}"': value for one, value in numbers.items()}


def test_instance_goes_over_site_and_site_over_default(render, holds, shipped_catalog):
    holds(
        render(OWN),
        {WEB1: 1, WEB2: 1, BLOG: 1},
        {
            "max by (site, instance) (instance:threshold_net_packets:upper)": {
                WEB1: 600e3,
                WEB2: 400e3,
            },
            "max by (site, instance) (instance:threshold_net_packets:lower)": {
                WEB1: 200e3,
                WEB2: 200e3,
            },
            EVERYWHERE: labelled(shipped_catalog.everywhere(shipped_catalog.chosen)),
        },
    )


@pytest.mark.parametrize(
    ("packets", "firing"),
    [(1e3, []), (300e3, [BLOG]), (500e3, [BLOG, WEB2]), (700e3, [BLOG, WEB1, WEB2])],
    ids=str,
)
def test_a_detector_fires_at_the_number_of_its_own_origin(render, holds, packets, firing):
    seen = dict.fromkeys((WEB1, WEB2, BLOG), packets)
    holds(render(OWN), seen, {FIRING: dict.fromkeys(firing, 1)})


def test_what_is_off_does_not_fire_whatever_comes(render, holds):
    text = "thresholds:\n  - {site: shop, signal: net_packets, upper: off}\n"
    holds(render(text), {WEB1: 1e9, BLOG: 1e9}, {FIRING: {BLOG: 1}})


def test_the_preset_of_one_site_leaves_all_others_alone(render, holds, shipped_catalog):
    changed = shipped_catalog.presets["sensitive"]
    holds(
        render("thresholds:\n  - {site: blog, preset: sensitive}\n"),
        {BLOG: 1, WEB1: 1},
        {
            'max by (site, signal, bound) (mitigation:threshold:override{site="blog"})': {
                f'site="blog",{labels}': value for labels, value in labelled(changed).items()
            },
            EVERYWHERE: labelled(shipped_catalog.everywhere(shipped_catalog.chosen)),
        },
    )


@pytest.mark.parametrize("preset", ["sensitive", "autouam"])
def test_a_preset_for_all_goes_over_the_one_of_the_rules(render, holds, shipped_catalog, preset):
    holds(
        render(f"preset: {preset}\n"),
        {BLOG: 1},
        {EVERYWHERE: labelled(shipped_catalog.everywhere(preset))},
    )


@pytest.mark.parametrize(
    "text", [OWN, "preset: sensitive\n", "thresholds: []\n", "preset: sensitive\n" + OWN]
)
def test_promtool_accepts_what_is_rendered(promtool, render, text):
    words = [promtool, "check", "rules", "--lint=all", "--lint-fatal", str(render(text))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_shipped_rules_and_a_rendered_file_are_without_findings(promtool, render):
    given = Given(RULES, {kind.name for kind in KINDS} | {"none"})
    seen = checked([*rule_files([RULES]), render(OWN)], given)
    assert seen.findings == ()
    assert seen.rules > 150
    assert asyncio.run(ask_promtool(promtool, seen.sound)) == []


BROKEN = """
groups:
  - name: mine
    rules:
      - {record: 'a:b', expr: vector(1)}
      - {alert: Fires, expr: 'up == 0', for: often}
"""
TWICE = """
groups:
  - name: mine
    rules:
      - {record: 'a:b', expr: vector(1)}
      - {record: 'a:b', expr: vector(2)}
"""
WRONG_NAME = """
groups:
  - name: mine
    rules:
      - {record: 'a-b', expr: vector(1)}
"""


@pytest.mark.parametrize(
    ("text", "told", "rule"),
    [
        (BROKEN, 'not a valid duration string: "often"', ""),
        (TWICE, "1 duplicate rule(s) found", ""),
        (WRONG_NAME, "invalid recording rule name", "a-b"),
    ],
)
def test_what_promtool_says_is_told_of_its_file(promtool, tmp_path, text, told, rule):
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text("groups: []\n")
    bad.write_text(text)
    (found,) = asyncio.run(ask_promtool(promtool, [good, bad]))
    assert (found.file, found.check, found.rule) == (str(bad), "promtool", rule)
    assert told in found.what


def test_a_promtool_that_cannot_be_run_is_told(tmp_path):
    path = tmp_path / "good.yml"
    path.write_text("groups: []\n")
    (found,) = asyncio.run(ask_promtool(str(tmp_path), [path]))
    assert "cannot be run" in found.what
