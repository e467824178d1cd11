"""What the store last knew, told as the service would tell it."""

from datetime import datetime
from pathlib import Path
from typing import Self

from responder.app import SystemClock
from responder.cli.answers import EventQuestion, EventsAnswer, TargetAnswer, TargetsAnswer
from responder.domain.targets import Inventory
from responder.errors import ResponderError, StoreError
from responder.ports import EventQuery, Store
from responder.reconciler.facts import restored
from responder.reconciler.views import remembered_views
from responder.settings import Settings, parse_duration
from responder.store import open_store
from responder.web.documents import event_document, moment_text, target_document

__all__ = ["Remembered", "open_remembered"]

_SQLITE = "sqlite:///"


def open_remembered(settings: Settings, unreachable: str) -> "Remembered":
    """Open the store of this configuration; ResponderError when there is nothing to read."""
    url = settings.store.url
    path = Path(url.removeprefix(_SQLITE))
    if url.startswith(_SQLITE) and not path.exists():
        # Opening would create it, perhaps for another user than that of the service.
        raise ResponderError(f"{unreachable}, and there is no store {path} yet; start the service")
    try:
        return Remembered(settings.inventory(), open_store(url), SystemClock().now())
    except StoreError as error:
        raise ResponderError(f"{unreachable}, and {error}") from error


class Remembered:
    """Answers from the store; it is one of the `Answers`."""

    def __init__(self, inventory: Inventory, store: Store, now: datetime) -> None:
        self._inventory = inventory
        self._store = store
        self._snapshot = store.load()
        self._now = now

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    @property
    def introduction(self) -> str:
        """What these answers are, and when the service last wrote."""
        moment = restored(self._snapshot.facts).moment
        at = f" at {moment_text(moment.wall)}" if moment else ""
        return f"this is what the store last knew{at}"

    def targets(self) -> TargetsAnswer:
        """Return the configured targets, and what is ours but no longer configured."""
        answers = [
            TargetAnswer.model_validate(target_document(view))
            for view in remembered_views(self._snapshot, self._inventory)
        ]
        return TargetsAnswer(targets=tuple(answers))

    def events(self, question: EventQuestion) -> EventsAnswer:
        """Return entries of the audit trail."""
        since = self._now - parse_duration(question.since) if question.since else None
        query = EventQuery(question.target, since, question.limit, question.before)
        entries = self._store.events(query)
        return EventsAnswer.model_validate({"events": [event_document(one) for one in entries]})

    def health(self) -> str:
        """Say that nobody can say."""
        return "unknown: the service does not answer"

    def now(self) -> datetime:
        """Return the time at which the store was opened."""
        return self._now
