"""What is allowed but unwise: each a warning with its reason."""

from datetime import timedelta

from responder.settings.checks import guard_scopes
from responder.settings.durations import format_duration
from responder.settings.report import Report
from responder.settings.root import Root

__all__ = ["warn"]

_SHORTEST_ON = timedelta(seconds=10)
_LONGEST_CALL = timedelta(minutes=1)
_SAMPLED = timedelta(minutes=2)
_ABSENCE = 1.5
"""An alert counts as gone after this many resend delays."""


def warn(root: Root, report: Report) -> None:
    """Report what works but will surprise."""
    _warn_of_polling(root, report)
    _warn_of_guards(root, report)
    if root.sensor.interval > _SAMPLED:
        report.warning(
            ("sensor", "interval"),
            "is above 2m: calm is proven by the samples of ten minutes, and these are too few",
        )
    if root.cloudflare.timeout > _LONGEST_CALL:
        report.warning(
            ("cloudflare", "timeout"), "a hanging call holds its mitigation back for over a minute"
        )
    if root.notifications.secret_file is not None and not root.alertmanager.urls:
        report.warning(
            ("notifications", "secret_file"),
            "without alertmanager.urls notifications become no alerts: nothing is switched",
        )
    if root.log.file is not None and root.log.output != "file":
        report.warning(("log", "file"), f"has no effect while output is {root.log.output}")


def _warn_of_polling(root: Root, report: Report) -> None:
    alertmanager = root.alertmanager
    if not alertmanager.urls:
        report.warning(
            ("alertmanager", "urls"),
            "webhook-only: silences cannot be seen, and the end of an alert can be missed",
        )
    if alertmanager.poll_interval > alertmanager.resend_delay:
        report.warning(
            ("alertmanager", "poll_interval"),
            f"is longer than resend_delay ({format_duration(alertmanager.resend_delay)}): changes"
            " are seen late",
        )


def _warn_of_guards(root: Root, report: Report) -> None:
    absence = root.alertmanager.resend_delay * _ABSENCE
    for path, guards in guard_scopes(root, report):
        if guards.minimum_duration < _SHORTEST_ON and report.sets((*path, "minimum_duration")):
            report.warning((*path, "minimum_duration"), "is below 10s: a mitigation may flap")
        if guards.calm_period < absence:
            report.warning(
                (*path, "calm_period"),
                f"is below 1.5 x resend_delay ({format_duration(absence)}): an alert that is only"
                " resent late looks like calm",
            )
        if guards.maximum_sustain > guards.maximum_duration:
            report.warning(
                (*path, "maximum_sustain"), "is above maximum_duration: people hear of it later"
            )
