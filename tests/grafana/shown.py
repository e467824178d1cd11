"""The committed dashboards as a test reads them: every panel, and every query with its place."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "grafana/dashboards"
FILES = sorted(FOLDER.glob("*.json"))
DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in FILES}

VARIABLE = re.compile(r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of a dashboard, and where it is."""

    dashboard: str
    place: str
    expr: str
    instant: bool
    legend: str = ""
    columns: tuple[str, ...] = ()
    """Labels that a table shows."""

    @property
    def labels(self) -> set[str]:
        """Return the labels that are shown."""
        return set(re.findall(r"\{\{(\w+)\}\}", self.legend)) | set(self.columns) - {"Value"}

    @property
    def name(self) -> str:
        return f"{self.dashboard}: {self.place}"


def panels(name: str) -> list[dict[str, Any]]:
    """Return the panels of a dashboard, headings left out."""
    return [one for one in DASHBOARDS[name]["panels"] if one["type"] != "row"]


def variables(name: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in DASHBOARDS[name]["templating"]["list"]}


def _of_panels(name: str) -> Iterator[Asked]:
    for panel in panels(name):
        columns = tuple(
            column
            for one in panel["transformations"]
            if one["id"] == "filterFieldsByName"
            for column in one["options"]["include"]["names"]
        )
        for target in panel["targets"]:
            place = f"{panel['title']} {target['refId']}"
            legend = "" if columns else target["legendFormat"]
            yield Asked(name, place, target["expr"], target["instant"], legend, columns)


def _of_annotations(name: str) -> Iterator[Asked]:
    for one in DASHBOARDS[name]["annotations"]["list"]:
        if not one.get("builtIn"):
            legend = one["titleFormat"] + one["textFormat"]
            yield Asked(
                name, f"annotation {one['name']}", one["expr"], instant=False, legend=legend
            )


def label_values(variable: Mapping[str, Any]) -> tuple[str, str]:
    """Return selector and label of a variable that asks for the values of a label."""
    found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
    assert found, f"{variable['name']} asks for something else"
    return found[1], found[2]


def _of_variables(name: str) -> Iterator[Asked]:
    for one in variables(name).values():
        if one["type"] == "query":
            selector, label = label_values(one)
            yield Asked(name, f"variable {one['name']}", selector, instant=True, columns=(label,))


ASKED = [
    asked
    for name in DASHBOARDS
    for asked in (*_of_panels(name), *_of_annotations(name), *_of_variables(name))
]


def interpolated(expr: str, values: Mapping[str, str]) -> str:
    """Return an expression with the variables replaced; one that is not known is an error."""
    return VARIABLE.sub(lambda found: values[found[1] or found[2]], expr)


def escaped(value: str) -> str:
    """Return a value as Grafana puts it into a regular expression inside of a PromQL string."""
    return re.sub(r"[$^*{}\[\]'+?.()|]", r"\\\\\g<0>", value.replace("\\", "\\\\\\\\"))


def chosen(values: list[str]) -> str:
    """Return what Grafana makes of chosen values of a variable."""
    one, *more = (escaped(value) for value in values)
    return f"({'|'.join((one, *more))})" if more else one
