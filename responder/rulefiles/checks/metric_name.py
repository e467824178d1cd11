"""Whether the series exist that a rule reads: of a misspelt name there is never an alert.

Judged are the alerts for the responder and about it, and the recording rules that they or the
shipped rules are made of. What others read is theirs to know.
"""

from collections.abc import Iterator

from responder.rulefiles.finding import Remark
from responder.rulefiles.subject import Subject

__all__ = ["look"]


def look(subject: Subject) -> Iterator[Remark]:
    """Say which names nobody has declared and no rule records."""
    if not subject.concerns_us:
        return
    known = subject.world.known
    names = dict.fromkeys(one.name for one in subject.expression.readings() if one.name)
    for name in names:
        if name not in known:
            near = known.nearest(name)
            hint = f"did you mean {near}? Else" if near else "correct it, or"
            yield Remark(f"nothing gives series called {name}", f"{hint} declare it with --known")
