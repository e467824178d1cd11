"""A history that a test writes down, and rules that read it."""

from dataclasses import dataclass, field

from responder.backtest.parsing import names_in
from responder.backtest.rules import Rule
from responder.backtest.series import NAN, Grid

BEGIN = 1_790_640_000
"""A whole day, and so a multiple of every step."""


@dataclass
class Past:
    """What Prometheus would answer: by expression, the value of each series at a moment."""

    answers: dict = field(default_factory=dict)
    """Expression to a list of labels and a function of the seconds since BEGIN, None for none."""
    begin: int = BEGIN
    end: int = BEGIN + 10**7
    asked: list = field(default_factory=list)

    async def vector(self, expression, grid: Grid):
        self.asked.append((expression, grid))
        found = {}
        for labels, value in self.answers.get(expression, ()):
            there = [
                value(at - BEGIN) if self.begin <= at < self.end else None for at in grid.times
            ]
            if any(one is not None for one in there):
                key = tuple(sorted(labels.items()))
                found[key] = [NAN if one is None else float(one) for one in there]
        return found

    async def names(self, _begin, _end):
        return {name for expression in self.answers for name in names_in(expression)}

    async def since(self, names, begin, end):
        first = max(begin, self.begin)
        return first if names and first < min(end, self.end) else None


def recording(name, expression, interval=None, **labels):
    return Rule(name, expression, False, labels, interval, file="rules.yml")


def alerting(name, expression, wait=0, keep=0, **labels):
    return Rule(name, expression, True, labels, None, wait, keep, "rules.yml")
