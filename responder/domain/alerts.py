"""Alerts and silences as Alertmanager describes them, and its matcher syntax."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re2

__all__ = [
    "Alert",
    "AlertStatus",
    "HeardAlert",
    "Matcher",
    "MatcherError",
    "Role",
    "Silence",
    "fold",
    "parse_matcher",
]


class AlertStatus(StrEnum):
    """What one alert is, by its own status and never by that of its group."""

    FIRING = "firing"
    SILENCED = "silenced"
    INHIBITED = "inhibited"
    RESOLVED = "resolved"


class Role(StrEnum):
    """What an alert may do: start and keep a mitigation, or only keep one that is on."""

    TRIGGER = "trigger"
    SUSTAIN = "sustain"


class MatcherError(ValueError):
    """A matcher that Alertmanager would not accept."""


EXPRESSION_BYTES = 1024 * 1024
"""What one expression may take in memory; one that needs more is refused."""


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> "re2._Regexp[str] | None":
    # Three MiB that most services never need: matchers are mostly plain texts.
    import re2  # noqa: PLC0415

    options = re2.Options()
    options.max_mem = EXPRESSION_BYTES
    options.log_errors = False  # it would write to stderr what somebody else has written
    options.never_capture = True  # only whether it matches is asked, which is faster so
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        return None


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label; a label that is missing is the empty string.

    Expressions are anchored at both ends, and are RE2's, as in Alertmanager: that engine needs a
    time in proportion to the label, where Python's can need one that never ends. An expression that
    it refuses is taken to match, whatever the operator, because a pause that we cannot read is
    still a pause.
    """

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether the labels satisfy this condition."""
        value = labels.get(self.name, "")
        if not self.is_regex:
            return (value == self.value) is self.is_equal
        pattern = _compiled(self.value)
        if pattern is None:
            return True
        # Half a character comes from a broken escape in JSON; RE2 takes whole ones alone.
        whole = value if value.isascii() else value.encode(errors="replace").decode()
        return (pattern.fullmatch(whole) is not None) is self.is_equal

    def __str__(self) -> str:
        operator = ("=" if self.is_equal else "!") + ("~" if self.is_regex else "=")
        operator = "=" if operator == "==" else operator
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{operator}"{escaped}"'


_MATCHER = re.compile(
    r"""\s*(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?P<operator>=~|!~|!=|=)\s*
        (?:"(?P<quoted>(?:[^"\\\n]|\\.)*)"|(?P<bare>[^"\s{},]*))\s*""",
    re.VERBOSE,
)
_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}


def parse_matcher(text: str) -> Matcher:
    """Parse one matcher in Alertmanager's syntax, such as `severity=~"warning|critical"`.

    Raises MatcherError with the part that is wrong.
    """
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise MatcherError(f'not a matcher: {text!r} (expected name="value", with = != =~ or !~)')
    quoted = found["quoted"]
    value = found["bare"]
    if quoted is not None:
        value = re.sub(r'\\[n"\\]', lambda escape: _ESCAPES[escape[0]], quoted)
    is_regex = found["operator"].endswith("~")
    if is_regex and _compiled(value) is None:
        raise MatcherError(f"not a regular expression in {text!r}: {value!r}")
    return Matcher(found["name"], value, is_regex, found["operator"].startswith("="))


# A flood asks these of every alert, and to look a member up costs more than the rest.
_FIRING, _SUSTAIN = AlertStatus.FIRING, Role.SUSTAIN.value


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as an Alertmanager holds it, or as a webhook described it."""

    fingerprint: str
    labels: Mapping[str, str]
    status: AlertStatus
    starts_at: datetime
    updated_at: datetime | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The alert's name, empty when it has none."""
        return self.labels.get("alertname", "")

    @property
    def role(self) -> Role:
        """What it may do; only the exact word `sustain` takes away the power to start."""
        return Role.SUSTAIN if self.labels.get("role") == _SUSTAIN else Role.TRIGGER

    @property
    def asks(self) -> bool:
        """Whether it is a trigger that is firing: what starts a mitigation."""
        return self.status is _FIRING and self.labels.get("role") != _SUSTAIN

    @property
    def severity(self) -> str:
        """`critical`, `warning`, `info`, or whatever the rule's author wrote."""
        return self.labels.get("severity", "")


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence that Alertmanager reports as active; its own clock has judged that."""

    id: str
    matchers: tuple[Matcher, ...]
    ends_at: datetime
    created_by: str = ""
    comment: str = ""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether an alert with these labels is silenced by this silence."""
        return bool(self.matchers) and all(matcher.matches(labels) for matcher in self.matchers)

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Tell whether it speaks of nothing but these labels, and matches them all.

        `site="shop"` covers everything of the shop; `site="shop", instance="a"` does not.
        """
        return all(matcher.name in labels for matcher in self.matchers) and self.matches(labels)


@dataclass(frozen=True, slots=True)
class HeardAlert:
    """An alert as a webhook told it."""

    alert: Alert
    received_at: datetime
    seq: int = 0
    """Grows with every commit of webhooks, over all replicas; the store gives it."""

    @property
    def rank(self) -> tuple[datetime, bool, int]:
        """What makes one telling newer than another: the episode, its end, then the repeat."""
        return (self.alert.starts_at, self.alert.status is AlertStatus.RESOLVED, self.seq)


def fold(book: dict[str, HeardAlert], heard: HeardAlert) -> None:
    """Keep the newest telling of each alert; order and duplicates change nothing."""
    known = book.get(heard.alert.fingerprint)
    if known is None or heard.rank > known.rank:
        book[heard.alert.fingerprint] = heard
