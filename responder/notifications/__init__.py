"""Cloudflare's notifications, from the body that is heard to the alerts that Alertmanager is told.

Here live the intake, which commits every notification to the audit trail, the telling while one
stands, the filling of gaps from Cloudflare's own history, and the setting up at Cloudflare. What a
notification means is the domain's business, and nothing here may switch anything: the alerts come
back through Alertmanager, and ask as all others do.
"""

from responder.notifications.announcing import Announcing
from responder.notifications.gaps import Gaps
from responder.notifications.intake import Intake

__all__ = ["Announcing", "Gaps", "Intake"]
