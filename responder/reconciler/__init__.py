"""Observe, decide, apply, remember: the loop that keeps every target as it should be.

It is level-triggered: each pass recomputes what should be from what is true now; webhooks only
wake it. All decisions are the domain's; here are the order of the effects and the concurrency:
polls, passes and the targets' turns at the provider run beside one another, so that nothing that
hangs holds anything else. Nothing here knows HTTP, SQL or Cloudflare.
"""

from responder.reconciler.core import Parts, Reconciler
from responder.reconciler.lease import Lease
from responder.reconciler.ledger import Keeper
from responder.reconciler.replica import Acting, Plan, Replica
from responder.reconciler.telling import Telling
from responder.reconciler.watch import Pace

__all__ = ["Acting", "Keeper", "Lease", "Pace", "Parts", "Plan", "Reconciler", "Replica", "Telling"]
