"""The doctor: looks at a whole installation and says of each point whether it is as it should be.

One check per file under `checks/`, one line for each in `registry.py`, a heading for each in
docs/doctor.md. A check asks through its `Context` and returns `Finding`s; what is judged is judged
by a pure function beside it. Nothing here writes to anything outside, decides about a mitigation,
or takes part in the running service, which does not import it.
"""

from responder.doctor.context import Context
from responder.doctor.finding import Finding, Status
from responder.doctor.opening import Entrance, open_context
from responder.doctor.registry import CHECKS
from responder.doctor.runner import examine

__all__ = ["CHECKS", "Context", "Entrance", "Finding", "Status", "examine", "open_context"]
