"""From a user's entries to constants: what is refused, and what is made of the rest."""

import math
from dataclasses import replace

import pytest

from responder.rulefiles.overrides import Constant, resolved
from responder.rulefiles.written import UnreadableError


def refusals(overrides, text, **given):
    with pytest.raises(UnreadableError) as caught:
        overrides(text, **given)
    return [problem.partition("own.yml:")[2] for problem in caught.value.problems]


def one(entry):
    return f"thresholds:\n  - {{{entry}}}\n"


@pytest.mark.parametrize(
    ("entry", "made"),
    [
        ("site: shop, signal: load, upper: 4", {("load", "upper", 4)}),
        ("site: shop, signal: load, lower: 0", {("load", "lower", 0)}),
        ("site: shop, signal: load, factor: 3", {("load_ratio", "upper", 3)}),
        ("site: shop, signal: http, floor: 9", {("http_floor", "upper", 9)}),
        ("site: shop, signal: alone, upper: 0", {("alone", "upper", 0)}),
        ("site: shop, signal: run_queue, upper: off", {("run_queue", "upper", math.inf)}),
        ("site: shop, signal: run_queue, upper: .inf", {("run_queue", "upper", math.inf)}),
        ("site: shop, signal: load_ratio, upper: 1.4, lower: 1", {
            ("load_ratio", "upper", 1.4), ("load_ratio", "lower", 1)
        }),
    ],
)  # fmt: skip
def test_a_number_becomes_a_constant_of_its_signal(overrides, entry, made):
    found = overrides(one(entry)).constants
    assert {(each.signal, each.bound, each.value) for each in found} == made


def test_site_and_instance_are_scopes_of_their_own(overrides):
    made = overrides(
        "thresholds:\n"
        "  - {site: shop, instance: 'web1:9100', signal: load, upper: 6}\n"
        "  - {site: shop, signal: load, upper: 4}\n"
    )
    assert made.constants == (
        Constant("shop", "", "load", "upper", 4.0),
        Constant("shop", "web1:9100", "load", "upper", 6.0),
    )


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("site: shp, signal: load, upper: 4", "unknown site 'shp'; did you mean shop?"),
        ("site: shop, signal: lod, upper: 4", "unknown signal 'lod'; did you mean load?"),
        ("site: shop, signal: pressure, upper: 1", "pressure holds for all sites alike"),
        ("site: shop, signal: load, upper: .nan", "upper: is NaN"),
        ("site: shop, signal: load, lower: .nan", "lower: is NaN"),
        ("site: shop, signal: load, lower: .inf", "lower: is infinite"),
        ("site: shop, signal: load, lower: off", "lower: 'off' is no number"),
        ("site: shop, signal: load, lower: -1", "lower: -1 is below 0"),
        ("site: shop, signal: load, upper: 0", "lower 1 (default) is not below upper 0 (line 2)"),
        ("site: shop, signal: load, upper: -.inf", "upper: -inf is below 0"),
        ("site: shop, signal: alone, lower: 1", "lower: alone has none; it has upper"),
        ("site: shop, signal: load, upper: '4'", "upper: '4' is no number"),
        ("site: shop, signal: load, upper: true", "upper: 'True' is no number"),
        ("site: shop, signal: load, upper:", "upper has no value"),
        ("site: 12, signal: load, upper: 4", "site: '12' is no text; put it in quotes"),
        ("site: '', signal: load, upper: 4", "site: is empty"),
        ('site: "sh\\u0007op", signal: load, upper: 4', "or cannot be shown"),
        ("signal: load, upper: 4", "site: is required; add it"),
        ("site: shop, upper: 4", "has neither signal nor preset"),
        ("site: shop, signal: load", "has no number; add one of upper, lower, factor, floor"),
        ("site: shop, signal: load, uper: 4", "uper: unknown key; did you mean upper?"),
        ("site: shop, signal: http, upper: 4", "upper: http has none; it has factor, floor"),
        ("site: shop, signal: run_queue, factor: 4", "factor: run_queue has none; it has upper"),
        ("site: shop, instance: a, signal: http, factor: 3", "http_ratio is a number of the whole"),
        ("site: shop, preset: wild", "unknown preset 'wild'; known are"),
        ("site: shop, preset: sensitive, signal: load", "has a preset and signal"),
        ("site: shop, instance: a, preset: sensitive", "has a preset and instance"),
        ("site: shop, preset: autouam", "which hold for all sites alike"),
    ],
)
def test_nonsense_is_refused_where_it_stands(overrides, entry, told):
    (problem,) = refusals(overrides, one(entry))
    assert problem.startswith("2:")
    assert told in problem


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        (["signal: load, upper: 3, lower: 3"], "lower 3 (line 2) is not below upper 3 (line 2)"),
        (["signal: load, upper: 0.5"], "lower 1 (default) is not below upper 0.5 (line 2)"),
        (["signal: load, lower: 2"], "lower 2 (line 2) is not below upper 2 (default)"),
        (["signal: load, factor: 1.2"], "load_ratio: lower 1.5 (default) is not below upper 1.2"),
        (
            ["signal: load, upper: 9, lower: 5", "instance: a, signal: load, upper: 4"],
            "lower 5 (line 2) is not below upper 4 (line 3)",
        ),
        (
            ["preset: sensitive", "signal: http, factor: 1.1"],
            "lower 1.2 (preset sensitive) is not below upper 1.1 (line 3)",
        ),
    ],
)
def test_a_lower_bound_must_be_below_the_upper_one_wherever_that_comes_from(
    overrides, entries, told
):
    text = "thresholds:\n" + "".join(f"  - {{site: shop, {entry}}}\n" for entry in entries)
    (problem,) = refusals(overrides, text)
    assert told in problem
    assert problem.startswith(f"{1 + len(entries)}:")


def test_a_bound_that_a_site_makes_room_for_is_fine_for_its_instance(overrides):
    made = overrides(
        "thresholds:\n"
        "  - {site: shop, signal: load, upper: 9, lower: 0.2}\n"
        "  - {site: shop, instance: a, signal: load, upper: 0.5}\n"
    )
    assert len(made.constants) == 3


@pytest.mark.parametrize(
    "second",
    [
        "site: shop, signal: load_ratio, upper: 3",
        "site: shop, signal: load, factor: 4",
    ],
)
def test_a_number_that_is_set_twice_is_refused(overrides, second):
    first = "site: shop, signal: load, factor: 3"
    (problem,) = refusals(overrides, f"thresholds:\n  - {{{first}}}\n  - {{{second}}}\n")
    assert problem.startswith("3:")
    assert "upper of load_ratio for shop is already in line 2" in problem


def test_a_site_has_one_preset(overrides):
    (problem,) = refusals(
        overrides,
        "thresholds:\n  - {site: shop, preset: sensitive}\n  - {site: shop, preset: balanced}\n",
    )
    assert problem.startswith("3:")
    assert "has one in line 2" in problem


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file(overrides):
    text = (
        "preset: wild\n"
        "thresholds:\n"
        "  - {site: shop, signal: load, upper: .nan}\n"
        "  - {site: nobody, signal: load, upper: 3}\n"
        "  - {site: shop, signal: load, upper: 0.1}\n"
        "  - shop\n"
    )
    lines = [problem.partition(":")[0] for problem in refusals(overrides, text)]
    assert lines == ["1", "3", "4", "5", "6"]


def test_sites_are_taken_as_they_are_when_nobody_knows_them(own, catalog):
    text = one("site: anything, signal: load, upper: 4")
    assert resolved(own(text), catalog, None).constants[0].site == "anything"


@pytest.mark.parametrize("text", ["", "- a\n", "thresholds: 5\n", "thresholds:\n", "other: 1\n"])
def test_what_is_no_such_file_is_refused(overrides, text):
    assert len(refusals(overrides, text)) == 1


# presets


def test_the_preset_of_a_site_is_the_numbers_in_which_it_differs(overrides, catalog):
    made = overrides(one("site: blog, preset: sensitive"))
    assert {((each.signal, each.bound), each.value) for each in made.constants} == set(
        catalog.presets["sensitive"].items()
    )
    assert made.preset is None


def test_a_number_goes_over_the_preset_of_its_site_in_either_order(overrides):
    entries = ["{site: blog, preset: sensitive}", "{site: blog, signal: http, factor: 4}"]
    for order in (entries, entries[::-1]):
        made = overrides("thresholds:\n" + "".join(f"  - {entry}\n" for entry in order))
        numbers = {each[2:4]: each.value for each in made.constants}
        assert numbers["http_ratio", "upper"] == 4
        assert numbers["http_ratio", "lower"] == 1.2


def test_a_preset_for_all_is_chosen_and_a_site_may_be_taken_back(overrides, catalog):
    made = overrides("preset: sensitive\n" + one("site: shop, preset: balanced"))
    assert made.preset == "sensitive"
    assert {each[2:4]: each.value for each in made.constants} == {
        bound: catalog.defaults[bound] for bound in catalog.presets["sensitive"]
    }


def test_bounds_are_compared_under_the_preset_for_all(overrides):
    assert overrides("preset: sensitive\n" + one("site: shop, signal: http, factor: 1.3"))


def test_a_preset_that_the_rules_choose_already_is_not_chosen_twice(overrides, catalog):
    sensitive = replace(catalog, chosen="sensitive")
    assert overrides("preset: sensitive\n", rules=sensitive).preset is None


@pytest.mark.parametrize("mine", ["autouam", "balanced"])
def test_a_preset_that_would_hold_beside_another_is_refused(overrides, catalog, mine):
    sensitive = replace(catalog, chosen="sensitive")
    (problem,) = refusals(overrides, f"preset: {mine}\n", rules=sensitive)
    assert "chooses sensitive already" in problem
