"""The overload fits the machine, whatever that does anyway."""

import math

import pytest

from responder.demo.load import LONGEST_LOAD, load_process, sized_overload
from responder.demo.plan import Thresholds


def load_after(overload, seconds, before):
    """Return the load average per core; `before` is what the machine goes on doing."""
    left = math.exp(-seconds / 60)
    added = overload.processes / overload.cores
    return overload.load_before * left + (added + before) * (1 - left)


def test_a_machine_at_rest_gets_the_shipped_thresholds():
    overload = sized_overload(0.1, 4)

    assert overload.thresholds == Thresholds()
    assert not overload.shifted


def test_a_busy_machine_gets_thresholds_above_what_it_does_anyway():
    overload = sized_overload(1.24, 4)

    assert overload.thresholds == Thresholds(3.2, 2.2)
    assert overload.shifted


@pytest.mark.parametrize("cores", [1, 2, 16])
@pytest.mark.parametrize("before", [0.0, 0.2, 0.5, 3.0])
@pytest.mark.parametrize("goes_on", [True, False], ids=["goes on", "is over"])
def test_the_load_crosses_the_upper_threshold_soon(cores, before, goes_on):
    overload = sized_overload(before, cores)

    reached = load_after(overload, 16, before if goes_on else 0.0)

    assert reached > overload.thresholds.upper


def test_the_load_ends_by_itself(tmp_path):
    process = load_process(sized_overload(0.0, 2), tmp_path)

    assert process.command[-1] == str(round(LONGEST_LOAD.total_seconds()))
