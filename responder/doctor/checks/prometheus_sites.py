"""Whether every site is measured, and every `site` label is one that we know."""

from collections.abc import Collection, Mapping, Sequence

from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok, warning

__all__ = ["judge", "look"]

_TARGETS = "count by (site) (up)"
_ANSWERING = "sum by (site) (up)"


async def look(context: Context) -> Sequence[Finding]:
    """Ask Prometheus for the `site` labels of its targets."""
    found = {}
    for expression in (_TARGETS, _ANSWERING):
        samples = await context.prometheus.query(expression)
        found[expression] = {one.labels.get("site", ""): one.value for one in samples}
    return judge(context.settings.sites, found[_TARGETS], found[_ANSWERING])


def judge(
    configured: Collection[str], targets: Mapping[str, float], answering: Mapping[str, float]
) -> list[Finding]:
    """Judge how many targets each site has, and how many of them answer."""
    found = []
    for site in configured:
        if not targets.get(site):
            advice = f"label its targets with site: {site} in the scrape configuration"
            seen = "no target carries this site: no overload of it would be noticed"
            found.append(failure(seen, advice, site))
        elif not answering.get(site):
            seen = "none of its targets answers a scrape"
            found.append(failure(seen, "look at Prometheus' page of targets", site))
    for site in sorted(targets.keys() - set(configured) - {""}):
        seen = "targets carry this site, which is not configured: its alerts switch nothing"
        found.append(warning(seen, "correct the label, or add it under `sites`", site))
    count = sum(int(number) for site, number in targets.items() if site in set(configured))
    return found or [ok(f"{count} targets, of each of the {len(configured)} sites at least one")]
