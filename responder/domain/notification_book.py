"""What Cloudflare has told and is not over: in whatever order it came, and however often.

Nothing here acts. What stands becomes alerts at Alertmanager, and those come back as all alerts do.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from responder.domain.notice import Notice
from responder.domain.notification import Notification, Phase
from responder.domain.notification_alerts import alerts_of
from responder.domain.notification_judgement import Effect, Rules, judged

__all__ = ["MOST", "Book"]

K = TypeVar("K")
V = TypeVar("V")

MOST = 10_000
"""Attacks and troubles that are remembered; the oldest go first."""


@dataclass(frozen=True, slots=True)
class _Story:
    """What was told about one attack or trouble."""

    newest: Notification | None = None
    """The newest that does not say that it is over."""
    first_at: datetime | None = None
    """When it began, as far as anybody has said."""
    ended_at: datetime | None = None
    """When the newest END was sent."""

    def with_one(self, told: Notification) -> "_Story":
        if told.phase is Phase.END:
            ended = max(self.ended_at or told.sent_at, told.sent_at)
            return replace(self, ended_at=ended)
        newest = told if self.newest is None else max(self.newest, told, key=_rank)
        began = min(told.started_at or told.sent_at, told.sent_at)
        return replace(self, newest=newest, first_at=min(self.first_at or began, began))

    @property
    def over(self) -> bool:
        """Whether its END is no older than whatever says that it is there."""
        if self.newest is None:
            return True
        return self.ended_at is not None and self.ended_at >= self.newest.sent_at


def _rank(told: Notification) -> tuple[datetime, str]:
    return (told.sent_at, told.says)


class Book:
    """All that was told; order and duplicates change nothing."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._stories: dict[str, _Story] = {}
        self._known: dict[tuple[str, Phase, datetime], None] = {}

    def __contains__(self, told: Notification) -> bool:
        return told.identity in self._known

    def take(self, told: Notification, rules: Rules) -> None:
        """Remember a notification; one that may do nothing is only known from then on."""
        self._known[told.identity] = None
        if judged(told, rules).effect is not Effect.IGNORE:
            story = self._stories.pop(told.key, None) or _Story()
            self._stories[told.key] = story.with_one(told)
        _bound(self._stories, self._most)
        _bound(self._known, self._most)

    def notices(self, now: datetime, rules: Rules) -> Iterator[Notice]:
        """Yield an alert for all that is neither over nor too old."""
        for story in self._stories.values():
            newest, began = story.newest, story.first_at
            if newest is None or began is None or story.over:
                continue
            if now - newest.sent_at < rules.maximum_age:
                yield from alerts_of(newest, began, judged(newest, rules))


def _bound(kept: dict[K, V], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]
