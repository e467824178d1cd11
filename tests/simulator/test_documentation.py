"""The page about the simulator names everything that it can do."""

import re
from collections.abc import Iterable
from pathlib import Path

from fastapi import FastAPI

from responder.simulator import FaultKind, Simulation
from responder.simulator.analytics.datasets import DATASETS
from responder.simulator.seedfile import read_seed

PAGE = (Path(__file__).parents[2] / "docs/simulator.md").read_text()


def _paths(app: FastAPI, root: str) -> Iterable[str]:
    paths = app.openapi()["paths"]
    return [path.removeprefix(root) for path in paths if path.startswith(root)]


def test_every_fault_is_on_the_page():
    assert [kind for kind in FaultKind if f"`{kind}`" not in PAGE] == []


def test_every_dataset_is_on_the_page():
    assert [name for name in DATASETS if f"`{name}`" not in PAGE] == []


def test_every_order_is_on_the_page(app: FastAPI):
    paths = _paths(app, "/simulator/")

    words = {re.sub(r"/?\{.*", "", path) for path in paths}
    assert len(words) > 10
    assert [word for word in sorted(words) if f"`{word}" not in PAGE] == []


def test_every_family_of_the_api_is_on_the_page(app: FastAPI):
    paths = _paths(app, "/client/v4/")

    plain = {re.sub(r"\{[^}]*\}/?", "", path).rstrip("/") for path in paths}
    last = {path.rpartition("/")[2] for path in plain}
    assert len(last) > 10
    assert [word for word in sorted(last) if word.replace("{setting_id}", "") not in PAGE] == []


def test_the_file_on_the_page_can_be_read():
    example = PAGE.split("```yaml\n")[1].split("```")[0]

    simulation = read_seed(example)

    assert len(simulation.accounts) == 2
    assert simulation.pace == Simulation().pace
    assert simulation.analytics == Simulation().analytics
    assert simulation.limiter.limit == Simulation().limiter.limit
    assert simulation.graphql_limiter.limit == Simulation().graphql_limiter.limit
