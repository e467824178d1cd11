"""Rows of analytics: numbers and words out of an answer, or an error that says what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from responder.cloudflare.answers import Operation, malformed

__all__ = ["Row", "Window"]

MINUTE = timedelta(minutes=1)
LARGEST = 1e30
"""Beyond any count or sum there is: more is a broken answer."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time in whole minutes, the end not included."""

    start: datetime
    end: datetime

    @classmethod
    def before(
        cls, now: datetime, delay: timedelta, length: timedelta, step: timedelta = MINUTE
    ) -> "Window":
        """Return the newest window that lies `delay` back and ends at a multiple of `step`.

        Its length is rounded up to whole steps.
        """
        late = now - delay
        end = late - (late - EPOCH) % step
        return cls(end - max(-(-length // step), 1) * step, end)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Row:
    """One group of a dataset; what is missing in it is an error, for it would look like calm."""

    fields: Mapping[str, object]
    operation: Operation

    def word(self, name: str) -> str:
        """Return a dimension as text; raises ProviderError when there is none."""
        found = self._part("dimensions", name)
        if not isinstance(found, str | int) or isinstance(found, bool):
            raise malformed(self.operation, f"a row without {name}")
        return str(found)

    def maybe(self, name: str) -> str:
        """Return a dimension as text; empty when there is none."""
        found = self._part("dimensions", name)
        return "" if found is None else str(found)

    def sum(self, name: str) -> float:
        """Return a sum; raises ProviderError when there is none."""
        return self._number(self._part("sum", name), name)

    def average(self, name: str) -> float:
        """Return an average; raises ProviderError when there is none."""
        return self._number(self._part("avg", name), name)

    @property
    def count(self) -> float:
        """How many events; raises ProviderError when it is missing."""
        return self._number(self.fields.get("count"), "count")

    def _number(self, found: object, name: str) -> float:
        if not isinstance(found, int | float) or isinstance(found, bool):
            raise malformed(self.operation, f"a row without {name}")
        if not 0 <= found <= LARGEST:  # this refuses NaN too, of which no comparison is true
            raise malformed(self.operation, f"a row without a sound {name}")
        return float(found)

    def _part(self, group: str, name: str) -> object:
        found = self.fields.get(group)
        return found.get(name) if isinstance(found, dict) else None
