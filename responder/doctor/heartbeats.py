"""What a poll's heartbeats are worth, by the rule of the decisions themselves."""

from responder.domain.demand import Scene, View, judge
from responder.ports import Poll
from responder.settings.sections import Alertmanager

__all__ = ["judge_poll"]


def judge_poll(poll: Poll, settings: Alertmanager) -> View:
    """Return how the service would look at this Alertmanager."""
    scene = Scene(resend_delay=settings.resend_delay, heartbeat_labels=settings.heartbeat_labels)
    return judge(poll.source, poll.heartbeats, (), poll.date, scene)
