"""From the settings to what takes notifications, and to what tells of them while this one acts."""

from collections.abc import Sequence

from responder.alertmanager.post import AlertmanagerPost
from responder.cloudflare.client import CloudflareClient
from responder.cloudflare.notifications import Notifications
from responder.domain.notification_judgement import Places, Rules
from responder.notifications.announcing import Announcing
from responder.notifications.gaps import Gaps
from responder.notifications.intake import Intake
from responder.ports import Clock
from responder.settings import Settings

__all__ = ["build_announcing", "rules_of"]


def rules_of(settings: Settings) -> Rules:
    """Return what the configuration says about notifications."""
    section = settings.notifications
    return Rules(
        Places(settings.inventory().targets.values()),
        settings.cloudflare.account_id or "",
        section.maximum_age,
        section.trigger,
        section.sustain,
    )


def build_announcing(
    settings: Settings,
    intake: Intake,
    posts: Sequence[AlertmanagerPost],
    cloudflare: CloudflareClient,
    clock: Clock,
) -> Announcing:
    """Build what tells every Alertmanager; nothing runs and nothing is asked yet."""
    resend_delay = settings.alertmanager.resend_delay
    announcing = Announcing(intake, posts, clock.now, resend_delay)
    account = settings.cloudflare.account_id
    if account and settings.notifications.secret_file is not None:
        gaps = Gaps(Notifications(cloudflare, account), intake, clock.now)
        announcing.fill_for_ever = gaps.fill_for_ever
    return announcing
