"""Whether an alert that asks for a mitigation says all that the responder needs to know.

Alerts without the label `mitigation` are the user's own, and none of our business.
"""

from collections.abc import Iterator

from responder.rulefiles.finding import Remark
from responder.rulefiles.subject import Subject

__all__ = ["look"]

_NONE = "none"
"""The mitigation of the heartbeat, which asks for nothing."""
_ALLOWED = {"severity": ("info", "warning", "critical"), "role": ("trigger", "sustain")}


def look(subject: Subject) -> Iterator[Remark]:
    """Say which label is missing or has a value that nobody knows."""
    labels = subject.rule.labels
    if not subject.rule.alert or "mitigation" not in labels:
        return
    mitigation = labels["mitigation"]
    known = subject.world.mitigations
    if mitigation not in known and not _is_template(mitigation):
        yield Remark(f"no mitigation is called {mitigation!r}", f"write one of {_list(known)}")
    if "severity" not in labels:
        yield Remark("it has no label `severity`", f"add one of {_list(_ALLOWED['severity'])}")
    for name, allowed in _ALLOWED.items():
        value = labels.get(name, allowed[0])
        if value not in allowed and not _is_template(value):
            yield Remark(f"its label `{name}` is {value!r}", f"write one of {_list(allowed)}")
    if mitigation != _NONE and "site" not in labels and "site" not in subject.expression.labels():
        yield Remark(
            "its alerts have no label `site`, so nothing is switched",
            "keep `site` in every `by`, `on` and `group_left` of the expression",
        )


def _is_template(value: str) -> bool:
    return "{{" in value


def _list(words: Iterator[str] | frozenset[str] | tuple[str, ...]) -> str:
    return ", ".join(sorted(words))
