"""Every check there is, in one line each."""

from collections.abc import Callable, Iterator, Mapping

from responder.rulefiles.checks import (
    annotations,
    join,
    labels,
    long_range,
    metric_name,
    short_range,
    topk,
)
from responder.rulefiles.finding import Remark
from responder.rulefiles.subject import Subject

__all__ = ["ALL", "CHECKS", "EXPRESSION", "PROMTOOL", "RULE_FILE"]

RULE_FILE = "rule-file"
"""Whether it is a rule file at all."""
EXPRESSION = "expression"
"""Whether every expression can be parsed."""
PROMTOOL = "promtool"
"""What promtool says."""

CHECKS: Mapping[str, Callable[[Subject], Iterator[Remark]]] = {
    "labels": labels.look,
    "annotations": annotations.look,
    "metric-name": metric_name.look,
    "short-range": short_range.look,
    "join": join.look,
    "topk": topk.look,
    "long-range": long_range.look,
}

ALL = (RULE_FILE, EXPRESSION, PROMTOOL, *CHECKS)
"""The names by which checks can be left out."""
