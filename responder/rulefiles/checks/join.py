"""Whether every join says by which labels: without `on`, a label more on one side ends it."""

from collections.abc import Iterator

from responder.rulefiles.finding import Remark
from responder.rulefiles.subject import Subject

__all__ = ["look"]


def look(subject: Subject) -> Iterator[Remark]:
    """Say which operators join series and leave the labels open."""
    for operator in dict.fromkeys(one.operator for one in subject.expression.open_joins()):
        yield Remark(
            f"`{operator}` joins series without `on`: it ends when one side gets another label",
            f"name the labels, as in `{operator} on (site, instance)`",
        )
