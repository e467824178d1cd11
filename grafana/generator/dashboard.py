"""A dashboard: rows of panels put on the grid, the variables above them, marks on their axes."""

from collections.abc import Iterator
from dataclasses import dataclass

from grafana.generator.looks import Json
from grafana.generator.panels import DATASOURCE, Panel

__all__ = [
    "RULE_FILES",
    "SITE",
    "SITE_OF_PREFIXES",
    "SITE_OF_TARGETS",
    "TARGET",
    "TARGET_OF_PREFIXES",
    "Annotation",
    "Dashboard",
    "Line",
    "Row",
]

GRID = 24
SCHEMA_VERSION = 39
"""Of Grafana 10.3; newer ones bring it up to their own when they load it."""


@dataclass(frozen=True, slots=True)
class Line:
    """Panels beside each other, each with its width; together they fill the grid."""

    height: int
    panels: tuple[tuple[int, Panel], ...]

    def __post_init__(self) -> None:
        if sum(width for width, _ in self.panels) != GRID:
            titles = ", ".join(panel.title for _, panel in self.panels)
            raise ValueError(f"the panels {titles} do not fill a line of {GRID}")


@dataclass(frozen=True, slots=True)
class Row:
    """Lines under a title."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Annotation:
    """Marks the moments at which an expression has a value above zero."""

    name: str
    color: str
    expr: str
    title: str
    text: str

    def json(self) -> Json:
        """Return it as Grafana stores it."""
        return {
            "datasource": DATASOURCE,
            "enable": True,
            "expr": self.expr,
            "hide": False,
            "iconColor": self.color,
            "name": self.name,
            "step": "5s",
            "tagKeys": "site",
            "textFormat": self.text,
            "titleFormat": self.title,
        }


@dataclass(frozen=True, slots=True)
class Dashboard:
    """All of a dashboard but what is the same for each."""

    name: str
    """Of the file, and of the `uid` after `responder-`."""
    title: str
    description: str
    since: str
    variables: tuple[Json, ...]
    rows: tuple[Row, ...]
    annotations: tuple[Annotation, ...] = ()

    def json(self) -> Json:
        """Return it as Grafana loads it."""
        return {
            "annotations": {"list": [_BUILT_IN, *(one.json() for one in self.annotations)]},
            "description": self.description,
            "editable": True,
            "fiscalYearStartMonth": 0,
            "graphTooltip": 1,
            "links": [_OTHERS],
            "panels": list(self._placed()),
            "refresh": "30s",
            "schemaVersion": SCHEMA_VERSION,
            "tags": ["responder"],
            "templating": {"list": [_DATASOURCE, *self.variables]},
            "time": {"from": f"now-{self.since}", "to": "now"},
            "timepicker": {},
            "timezone": "browser",
            "title": self.title,
            "uid": f"responder-{self.name}",
            "version": 1,
            "weekStart": "",
        }

    def _placed(self) -> Iterator[Json]:
        number, y = 1, 0
        for row in self.rows:
            yield _heading(row.title, number, y)
            number, y = number + 1, y + 1
            for line in row.lines:
                x = 0
                for width, panel in line.panels:
                    yield panel.json(number, {"h": line.height, "w": width, "x": x, "y": y})
                    number, x = number + 1, x + width
                y += line.height


def _heading(title: str, number: int, y: int) -> Json:
    place = {"h": 1, "w": GRID, "x": 0, "y": y}
    return {
        "collapsed": False,
        "gridPos": place,
        "id": number,
        "panels": [],
        "title": title,
        "type": "row",
    }


def _values(name: str, label: str, query: str, every: str | None) -> Json:
    """Return a variable with any of the values of a label; `every` matches all of them."""
    return {
        "allValue": every,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "datasource": DATASOURCE,
        "definition": query,
        "hide": 0,
        "includeAll": True,
        "label": label,
        "multi": True,
        "name": name,
        "options": [],
        "query": {
            "qryType": 1,
            "query": query,
            "refId": "PrometheusVariableQueryEditor-VariableQuery",
        },
        "refresh": 2,
        "regex": "",
        "skipUrlSync": False,
        "sort": 1,
        "type": "query",
    }


SITE = _values("site", "Site", 'label_values(up{site!=""}, site)', ".+")
SITE_OF_TARGETS = _values("site", "Site", "label_values(responder_mitigation_engaged, site)", ".+")

# All targets are those of the chosen sites and not any: metrics without a site are narrowed by it.
TARGET = _values(
    "target", "Target", 'label_values(responder_mitigation_engaged{site=~"$site"}, target)', None
)

_PREFIXES = 'responder_mitigation_engaged{mitigation="prefix_advertisement"'
SITE_OF_PREFIXES = _values("site", "Site", f"label_values({_PREFIXES}}}, site)", ".+")
TARGET_OF_PREFIXES = _values(
    "target", "Prefix", f'label_values({_PREFIXES},site=~"$site"}}, target)', None
)

RULE_FILES = {
    "current": {"selected": True, "text": ".*/rules/.*", "value": ".*/rules/.*"},
    "description": "A regular expression for the paths of our rule files, as Prometheus has them.",
    "hide": 0,
    "label": "Rule files",
    "name": "rule_files",
    "options": [{"selected": True, "text": ".*/rules/.*", "value": ".*/rules/.*"}],
    "query": ".*/rules/.*",
    "skipUrlSync": False,
    "type": "textbox",
}

_DATASOURCE = {
    "current": {},
    "hide": 0,
    "includeAll": False,
    "label": "Prometheus",
    "multi": False,
    "name": "datasource",
    "options": [],
    "query": "prometheus",
    "refresh": 1,
    "regex": "",
    "skipUrlSync": False,
    "type": "datasource",
}

_BUILT_IN = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}

_OTHERS = {
    "asDropdown": True,
    "icon": "external link",
    "includeVars": True,
    "keepTime": True,
    "tags": ["responder"],
    "targetBlank": False,
    "title": "Responder",
    "tooltip": "The other dashboards of the responder",
    "type": "dashboards",
    "url": "",
}
