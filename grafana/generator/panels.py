"""The kinds of panels, as Grafana 10.3 and newer store them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from grafana.generator.looks import NEUTRAL, Json, Steps

__all__ = [
    "DATASOURCE",
    "Panel",
    "Query",
    "bars",
    "graph",
    "now",
    "series",
    "stat",
    "table",
    "timeline",
]

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

_TOOLTIP = {"mode": "multi", "sort": "desc"}
_LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression, how its series are called, and whether only the last moment counts."""

    expr: str
    legend: str
    instant: bool = False
    step: str = ""
    """The least distance of two points; empty: the scrape interval set at the data source."""

    def json(self, ref: str, form: str) -> Json:
        """Return it as the data source wants it."""
        target = {
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": self.expr,
            "format": form,
            "instant": self.instant,
            "legendFormat": self.legend,
            "range": not self.instant,
            "refId": ref,
        }
        return target | ({"interval": self.step} if self.step else {})


def series(expr: str, legend: str, step: str = "") -> Query:
    """Return a query over the time that is shown."""
    return Query(expr, legend, step=step)


def now(expr: str, legend: str = "__auto") -> Query:
    """Return a query for the end of the time that is shown."""
    return Query(expr, legend, instant=True)


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel without a place."""

    kind: str
    title: str
    description: str
    queries: tuple[Query, ...]
    defaults: Json
    options: Json
    form: str = "time_series"
    overrides: tuple[Json, ...] = ()
    transformations: tuple[Json, ...] = field(default=())

    def shown(self, mappings: list[Json]) -> "Panel":
        """Return it with words in the place of values."""
        return replace(self, defaults=self.defaults | {"mappings": mappings})

    def measured(self, unit: str) -> "Panel":
        """Return it with another unit."""
        return replace(self, defaults=self.defaults | {"unit": unit})

    def rounded(self) -> "Panel":
        """Return it without decimals: an increase is extrapolated, and what it counts is whole."""
        return replace(self, defaults=self.defaults | {"decimals": 0})

    def within(self, low: float, high: float) -> "Panel":
        """Return it with a fixed scale."""
        return replace(self, defaults=self.defaults | {"min": low, "max": high})

    def colored(self, steps: Steps) -> "Panel":
        """Return it with other colours for its values."""
        thresholds = {"thresholds": _thresholds(steps), "color": {"mode": "thresholds"}}
        return replace(self, defaults=self.defaults | thresholds)

    def drawn(self, **custom: object) -> "Panel":
        """Return it drawn in another way."""
        merged = {**self.defaults["custom"], **custom}
        return replace(self, defaults=self.defaults | {"custom": merged})

    def stacked(self) -> "Panel":
        """Return it with its series on top of each other."""
        return self.drawn(stacking={"group": "A", "mode": "normal"}, fillOpacity=40)

    def dashed(self, name: str, color: str) -> "Panel":
        """Return it with the series of this name as a dashed line without an area."""
        line: list[Json] = [
            {"id": "color", "value": {"mode": "fixed", "fixedColor": color}},
            {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 10]}},
            {"id": "custom.fillOpacity", "value": 0},
        ]
        return replace(self, overrides=(*self.overrides, _override(name, line)))

    def column(self, name: str, **properties: object) -> "Panel":
        """Return it with properties of one column."""
        told: list[Json] = [{"id": key, "value": value} for key, value in properties.items()]
        return replace(self, overrides=(*self.overrides, _override(name, told)))

    def json(self, number: int, place: Mapping[str, int]) -> Json:
        """Return it as Grafana stores it."""
        refs = zip("ABCDEFGH", self.queries, strict=False)
        return {
            "datasource": DATASOURCE,
            "description": self.description,
            "fieldConfig": {"defaults": self.defaults, "overrides": list(self.overrides)},
            "gridPos": dict(place),
            "id": number,
            "options": self.options,
            "targets": [query.json(ref, self.form) for ref, query in refs],
            "title": self.title,
            "transformations": list(self.transformations),
            "type": self.kind,
        }


def stat(title: str, description: str, query: Query, unit: str, steps: Steps) -> Panel:
    """Return one number that can be read from afar."""
    options = {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": _LAST,
        "showPercentChange": False,
        "textMode": "auto",
        "wideLayout": True,
    }
    defaults = _defaults(unit, "thresholds", steps) | {"noValue": "no data"}
    return Panel("stat", title, description, (query,), defaults, options)


def bars(title: str, description: str, query: Query, unit: str) -> Panel:
    """Return a bar for each series, as it is now."""
    options = {
        "displayMode": "basic",
        "maxVizHeight": 300,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "orientation": "horizontal",
        "reduceOptions": _LAST,
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "color",
    }
    defaults = _defaults(unit, "palette-classic") | {"min": 0, "noValue": "none"}
    return Panel("bargauge", title, description, (query,), defaults, options)


def graph(title: str, description: str, unit: str, *queries: Query) -> Panel:
    """Return lines over time."""
    custom = {
        "axisBorderShow": False,
        "axisCenteredZero": False,
        "axisColorMode": "text",
        "axisLabel": "",
        "axisPlacement": "auto",
        "axisSoftMin": 0,
        "barAlignment": 0,
        "drawStyle": "line",
        "fillOpacity": 10,
        "gradientMode": "none",
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        "insertNulls": False,
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "pointSize": 5,
        "scaleDistribution": {"type": "linear"},
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "none"},
        "thresholdsStyle": {"mode": "off"},
    }
    options = {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": _TOOLTIP,
    }
    defaults = _defaults(unit, "palette-classic") | {"custom": custom}
    return Panel("timeseries", title, description, queries, defaults, options)


def timeline(title: str, description: str, mappings: list[Json], *queries: Query) -> Panel:
    """Return a band for each series, whose colour is its state."""
    custom = {
        "fillOpacity": 80,
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        "insertNulls": False,
        "lineWidth": 0,
        "spanNulls": False,
    }
    options = {
        "alignValue": "left",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "mergeValues": True,
        "rowHeight": 0.85,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    defaults = _defaults("none", "thresholds") | {"custom": custom, "mappings": mappings}
    return Panel("state-timeline", title, description, queries, defaults, options)


def table(title: str, description: str, query: Query, columns: Mapping[str, str]) -> Panel:
    """Return rows as they are now; columns in this order, by label or `Value`, with their titles.

    The unit is that of the value; columns that are not named are hidden.
    """
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}
    options = {
        "cellHeight": "sm",
        "footer": {"countRows": False, "reducer": ["sum"], "show": False},
        "showHeader": True,
        "sortBy": [],
    }
    transformations = (
        {"id": "filterFieldsByName", "options": {"include": {"names": list(columns)}}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {},
                "indexByName": {name: index for index, name in enumerate(columns)},
                "renameByName": dict(columns),
            },
        },
    )
    defaults = _defaults("none", "thresholds") | {"custom": custom, "noValue": "none"}
    made = Panel("table", title, description, (query,), defaults, options, form="table")
    return replace(made, transformations=transformations)


def _defaults(unit: str, color: str, steps: Steps = NEUTRAL) -> Json:
    return {
        "color": {"mode": color},
        "mappings": [],
        "thresholds": _thresholds(steps),
        "unit": unit,
    }


def _thresholds(steps: Steps) -> Json:
    return {
        "mode": "absolute",
        "steps": [{"color": color, "value": value} for value, color in steps],
    }


def _override(name: str, properties: list[Json]) -> Json:
    return {"matcher": {"id": "byName", "options": name}, "properties": properties}
