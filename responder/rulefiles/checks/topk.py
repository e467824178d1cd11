"""Whether an alert picks its series: what drops out of the first three resolves, and comes back."""

from collections.abc import Iterator

from responder.rulefiles.finding import Remark
from responder.rulefiles.subject import Subject

__all__ = ["look"]

_PICKS = ("topk", "bottomk", "limitk", "limit_ratio")


def look(subject: Subject) -> Iterator[Remark]:
    """Say whether an alert takes a few of its series only."""
    found = subject.expression.aggregations()
    for name in _PICKS if subject.rule.alert else ():
        if name in found:
            yield Remark(
                f"`{name}` in an alert: series come and go with their rank, and so do its alerts",
                "compare with a threshold, and rank in a dashboard",
            )
