"""Whether the thresholds exist that the detectors compare with, and make sense."""

from collections.abc import Collection, Mapping, Sequence

from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok, warning
from responder.doctor.known import THRESHOLD, shipped
from responder.prometheus import Sample

__all__ = ["judge", "judge_overrides", "look"]

_OVERRIDE = "mitigation:threshold:override"
_Bounds = dict[str, float]


async def look(context: Context) -> Sequence[Finding]:
    """Ask Prometheus for all thresholds."""
    defaults = await context.prometheus.query(THRESHOLD)
    overrides = await context.prometheus.query(_OVERRIDE)
    return [
        *judge(defaults, shipped().thresholds),
        *judge_overrides(overrides, defaults, context.settings.sites),
    ]


def judge(defaults: Sequence[Sample], needed: Collection[tuple[str, str]]) -> list[Finding]:
    """Judge the defaults: all there, and each lower bound below its upper one."""
    known = _by_signal(defaults)
    found = [
        failure(
            f"its {bound} threshold does not exist: what compares with it never fires",
            "load rules/thresholds.yml, and look at prometheus/rule-health",
            signal,
        )
        for signal, bound in sorted(needed)
        if bound not in known.get(signal, {})
    ]
    found += [_upside_down(signal, bounds) for signal, bounds in known.items() if _wrong(bounds)]
    return found or [ok(f"there are thresholds for {', '.join(sorted(known))}")]


def judge_overrides(
    overrides: Sequence[Sample], defaults: Sequence[Sample], sites: Collection[str]
) -> list[Finding]:
    """Judge each override together with the default of the bound that it leaves alone."""
    known, found = _by_signal(defaults), []
    scopes: dict[tuple[str, str, str], _Bounds] = {}
    for one in overrides:
        labels = one.labels
        key = (labels.get("signal", ""), labels.get("site", ""), labels.get("instance", ""))
        scopes.setdefault(key, {})[labels.get("bound", "")] = one.value
    for (signal, site, instance), bounds in sorted(scopes.items()):
        scope = " ".join(part for part in (signal, site, instance) if part)
        if _wrong(known.get(signal, {}) | bounds):
            found.append(_upside_down(scope, known.get(signal, {}) | bounds))
        if site and site not in sites:
            seen = "an override for a site that is not configured"
            found.append(warning(seen, "correct its label `site`", scope))
    return found


def _by_signal(samples: Sequence[Sample]) -> dict[str, _Bounds]:
    found: dict[str, _Bounds] = {}
    for one in samples:
        bounds = found.setdefault(one.labels.get("signal", ""), {})
        bounds[one.labels.get("bound", "")] = one.value
    return found


def _wrong(bounds: Mapping[str, float]) -> bool:
    """Tell whether both bounds are there and nothing lies between them, as beside NaN."""
    return {"lower", "upper"} <= bounds.keys() and not bounds["lower"] < bounds["upper"]


def _upside_down(scope: str, bounds: Mapping[str, float]) -> Finding:
    seen = f"lower is {bounds['lower']:g} and upper {bounds['upper']:g}"
    return failure(
        f"{seen}: what it switches on would flap or never end", "keep lower below upper", scope
    )
