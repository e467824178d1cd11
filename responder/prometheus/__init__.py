"""Prometheus as we ask it: its query language, its rules, and how it was started.

Answers come out as values and every failure as a PrometheusError. What an answer means for a
mitigation is decided nowhere here, and no decision waits for it: Prometheus is asked by the
doctor, for evidence and for backtests only.
"""

from responder.prometheus.answers import Rule, RuleGroup, Sample, Series
from responder.prometheus.client import PrometheusClient, PrometheusError, PrometheusLimitError

__all__ = [
    "PrometheusClient",
    "PrometheusError",
    "PrometheusLimitError",
    "Rule",
    "RuleGroup",
    "Sample",
    "Series",
]
