"""Whether an alert that asks for a mitigation tells people what it is and what to do."""

from collections.abc import Iterator

from responder.rulefiles.finding import Remark
from responder.rulefiles.subject import Subject

__all__ = ["look"]

_NEEDED = ("summary", "description", "runbook_url")


def look(subject: Subject) -> Iterator[Remark]:
    """Say which annotation is missing, and whether the runbook is no link."""
    told = subject.rule.annotations
    if not subject.rule.alert or "mitigation" not in subject.rule.labels:
        return
    for name in _NEEDED:
        if not told.get(name, "").strip():
            yield Remark(f"it has no annotation `{name}`", f"add `{name}` under `annotations:`")
    link = told.get("runbook_url", "").strip()
    if link and not link.startswith(("https://", "http://")):
        yield Remark(f"its runbook_url is no link: {link[:60]!r}", "write a URL with https://")
