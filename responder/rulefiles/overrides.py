"""From a user's entries to the constants that override: instance over site over default."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from responder.rulefiles.catalog import BALANCED, Bound, Catalog
from responder.rulefiles.entries import NUMBERS, Entry, OwnFile, did_you_mean
from responder.rulefiles.written import Flaw, UnreadableError, Written

__all__ = ["Constant", "Overrides", "bounds_of", "resolved", "site_presets"]


class Constant(NamedTuple):
    """A number that goes over the default; `instance` is empty for all of the site."""

    site: str
    instance: str
    signal: str
    bound: str
    value: float


@dataclass(frozen=True, slots=True)
class Overrides:
    """All that is rendered."""

    preset: str | None
    """The preset to choose; None when the rules choose it already."""
    constants: tuple[Constant, ...]


class _Number(NamedTuple):
    """A number with where it comes from."""

    value: float
    whence: str
    place: Written | None = None


_Scope = tuple[str, str]
"""Site and instance; no instance for all of the site."""


def resolved(own: OwnFile, catalog: Catalog, sites: Collection[str] | None) -> Overrides:
    """Return what the entries make; UnreadableError with everything that is wrong with them.

    `sites` are those of the configuration; None when it is not known.
    """
    made = _Making(own, catalog, sites)
    made.collect()
    made.compare_bounds()
    flaws = sorted({*own.flaws, *made.flaws})
    if flaws:
        raise UnreadableError(own.path, flaws)
    constants = [
        Constant(site, instance, bound.signal, bound.bound, number.value)
        for (site, instance), numbers in made.scopes.items()
        for bound, number in numbers.items()
    ]
    constants.sort(key=lambda one: (*one[:3], one.bound != "upper"))
    chosen = own.preset if own.preset != catalog.chosen else None
    return Overrides(chosen, tuple(constants))


def site_presets(catalog: Catalog) -> list[str]:
    """Return the presets that a single site can have: all of whose numbers can be overridden."""
    return sorted(
        name for name, numbers in catalog.presets.items() if catalog.overridable.issuperset(numbers)
    )


class _Making:
    """The numbers by scope, and what was wrong on the way to them."""

    def __init__(self, own: OwnFile, catalog: Catalog, sites: Collection[str] | None) -> None:
        self._own = own
        self._catalog = catalog
        self._sites = sites
        self.preset = own.preset or catalog.chosen
        self.scopes: dict[_Scope, dict[Bound, _Number]] = {}
        self.flaws: list[Flaw] = []
        self._check_preset()

    def collect(self) -> None:
        """Take every entry; one of a site's numbers goes over its preset."""
        sound = [one for one in self._own.entries if self._knows_site(*one)]
        self._take((entry, written) for entry, written in sound if entry.signal)
        presets: dict[str, Written] = {}
        for entry, written in sound:
            if entry.preset is None:
                continue
            first = presets.setdefault(entry.site, written)
            if first is not written:
                text = f"preset: {entry.site} has one in line {first.line}; keep one of them"
                self.flaws.append(written.at("preset").flaw(text))
                continue
            mine = self.scopes.setdefault((entry.site, ""), {})
            self.scopes[entry.site, ""] = {**self._of_preset(entry.preset, written), **mine}

    def compare_bounds(self) -> None:
        """Note each signal whose lower bound, own or inherited, is not below its upper one."""
        for scope, numbers in self.scopes.items():
            for signal in dict.fromkeys(bound.signal for bound in numbers):
                upper = self._effective(scope, Bound(signal, "upper"))
                lower = self._effective(scope, Bound(signal, "lower"))
                if upper is None or lower is None or lower.value < upper.value:
                    continue
                mine = [numbers[bound] for bound in numbers if bound.signal == signal]
                place = next(one.place for one in mine if one.place)
                text = (
                    f"{signal}: lower {lower.value:g} ({lower.whence}) is not below"
                    f" upper {upper.value:g} ({upper.whence}); {_advice(signal)}"
                )
                self.flaws.append(place.flaw(text))

    def _knows_site(self, entry: Entry, written: Written) -> bool:
        known = self._sites is None or entry.site in self._sites
        if not known:
            advice = did_you_mean(entry.site, self._sites or ())
            text = f"site: unknown site {entry.site!r}; {advice}"
            self.flaws.append(written.at("site").flaw(text))
        return known

    def _take(self, entries: Iterator[tuple[Entry, Written]]) -> None:
        told = chain.from_iterable(self._numbers(*one) for one in entries)
        for scope, bound, number in told:
            mine = self.scopes.setdefault(scope, {})
            first = mine.setdefault(bound, number)
            if first is not number and first.place and number.place:
                name = " of ".join(part for part in reversed(scope) if part)
                text = (
                    f"{bound.bound} of {bound.signal} for {name} is already in line"
                    f" {first.place.line}; keep one of them"
                )
                self.flaws.append(number.place.flaw(text))

    def _numbers(self, entry: Entry, written: Written) -> Iterator[tuple[_Scope, Bound, _Number]]:
        """Return the numbers of an entry; the place of each is that of its key."""
        signal = str(entry.signal)
        if signal not in self._catalog.families:
            self.flaws.append(written.at("signal").flaw(f"signal: {self._unknown(signal)}"))
            return
        bounds = bounds_of(signal)
        for key in NUMBERS:
            value = getattr(entry, key)
            if value is None:
                continue
            bound = bounds[key]
            place = written.at(key)
            if bound not in self._catalog.overridable:
                has = [one for one in NUMBERS if bounds[one] in self._catalog.overridable]
                text = f"{key}: {signal} has none; it has {', '.join(has)}"
                self.flaws.append(place.flaw(text))
            elif entry.instance and bound in self._catalog.of_site:
                text = f"instance: {bound.signal} is a number of the whole site; leave instance out"
                self.flaws.append(written.at("instance").flaw(text))
            else:
                scope = (entry.site, entry.instance or "")
                yield scope, bound, _Number(value, f"line {place.line}", place)

    def _unknown(self, signal: str) -> str:
        if any(bound.signal == signal for bound in self._catalog.defaults):
            return f"{signal} holds for all sites alike; change it in thresholds.yml of the rules"
        return f"unknown signal {signal!r}; {did_you_mean(signal, self._catalog.families)}"

    def _check_preset(self) -> None:
        name, chosen = self._own.preset, self._catalog.chosen
        if name is None:
            return
        if name not in self._catalog.presets:
            text = f"unknown preset {name!r}; {did_you_mean(name, self._catalog.presets)}"
        elif chosen not in {BALANCED, name}:
            text = (
                f"thresholds.yml of the rules chooses {chosen} already, and both would hold;"
                f" make it {BALANCED} there, or leave this out"
            )
        else:
            return
        self.preset = chosen
        self.flaws.append(self._own.root.at("preset").flaw(f"preset: {text}"))

    def _of_preset(self, name: str, written: Written) -> Mapping[Bound, _Number]:
        """Return the numbers that make a site as if all sites had this preset."""
        place = written.at("preset")
        if name not in self._catalog.presets:
            advice = did_you_mean(name, self._catalog.presets)
            self.flaws.append(place.flaw(f"preset: unknown preset {name!r}; {advice}"))
            return {}
        there = self._catalog.everywhere(name)
        here = self._catalog.everywhere(self.preset)
        changed = [bound for bound in there if there[bound] != here[bound]]
        alike = [one.signal for one in changed if one not in self._catalog.overridable]
        if alike:
            text = (
                f"preset: {name} differs from {self.preset} in {', '.join(sorted(set(alike)))},"
                " which hold for all sites alike; choose it for all, with `preset:` at the top"
            )
            self.flaws.append(place.flaw(text))
            return {}
        return {bound: _Number(there[bound], f"preset {name}", place) for bound in changed}

    def _effective(self, scope: _Scope, bound: Bound) -> _Number | None:
        """Return the number that holds, as the rules resolve it; None where there is none."""
        site, _ = scope
        for one in (scope, (site, "")):
            if bound in self.scopes.get(one, {}):
                return self.scopes[one][bound]
        is_preset = bound in self._catalog.presets.get(self.preset, {})
        whence = f"preset {self.preset}" if is_preset else "default"
        everywhere = self._catalog.everywhere(self.preset)
        return _Number(everywhere[bound], whence) if bound in everywhere else None


def _advice(signal: str) -> str:
    return f"set both, with `signal: {signal}`, and leave room between them"


def bounds_of(signal: str) -> Mapping[str, Bound]:
    """Return which number each key of an entry of this signal is."""
    return {
        "upper": Bound(signal, "upper"),
        "lower": Bound(signal, "lower"),
        "factor": Bound(f"{signal}_ratio", "upper"),
        "floor": Bound(f"{signal}_floor", "upper"),
    }
